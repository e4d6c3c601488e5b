"""Vector environments: many copies of one task, stepped together.

`make_vector` returns a `gymnasium.vector.VectorEnv` with *next-step autoreset*: the step that ends an episode
returns its true last observation with `terminated` or `truncated` set, and the following step ignores the
action, returns the first observation of the next episode, and has reward 0. Learners drop that reset step.

EnvPool (C++ threads) runs the task where it has it; Gymnasium's own vector environment elsewhere. Both compute
the same dynamics. What differs in EnvPool is settled here, once:
- its copies take seeds `seed, seed + 1, ...`, so that copy 1 of seed 0 would repeat copy 0 of seed 1; seeds are
  therefore drawn through `numpy.random.SeedSequence`, which spreads them over the integers;
- its `observation_space` and `action_space` are those of one copy; here they are batched, as Gymnasium's are;
- a reset of some copies (`options={"reset_mask": ...}`) returns the rows of those only; here it returns all rows;
- its `spec` is of another type than Gymnasium's, which names the time limit;
- a fall at the very last step before the time limit is reported as truncation only.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from gail.envs.tasks import find_task

VectorEnvironment: TypeAlias = VectorEnv[Any, Any, Any]


def make_vector(task_id: str, num_envs: int, seed: int | Sequence[int], *, threads: int = 1) -> VectorEnvironment:
    """Make `num_envs` copies of a task.

    Args:
        task_id: a row of `TASKS`.
        num_envs: number of copies, at least 1.
        seed: entropy for `numpy.random.SeedSequence`: one non-negative integer or several, such as
            `(run seed, iteration)`. The same entropy gives the same episodes under the same actions.
        threads: simulator threads (EnvPool only; fewer than copies is usual).

    Raises:
        UnknownTask: the task is not in the table.
    """
    task = find_task(task_id)
    if num_envs < 1:
        raise ValueError(f"num_envs is {num_envs}: at least one environment is needed")
    base_seed = int(np.random.SeedSequence(seed).generate_state(1)[0] & 0x3FFFFFFF)
    pool = _envpool_or_none()
    if pool is not None and task.id in pool.list_all_envs():
        return _make_envpool(pool, task.id, num_envs, base_seed, threads)
    return _make_gymnasium(task.id, num_envs, base_seed)


def _envpool_or_none() -> Any:
    """EnvPool, where it is installed: it has no builds for some platforms, and Gymnasium serves there."""
    try:
        import envpool
    except ModuleNotFoundError:
        return None
    return envpool


def _make_envpool(pool: Any, task_id: str, num_envs: int, seed: int, threads: int) -> VectorEnvironment:
    return _Pool(
        pool.make(
            task_id,
            env_type="gymnasium",
            num_envs=num_envs,
            seed=seed,
            num_threads=min(threads, num_envs),
        ),
        gymnasium.spec(task_id),
    )


class _Pool(VectorWrapper[Any, Any, Any]):
    """EnvPool's environments, with spaces, partial resets and spec as Gymnasium's vector environments have them."""

    def __init__(self, pool: VectorEnvironment, spec: EnvSpec) -> None:
        super().__init__(pool)
        self._spec = spec
        with warnings.catch_warnings():
            # Gymnasium warns that bounds of float64 are stored as float32; that is what the task declares.
            warnings.simplefilter("ignore", UserWarning)
            self.single_observation_space = pool.single_observation_space
            self.single_action_space = pool.single_action_space
        self.observation_space = batch_space(self.single_observation_space, pool.num_envs)
        self.action_space = batch_space(self.single_action_space, pool.num_envs)
        self._observations: Any = None

    @property
    def spec(self) -> EnvSpec:  # type: ignore[override]  # Gymnasium's own wrapper has a read-only property here
        """The task's registration, with its time limit."""
        return self._spec

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all copies, or those of `options["reset_mask"]`; observations of all are returned."""
        observations, info = self.env.reset(seed=seed, options=options)
        if options is not None and "reset_mask" in options:
            fresh, observations = observations, self._observations.copy()
            observations[options["reset_mask"]] = fresh
        self._observations = observations
        return observations, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step all copies."""
        result = self.env.step(actions)
        self._observations = result[0]
        return result


def _make_gymnasium(task_id: str, num_envs: int, seed: int) -> VectorEnvironment:
    envs = gymnasium.make_vec(
        task_id,
        num_envs=num_envs,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": AutoresetMode.NEXT_STEP},
    )
    # The first call of reset() by a learner carries no seed; seeding now makes that call reproducible too.
    envs.reset(seed=seed)
    return envs
