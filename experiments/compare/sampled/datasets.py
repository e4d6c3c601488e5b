"""Datasets: a number of demonstrations, in the form that each engine uses.

The exact engine uses the measure m of their discounted visits, gamma^t per step, scaled to the mass 1/(1-gamma). The
adversarial algorithms use the same measure as weighted pairs, each pair once; their losses equal those over all steps
with the weights gamma^t. Cloning needs some steps as a validation set, so it uses the steps themselves, with the same
weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.approx import Demonstrations, Provenance, Trajectories
from gail.exact import empirical_occupancy, policy_of
from gail.exact.process.memory import require_memory
from gail.experiments.compare.problem import Problem
from gail.experiments.compare.sampled.episodes import Array, Episodes, Indices, draw, horizon_for
from gail.experiments.errors import InvalidRequest

EXACT = None
"""Stands for the expert's exact occupancy measure instead of a number of demonstrations."""

_BYTES_PER_STEP = 4 * 8  # of drawn episodes: state, action, time and weight

_COPIES = 40  # of each pair of the exact measure, for cloning: training and validation set both contain every pair


@dataclass(frozen=True, eq=False)
class Dataset:
    """The data about the expert."""

    measure: Array
    """(S, A), of mass 1/(1-gamma)."""
    episodes: Episodes | None
    """None for the exact occupancy measure."""
    left_out: float
    """Share of the discounted mass that lies beyond the ends of the episodes."""


def dataset(problem: Problem, count: int | None, seed: int) -> Dataset:
    """`count` demonstrations of the problem's expert.

    They are drawn from its policy, or from its recordings without replacement. If `count` is `EXACT`, the dataset is
    the expert's measure itself. The same seed and count give the same dataset.
    """
    if count is EXACT:
        return Dataset(problem.expert, None, 0.0)
    rng = np.random.default_rng((seed, count))
    if problem.recordings is None:
        episodes = draw(problem.mdp, policy_of(problem.expert), count, rng)
    else:
        check_count(problem, count)
        episodes = problem.recordings.chosen(rng.permutation(problem.recordings.count)[:count])
    measure = empirical_occupancy(problem.mdp, episodes.states, episodes.actions, episodes.times)
    return Dataset(measure, episodes, episodes.left_out(problem.mdp.discount))


def check_count(problem: Problem, count: int | None) -> None:
    """Check that `count` demonstrations are available.

    Raises:
        InvalidRequest: `count` is below 1, or there are fewer recordings.
        NotEnoughMemory: drawing the demonstrations needs more memory than is available.
    """
    if count is EXACT:
        return
    if count < 1:
        raise InvalidRequest(f"{count} demonstrations: at least 1 is needed")
    if problem.recordings is None:
        horizon = horizon_for(problem.mdp.discount)
        needed = float(count) * horizon * _BYTES_PER_STEP
        require_memory(needed, f"drawing {count} demonstrations of {horizon} steps each")
    elif count > problem.recordings.count:
        raise InvalidRequest(
            f"{count} demonstrations asked for, but the file holds {problem.recordings.count} episodes: choose "
            f"1 to {problem.recordings.count}"
        )


def weighted_pairs(problem: Problem, measure: Array) -> Demonstrations:
    """Each pair with positive measure (S, A) once, with the measure as its weight."""
    states, actions = np.nonzero(measure > 0.0)
    return _single_steps(problem, states, actions, measure[states, actions])


def steps_to_clone(problem: Problem, data: Dataset) -> Demonstrations:
    """The steps of a dataset, weighted by gamma^t."""
    if data.episodes is None:
        states, actions = (np.repeat(where, _COPIES) for where in np.nonzero(data.measure > 0.0))
        return _single_steps(problem, states, actions, data.measure[states, actions])
    episodes = data.episodes
    weights = problem.mdp.discount ** episodes.times.astype(np.float64)
    return _single_steps(problem, episodes.states, episodes.actions, weights)


def _single_steps(problem: Problem, states: Indices, actions: Indices, weights: Array) -> Demonstrations:
    """Steps as trajectories of one step each; no learner here uses the successor of an expert's step."""
    seen = problem.observations[states]
    count = len(states)
    cut = np.ones(count, dtype=bool)
    steps = Trajectories(seen, actions, None, seen, np.ones(count, dtype=np.int64), ~cut, cut, weights)
    return Demonstrations(steps, Provenance(None, f"the expert of {problem.name}"))
