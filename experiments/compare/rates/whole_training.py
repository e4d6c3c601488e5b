"""What a batch's size does to a whole training.

Of GAIL on the exact expert, with as many iterations at every size. Larger batches remove the error of sampling, but
not the unfinished optimisation, nor the lag of the players behind each other: the error falls to a floor, and its
slope is no constant of theory. Beside it, therefore, the error that exact players leave after as many iterations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gail.exact import occupancy_of
from gail.exact.algorithms import BestCost
from gail.experiments.compare.exact_gail import play_exactly
from gail.experiments.compare.measures import total_variation
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.rates.batch_size import Errors, check_rates, root_slope
from gail.experiments.compare.sampled.datasets import Dataset
from gail.experiments.compare.sampled.training import train
from gail.experiments.compare.settings import QUICK, SampledSettings
from gail.experiments.compare.shaping import nearest_by_shaping

TRAINED_BATCHES = (500, 1_500, 4_500, 13_500)
"""Steps in a batch, for whole trainings."""


@dataclass(frozen=True, eq=False)
class TrainingRates:
    """Errors of whole trainings against batch size, for one number of iterations.

    Attributes:
        sizes: (N,) steps per batch.
        iterations: of every training.
        variation: total variation to the exact optimum.
        cost: root mean square of learned less dual cost, modulo shaping (`nearest_by_shaping`), weighted by the
            optimum's visits; in nats.
    """

    sizes: tuple[int, ...]
    iterations: int
    variation: Errors
    cost: Errors


def training_rates(
    problem: Problem,
    sizes: Sequence[int] = TRAINED_BATCHES,
    seeds: Sequence[int] = tuple(range(5)),
    *,
    settings: SampledSettings = QUICK.table,
) -> TrainingRates:
    """Train GAIL on the exact expert with batches of several sizes, all else equal, and measure against the optimum.

    Raises:
        InvalidRequest: another psi than psi_GA, or states that are no unit vectors.
        NotOptimal: the exact solution is not proven.
        TrainingFailed: a training's numbers are not finite any more.
    """
    check_rates(problem)
    optimum = problem.solve(Algorithm.GAIL).require_optimal(1e-6)
    assert optimum.cost is not None
    dual, visits = optimum.cost, optimum.occupancy

    def errors(policy: Array, cost: Array) -> tuple[float, float]:
        variation = total_variation(occupancy_of(problem.mdp, policy), visits)
        missing = nearest_by_shaping(problem.mdp, cost, dual, visits) - dual
        return variation, float(np.sqrt(np.sum(visits / visits.sum() * missing**2)))

    def trained(size: int, seed: int) -> tuple[float, float]:
        data = Dataset(problem.expert, None, 0.0)
        one = train(problem, Algorithm.GAIL, data, replace(settings, batch=size), seed)
        assert one.cost is not None
        return errors(one.policy, one.cost)

    found = np.array([[trained(size, seed) for seed in seeds] for size in sizes])
    matching = problem.matching(Algorithm.GAIL)
    played = play_exactly(matching, settings)
    assert played is not None  # psi_GA's costs are finite at policies without zeros
    floors = errors(played, BestCost().respond(matching, played, occupancy_of(problem.mdp, played)))
    parts = [Errors(found[..., k], None, floors[k], root_slope(sizes, found[..., k])) for k in range(2)]
    return TrainingRates(tuple(sizes), settings.iterations, *parts)
