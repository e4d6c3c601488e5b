"""Occupancy matching when costs are linear in a few weights: Newton's method on the dual.

    max over w in W of   phi(w) = V_lambda(F w) - <rho_E, F w>,
    V_lambda(c) = min_rho -lambda Hbar(rho) + <rho, c>

(Ho & Ermon 2016, Eq. 9-11 and Proposition 3.2). phi is concave and smooth; with rho the soft-optimal occupancy
of the cost F w and G the advantage operator of `gail.exact.imitation.irl`, it has

    gradient = F^T (rho - rho_E),         - Hessian = (G F)^T diag(rho) (G F) / lambda,

a (k, k) matrix for k weights, computed by sparse triangular solves with k right-hand sides. The quadratic model is
maximised over W exactly, and a line search towards its maximiser ensures a sufficient increase of phi: convergence is
global, and quadratic near the solution. The gap at any w is support(gradient) - <gradient, w>. A whole step that halves
it is taken at once. Where differences of phi are rounding, whole steps are taken as long as they do so.

For small lambda, phi is nearly piecewise linear, and Newton's steps may pass from kink to kink. If they have not
converged after `PATIENCE` of them, lambda is lowered to its value in steps, each of which begins at the last solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import occupancy_along
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.planning.warm_start import falling_weights
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import LinearCosts

PATIENCE = 40
"""Iterations at lambda itself, before larger entropy weights are used."""

MAX_ITERATIONS = 200
"""Iterations for each of these entropy weights."""

LARGEST = 10.0
"""The first of them, relative to the largest feature."""

FOLLOWED = 1e-3
"""Gap, relative to the objective, at which the next smaller weight is tried."""

SETTLED = 1e-14
"""Gap, relative to the objective, that is rounding."""

ACCEPTED = 1e-10
"""Gap, relative to the objective, that ends the search at lambda itself if nothing halves it."""

ROUNDING = 1e-12
"""Predicted increase of phi, relative to the terms of which it is the difference, that is rounding."""

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
    found, rest = _ascend(problem, psi, point, SETTLED, PATIENCE, trace)
    if rest > ACCEPTED * max(abs(found.value), problem.unit):
        followed, left = _followed(problem, psi, found, trace)
        found = followed if left < rest else found
    return found.optimum.policy, found.weights


def _followed(problem: Matching, psi: LinearCosts, point: Point, trace: list[float]) -> tuple[Point, float]:
    """The solution, reached through those of larger entropy weights, and its gap."""
    for weight in falling_weights(LARGEST * float(abs(psi.features).max()), problem.entropy_weight)[:-1]:
        stage = Matching(problem.mdp, problem.expert, psi, weight)
        point, _ = _ascend(stage, psi, point_at(stage, psi, point.weights, None), FOLLOWED, MAX_ITERATIONS, [])
    return _ascend(problem, psi, point_at(problem, psi, point.weights, None), SETTLED, MAX_ITERATIONS, trace)


def _ascend(
    problem: Matching, psi: LinearCosts, point: Point, accuracy: float, iterations: int, trace: list[float]
) -> tuple[Point, float]:
    """Newton's method from a point, down to a relative gap: the iterate of the least gap, and this gap."""
    best, least, stalls = point, np.inf, 0
    for _ in range(iterations):
        gap = _gap(psi, point)
        trace.append(gap)
        stalls = 0 if gap <= 0.5 * least else stalls + 1
        if gap < least:
            best, least = point, gap
        scale = max(abs(point.value), problem.unit)
        if gap <= accuracy * scale:
            break
        target = psi.maximise(point.weights, point.slope, _curvature(problem, psi, point))
        predicted = float(point.slope @ (target - point.weights))
        paid = float(abs(np.sum(problem.expert * (psi.features @ point.weights))))
        unresolved = predicted <= ROUNDING * max(scale, paid)
        if unresolved and stalls >= STALLED:
            break
        whole = point_at(problem, psi, target, point.optimum.values)
        moved: Point | None = whole
        if not unresolved and _gap(psi, whole) > 0.5 * least:
            moved = search(problem, psi, point, target - point.weights, 1e-13 * scale)
        if moved is None:
            break
        point = moved
    return best, least


def _gap(psi: LinearCosts, point: Point) -> float:
    return psi.support(point.slope) - float(point.slope @ point.weights)


def point_at(problem: Matching, psi: LinearCosts, weights: Array, values: Array | None) -> Point:
    """The iterate at weights (k,); planning starts from a guess of its values (S,)."""
    mdp, cost = problem.mdp, psi.features @ weights
    optimum = soft_optimum(mdp, cost, problem.entropy_weight, values)
    occupancy = occupancy_along(mdp, optimum.policy, optimum.chain)
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
