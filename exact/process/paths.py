"""Path distributions of policies and of rewards over a finite horizon, by enumeration.

A path is tau = (s_0, a_0, ..., s_{n-1}, a_{n-1}) with n <= T steps (fewer where the episode ends). With P(tau)
the factors of start, transitions and termination,

    q(tau)   = P(tau) prod_t pi_t(a_t|s_t)                       a policy's path distribution
    p_r(tau) = P(tau) e^r(tau) / Z,   Z = sum_tau P(tau) e^r(tau),   r(tau) = sum_t r(s_t, a_t)

(Ziebart et al. 2008; no discount). Let K be the matrix of visit counts, (paths, S*A). Then r(tau) = K r, and the
gradient of E_p[r] - log Z is K^T (p - p_r). For any sampler mu > 0, Z = E_mu[P e^r / mu], and p_r is mu reweighted
(guided cost learning: Finn, Levine & Abbeel 2016). Where mu is a policy's path distribution, the dynamics cancel from
the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import logsumexp, rel_entr

from gail.exact.process.arrays import Array, Sparse, validate_count
from gail.exact.process.finite_horizon import by_step
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.memory import require_memory

MAX_PATHS = 1_000_000
"""Default limit on the number of enumerated paths."""


STEP_BYTES = 100.0
"""Peak memory in bytes per step of a path, during enumeration and the counting of visits."""


class TooManyPaths(ValueError):
    """The process has more paths than were allowed."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Every path of a process over a horizon.

    Attributes:
        states: (N, T) states, -1 after the end of an episode.
        actions: (N, T) actions, -1 after the end of an episode.
        dynamics: (N,) P(tau) > 0: factors of start, transitions and termination.
        counts: (N, S*A) number of visits of each path to each pair.
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
    """All paths that have positive probability under some policy.

    Raises:
        TypeError: the horizon or `max_paths` is not a whole number, or the process is not a FiniteMDP.
        ValueError: one of these numbers is less than one.
        TooManyPaths: there are more than `max_paths`; the message has the count reached.
        NotEnoughMemory: the paths would need more than is available.
    """
    validate_process(mdp)
    horizon, max_paths = validate_count("horizon", horizon), validate_count("max_paths", max_paths)
    starts = np.flatnonzero(mdp.initial)
    live = _Prefixes(starts[:, None], np.empty((starts.size, 0), dtype=np.int64), mdp.initial[starts])
    done: list[_Prefixes] = []
    for step in range(horizon):
        acted = live.choose(mdp.num_actions)
        if step == horizon - 1:
            done.append(acted)
            break
        ended, live = acted.advance(mdp)
        done.append(ended)
        count = sum(len(front.dynamics) for front in done) + len(live.dynamics) * mdp.num_actions
        if count > max_paths:
            raise TooManyPaths(
                f"more than {count} paths after {step + 1} of {horizon} steps; allowed are {max_paths}. "
                "Shorten the horizon or increase max_paths"
            )
        require_memory(STEP_BYTES * count * horizon, f"{count} paths or more of {horizon} steps")
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
class _Prefixes:
    """Prefixes of paths: states (N, n), actions (N, n - 1 or n), and probabilities of the dynamics (N,)."""

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    dynamics: Array

    def choose(self, num_actions: int) -> _Prefixes:
        repeat = np.repeat(np.arange(len(self.dynamics)), num_actions)
        taken = np.tile(np.arange(num_actions), len(self.dynamics))[:, None]
        return _Prefixes(self.states[repeat], np.hstack([self.actions[repeat], taken]), self.dynamics[repeat])

    def advance(self, mdp: FiniteMDP) -> tuple[_Prefixes, _Prefixes]:
        """The paths that end here, and the prefixes that continue."""
        rows = self.states[:, -1] * mdp.num_actions + self.actions[:, -1]
        moves = sparse.csr_array(mdp.transitions[rows])
        ending = np.where(mdp.terminal[self.states[:, -1]], 1.0 - np.asarray(moves.sum(axis=1)), 0.0)
        ends = ending > 0.0
        ended = _Prefixes(self.states[ends], self.actions[ends], (self.dynamics * ending)[ends])
        repeat = np.repeat(np.arange(len(rows)), np.diff(moves.indptr))
        there = moves.indices.astype(np.int64)[:, None]
        live = _Prefixes(
            np.hstack([self.states[repeat], there]), self.actions[repeat], self.dynamics[repeat] * moves.data
        )
        return ended, live


@dataclass(frozen=True, eq=False)
class ImportanceSample:
    """Paths drawn from a sampler, from which guided cost learning estimates Z and p_r.

    Attributes:
        paths: the paths.
        sampler: (N,) mu(tau), positive where drawn.
        shares: (N,) each path's share of the draws; shares equal to mu give exact expectations.
    """

    paths: Paths
    sampler: Array
    shares: Array

    def log_partition(self, reward: ArrayLike) -> float:
        """Estimate of log Z: the log of the mean of P e^r / mu over the draws."""
        return float(logsumexp(self._log_weights(reward)))

    def maxent(self, reward: ArrayLike) -> Array:
        """(N,) the estimate of p_r by self-normalised weights, zero at paths that were not drawn."""
        log_weights = self._log_weights(reward)
        density: Array = np.exp(log_weights - logsumexp(log_weights))
        return density

    def _log_weights(self, reward: ArrayLike) -> Array:
        drawn = self.shares > 0.0
        known = np.log(np.divide(self.shares, self.sampler, out=np.ones_like(self.shares), where=drawn))
        return np.where(drawn, known + np.log(self.paths.dynamics) + self.paths.returns(reward), -np.inf)


def divergence(first: ArrayLike, second: ArrayLike) -> float:
    """KL(first, second) of two distributions (N,) of paths."""
    return float(np.sum(rel_entr(np.asarray(first), np.asarray(second))))
