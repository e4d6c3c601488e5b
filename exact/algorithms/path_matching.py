"""The convex program behind maximum entropy IRL on enumerated paths; notation of `gail.exact.process.paths`.

    min over distributions q of paths  KL(q, P)   s.t.  K^T q = K^T p        (match the expert's expected visits)
    max over rewards r                 E_p[r] - log Z(r)                     (Ziebart et al. 2008; Jaynes 1957)

Weak duality is an identity: for every feasible q and every r

    KL(q, P) - (E_p[r] - log Z(r)) = KL(q, p_r),

so the values are equal where p_r is itself feasible. Any distribution q is corrected to a feasible one by

    q (1 + (K - E_q[K]) d),     Cov_q[K] d = K^T (p - q),

moved towards p, which is feasible, until no path has negative mass. So every iterate gives an upper and a lower bound
on the optimum, and their difference bounds the error of both.

Where p = p_r for some r, p is the solution. This holds for every stationary policy that takes every action, with
r = log pi and Z = 1, for any dynamics. Otherwise the solution differs from p; with stochastic dynamics it is in general
the path distribution of no policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import rel_entr

from gail.exact.problems import Matching
from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.finite_horizon import at_every_step, time_expanded
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.paths import MAX_PATHS, Paths, enumerate_paths
from gail.exact.regularizers import Constant

MASS = 1e-9
"""Largest deviation of an expert's probabilities from the sum one."""

RANK = 1e-10
"""Eigenvalue of the visits' correlations below which all paths count as equal along a direction."""


@dataclass(frozen=True, eq=False)
class PathMatching:
    """Minimise KL(q, P) over path distributions q with the expert's expected visits.

    Attributes:
        mdp: the process.
        paths: all its paths over the horizon.
        expert: (N,) p(tau), not necessarily that of a policy.

    Raises:
        ValueError: paths of another process, or an expert that is no distribution on them.
    """

    mdp: FiniteMDP
    paths: Paths
    expert: Array

    def __post_init__(self) -> None:
        pairs, count = self.mdp.num_states * self.mdp.num_actions, len(self.paths.dynamics)
        if self.paths.counts.shape[1] != pairs:
            raise ValueError(f"paths visit {self.paths.counts.shape[1]} state-action pairs, the process has {pairs}")
        expert = np.array(self.expert, dtype=np.float64)
        if expert.shape != (count,):
            raise ValueError(f"expert must have one probability for each of {count} paths, got shape {expert.shape}")
        wrong = np.flatnonzero(~((expert >= 0.0) & (expert < np.inf)))
        if wrong.size:
            raise ValueError(f"expert: probability {expert[wrong[0]]} at path {wrong[0]}")
        if abs(expert.sum() - 1.0) > MASS:
            raise ValueError(f"expert: probabilities sum to {expert.sum():.12g}, not to 1")
        object.__setattr__(self, "expert", expert / expert.sum())

    @cached_property
    def expert_visits(self) -> Array:
        """(S*A,) K^T p."""
        return self.paths.expected_counts(self.expert)

    @cached_property
    def control(self) -> Matching:
        """The generators' process: the time-expanded one, with entropy weight one and the expert's visits by step."""
        expanded, steps = time_expanded(self.mdp, self.paths.horizon), np.arange(self.paths.horizon)
        visits = np.zeros((expanded.num_states, expanded.num_actions))
        path, step = np.nonzero(self.paths.states >= 0)
        rows = steps[step] * self.mdp.num_states + self.paths.states[path, step]
        np.add.at(visits, (rows, self.paths.actions[path, step]), self.expert[path])
        return Matching(expanded, visits, Constant(), 1.0)

    def generator_cost(self, reward: Array) -> Array:
        """(T*S, A) -r at every step: its soft-optimal policy minimises KL(q, p_r) among policies."""
        return -at_every_step(reward, self.paths.horizon)

    def primal(self, density: Array) -> float:
        """KL(q, P) of a path distribution (N,); a value of the program where `violation` is zero."""
        return float(rel_entr(density, self.paths.dynamics).sum())

    def dual(self, reward: Array) -> float:
        """E_p[r] - log Z: a lower bound on the optimum, for any reward (S, A)."""
        return float(self.expert_visits @ reward.ravel()) - self.paths.log_partition(reward)

    def violation(self, density: Array) -> float:
        """Largest difference of expected visits to a pair between a distribution (N,) and the expert."""
        return float(abs(self.paths.expected_counts(density) - self.expert_visits).max())

    def feasible(self, density: Array) -> Array:
        """(N,) a distribution with the expert's visits, near the given one if its visits almost match."""
        direction = solve_moments(self.paths, density, self.expert_visits - self.paths.expected_counts(density))
        tilt = self.paths.returns(direction)
        repaired = density * (1.0 + tilt - float(density @ tilt))
        negative = repaired < 0.0
        share = float(np.min(self.expert[negative] / (self.expert - repaired)[negative], initial=1.0))
        mixed: Array = np.maximum(self.expert + share * (repaired - self.expert), 0.0)
        return mixed


def match_paths(mdp: FiniteMDP, horizon: int, policy: ArrayLike, max_paths: int = MAX_PATHS) -> PathMatching:
    """The program of a process, its horizon and an expert's policy, stationary (S, A) or of every step (T*S, A).

    Raises:
        TypeError: the horizon or `max_paths` is not a whole number, or the process no FiniteMDP.
        ValueError: one of these numbers is less than one, or the policy has another shape or is no policy.
        TooManyPaths: more than `max_paths`.
        NotEnoughMemory: the paths would need more than is available.
    """
    validate_process(mdp)
    horizon = validate_count("horizon", horizon)
    given = np.asarray(policy, dtype=np.float64)
    stationary = (mdp.num_states, mdp.num_actions)
    if given.shape not in (stationary, (horizon * mdp.num_states, mdp.num_actions)):
        raise ValueError(f"policy must have shape {stationary}, or {horizon} times the rows, got {given.shape}")
    paths = enumerate_paths(mdp, horizon, max_paths)
    return PathMatching(mdp, paths, paths.distribution(given))


def solve_moments(paths: Paths, density: Array, change: Array) -> Array:
    """(S*A,) the least d with Cov[K] d = change (S*A,), the covariance under a distribution (N,) of paths.

    Directions along which all paths are equal, such as potential shaping, stay zero.
    """
    weighted = sparse.diags_array(density) @ paths.counts
    mean = paths.expected_counts(density)
    moments = np.asarray((paths.counts.T @ weighted).toarray())
    covariance = moments - np.outer(mean, mean)
    # A pair that all paths visit equally often has a variance of rounding only.
    variance, second = np.diag(covariance), np.diag(moments)
    varies = variance > RANK * second
    scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    sizes, axes = np.linalg.eigh(covariance * np.outer(scale, scale))
    kept = sizes > RANK * max(float(sizes[-1]), 1e-300)
    axes = axes[:, kept]
    direction: Array = scale * (axes @ ((axes.T @ (scale * change)) / sizes[kept]))
    return direction
