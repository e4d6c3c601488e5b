"""Maximum causal entropy inverse reinforcement learning: costs F w with any weights w.

    max over w in R^k of  phi(w) = V_lambda(F w) - <rho_E, F w>,

dual to the greatest causal entropy among occupancies with the expert's feature expectations F^T rho = F^T rho_E
(Ziebart, Bagnell & Dey 2010; Ziebart 2010). phi, its gradient and its Hessian are those of `feature_matching`.

Weights whose cost is potential shaping change no policy. Features are scaled to a largest entry of one, and features
that depend on others up to shaping are set aside. The returned weights have the smallest norm, in scaled units, of all
that give the same policy.

Start. If the expert's policy pi is soft-optimal for F w, then -lambda log pi = F w - flow* V for some V. The w that
fits this best, weighted by occupancy, solves a linear least squares problem. It is the solution where such a w exists.

Attainment. phi has a maximiser if and only if an occupancy that is positive on all reachable pairs has the expert's
feature expectations (if: Rockafellar 1970, theorem 23.4; only if: soft-optimal policies take every action). An expert
that takes every action is such an occupancy measure. Otherwise the expert, but not every policy, is optimal for some
cost F d, and the weights diverge along d. Newton's steps then keep changing log-policies by about one, even for tiny
gradients, and soon point in such a direction d. Planning without entropy checks that the expert has no regret under
F d, which certifies that no maximiser exists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from gail.exact.imitation.linear_costs.feature_matching import Point, advantages, point_at, search, weights_of
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import occupancy_of, policy_of, visits_along
from gail.exact.planning.rl import solve_rl
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import LinearCosts, LinearSpan
from gail.exact.regularizers.constant import EQUAL

MAX_ITERATIONS = 500

SETTLED = 1e-14
"""Share of the learner's actions that a step changes, which is rounding."""

STALLED = 3
"""Iterations with almost equal expectations that may fail to halve their gap."""

ROUNDING = 1e-12
"""Decrease of phi, relative to its two terms, that is rounding."""

LONGEST = 100.0
"""Largest change of log-policies that a step tries."""

MAX_CONVERGENT_CHANGE = 0.1
"""Change of log-policies up to which Newton's steps converge; a larger change may mean that the weights diverge."""

VANISHED = 1e-13
"""Gap of scaled feature expectations, relative to the mass, down to which diverging weights are followed."""

NO_REGRET = 1e-9
"""Regret of the expert, relative to the uniform policy's, that is rounding."""

EXPLORATION = 1e-2
"""Share of uniform actions in the policy to start from, where the expert leaves actions out."""

FAR = 1e-2
"""Gap of scaled feature expectations, relative to the mass, above which zero cost may be the better start."""

DEPENDENT = 1e-12
"""Relative size of a feature's independent part below which the feature counts as dependent."""

FLAT = 1e-13
"""Relative size of a singular value of the weighted advantages that is rounding."""


def match_expectations(
    problem: Matching, psi: LinearCosts, suggested: Array | None, trace: list[float]
) -> tuple[Array, Array | None]:
    """The optimal policy (S, A) and least weights (k,), for lambda > 0 and all states reachable.

    A given start, a cost (S, A), is one more candidate to start from.

    Without a maximiser the weights are None, and the policy's feature expectations are the expert's to rounding.
    The trace has the distance of phi to the best primal value known at each iteration.
    """
    policy = policy_of(problem.expert)
    if np.any(problem.expert == 0.0):
        policy = (1.0 - EXPLORATION) * policy + EXPLORATION / policy.shape[1]
    chain = Chain(problem.mdp, policy)
    basis, relative = _independent(problem, psi, policy, chain)
    if basis.kept.size == 0:  # every cost is shaping: all costs have the same soft-optimal policy
        optimum = soft_optimum(problem.mdp, np.zeros_like(policy), problem.entropy_weight)
        return optimum.policy, np.zeros(basis.scale.size)
    own = LinearSpan((psi.features / basis.scale)[:, :, basis.kept])
    start = point_at(problem, own, _fitted(problem, policy, chain, relative), None)
    if abs(start.slope).max() > FAR * problem.expert.sum():
        start = max(start, point_at(problem, own, own.start_weights(), None), key=lambda point: point.value)
    if suggested is not None:
        start = max(start, point_at(problem, own, weights_of(own, suggested), None), key=lambda point: point.value)
    point, attained = _ascend(problem, own, start, trace)
    return point.optimum.policy, basis.least(point.weights) if attained else None


@dataclass(frozen=True, eq=False)
class _Basis:
    """Independent features up to shaping: their indices (r,), of features divided by their scale (k,).

    `null` (k, k - r) are the weights of scaled features that only shape potentials.
    """

    scale: Array
    kept: NDArray[np.int64]
    null: Array

    def least(self, weights: Array) -> Array:
        """The weights (k,) of all features, least in scaled units, from those (r,) of the independent ones."""
        full = np.zeros(self.scale.size)
        full[self.kept] = weights
        full -= self.null @ np.linalg.lstsq(self.null, full, rcond=None)[0]
        return full / self.scale


