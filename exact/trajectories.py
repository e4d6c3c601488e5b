"""Path measures of a finite horizon, by enumeration: maximum entropy IRL, guided cost learning, GAN-GCL.

A path is tau = (s_0, a_0, ..., s_{n-1}, a_{n-1}) with n <= T steps (fewer where the episode ends). With P(tau)
the start and transition factors, including those of ending,

    q(tau)   = P(tau) prod_t pi_t(a_t|s_t)                       a policy's path distribution
    p_r(tau) = P(tau) e^r(tau) / Z,   Z = sum_tau P(tau) e^r(tau),   r(tau) = sum_t r(s_t, a_t)

(Ziebart et al. 2008; no discount). Writing K for the (paths, S*A) matrix of visit counts, r(tau) = K r, and the
gradient of a weighted log-likelihood is K^T of weights on paths:

    maximum entropy IRL     grad (E_p[r] - log Z) = K^T (p - p_r).
    guided cost learning    Z = E_mu[P e^r / mu] for any sampler mu > 0; samples of mu estimate Z and p_r
                            (Finn, Levine & Abbeel 2016).
    GAN-GCL                 D = (P e^r / Z) / (P e^r / Z + q), the probability of *expert*, and the loss
                            -E_p[log D] - E_q[log (1-D)]      (Finn, Christiano, Abbeel & Levine 2016).

With mu = (p + q)/2 and mu~ = (P e^r / Z + q)/2, the loss's derivatives are

    d/d log Z = 1 - E_mu[P e^r / (Z mu~)],        d/dr = -K^T (p - mu P e^r / (Z mu~)),

so the best Z solves Z = E_mu[P e^r / mu~], the importance sampling estimate of the partition function with the
sampler's density estimated by mu~; and there the gradient is that of maximum entropy IRL with p_r estimated
from mu with weights P e^r / mu~ held fixed. The generator's objective

    E_q[log (1-D) - log D] = log Z + E_q[sum_t log pi_t - r] = KL(q, p_r) at the exact Z:

the dynamics cancel, and q must keep them, so its minimum is positive where they are stochastic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.special import log_expit, logsumexp, rel_entr

from gail.exact.mdp import Array, FiniteMDP, Sparse
from gail.exact.time_expanded import by_step

MAX_PATHS = 1_000_000
"""Paths that enumeration may hold by default."""


class TooManyPaths(ValueError):
    """The process has more paths than were allowed."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Every path of a process over a horizon.

    Attributes:
        states: (N, T) states, -1 after the end of an episode.
        actions: (N, T) actions, -1 after the end of an episode.
        dynamics: (N,) P(tau) > 0: start, transitions, and ending.
        counts: (N, S*A) how often each pair occurs on each path.
    """

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    dynamics: Array
    counts: Sparse

    @property
    def horizon(self) -> int:
        """T."""
        return int(self.states.shape[1])

    def returns(self, reward: ArrayLike) -> Array:
        """(N,) r(tau) of a reward (S, A)."""
        return np.asarray(self.counts @ np.asarray(reward, dtype=np.float64).ravel())

    def log_likelihood(self, policy: ArrayLike) -> Array:
        """(N,) sum_t log pi_t(a_t|s_t) of a stationary policy (S, A) or one on expanded states (T*S, A)."""
        pi = np.asarray(policy, dtype=np.float64)
        steps = by_step(pi, self.horizon) if len(pi) * pi.shape[1] > self.counts.shape[1] else [pi] * self.horizon
        total = np.zeros(len(self.dynamics))
        with np.errstate(divide="ignore"):
            for states, actions, table in zip(self.states.T, self.actions.T, steps, strict=True):
                total += np.where(states < 0, 0.0, np.log(table[states, actions]))
        return total

    def distribution(self, policy: ArrayLike) -> Array:
        """(N,) q(tau) of a policy; sums to one."""
        density: Array = self.dynamics * np.exp(self.log_likelihood(policy))
        return density

    def log_partition(self, reward: ArrayLike) -> float:
        """log Z."""
        return float(logsumexp(np.log(self.dynamics) + self.returns(reward)))

    def maxent(self, reward: ArrayLike) -> Array:
        """(N,) p_r(tau)."""
        density: Array = np.exp(np.log(self.dynamics) + self.returns(reward) - self.log_partition(reward))
        return density

    def expected_counts(self, weights: ArrayLike) -> Array:
        """(S*A,) K^T w: expected visits to each pair under weights (N,) on paths."""
        return np.asarray(self.counts.T @ np.asarray(weights, dtype=np.float64))

    def maxent_gradient(self, reward: ArrayLike, expert: ArrayLike) -> Array:
        """(S*A,) gradient of E_p[r] - log Z in the reward, p the expert's distribution (N,) of paths."""
        return self.expected_counts(np.asarray(expert) - self.maxent(reward))


