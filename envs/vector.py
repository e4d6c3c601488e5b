"""Vector environments: many copies of one task, stepped together.

`make_vector` returns a `gymnasium.vector.VectorEnv` with *next-step autoreset*: the step that ends an episode
returns its true last observation with `terminated` or `truncated` set, and the following step ignores the
action, returns the first observation of the next episode, and has reward 0. Learners drop that reset step.

EnvPool (C++ threads) runs the tasks of the table where it is installed, also with those arguments that it shares with
Gymnasium (`SHARED_ARGUMENTS`). The tasks of `gail.envs.transfer_tasks` have a vector environment of their own.
Gymnasium's own vector environment runs everything else, with observations and actions flattened
(`gail.envs.wrappers.flat_spaces`). EnvPool and Gymnasium compute the same dynamics, up to rounding if MuJoCo has the
release that EnvPool is built on; other releases resolve contacts of Ant and the Humanoids a little differently. This
module removes the other differences of EnvPool:
- its copies take seeds `seed, seed + 1, ...`, so copy 1 of seed 0 would repeat copy 0 of seed 1; here seeds are drawn
  through `numpy.random.SeedSequence`, which spreads them over the integers;
- its `reset(seed=...)` ignores the seed; here it makes a new pool;
- its `observation_space` and `action_space` are those of one copy; here they are batched, as in Gymnasium;
- its bounds of actions are float64, so its 0.4 differs from Gymnasium's; here bounds and actions are float32;
- its rewards are float32; here they have Gymnasium's type, float64, but the precision of float32;
- a reset of some copies (`options={"reset_mask": ...}`) returns the rows of those only; here it returns all rows;
- importing it draws from numpy's global generator; here the generator's state is restored;
- its `spec` has a type of its own; here it is Gymnasium's, which has the time limit.
One difference remains. EnvPool reports a fall at the very last step before the time limit as truncation only, Gymnasium
as both. EnvPool does not give the missing flag, so a learner sometimes estimates a value where the true one is zero.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from gail.envs.task_ids import split_id
from gail.envs.tasks import TASKS, find_task
from gail.envs.transfer_tasks import is_transfer_task
from gail.envs.wrappers.failures import ReportFailures
from gail.envs.wrappers.flat_spaces import flattened

SHARED_ARGUMENTS = frozenset(
    {
        "frame_skip",
        "reset_noise_scale",
        "forward_reward_weight",
        "ctrl_cost_weight",
        "healthy_reward",
        "terminate_when_unhealthy",
    }
)
"""Arguments of Gymnasium's MuJoCo tasks that EnvPool has by the same name with the same effect."""

VectorEnvironment: TypeAlias = VectorEnv[Any, Any, Any]
Entropy: TypeAlias = int | Sequence[int]


def make_vector(task_id: str, num_envs: int, seed: Entropy, *, threads: int = 1) -> VectorEnvironment:
    """Make `num_envs` copies of a task.

    `reset(seed=...)` of the result takes entropy of the same kind as `seed`, and has the effect of a new call.

    Args:
        task_id: a row of `TASKS`, or the id of an environment registered with Gymnasium, `module:Name-v0`.
        num_envs: number of copies, at least 1.
        seed: entropy for `numpy.random.SeedSequence`: one non-negative integer or several, such as
            `(run seed, iteration)`. The same entropy gives the same episodes under the same actions.
        threads: simulator threads (EnvPool only; fewer than copies is usual).

    Raises:
        UnknownTask: no such task.
        UnsupportedEnvironment: the task's spaces or its time limit are not supported.
    """
    pool = _envpool_or_none()
    if pool is None or not _has(pool, task_id):
        return make_gymnasium_vector(task_id, num_envs, seed)
    _check_count(num_envs)
    return _Pool(_pool_maker(pool, task_id, num_envs, threads), _base_seed(seed), gymnasium.spec(split_id(task_id)[0]))


def make_gymnasium_vector(task_id: str, num_envs: int, seed: Entropy) -> VectorEnvironment:
    """Make `num_envs` copies of a task in Gymnasium's own simulator, whether or not EnvPool has the task.

    Arguments, semantics and errors are those of `make_vector`; it is several times slower if EnvPool has the task.
    """
    task = find_task(task_id)
    _check_count(num_envs)
    return _Seeded(_make_gymnasium(task.id, num_envs), _base_seed(seed))


def runs_in_envpool(task_id: str) -> bool:
    """True if `make_vector` steps this task in EnvPool, False if in Gymnasium."""
    pool = _envpool_or_none()
    return pool is not None and _has(pool, task_id)


