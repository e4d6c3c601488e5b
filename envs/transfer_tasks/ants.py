"""The running tasks of AIRL: a quadruped with four sound legs, and one whose legs of one side are short and weak.

With x the first coordinate of the torso, z its height, C the contact forces and torques on all bodies, each clipped to
[-1, 1], and Δt = 0.05 (five simulator steps), a step earns

    r = (x' - x) / Δt - 0.01 |a|² - 5e-4 |C'|² - 1(z' < 0.2).

The observation is the position without the two horizontal coordinates, and the velocity: 13 + 14 numbers. C is left
out: learners here standardise each entry, and the entries of C that are almost always 0 then become outliers. The
argument `contact_forces` appends its 84 numbers, as in the source. Episodes last 500 steps and never terminate. They
start from a stand, with uniform noise of ±0.1 in each entry of the position and normal noise of 0.1 in each entry of
the velocity.

Copies are independent simulator states, stepped in a loop: as fast as `mujoco.rollout` on one thread, which does not
return contact forces.

Fu, Luo & Levine (2018), "Learning robust rewards with adversarial inverse reinforcement learning", section 7.2.
"""

from __future__ import annotations

from typing import Any

import mujoco  # type: ignore[import-untyped]
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from gail.envs.transfer_tasks.ant_model import BENT, DISABLED, ORDINARY, STANDING_HEIGHT, ant_xml
from gail.envs.transfer_tasks.batched import BatchedCopies
from gail.envs.transfer_tasks.single import SingleCopy

SIMULATOR_STEPS = 5
CONTROL_COST, CONTACT_COST = 0.01, 5e-4
LOWEST, TOO_LOW_COST = 0.2, 1.0
"""Height of the torso's centre below which a step costs more."""
START_NOISE = 0.1


class Ants:
    """`copies` quadrupeds, each on a floor of its own.

    Args:
        copies: their number.
        disabled: the legs of the right side are short and weak.
        contact_forces: observations end with the clipped contact forces and torques of all bodies.
    """

    steps_per_second = 20

    def __init__(self, copies: int, disabled: bool, contact_forces: bool = False) -> None:
        self.model = mujoco.MjModel.from_xml_string(ant_xml(DISABLED if disabled else ORDINARY))
        self.states = [mujoco.MjData(self.model) for _ in range(copies)]
        # Views: the simulator writes into them.
        self._controls = [state.ctrl for state in self.states]
        self._positions = [state.qpos for state in self.states]
        self._velocities = [state.qvel for state in self.states]
        self._forces = [state.cfrc_ext for state in self.states]
        self._contact_forces = contact_forces
        size = self.model.nq - 2 + self.model.nv + contact_forces * self._forces[0].size
        self.observation_space: Box = Box(-np.inf, np.inf, (size,), np.float64)
        self.action_space: Box = Box(-1.0, 1.0, (self.model.nu,), np.float32)
        self._renderer: Any = None

    def begin(self, copy: int, generator: np.random.Generator) -> None:
        """A stand with noise."""
        state = self.states[copy]
        mujoco.mj_resetData(self.model, state)
        stand = np.array([0.0, 0.0, STANDING_HEIGHT, 1.0, 0.0, 0.0, 0.0, *([0.0, BENT] * 4)])
        self._positions[copy][:] = stand + generator.uniform(-START_NOISE, START_NOISE, self.model.nq)
        mujoco.mj_normalizeQuat(self.model, self._positions[copy])
        self._velocities[copy][:] = START_NOISE * generator.standard_normal(self.model.nv)
        mujoco.mj_forward(self.model, state)
        mujoco.mj_rnePostConstraint(self.model, state)

    def advance(self, actions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Run the simulator for one step of every copy."""
        before = np.array([position[0] for position in self._positions])
        for state, control, action in zip(self.states, self._controls, actions, strict=True):
            control[:] = action
            mujoco.mj_step(self.model, state, nstep=SIMULATOR_STEPS)
            mujoco.mj_rnePostConstraint(self.model, state)
        after = np.array([position[:3] for position in self._positions])
        speed = (after[:, 0] - before) / (SIMULATOR_STEPS * self.model.opt.timestep)
        effort = CONTROL_COST * np.square(actions).sum(axis=1)
        contact = CONTACT_COST * np.square(self._clipped_forces()).sum(axis=1)
        rewards: NDArray[np.float64] = speed - effort - contact - TOO_LOW_COST * (after[:, 2] < LOWEST)
        return rewards

    def observations(self) -> NDArray[np.float64]:
        """Positions without horizontal coordinates, velocities and, if asked for, contact forces."""
        parts = [np.array(self._positions)[:, 2:], np.array(self._velocities)]
        if self._contact_forces:
            parts.append(self._clipped_forces())
        return np.concatenate(parts, axis=1)

    def _clipped_forces(self) -> NDArray[np.float64]:
        forces: NDArray[np.float64] = np.array(self._forces).reshape(len(self.states), -1)
        return np.clip(forces, -1.0, 1.0)

    def picture(self, copy: int) -> NDArray[np.uint8]:
        """The animal from the side, by a camera that follows it."""
        if self._renderer is None:
            self._renderer = mujoco.Renderer(self.model, 480, 480)
        self._renderer.update_scene(self.states[copy], camera="track")
        picture: NDArray[np.uint8] = self._renderer.render()
        return picture

    def close(self) -> None:
        """Release the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def single_ant(disabled: bool, contact_forces: bool = False, render_mode: str | None = None) -> SingleCopy:
    """One animal, for `gymnasium.make`."""
    return SingleCopy(Ants(1, disabled, contact_forces), render_mode)


def batched_ants(num_envs: int, max_episode_steps: int, disabled: bool, contact_forces: bool = False) -> BatchedCopies:
    """Many animals, for `gymnasium.make_vec`."""
    return BatchedCopies(Ants(num_envs, disabled, contact_forces), num_envs, max_episode_steps)
