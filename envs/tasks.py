"""The table of control tasks: Ho & Ermon (2016), Tables 1 to 3, in current environment versions.

Each row gives the protocol of the paper for that task: how many full expert trajectories are recorded, which
dataset sizes are compared, the subsampling stride (every k-th step from a random offset, so that a
1000-step MuJoCo trajectory becomes about 50 state-action pairs), and the interaction budget. HumanoidStandup is not
in the paper; it has the dataset sizes and stride of the paper's smaller MuJoCo tasks, and no budget.

Returns of experts and of random play are not in the table. The card of a task's shipped expert (`gail.envs.data`) has
them and describes how they were measured.

Any other environment that is registered with Gymnasium is a task too, if its spaces flatten to numbers and it has a
time limit. An id may have arguments of the environment behind it (`gail.envs.task_ids`). `find_task` reads its sizes
from the flattened environment (`gail.envs.wrappers.flat_spaces`). The tasks of `gail.envs.transfer_tasks` are
registered by this package.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass, replace
from typing import Any

import gymnasium
from gymnasium.spaces import Box

from gail.envs.task_ids import joined_id, split_id
from gail.envs.transfer_tasks import TRANSFER_TASKS
from gail.envs.wrappers.flat_spaces import UnsupportedEnvironment, flattened


class UnknownTask(ValueError):
    """The name is neither in the table nor registered with Gymnasium."""


@dataclass(frozen=True)
class Task:
    """One control task and its imitation protocol: the paper's, or the closest to it."""

    id: str
    """Gymnasium id, with its module in front and its arguments behind, if given (`gail.envs.task_ids`)."""
    observation_size: int
    """Length of the observation vector."""
    action_size: int
    """Dimension of a continuous action, or the number of discrete actions."""
    continuous: bool
    """True for a box of actions, False for a finite set."""
    horizon: int
    """Time limit, in steps, after which an episode is truncated."""
    full_trajectories: int
    """Full expert trajectories to record."""
    dataset_sizes: tuple[int, ...]
    """Numbers of trajectories to train on, ascending."""
    subsample: int
    """Keep every k-th step of each trajectory."""
    paper_iterations: int | None = None
    """Iterations of FEM, GTAL and GAIL in the paper (Table 2); None for a task that is not in it."""
    paper_batch: int | None = None
    """State-action pairs per iteration in the paper (Table 2; a minimum there); None for a task that is not in it."""

    @property
    def base(self) -> str:
        """The id without arguments."""
        return split_id(self.id)[0]

    @property
    def paper_interactions(self) -> int | None:
        """Environment steps of the paper's budget; None for a task that is not in it."""
        if self.paper_iterations is None or self.paper_batch is None:
            return None
        return self.paper_iterations * self.paper_batch


_ROWS = (
    Task("CartPole-v1", 4, 2, False, 500, 10, (1, 4, 7, 10), 10, 300, 5_000),
    Task("Acrobot-v1", 6, 3, False, 500, 10, (1, 4, 7, 10), 5, 300, 5_000),
    Task("MountainCar-v0", 2, 3, False, 200, 10, (1, 4, 7, 10), 5, 300, 5_000),
    Task("Reacher-v5", 10, 2, True, 50, 18, (4, 11, 18), 1, 200, 50_000),
    Task("HalfCheetah-v5", 17, 6, True, 1000, 50, (4, 11, 18, 25), 20, 500, 50_000),
    Task("Hopper-v5", 11, 3, True, 1000, 50, (4, 11, 18, 25), 20, 500, 50_000),
    Task("Walker2d-v5", 17, 6, True, 1000, 50, (4, 11, 18, 25), 20, 500, 50_000),
    Task("Ant-v5", 105, 8, True, 1000, 50, (4, 11, 18, 25), 20, 500, 50_000),
    Task("Humanoid-v5", 348, 17, True, 1000, 240, (80, 160, 240), 20, 1500, 50_000),
    Task("HumanoidStandup-v5", 348, 17, True, 1000, 50, (4, 11, 18, 25), 20),
)

