"""GAN-GCL on enumerated paths (Finn, Christiano, Abbeel & Levine 2016): its two losses, and the game.

    D = (P e^r / Z) / (P e^r / Z + q), the probability of *expert*,      loss -E_p[log D] - E_q[log (1-D)].

With mu = (p + q)/2 and mu~ = (P e^r / Z + q)/2, the loss's derivatives are

    d/d log Z = 1 - E_mu[P e^r / (Z mu~)],        d/dr = -K^T (p - mu P e^r / (Z mu~)),

so the best Z solves Z = E_mu[P e^r / mu~], the importance sampling estimate of the partition function with the
sampler's density estimated by mu~; and there the gradient is that of maximum entropy IRL with p_r estimated
from mu with weights P e^r / mu~ held fixed. The loss is convex in (r, log Z): logistic regression on visit counts.
The generator's objective

    E_q[log (1-D) - log D] = log Z + E_q[sum_t log pi_t - r] = KL(q, p_r) at the exact Z:

the dynamics cancel, and q must keep them, so its minimum is positive where they are stochastic.

`gan_gcl` alternates both. Its fixed points:

    deterministic dynamics   some policy has q = p_r. There D = 1/2 everywhere, and the discriminator's gradient is
                             half of that of maximum entropy IRL: the fixed point is the optimum of `path_matching`.
                             With fitted discriminators and best generators it is attracting: the error's components
                             are multiplied by (m - 1)/(m + 1) per round, m > 0 the eigenvalues of Cov_p[K] relative
                             to Cov_{p_r}[K].
    p = p_r for some r       one fitted discriminator, against any q > 0, is D* = p/(p + q) with that r, and the best
    (a stationary expert)    generator for it is q = p: the same optimum, for any dynamics.
    otherwise                no policy has the optimal p_r as its path distribution. KL(q, p_r) stays positive, the
                             discriminator corrects for this q, and the fixed point is a reward that is not optimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import log_expit

from gail.exact.algorithms.argument_checks import validate_amount, validate_start
from gail.exact.algorithms.game import PolicyPlayer
from gail.exact.algorithms.guided_cost_learning import ascend
from gail.exact.algorithms.path_matching import PathMatching
from gail.exact.algorithms.path_run import PathRun, PathRunRecorder
from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.paths import Paths

FITTING_STEPS = 100
"""Largest number of Newton steps of a fit; where no best discriminator exists, all of them are taken."""


@dataclass(frozen=True, eq=False)
class GuidedCostGame:
    """GAN-GCL: an expert's and a generator's path distributions, and a reward between them.

    Attributes:
        paths: the paths.
        expert: (N,) p(tau).
        generator: (N,) q(tau) > 0.

    Raises:
        ValueError: the generator has no probability for some path.
    """

    paths: Paths
    expert: Array
    generator: Array

    def __post_init__(self) -> None:
        missing = np.flatnonzero(~(self.generator > 0.0))
        if missing.size:
            raise ValueError(
                f"generator must be positive on every path, got {self.generator[missing[0]]} at {missing[0]}"
            )

    def log_odds(self, reward: ArrayLike, log_partition: float) -> Array:
        """(N,) log D/(1-D) = log P e^r / Z - log q."""
        unnormalised = np.log(self.paths.dynamics) + self.paths.returns(reward)
        odds: Array = unnormalised - log_partition - np.log(self.generator)
        return odds

    def discriminator(self, reward: ArrayLike, log_partition: float) -> Array:
        """(N,) D, the probability that a path is the expert's."""
        probability: Array = np.exp(log_expit(self.log_odds(reward, log_partition)))
        return probability

    def loss(self, reward: ArrayLike, log_partition: float) -> float:
        """-E_p[log D] - E_q[log (1-D)]."""
        odds = self.log_odds(reward, log_partition)
        return -float(self.expert @ log_expit(odds)) - float(self.generator @ log_expit(-odds))

    def gradient(self, reward: ArrayLike, log_partition: float) -> tuple[Array, float]:
        """Derivatives of the loss in the reward (S*A,) and in log Z."""
        slope, _ = self._slope(reward, log_partition)
        return -self.paths.expected_counts(slope), float(slope.sum())

    def value(self, reward: ArrayLike) -> float:
        """Minus the loss at the best log Z: concave in the reward."""
        return -self.loss(reward, self.best_log_partition(reward))

    def slope(self, reward: ArrayLike) -> tuple[Array, Array]:
        """Weights (N,) on paths: p (1-D) - q D, sum zero, whose K^T is the gradient of `value`; and (p+q) D (1-D)."""
        return self._slope(reward, self.best_log_partition(reward))

    def _slope(self, reward: ArrayLike, log_partition: float) -> tuple[Array, Array]:
        odds = self.log_odds(reward, log_partition)
        expert, learner = np.exp(log_expit(odds)), np.exp(log_expit(-odds))
        return self.expert * learner - self.generator * expert, (self.expert + self.generator) * expert * learner

    def mixture_estimate(self, reward: ArrayLike, log_partition: float) -> Array:
        """(N,) mu~ = (P e^r / Z + q)/2, the estimate of the mixture's density at the current reward."""
        unnormalised = np.log(self.paths.dynamics) + self.paths.returns(reward)
        estimate: Array = 0.5 * (np.exp(unnormalised - log_partition) + self.generator)
        return estimate

    def best_log_partition(self, reward: ArrayLike) -> float:
        """log Z that minimises the loss, by bracketing the zero of its increasing derivative."""
        odds = self.log_odds(reward, 0.0)
        # Each side has mass at most 1, so the zero lies between the smallest and the largest log-odds.
        low, high = float(odds.min()) - 1.0, float(odds.max()) + 1.0
        while self.gradient(reward, low)[1] > 0.0:
            low -= high - low
        while self.gradient(reward, high)[1] < 0.0:
            high += high - low
        return float(brentq(lambda log_z: self.gradient(reward, log_z)[1], low, high, xtol=1e-15, rtol=1e-15))

    def generator_objective(self, reward: ArrayLike, log_partition: float) -> float:
        """E_q[log (1-D) - log D]."""
        return -float(self.generator @ self.log_odds(reward, log_partition))


