"""A clone of the same demonstrations beside an imitator: what supervised learning reaches from them without a game.

An imitator that does not beat its clone was not worth its environment steps. The clone is fitted as by
`gail train --algo bc`, with at most `GRADIENT_STEPS` steps, so that it takes seconds. It is left out where those would
be too few.
"""

from __future__ import annotations

import math
from dataclasses import replace

from gail.approx.cloning import clone
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.policy import Policy, save_policy
from gail.experiments.data.demonstrations import spec_of
from gail.experiments.runs.config import Cloning, Imitation
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import read_demonstrations

GRADIENT_STEPS = 20_000
"""Gradient steps of the clone at most: about ten seconds."""

LEAST_EPOCHS = 50
"""Passes through the data below which a clone would say little about cloning."""


def clone_beside(run: Run) -> Policy | None:
    """The clone of an imitation's demonstrations, also written to `clone.safetensors`; None if it is left out.

    It is left out for a run that is a clone itself, for more data than the steps suffice for, and for data that cannot
    be cloned.
    """
    if not isinstance(run.config.learner, Imitation):
        return None
    learner = Cloning()
    demonstrations = read_demonstrations(replace(run.config, learner=learner), quiet=True)
    pairs = demonstrations.trajectories.num_steps
    epochs = GRADIENT_STEPS // max(1, math.ceil(learner.fit.training_fraction * pairs / learner.fit.minibatch))
    if pairs < 2 or epochs < LEAST_EPOCHS:
        return None
    fit = replace(learner.fit, max_epochs=min(epochs, learner.fit.max_epochs))
    try:
        policy = clone(demonstrations, spec_of(run.config.task), fit, run.config.seed, learner.network).policy
    except NotFinite:
        return None
    save_policy(policy, run.clone, run.config.task)
    return policy
