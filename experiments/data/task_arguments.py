"""How verbs name a task, the arguments of its environment, and assignments to fields of a config."""

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

Assignments: TypeAlias = Annotated[
    UseAppendAction[tuple[str, ...]],
    arg(
        name="set",
        metavar="NAME=VALUE",
        help="set one field of the config, such as learner.training.policy.discount=0.99",
    ),
]
