"""What a transfer task's dynamics offer to its single and to its batched environment.

Copies i = 1, ..., n of one Markov decision process have states s_i. A step takes all of them at once,

    s'_i = F(s_i, a_i),   r_i = r(s_i, a_i, s'_i),

and F is deterministic: randomness enters through the start states only. Both environments run the same simulation, the
single one with n = 1. So equal seeds and actions give equal observations, bit for bit.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray


class Simulation(Protocol):
    """n copies of a process with deterministic steps."""

    observation_space: Box
    """Of one copy, with one axis."""
    action_space: Box
    """Of one copy, with one axis; actions beyond its bounds have the effect of the nearest one within."""
    steps_per_second: int
    """Steps in one second of simulated time: the frame rate of a video."""

    def begin(self, copy: int, generator: np.random.Generator) -> None:
        """Draw a start state of one copy."""

    def advance(self, actions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Step all copies; actions have shape (n, action size), rewards (n,)."""

    def observations(self) -> NDArray[np.float64]:
        """What is seen of each copy's state, a new array of shape (n, observation size)."""

    def picture(self, copy: int) -> NDArray[np.uint8]:
        """One copy from above or from the side, shape (height, width, 3)."""

    def close(self) -> None:
        """Release what pictures need."""


def within(actions: Any, space: Box, copies: int) -> NDArray[np.float64]:
    """Actions as numbers within the bounds, shape (copies, action size).

    Raises:
        ValueError: another shape, or a number that is not finite; the message has its copy and its value.
    """
    given = np.asarray(actions, dtype=np.float64)
    if given.shape != (copies, *space.shape):
        raise ValueError(f"actions have shape {given.shape}: {(copies, *space.shape)} is needed")
    if not np.isfinite(given).all():
        worst = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise ValueError(f"the action of copy {worst} is {given[worst].tolist()}, which is not finite")
    clipped: NDArray[np.float64] = np.clip(given, space.low, space.high)
    return clipped