class Discriminator(Protocol):
    """Chooses the next reward."""

    def respond(self, game: GuidedCostGame, reward: Array) -> Array:
        """The next reward (S, A), given the current one and the generator in the game."""


@dataclass(frozen=True)
class FittedDiscriminator:
    """The reward and log Z of least loss, by Newton steps from the current reward."""

    def respond(self, game: GuidedCostGame, reward: Array) -> Array:
        """The minimiser; where none exists, a reward after `FITTING_STEPS` steps."""
        for _ in range(FITTING_STEPS):
            before, reward = reward, ascend(game.paths, game, reward)
            if reward is before:
                break
        return reward


@dataclass(frozen=True)
class DiscriminatorStep:
    """One gradient step of the loss at the best log Z."""

    step_size: float

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def respond(self, game: GuidedCostGame, reward: Array) -> Array:
        """r - eta times the gradient."""
        slope, _ = game.slope(reward)
        return reward + self.step_size * game.paths.expected_counts(slope).reshape(reward.shape)


def gan_gcl(
    problem: PathMatching,
    discriminator: Discriminator,
    generator: PolicyPlayer,
    iterations: int,
    *,
    start: Array | None = None,
) -> PathRun:
    """Alternate the two players from a policy of every step (T*S, A), uniform by default, and a reward of zero.

    The generator plays on the time-expanded process with the cost -r and entropy weight one, where its objective is
    KL(q, p_r) up to a constant. The run's distribution is the generator's.

    Raises:
        InvalidPolicy: the start is not a policy of the time-expanded process.
        TypeError, ValueError: iterations that are not whole, or below one; a generator without some path.
    """
    iterations = validate_count("iterations", iterations)
    policy = validate_start(problem.control.mdp, start)
    reward = np.zeros((problem.mdp.num_states, problem.mdp.num_actions))
    density, recorder = problem.paths.distribution(policy), PathRunRecorder(problem)
    for iteration in range(1, iterations + 1):
        reward = discriminator.respond(GuidedCostGame(problem.paths, problem.expert, density), reward)
        policy = generator.respond(problem.control, policy, problem.generator_cost(reward))
        density = problem.paths.distribution(policy)
        recorder.record(iteration, reward, density)
    return recorder.finished(reward, density)
