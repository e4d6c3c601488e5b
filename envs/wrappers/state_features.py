"""The states of a finite MDP as observation vectors for learners with networks.

In state s of S the observation is row s of a table of shape (S, k). With the identity as table, states are unit
vectors, and every function of the state is linear in them: a network without hidden layers is then a table. Other rows,
such as coordinates, let a learner generalise; it cannot distinguish states with equal rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray


class StateFeatures(VectorWrapper[Any, Any, Any]):
    """Copies whose observation of a state is its row of a table; dynamics, rewards and endings do not change.

    Args:
        envs: copies whose observations are states 0..S-1.
        table: the observation of each state, finite, shape (S, k) with k at least 1; ``numpy.eye(S)`` for unit vectors.

    Raises:
        ValueError: the observations are not states 0..S-1, or the table has another shape or is not finite.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], table: ArrayLike) -> None:
        super().__init__(envs)
        states = envs.single_observation_space
        if not isinstance(states, Discrete) or states.start != 0:
            raise ValueError(f"observations must be states 0..S-1 (Discrete), not {states}")
        self._rows = _checked(np.array(table, dtype=np.float64), int(states.n))
        self.single_observation_space = Box(self._rows.min(0), self._rows.max(0), dtype=np.float64)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin episodes; returns the rows of the states, shape (n, k)."""
        states, info = self.env.reset(seed=seed, options=options)
        return self._rows[states], info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step every copy; the observations are the rows of the states, shape (n, k)."""
        states, rewards, terminated, truncated, info = self.env.step(actions)
        return self._rows[states], rewards, terminated, truncated, info


def _checked(rows: NDArray[np.float64], states: int) -> NDArray[np.float64]:
    if rows.ndim != 2 or rows.shape[0] != states or rows.shape[1] < 1:
        raise ValueError(f"the table has shape {rows.shape}: a row for each of the {states} states is needed")
    if not np.isfinite(rows).all():
        state, entry = (int(i) for i in np.argwhere(~np.isfinite(rows))[0])
        raise ValueError(f"table[{state}, {entry}] is {rows[state, entry]}: every entry must be finite")
    return rows
