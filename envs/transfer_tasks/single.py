"""One copy of a transfer task as a Gymnasium environment.

A time limit is added by its registration. Seed s gives the episodes of copy i of the batched environment with seed
s - i.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from gail.envs.transfer_tasks.simulation import Simulation, within


class SingleCopy(gymnasium.Env[Any, Any]):
    """A simulation of one copy, which never ends an episode by itself.

    Raises:
        ValueError: an unknown render mode; on `step`, an action of another shape or one that is not finite.
        gymnasium.error.ResetNeeded: `step` before `reset`.
    """

    def __init__(self, simulation: Simulation, render_mode: str | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}: only 'rgb_array' is supported")
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": simulation.steps_per_second}
        self.render_mode = render_mode
        self.simulation = simulation
        self.observation_space = simulation.observation_space
        self.action_space = simulation.action_space
        self._begun = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self.simulation.begin(0, self.np_random)
        self._begun = True
        return self.simulation.observations()[0], {}

    def step(self, action: Any) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Take one step: (observation, reward, False, False, {})."""
        if not self._begun:
            raise gymnasium.error.ResetNeeded("call reset() before the first step")
        rewards = self.simulation.advance(within(np.asarray(action)[None], self.simulation.action_space, 1))
        return self.simulation.observations()[0], float(rewards[0]), False, False, {}

    def render(self) -> Any:
        """A picture of the state, if `render_mode` is "rgb_array"."""
        return None if self.render_mode is None else self.simulation.picture(0)

    def close(self) -> None:
        """Release what pictures need."""
        self.simulation.close()