def enumerate_paths(mdp: FiniteMDP, horizon: int, max_paths: int = MAX_PATHS) -> Paths:
    """Every path of positive probability under some policy.

    Raises:
        ValueError: the horizon is less than one.
        TooManyPaths: more than `max_paths`; the message has the count reached.
    """
    if horizon < 1:
        raise ValueError(f"horizon must be at least one step, got {horizon}")
    starts = np.flatnonzero(mdp.initial)
    live = _Fronts(starts[:, None], np.empty((starts.size, 0), dtype=np.int64), mdp.initial[starts])
    done: list[_Fronts] = []
    for step in range(horizon):
        acted = live.choose(mdp.num_actions)
        if step == horizon - 1:
            done.append(acted)
            break
        ended, live = acted.advance(mdp)
        done.append(ended)
        count = sum(len(front.dynamics) for front in done) + len(live.dynamics) * mdp.num_actions
        if count > max_paths:
            raise TooManyPaths(f"more than {count} paths after {step + 1} of {horizon} steps; allowed are {max_paths}")
    states, actions = (
        np.concatenate([np.pad(part, ((0, 0), (0, horizon - part.shape[1])), constant_values=-1) for part in parts])
        for parts in ([front.states for front in done], [front.actions for front in done])
    )
    path, step_index = np.nonzero(states >= 0)
    pairs = states[path, step_index] * mdp.num_actions + actions[path, step_index]
    shape = (len(states), mdp.num_states * mdp.num_actions)
    counts: Sparse = sparse.csr_array(sparse.coo_array((np.ones(pairs.size), (path, pairs)), shape=shape))
    return Paths(states, actions, np.concatenate([front.dynamics for front in done]), counts)


@dataclass(frozen=True, eq=False)
class _Fronts:
    """Beginnings of paths: states (N, n), actions (N, n - 1 or n), and their dynamics' factor (N,)."""

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    dynamics: Array

    def choose(self, num_actions: int) -> _Fronts:
        repeat = np.repeat(np.arange(len(self.dynamics)), num_actions)
        taken = np.tile(np.arange(num_actions), len(self.dynamics))[:, None]
        return _Fronts(self.states[repeat], np.hstack([self.actions[repeat], taken]), self.dynamics[repeat])

    def advance(self, mdp: FiniteMDP) -> tuple[_Fronts, _Fronts]:
        """Those that end here, and those that continue."""
        rows = self.states[:, -1] * mdp.num_actions + self.actions[:, -1]
        moves = sparse.csr_array(mdp.transitions[rows])
        ending = np.where(mdp.terminal[self.states[:, -1]], 1.0 - np.asarray(moves.sum(axis=1)), 0.0)
        ends = ending > 0.0
        ended = _Fronts(self.states[ends], self.actions[ends], (self.dynamics * ending)[ends])
        repeat = np.repeat(np.arange(len(rows)), np.diff(moves.indptr))
        there = moves.indices.astype(np.int64)[:, None]
        live = _Fronts(
            np.hstack([self.states[repeat], there]), self.actions[repeat], self.dynamics[repeat] * moves.data
        )
        return ended, live


@dataclass(frozen=True, eq=False)
class GuidedCostGame:
    """GAN-GCL: an expert's and a generator's path distributions, and a reward between them.

    Attributes:
        paths: the paths.
        expert: (N,) p(tau).
        generator: (N,) q(tau) > 0.
    """

    paths: Paths
    expert: Array
    generator: Array

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
        odds = self.log_odds(reward, log_partition)
        # The derivative in log P e^r: -p (1-D) + q D.
        slope = self.generator * np.exp(log_expit(odds)) - self.expert * np.exp(log_expit(-odds))
        return self.paths.expected_counts(slope), -float(slope.sum())

    def mixture_estimate(self, reward: ArrayLike, log_partition: float) -> Array:
        """(N,) mu~ = (P e^r / Z + q)/2, the estimate of the mixture's density at the current reward."""
        unnormalised = np.log(self.paths.dynamics) + self.paths.returns(reward)
        estimate: Array = 0.5 * (np.exp(unnormalised - log_partition) + self.generator)
        return estimate

    def best_log_partition(self, reward: ArrayLike) -> float:
        """log Z that minimises the loss, by bracketing the zero of its increasing derivative."""
        odds = self.log_odds(reward, 0.0)
        # At most mass 1 is pulled each way, so the zero lies where the odds change sign, give or take.
        low, high = float(odds.min()) - 1.0, float(odds.max()) + 1.0
        while self.gradient(reward, low)[1] > 0.0:
            low -= high - low
        while self.gradient(reward, high)[1] < 0.0:
            high += high - low
        return float(brentq(lambda log_z: self.gradient(reward, log_z)[1], low, high, xtol=1e-15, rtol=1e-15))

    def generator_objective(self, reward: ArrayLike, log_partition: float) -> float:
        """E_q[log (1-D) - log D]."""
        return -float(self.generator @ self.log_odds(reward, log_partition))


def sampled_log_partition(
    paths: Paths, reward: ArrayLike, drawn: NDArray[np.int64], sampler: ArrayLike
) -> tuple[float, Array]:
    """Guided cost learning's estimates from sampled paths: log Z, and the self-normalised weights (M,) of p_r.

    `drawn` (M,) are indices of paths drawn from the density `sampler` (N,). The dynamics cancel from the
    weights P e^r / sampler where the sampler is a policy's path distribution.
    """
    density = np.asarray(sampler, dtype=np.float64)[drawn]
    log_weights = np.log(paths.dynamics[drawn]) + paths.returns(reward)[drawn] - np.log(density)
    total = float(logsumexp(log_weights))
    return total - float(np.log(drawn.size)), np.exp(log_weights - total)


def sampled_gradient(
    paths: Paths, reward: ArrayLike, expert: ArrayLike, drawn: NDArray[np.int64], sampler: ArrayLike
) -> Array:
    """(S*A,) guided cost learning's estimate of the maximum entropy gradient from sampled paths."""
    _, weights = sampled_log_partition(paths, reward, drawn, sampler)
    estimate: Array = paths.expected_counts(expert) - np.asarray(paths.counts[drawn].T @ weights)
    return estimate


def divergence(first: ArrayLike, second: ArrayLike) -> float:
    """KL(first, second) of two distributions (N,) of paths."""
    return float(np.sum(rel_entr(np.asarray(first), np.asarray(second))))
