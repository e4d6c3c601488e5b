"""How verbs name a task, and the arguments of its environment."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from tyro.conf import Positional, UseAppendAction, arg

from gail.envs.tasks import TASKS

TaskId: TypeAlias = Annotated[
    Positional[str],
    arg(metavar="TASK", help=f"a task: {', '.join(TASKS)}, or one of your own, my_package:MyEnv-v0"),
]

EnvArgs: TypeAlias = Annotated[
    UseAppendAction[tuple[str, ...]],
    arg(metavar="NAME=VALUE", help="argument of the task's environment, as for gymnasium.make, such as frame_skip=2"),
]