TASKS: dict[str, Task] = {task.id: task for task in _ROWS}
"""The nine tasks of the paper and HumanoidStandup, by Gymnasium id."""


def find_task(task_id: str) -> Task:
    """The row of the table for `task_id`, or a task made from an environment registered with Gymnasium.

    `module:Name-v0` imports the module first, as `gymnasium.make` does. A task outside the table has the
    horizon of its registration, the sizes of its spaces, and the numbers of trajectories of the paper's MuJoCo tasks;
    its data are not subsampled. A task of the table with arguments keeps its protocol.

    Raises:
        InvalidTaskArgument: the id's arguments are malformed.
        UnknownTask: no such environment; the message names the most similar row of the table.
        UnsupportedEnvironment: it cannot be made, has no time limit, or spaces that are not supported.
    """
    if task_id in TASKS:
        return TASKS[task_id]
    base, arguments = split_id(task_id)
    task_id = joined_id(base, arguments)
    module, _, name = base.rpartition(":")
    if module:
        _import(module, task_id)
    if (name if module else base) not in gymnasium.registry:
        raise UnknownTask(f"unknown task {task_id!r}: {_hint(task_id, module)}")
    return _task_of(task_id)


def native_spaces(task_id: str) -> tuple[gymnasium.Space[Any], gymnasium.Space[Any]]:
    """The observation and action space of a task's own environment, before they are flattened.

    Raises:
        UnknownTask, UnsupportedEnvironment: as `find_task`.
    """
    env = make(find_task(task_id).id)
    try:
        return env.observation_space, env.action_space
    finally:
        env.close()


def _import(module: str, task_id: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UnknownTask(
            f"unknown task {task_id!r}: importing {module!r} failed ({error}); "
            "install it, or add its folder to PYTHONPATH"
        ) from error


def _hint(task_id: str, module: str) -> str:
    if module:
        return f"module {module!r} was imported, but registers no environment of that name with Gymnasium"
    by_lower_case = {known.lower(): known for known in (*TASKS, *TRANSFER_TASKS, *TRANSFER_TASKS.values())}
    near = difflib.get_close_matches(task_id.lower(), list(by_lower_case), n=1, cutoff=0.5)
    nearest = f"did you mean {by_lower_case[near[0]]}? " if near else ""
    return (
        f"{nearest}known tasks are {', '.join(TASKS)}, and all environments registered with Gymnasium "
        "(my_package:MyEnv-v0 imports my_package first)"
    )


def _task_of(task_id: str) -> Task:
    """The task of a registered environment, read from its spaces and its time limit."""
    env = make(task_id)
    try:
        flat = flattened(env)
        horizon = None if env.spec is None else env.spec.max_episode_steps
    finally:
        env.close()
    if horizon is None:
        raise UnsupportedEnvironment(f"{task_id} has no time limit: register it with max_episode_steps=...")
    known = TASKS.get(split_id(task_id)[0])
    if known is not None:
        size = gymnasium.spaces.flatdim(flat.observation_space)
        return replace(known, id=task_id, observation_size=size, horizon=horizon)
    return Task(
        id=task_id,
        observation_size=gymnasium.spaces.flatdim(flat.observation_space),
        action_size=gymnasium.spaces.flatdim(flat.action_space),
        continuous=isinstance(flat.action_space, Box),
        horizon=horizon,
        full_trajectories=50,
        dataset_sizes=(4, 11, 18, 25),
        subsample=1,
    )


def make(task_id: str, **more: Any) -> gymnasium.Env[Any, Any]:
    """One environment of a task, as Gymnasium makes it, with the task's arguments and more.

    Raises:
        UnsupportedEnvironment: it cannot be made; the message has the reason.
    """
    base, arguments = split_id(task_id)
    try:
        return gymnasium.make(base, disable_env_checker=True, **arguments, **more)
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        raise UnsupportedEnvironment(f"{task_id} cannot be made: {error}") from error
