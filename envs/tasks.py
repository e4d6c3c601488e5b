"""The table of control tasks: Ho & Ermon (2016), Tables 1 to 3, in today's environment versions.

Each row gives the protocol of the paper for that task: how many full expert trajectories are recorded, which
dataset sizes are compared, the subsampling stride (every k-th step from a random offset, so that a
1000-step MuJoCo trajectory becomes about 50 state-action pairs), and the interaction budget.

Returns of experts and of random play are not typed in here: they come with the shipped expert of a task
(`gail.envs.data`), whose card says how they were measured.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass


class UnknownTask(ValueError):
    """The name is not one of the tasks that can be made here."""


@dataclass(frozen=True)
class Task:
    """One control task and the protocol that the paper used on it."""

    id: str
    """Gymnasium id."""
    observation_size: int
    """Length of the observation vector."""
    action_size: int
    """Dimension of a continuous action, or the number of discrete actions."""
    continuous: bool
    """True for a box of actions, False for a finite set."""
    horizon: int
    """Time limit, in steps, after which an episode is truncated."""
    full_trajectories: int
    """Full expert trajectories recorded by the paper."""
    dataset_sizes: tuple[int, ...]
    """Numbers of trajectories that the paper trains on."""
    subsample: int
    """Keep every k-th step of each trajectory."""
    paper_iterations: int
    """Iterations of FEM, GTAL and GAIL in the paper (Table 2)."""
    paper_batch: int
    """State-action pairs per iteration in the paper (Table 2; a minimum there)."""

    @property
    def paper_interactions(self) -> int:
        """Environment steps of the paper's budget."""
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
)

TASKS: dict[str, Task] = {task.id: task for task in _ROWS}
"""The nine tasks of the paper, by Gymnasium id."""


def find_task(task_id: str) -> Task:
    """Return the row of the table for `task_id`; raise `UnknownTask` naming the nearest ids."""
    if task_id in TASKS:
        return TASKS[task_id]
    by_lower_case = {known.lower(): known for known in TASKS}
    near = difflib.get_close_matches(task_id.lower(), list(by_lower_case), n=1, cutoff=0.5)
    hint = f"did you mean {by_lower_case[near[0]]}? " if near else ""
    raise UnknownTask(f"unknown task {task_id!r}: {hint}known tasks are {', '.join(TASKS)}")
