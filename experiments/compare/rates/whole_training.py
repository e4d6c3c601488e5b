"""Errors of whole GAIL trainings on the exact expert against the batch size, with the same number of iterations.

Larger batches reduce the sampling error, but neither the unfinished optimisation nor the lag of discriminator and
critic behind the policy. So the error falls to a floor, and theory predicts no slope. For comparison, the error of
exact GAIL after the same number of iterations is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gail.exact import occupancy_of
from gail.exact.algorithms import BestCost
from gail.experiments.compare.exact_gail import exact_gail_policy
from gail.experiments.compare.measures import total_variation
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.rates.batch_size import Errors, check_rates, root_slope
from gail.experiments.compare.sampled.datasets import Dataset
from gail.experiments.compare.sampled.training import train
from gail.experiments.compare.settings import QUICK, SampledSettings
from gail.experiments.compare.shaping import nearest_by_shaping

TRAINED_BATCHES = (500, 1_500, 4_500, 13_500)
"""Steps per batch of the whole trainings."""


@dataclass(frozen=True, eq=False)
class TrainingRates:
    """Errors of whole trainings against batch size, for one number of iterations.

    Attributes:
        sizes: (N,) steps per batch.
        iterations: number of iterations of every training.
        variation: total variation to the exact optimum.
        cost: root mean square of learned minus dual cost up to shaping (`nearest_by_shaping`), weighted by the
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
    """Train GAIL on the exact expert with batches of several sizes, and compare it with the exact optimum.

    Raises:
        InvalidRequest: psi is not psi_GA, or states are not unit vectors.
        NotOptimal: the exact solution is not certified.
        TrainingFailed: a number of a training is not finite.
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
    played = exact_gail_policy(matching, settings)
    assert played is not None  # psi_GA's costs are finite at policies without zeros
    floors = errors(played, BestCost().respond(matching, played, occupancy_of(problem.mdp, played)))
    parts = [Errors(found[..., k], None, floors[k], root_slope(sizes, found[..., k])) for k in range(2)]
    return TrainingRates(tuple(sizes), settings.iterations, *parts)