def _independent(problem: Matching, psi: LinearCosts, policy: Array, chain: Chain) -> tuple[_Basis, Array]:
    """The basis, and the advantages (S, A, r) of its features under a policy that takes every action.

    A cost only shapes potentials if and only if its advantage under such a policy vanishes.
    """
    largest = abs(psi.features).max(axis=(0, 1))
    scale = np.where(largest > 0.0, largest, 1.0)
    scaled = psi.features / scale
    relative = advantages(problem.mdp, policy, chain, scaled)
    rounding = float(np.linalg.norm(scaled - relative, axis=(0, 1)).max() + np.linalg.norm(scaled, axis=(0, 1)).max())
    triangle, order = qr(_triangle(relative), mode="r", pivoting=True)
    rank = int(np.sum(abs(np.diagonal(triangle)) > DEPENDENT * rounding))
    null = np.empty((scale.size, scale.size - rank))
    null[order[:rank]] = -solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    null[order[rank:]] = np.eye(scale.size - rank)
    kept = np.sort(order[:rank]).astype(np.int64)
    return _Basis(scale, kept, null), relative[:, :, kept]


def _fitted(problem: Matching, policy: Array, chain: Chain, relative: Array) -> Array:
    """The weights (r,) whose cost explains a policy (S, A) best, from its advantages (S, A, r)."""
    surprise = -problem.entropy_weight * np.log(policy)[:, :, None]
    target = advantages(problem.mdp, policy, chain, surprise)
    visits = visits_along(problem.mdp, chain)
    root = np.sqrt(visits[:, None] * policy)[:, :, None]
    sizes = _sizes(root * relative)
    triangle = _triangle(np.concatenate([root * relative / sizes, root * target], axis=2))
    fitted = np.linalg.lstsq(triangle[:, :-1], triangle[:, -1], rcond=FLAT)[0]
    return np.asarray(fitted / sizes)


def _ascend(problem: Matching, psi: LinearSpan, point: Point, trace: list[float]) -> tuple[Point, bool]:
    """Newton's method from a point: the iterate with the least gap of feature expectations, and whether a maximiser
    exists."""
    least_primal, mass = problem.primal(problem.expert), float(problem.expert.sum())
    covered, diverging = bool(np.all(problem.expert > 0.0)), False
    best, least, stalls, last = point, np.inf, 0, False
    for _ in range(MAX_ITERATIONS):
        least_primal = min(least_primal, problem.primal(point.occupancy))
        trace.append(least_primal - point.value)
        size = float(abs(point.slope).max()) / mass
        stalls += size > 0.5 * least and size <= EQUAL
        if size < least:
            best, least = point, size
        if last or stalls > STALLED or (diverging and size <= VANISHED):
            break
        step = _step(problem, psi, point)
        if step.moved <= SETTLED:
            break
        if not covered and not diverging and step.change > MAX_CONVERGENT_CHANGE:
            diverging = _has_no_regret(problem, psi.features @ step.direction)
        last = step.change * max(step.moved, size) <= SETTLED  # the error that quadratic convergence leaves
        trial = _moved(problem, psi, point, step)
        if trial is None:
            break
        point = trial
    return best, not diverging


def _moved(problem: Matching, psi: LinearSpan, point: Point, step: _Step) -> Point | None:
    if step.change <= MAX_CONVERGENT_CHANGE:  # the model holds, while differences of phi may be rounding
        return point_at(problem, psi, point.weights + step.direction, point.optimum.values)
    paid = float(np.sum(problem.expert * (psi.features @ point.weights)))
    slack = ROUNDING * max(abs(point.value), abs(paid), problem.unit)
    return search(problem, psi, point, step.direction * min(1.0, LONGEST / step.change), slack)


@dataclass(frozen=True, eq=False)
class _Step:
    """Newton's step (r,) of the weights, to first order: the largest change of a log-policy, and the share of the
    learner's actions that changes."""

    direction: Array
    change: float
    moved: float


def _step(problem: Matching, psi: LinearSpan, point: Point) -> _Step:
    optimum, weight = point.optimum, problem.entropy_weight
    relative = advantages(problem.mdp, optimum.policy, optimum.chain, psi.features)
    weighted = np.sqrt(point.occupancy)[:, :, None] * relative
    # Rarely visited features have small but reliable curvature, so each column is scaled to norm one.
    sizes = _sizes(weighted)
    _, spread, right = np.linalg.svd(_triangle(weighted / sizes), full_matrices=False)
    steep = spread > FLAT * spread[0]
    components = (right[steep] @ (point.slope / sizes)) / spread[steep] ** 2
    direction = weight * (components @ right[steep]) / sizes
    changes = abs(relative @ direction) / weight
    return _Step(direction, float(changes.max()), float(np.sum(point.occupancy * changes) / point.occupancy.sum()))


def _has_no_regret(problem: Matching, cost: Array) -> bool:
    """Whether the expert is optimal for a cost (S, A) for which some policies are not."""
    cost = cost / float(abs(cost).max())
    least = solve_rl(problem.mdp, cost, entropy_weight=0.0).dual_value
    uniform = occupancy_of(problem.mdp, np.full(cost.shape, 1.0 / cost.shape[1]))
    regret, reference = (float(np.sum(rho * cost)) - least for rho in (problem.expert, uniform))
    return regret <= NO_REGRET * reference


def _sizes(columns: Array) -> Array:
    """(r,) l2 norms of features (S, A, r); one for a feature that is zero."""
    sizes = np.linalg.norm(columns, axis=(0, 1))
    return np.where(sizes > 0.0, sizes, 1.0)


def _triangle(columns: Array) -> Array:
    """R of the QR factorization of features (S, A, r) as columns, which least squares needs."""
    return np.asarray(np.linalg.qr(columns.reshape(-1, columns.shape[2]), mode="r"))