def _has(pool: Any, task_id: str) -> bool:
    base, arguments = split_id(task_id)
    if base not in TASKS or base not in pool.list_all_envs() or not SHARED_ARGUMENTS.issuperset(arguments):
        return False
    defaults = pool.make_spec(base).config._asdict() if arguments else {}
    return all(name in defaults and _has_type_of(value, defaults[name]) for name, value in arguments.items())


def _has_type_of(value: Any, default: Any) -> bool:
    """Whether EnvPool takes the value; a wrong one is left to Gymnasium, whose errors name it."""
    if isinstance(default, float) and not isinstance(value, bool):
        return isinstance(value, int | float)
    return type(value) is type(default)


def _check_count(num_envs: int) -> None:
    if num_envs < 1:
        raise ValueError(f"num_envs is {num_envs}: at least one environment is needed")


def _base_seed(seed: Entropy) -> int:
    """The seed of the first copy."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0] & 0x3FFFFFFF)


def _envpool_or_none() -> Any:
    """The module of EnvPool, or None if it is not installed: it has no builds for some platforms."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        import envpool
    except ModuleNotFoundError:
        return None
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return envpool


def _pool_maker(pool: Any, task_id: str, num_envs: int, threads: int) -> Callable[[int], VectorEnvironment]:
    base, arguments = split_id(task_id)

    def make(base_seed: int) -> VectorEnvironment:
        made: VectorEnvironment = pool.make(
            base,
            env_type="gymnasium",
            num_envs=num_envs,
            seed=base_seed,
            num_threads=min(threads, num_envs),
            **arguments,
        )
        with warnings.catch_warnings():
            # Spaces are made on first access. Gymnasium then warns that it stores float64 bounds as float32, which is
            # the type that the task declares.
            warnings.simplefilter("ignore", UserWarning)
            made.single_observation_space, made.single_action_space  # noqa: B018
        return made

    return make


class _Pool(VectorWrapper[Any, Any, Any]):
    """EnvPool's environments with the full interface of Gymnasium's vector environments."""

    def __init__(self, make: Callable[[int], VectorEnvironment], base_seed: int, spec: EnvSpec) -> None:
        pool = make(base_seed)
        super().__init__(pool)
        self._make = make
        self._spec = spec
        self.single_observation_space = pool.single_observation_space
        actions = pool.single_action_space
        if isinstance(actions, Box):
            actions = Box(actions.low.astype(np.float32), actions.high.astype(np.float32), dtype=np.float32)
        self.single_action_space = actions
        self.observation_space = batch_space(self.single_observation_space, pool.num_envs)
        self.action_space = batch_space(self.single_action_space, pool.num_envs)
        self._observations: Any = None

    @property
    def spec(self) -> EnvSpec:  # type: ignore[override]  # Gymnasium's own wrapper has a read-only property here
        """The task's registration, with its time limit."""
        return self._spec

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all copies, or those of `options["reset_mask"]`; observations of all are returned."""
        some = options is not None and "reset_mask" in options
        if seed is not None:
            if some:
                raise ValueError("a seed resets all copies: it cannot be combined with a reset_mask")
            self.env.close()
            self.env = self._make(_base_seed(seed))
        observations, info = self.env.reset(options=options)
        if options is not None and some:
            fresh, observations = observations, self._observations.copy()
            observations[options["reset_mask"]] = fresh
        self._observations = observations
        return observations, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step all copies."""
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        self._observations = observations
        return observations, rewards.astype(np.float64), terminated, truncated, info


class _Seeded(VectorWrapper[Any, Any, Any]):
    """Gymnasium's environments, with seeds that are spread as for EnvPool, from the first `reset()` on."""

    def __init__(self, envs: VectorEnvironment, base_seed: int) -> None:
        super().__init__(envs)
        self._first_seed: int | None = base_seed

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all copies, or those of `options["reset_mask"]`; observations of all are returned."""
        chosen = self._first_seed if seed is None else _base_seed(seed)
        self._first_seed = None
        return self.env.reset(seed=chosen, options=options)


def _make_gymnasium(task_id: str, num_envs: int) -> VectorEnvironment:
    base, arguments = split_id(task_id)
    if is_transfer_task(base):
        return gymnasium.make_vec(base, num_envs=num_envs, vectorization_mode="vector_entry_point", **arguments)
    with _compiling_quietly():
        return gymnasium.make_vec(
            base,
            num_envs=num_envs,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": AutoresetMode.NEXT_STEP},
            wrappers=[ReportFailures, flattened],  # type: ignore[list-item]  # an environment that needs no wrapper stays as it is
            **arguments,
        )


@contextmanager
def _compiling_quietly() -> Iterator[None]:
    """Silence warnings about old settings in Gymnasium's models, which newer MuJoCo releases print once per copy."""
    try:
        import mujoco  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        yield
        return
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)
