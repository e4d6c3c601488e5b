"""Occupancy matching when costs are linear in a few weights: Newton's method on the dual.

    max over w in W of   phi(w) = V_lambda(F w) - <rho_E, F w>,
    V_lambda(c) = min_rho -lambda Hbar(rho) + <rho, c>

(Ho & Ermon 2016, Eq. 9-11 and Proposition 3.2). phi is concave and smooth; with rho the soft-optimal occupancy
of the cost F w and G the advantage operator of `gail.exact.imitation.irl`, it has

    gradient = F^T (rho - rho_E),         - Hessian = (G F)^T diag(rho) (G F) / lambda,

a (k, k) matrix for k weights, computed by sparse triangular solves with k right-hand sides. The quadratic model is
maximised over W exactly, and a line search towards its maximiser ensures a sufficient increase of phi: convergence is
global, and quadratic near the solution. The gap at any w is support(gradient) - <gradient, w>.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import LinearCosts

MAX_ITERATIONS = 500

SETTLED = 1e-14
"""Gap, relative to the objective, that is rounding."""

STALLED = 3
"""Iterations in which differences of phi are rounding that may fail to halve the gap."""


@dataclass(frozen=True, eq=False)
class Point:
    """An iterate: weights with the soft optimum of their cost, phi, and its gradient."""

    weights: Array
    optimum: SoftOptimum
    occupancy: Array
    value: float
    slope: Array


def match_features(problem: Matching, psi: LinearCosts, trace: list[float]) -> tuple[Array, Array]:
    """The optimal policy and cost, both (S, A), for lambda > 0; appends the gap of each iteration to the trace."""
    policy, weights = optimal_weights(problem, psi, None, trace)
    return policy, psi.features @ weights


def optimal_weights(
    problem: Matching, psi: LinearCosts, suggested: Array | None, trace: list[float]
) -> tuple[Array, Array]:
    """As `match_features`, with the weights (k,) instead of the cost; a given cost (S, A) may be the start."""
    point = point_at(problem, psi, psi.start_weights(), None)
    if suggested is not None:
        weights = weights_of(psi, suggested)
        if np.isfinite(psi.value(psi.features @ weights, problem.expert)):
            point = max(point, point_at(problem, psi, weights, None), key=lambda point: point.value)
    best, best_gap, stalls = point, np.inf, 0
    for _ in range(MAX_ITERATIONS):
        gap = psi.support(point.slope) - float(point.slope @ point.weights)
        trace.append(gap)
        stalls += gap > 0.5 * best_gap
        if gap < best_gap:
            best, best_gap = point, gap
        scale = max(abs(point.value), problem.unit)
        if gap <= SETTLED * scale or (stalls > STALLED and gap <= 1e-10 * scale):
            break
        target = psi.maximise(point.weights, point.slope, _curvature(problem, psi, point))
        moved = search(problem, psi, point, target - point.weights, 1e-13 * scale)
        if moved is None:
            break
        point = moved
    return best.optimum.policy, best.weights


def point_at(problem: Matching, psi: LinearCosts, weights: Array, values: Array | None) -> Point:
    """The iterate at weights (k,); planning starts from a guess of its values (S,)."""
    mdp, cost = problem.mdp, psi.features @ weights
    optimum = soft_optimum(mdp, cost, problem.entropy_weight, values)
    occupancy = np.maximum(optimum.chain.visits(mdp.initial), 0.0)[:, None] * optimum.policy
    value = float(mdp.initial @ optimum.values) - float(np.sum(problem.expert * cost))
    slope = np.einsum("sak,sa->k", psi.features, occupancy - problem.expert)
    return Point(weights, optimum, occupancy, value, slope)


def weights_of(psi: LinearCosts, cost: Array) -> Array:
    """The weights (k,) whose cost is nearest to a cost (S, A)."""
    columns = psi.features.reshape(cost.size, -1)
    return np.asarray(np.linalg.lstsq(columns, cost.ravel(), rcond=None)[0])


def advantages(mdp: FiniteMDP, policy: Array, chain: Chain, costs: Array) -> Array:
    """G applied to costs (S, A, k): their advantages under the policy (S, A) with this chain."""
    values = chain.values(np.einsum("sa,sak->sk", policy, costs))
    return costs - mdp.flow_adjoint(values)


def _curvature(problem: Matching, psi: LinearCosts, point: Point) -> Array:
    """(k, k) minus the Hessian of phi."""
    relative = advantages(problem.mdp, point.optimum.policy, point.optimum.chain, psi.features)
    relative *= np.sqrt(point.occupancy)[:, :, None]
    flat = relative.reshape(point.occupancy.size, -1)
    return np.asarray(flat.T @ flat / problem.entropy_weight)


def search(problem: Matching, psi: LinearCosts, point: Point, direction: Array, slack: float) -> Point | None:
    """Backtrack along the segment to a sufficient increase of phi; None where rounding permits none."""
    predicted, step = float(point.slope @ direction), 1.0
    while step > 1e-10:
        trial = point_at(problem, psi, point.weights + step * direction, point.optimum.values)
        if trial.value >= point.value + 1e-4 * step * max(predicted, 0.0) - slack:
            return trial
        step *= 0.5
    return None
