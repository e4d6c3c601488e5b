"""Pairs of tasks with the same reward and other dynamics, on which AIRL tests that a learnt reward can be used again.

A reward r is learnt from demonstrations in the source task. A policy is then trained on r in the target task, and
judged by the true reward, which both tasks share. A policy of the source task fails in the target task.

| source | target | what differs |
|---|---|---|
| `gail/PointMazeLeft-v0` | `gail/PointMazeRight-v0` | the side of the opening in the barrier |
| `gail/CustomAnt-v0` | `gail/DisabledAnt-v0` | length and strength of the legs of one side |

The names are those under which later work reports on them. Importing `gail.envs` registers them with Gymnasium, both
single (`gymnasium.make`) and batched (`gail.envs.make_vector`); the simulator is imported when an ant is made.

| module | content |
|---|---|
| `point_maze`, `maze_picture` | the maze and its picture |
| `ant_model`, `ants` | the quadruped and its task |
| `simulation` | what both offer to the environments |
| `single`, `batched` | the environments |

Fu, Luo & Levine (2018), "Learning robust rewards with adversarial inverse reinforcement learning", section 7.
"""

from __future__ import annotations

from typing import Any

import gymnasium

TRANSFER_TASKS = {
    "gail/PointMazeLeft-v0": "gail/PointMazeRight-v0",
    "gail/CustomAnt-v0": "gail/DisabledAnt-v0",
}
"""The target task of each source task."""

_HERE = "gail.envs.transfer_tasks"


def _register(task_id: str, single: str, batched: str, horizon: int, **arguments: Any) -> None:
    gymnasium.register(
        task_id,
        entry_point=f"{_HERE}.{single}",
        vector_entry_point=f"{_HERE}.{batched}",
        max_episode_steps=horizon,
        kwargs=arguments,
    )


for _side in ("Left", "Right"):
    _register(
        f"gail/PointMaze{_side}-v0",
        "point_maze:single_point_maze",
        "point_maze:batched_point_mazes",
        100,
        opening=_side.lower(),
    )
for _name in ("Custom", "Disabled"):
    _register(f"gail/{_name}Ant-v0", "ants:single_ant", "ants:batched_ants", 500, disabled=_name == "Disabled")


def is_transfer_task(name: str) -> bool:
    """Whether a Gymnasium id, without arguments, is one of the table, of either column."""
    return name in TRANSFER_TASKS or name in TRANSFER_TASKS.values()
