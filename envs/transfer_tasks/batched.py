"""n copies of a transfer task, stepped together, with next-step autoreset.

Copy i has a generator of its own, seeded with s + i by `reset(seed=s)`, as in Gymnasium's own vector environments. An
episode never terminates. Its step H is truncated; the step after that ignores the copy's action, has reward 0 and
returns the first observation of the next episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gail.envs.transfer_tasks.simulation import Simulation, within


class BatchedCopies(VectorEnv[Any, Any, Any]):
    """All copies of a simulation, with a time limit.

    Args:
        simulation: of `num_envs` copies.
        num_envs: their number n, at least 1.
        max_episode_steps: the time limit H, at least 1.

    Raises:
        ValueError: an argument below 1; on `reset`, seeds of another number than n, a seed together with a
            `reset_mask`, or a mask that is not n truth values; on `step`, actions of another shape or some that are
            not finite.
        gymnasium.error.ResetNeeded: `step`, or `reset` of some copies, before the first `reset`.
    """

    def __init__(self, simulation: Simulation, num_envs: int, max_episode_steps: int) -> None:
        if num_envs < 1 or max_episode_steps < 1:
            raise ValueError(f"num_envs is {num_envs}, max_episode_steps {max_episode_steps}: both must be at least 1")
        self.metadata = {
            "render_modes": [],
            "render_fps": simulation.steps_per_second,
            "autoreset_mode": AutoresetMode.NEXT_STEP,
        }
        self.num_envs = num_envs
        self.simulation = simulation
        self.single_observation_space = simulation.observation_space
        self.single_action_space = simulation.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._limit = max_episode_steps
        self._generators: list[np.random.Generator] = []
        self._elapsed = np.zeros(num_envs, dtype=np.int64)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Begin an episode in all copies, or in those of `options["reset_mask"]`; observations of all are returned."""
        chosen = np.ones(self.num_envs, dtype=np.bool_)
        if options is not None and "reset_mask" in options:
            chosen = self._mask(options["reset_mask"], seed)
        elif seed is not None or not self._generators:
            self._generators = [np_random(own)[0] for own in _seeds(seed, self.num_envs)]
        self._begin(chosen)
        return self.simulation.observations(), {}

    def step(
        self, actions: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step all copies: (observations, rewards, terminated, truncated, {})."""
        if not self._generators:
            raise gymnasium.error.ResetNeeded("call reset() before the first step")
        rewards = self.simulation.advance(within(actions, self.simulation.action_space, self.num_envs))
        over = self._elapsed == self._limit
        self._elapsed += 1
        if over.any():
            self._begin(over)
            rewards[over] = 0.0
        never = np.zeros(self.num_envs, dtype=np.bool_)
        return self.simulation.observations(), rewards, never, self._elapsed == self._limit, {}

    def close_extras(self, **kwargs: Any) -> None:
        """Release what pictures need."""
        self.simulation.close()

    def _begin(self, chosen: NDArray[np.bool_]) -> None:
        for copy in np.flatnonzero(chosen):
            self.simulation.begin(int(copy), self._generators[copy])
        self._elapsed[chosen] = 0

    def _mask(self, mask: Any, seed: Any) -> NDArray[np.bool_]:
        if seed is not None:
            raise ValueError("a seed resets all copies: it cannot be combined with a reset_mask")
        if not self._generators:
            raise gymnasium.error.ResetNeeded("reset all copies before some of them")
        chosen = np.asarray(mask)
        if chosen.shape != (self.num_envs,) or chosen.dtype != np.bool_:
            raise ValueError(f"reset_mask has shape {chosen.shape} and type {chosen.dtype}: one truth value per copy")
        return chosen


def _seeds(seed: int | Sequence[int | None] | None, count: int) -> Sequence[int | None]:
    if seed is None:
        return [None] * count
    if isinstance(seed, int | np.integer):
        return [seed + i for i in range(count)]
    if len(seed) != count:
        raise ValueError(f"{len(seed)} seeds for {count} copies: one integer, or one seed per copy")
    return seed
