"""`gail resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional, arg

from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import Cloning, Reinforcement
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.players import playable
from gail.experiments.runs.run import Run
from gail.experiments.train.conclusion import finish
from gail.experiments.train.expert import publish

_CONSOLE = Console()


def resume(run: Annotated[Positional[Path], arg(metavar="RUN")], /) -> int:
    """Continue an interrupted training from its last checkpoint.

    Cloning has no checkpoints: it takes seconds and starts again.

    Args:
        run: folder of the run.
    """
    opened = Run.open(run)
    config = opened.config
    if isinstance(config.learner, Cloning):
        return finish(opened, trainings.clone_in(opened, trainings.read_demonstrations(config)), _CONSOLE)
    changed = opened.changed_versions()
    if changed is not None:
        _CONSOLE.print(changed, soft_wrap=True, highlight=False, markup=False)
    training, finished = trainings.resume(opened, _CONSOLE)
    if not finished:
        return INTERRUPTED
    if isinstance(config.learner, Reinforcement):
        publish(opened, training.policy, _CONSOLE)
        return 0
    return finish(opened, playable(config, training.policy), _CONSOLE)
