"""A point in a box with a barrier, which has an opening at one end: the maze of AIRL.

Position p in the square [0, W]², W = 0.6, action a in [-1, 1]². A step moves the point by

    Δ = V a,   V = 0.017,

first along the first axis, then along the second; each move stops exactly at the first wall that it meets, and the rest
of Δ slides along it. The reward is

    r(p, a) = -|p - target| - 0.001 |a|²,   target = (0.3, 0.5),

with p before the step, so that it is a function of the state alone except for the small second term. Episodes start at
(0.3, 0), with uniform noise of ±0.01 in the first coordinate and up to 0.02 in the second; they last 100 steps and
never terminate. The barrier covers two thirds of the width, at heights 0.28 to 0.32. The opening is at the left end in
one task, at the right end in the other: they are mirror images of each other. The shortest way takes 30 steps, with a
return of about -8; to stand at the barrier's middle gives about -24, to stay at the start -50.

The source has a mass that is pushed by forces, five simulator steps to a step, and shows its position only, so that the
observed process is Markov only if velocities die out fast. Here they die out at once (the limit of high damping), the
position is the state, and the process is exactly Markov. The source's third coordinate, a constant height, is left out.
The barrier's thickness includes the width of the source's particle.

Fu, Luo & Levine (2018), "Learning robust rewards with adversarial inverse reinforcement learning", section 7.1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from gail.envs.transfer_tasks.batched import BatchedCopies
from gail.envs.transfer_tasks.maze_picture import draw_maze
from gail.envs.transfer_tasks.single import SingleCopy

WIDTH = 0.6
TARGET = np.array([0.3, 0.5])
START = np.array([0.3, 0.0])
START_NOISE = np.array([[-0.01, 0.0], [0.01, 0.02]])
"""Least and largest noise of each coordinate."""
BARRIER_LENGTH = 0.4
BARRIER_HEIGHTS = (0.28, 0.32)
SPEED = 0.017
"""Way of one step with a full action along an axis."""
CONTROL_COST = 0.001

Side = Literal["left", "right"]


class PointMazes:
    """`copies` points, each in a maze of its own.

    Raises:
        ValueError: the opening is neither "left" nor "right".
    """

    steps_per_second = 20

    def __init__(self, copies: int, opening: Side) -> None:
        if opening not in ("left", "right"):
            raise ValueError(f"opening is {opening!r}: 'left' or 'right' is needed")
        self.opening = opening
        self.observation_space: Box = Box(0.0, WIDTH, (2,), np.float64)
        self.action_space: Box = Box(-1.0, 1.0, (2,), np.float32)
        self.positions = np.tile(START, (copies, 1))

    @property
    def barrier(self) -> tuple[float, float]:
        """Least and largest first coordinate of the barrier."""
        return (0.0, BARRIER_LENGTH) if self.opening == "right" else (WIDTH - BARRIER_LENGTH, WIDTH)

    def begin(self, copy: int, generator: np.random.Generator) -> None:
        """Draw a start."""
        self.positions[copy] = START + generator.uniform(*START_NOISE)

    def advance(self, actions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move all points; the rewards are those of the states before the move."""
        distances: NDArray[np.float64] = np.linalg.norm(self.positions - TARGET, axis=1)
        y = self.positions[:, 1]
        reached = np.clip(self.positions + SPEED * actions, 0.0, WIDTH)
        across = self._along_barrier(y, reached[:, 0])
        self.positions = np.stack([across, self._towards_barrier(across, y, reached[:, 1])], axis=1)
        rewards: NDArray[np.float64] = -distances - CONTROL_COST * np.square(actions).sum(axis=1)
        return rewards

    def _along_barrier(self, y: NDArray[np.float64], reached: NDArray[np.float64]) -> NDArray[np.float64]:
        """The first coordinate after a move: points beside the barrier stop at its end."""
        beside = (BARRIER_HEIGHTS[0] < y) & (y < BARRIER_HEIGHTS[1])
        low, high = self.barrier
        stopped = np.maximum(reached, high) if self.opening == "right" else np.minimum(reached, low)
        return np.where(beside, stopped, reached)

    def _towards_barrier(
        self, x: NDArray[np.float64], y: NDArray[np.float64], reached: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The second coordinate after a move: points above or below the barrier stop there."""
        low, high = self.barrier
        blocked = x < high if self.opening == "right" else x > low
        below = y <= BARRIER_HEIGHTS[0]
        stopped = np.where(below, np.minimum(reached, BARRIER_HEIGHTS[0]), np.maximum(reached, BARRIER_HEIGHTS[1]))
        return np.where(blocked, stopped, reached)

    def observations(self) -> NDArray[np.float64]:
        """The positions."""
        return self.positions.copy()

    def picture(self, copy: int) -> NDArray[np.uint8]:
        """The maze from above, with its point and its target."""
        return draw_maze(WIDTH, (*self.barrier, *BARRIER_HEIGHTS), self.positions[copy], TARGET)

    def close(self) -> None:
        """Nothing to release."""


def single_point_maze(opening: Side, render_mode: str | None = None) -> SingleCopy:
    """One maze, for `gymnasium.make`."""
    return SingleCopy(PointMazes(1, opening), render_mode)


def batched_point_mazes(num_envs: int, max_episode_steps: int, opening: Side) -> BatchedCopies:
    """Many mazes, for `gymnasium.make_vec`."""
    return BatchedCopies(PointMazes(num_envs, opening), num_envs, max_episode_steps)
