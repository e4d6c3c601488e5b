"""Maximum entropy IRL and guided cost learning on enumerated paths: Newton ascent of a likelihood.

All maximise E_p[r] - log Z(r), concave in the reward (S, A), with gradient K^T (p - p_r) and curvature Cov_{p_r}[K]:

    `maxent_irl`                    Z and p_r by summation (Ziebart et al. 2008).
    `guided_cost_learning`          by importance weights P e^r / mu over all paths, mu = (p + q)/2 with q the path
                                    distribution of the soft-optimal policy for the current reward (Finn, Levine &
                                    Abbeel 2016, Algorithm 1, demonstrations added to the samples): for any mu > 0
                                    the weighted sums are exact, and the rewards are those of maximum entropy IRL.
    `sampled_guided_cost_learning`  the same from M new draws of mu in every round. The noise of the last round
                                    remains: the error of p_r is about M^(-1/2).

One round is one Newton step, halved until the objective rises sufficiently. A reward is determined up to components
with the same return on all paths, and steps have no such component. Where no reward gives the expert's visits, as for
an expert that never takes some action, rewards grow without bound and the objective tends to its supremum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gail.exact.algorithms.argument_checks import validate_amount, validate_table
from gail.exact.algorithms.path_matching import PathMatching, solve_moments
from gail.exact.algorithms.path_run import PathRun, PathRunRecorder
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.paths import ImportanceSample, Paths

SUFFICIENT = 1e-4
"""Least share of the gain predicted by the gradient that a step must achieve."""

RESOLUTION = 1e-15
"""Predicted gain, relative to the objective, below which differences of values are rounding."""


class Partition(Protocol):
    """Computes or estimates a reward's path distribution: `Paths` and `ImportanceSample`."""

    def log_partition(self, reward: Array) -> float:
        """log Z."""

    def maxent(self, reward: Array) -> Array:
        """(N,) p_r."""


class Objective(Protocol):
    """A concave function of the reward through the paths' returns."""

    def value(self, reward: Array) -> float:
        """The objective."""

    def slope(self, reward: Array) -> tuple[Array, Array]:
        """Weights (N,) whose K^T is the gradient; weights h (N,) >= 0, with Hessian -sum(h) Cov[K] under h / sum(h)."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """E_p[r] - log Z, with Z and p_r from a `Partition`."""

    problem: PathMatching
    partition: Partition

    def value(self, reward: Array) -> float:
        """E_p[r] - log Z."""
        return float(self.problem.expert_visits @ reward.ravel()) - self.partition.log_partition(reward)

    def slope(self, reward: Array) -> tuple[Array, Array]:
        """p - p_r, and p_r."""
        density = self.partition.maxent(reward)
        return self.problem.expert - density, density


def maxent_irl(
    problem: PathMatching, iterations: int, *, start: Array | None = None, tolerance: float = 0.0
) -> PathRun:
    """Ascend from a reward (S, A), zero by default, until the certified gap is within `tolerance`.

    Raises:
        TypeError, ValueError: iterations that are not whole, or below one; a negative tolerance; a start that is not
            a finite (S, A) array.
    """
    iterations, reward = _begin(problem, iterations, start)
    validate_amount("tolerance", tolerance)
    recorder, likelihood = PathRunRecorder(problem), Likelihood(problem, problem.paths)
    for iteration in range(1, iterations + 1):
        reward = ascend(problem.paths, likelihood, reward)
        if recorder.record(iteration, reward, problem.paths.maxent(reward)) <= tolerance:
            break
    return recorder.finished(reward, problem.paths.maxent(reward))


def guided_cost_learning(problem: PathMatching, iterations: int, *, start: Array | None = None) -> PathRun:
    """Rounds of a sampler, the mixture of expert and current policy, and a reward step with exact expectations.

    Raises:
        TypeError, ValueError: as `maxent_irl`.
    """
    return _guided(problem, iterations, start, lambda mixture: mixture)


def sampled_guided_cost_learning(
    problem: PathMatching, iterations: int, draws: int, rng: np.random.Generator, *, start: Array | None = None
) -> PathRun:
    """`guided_cost_learning` with `draws` paths from the mixture in every round.

    Raises:
        TypeError, ValueError: as `maxent_irl`; or draws that are not whole, or below one.
    """
    draws = validate_count("draws", draws)
    return _guided(problem, iterations, start, lambda mixture: rng.multinomial(draws, mixture) / draws)


def _guided(problem: PathMatching, iterations: int, start: Array | None, draw: Callable[[Array], Array]) -> PathRun:
    iterations, reward = _begin(problem, iterations, start)
    paths, recorder = problem.paths, PathRunRecorder(problem)
    for iteration in range(1, iterations + 1):
        policy = solve_rl(problem.control.mdp, problem.generator_cost(reward), 1.0).policy
        mixture = 0.5 * (problem.expert + paths.distribution(policy))
        mixture /= mixture.sum()
        sample = ImportanceSample(paths, mixture, draw(mixture))
        reward = ascend(paths, Likelihood(problem, sample), reward)
        recorder.record(iteration, reward, paths.maxent(reward))
    return recorder.finished(reward, paths.maxent(reward))


def ascend(paths: Paths, objective: Objective, reward: Array) -> Array:
    """The reward (S, A) after one Newton step, halved until the gain suffices; unchanged if that is rounding."""
    slope, curvature = objective.slope(reward)
    gradient, mass = paths.expected_counts(slope), float(curvature.sum())
    direction = solve_moments(paths, curvature / mass, gradient / mass)
    predicted, value, step = float(gradient @ direction), objective.value(reward), 1.0
    while step * predicted > RESOLUTION * max(abs(value), 1.0):
        trial = reward + step * direction.reshape(reward.shape)
        if objective.value(trial) >= value + SUFFICIENT * step * predicted:
            return trial
        step *= 0.5
    return reward


def _begin(problem: PathMatching, iterations: int, start: Array | None) -> tuple[int, Array]:
    shape = (problem.mdp.num_states, problem.mdp.num_actions)
    reward = np.zeros(shape) if start is None else validate_table("start", start, shape)
    return validate_count("iterations", iterations), reward
