"""The reward form that suits a task of a user's own, read off the ends of its episodes.

A reward that is never negative makes episodes long, one that is never positive makes them short (`RewardForm`). Which
of the two the expert wants is seen beside random play, whose reward nobody chose:

| episodes | form |
|---|---|
| none ends before the time limit | `DIFFERENCE`: no form can change their length, and this one does not fade |
| the expert's last at least as long as random play's | `SURVIVAL`: the expert stays alive |
| the expert's are shorter | `ARRIVAL`: the expert ends them, as those who reach a goal do |

The demonstrations alone do not say it: where the expert never falls, all its episodes have one length too, but the
learner's do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.approx import RewardForm
from gail.approx.demonstrations import Demonstrations
from gail.envs.tasks import find_task
from gail.experiments.runs.config import RunConfig
from gail.experiments.runs.training import read_demonstrations
from gail.experiments.train.evaluation import evaluate_random

RANDOM_EPISODES = 8
"""Episodes of random play."""


def form_of_episodes(config: RunConfig) -> tuple[RewardForm, str]:
    """The form that suits a config's demonstrations and random play on its task, and the reason in words."""
    demonstrations = read_demonstrations(config, quiet=True)
    random = evaluate_random(config.task, RANDOM_EPISODES, config.seed)
    return suited_form(demonstrations, random.lengths, find_task(config.task).horizon)


def suited_form(
    demonstrations: Demonstrations, random_lengths: NDArray[np.int64], horizon: int
) -> tuple[RewardForm, str]:
    """The form, and the reason in words.

    Args:
        demonstrations: the expert's episodes, whole or subsampled.
        random_lengths: steps of episodes of uniformly random actions.
        horizon: the task's time limit.
    """
    batch = demonstrations.trajectories
    random = float(random_lengths.mean())
    if not batch.terminated.any() and (random_lengths == horizon).all():
        return (
            RewardForm.DIFFERENCE,
            f"demonstrated and random episodes all last until the time limit of {horizon} steps",
        )
    expert = float(batch.lengths.mean()) * demonstrations.provenance.stride
    lasting = f"last {expert:.0f} steps on average, those of random play {random:.0f}"
    if expert < random and batch.terminated.any():
        return RewardForm.ARRIVAL, f"the demonstrated episodes {lasting}: the expert ends them"
    if expert < random:
        return RewardForm.SURVIVAL, f"the demonstrated episodes {lasting}, but were cut: the expert does not end them"
    return RewardForm.SURVIVAL, f"the demonstrated episodes {lasting}: the expert stays alive"
