"""A start for the interior point method, near the central path: a barrier on the dual.

    D(x) = V_lambda(c0 + x) - <rho_E, x> + mu sum_i log(l_i - (B x)_i) + log(l_i + (B x)_i)

is concave, so with a line search Newton's method converges for every mu. The Hessian of V_lambda is as in `irl`. In
place of mu / s^2, the curvature of the barrier uses the multipliers f of the bounds, f / s, as interior point methods
do. The system is that of `newton_systems` with the soft-optimal occupancy of c0 + x. In `interior_point` the policy is
a variable of its own, and its equation lambda log pi + c = flow* v is nonlinear. Far from the solution, with small
lambda and long episodes, its Newton's steps may fail. Here the equation holds at every iterate. In return, for small
lambda the policy has fewer correct digits than the cost, so the last digits are left to `interior_point`.

The entropy weight and mu begin large and are lowered together (`warm_start`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.imitation.bounded_costs.newton_systems import system_of
from gail.exact.occupancy import occupancy_along
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.planning.warm_start import falling_weights, kept_policy
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array, Sparse
from gail.exact.regularizers import BoundedCosts
from gail.exact.regularizers.transport import reach

ENOUGH_ENTROPY = 10.0
"""First entropy weight, relative to the largest bound."""

SOFTNESS = 0.1
"""mu, relative to the entropy weight and the mean occupancy of a pair, while both fall."""

MAX_ITERATIONS = 60
"""Newton steps for one mu."""

CENTRED = 0.1
"""Residual, relative to the gap of the barrier, at which the next smaller mu is tried."""

TO_THE_BOUNDARY = 0.95
"""Largest share of the way to the boundary taken in one step."""

ROUNDING = 1e-12
"""Predicted gain, relative to the terms of D, below which differences of D are rounding."""

SUFFICIENT = 1e-4
"""Least share of the gain predicted by the gradient that a step must achieve."""

SHORTEST = 1e-6
"""Share of a step below which the search for this mu ends."""

MAX_FORCE = 1e8
"""Largest factor between a multiplier and mu over its slack."""


@dataclass(frozen=True, eq=False)
class CentralPoint:
    """x (nodes,), slacks and multipliers of both bounds (2, m), the soft optimum, its occupancy measure, and D without
    its barrier."""

    x: Array
    slack: Array
    force: Array
    optimum: SoftOptimum
    occupancy: Array
    value: float


def near_central_path(problem: Matching, psi: BoundedCosts) -> CentralPoint:
    """A point near the central path for lambda > 0, all states reachable, with mu in proportion to lambda."""
    mdp, expert = problem.mdp, problem.expert
    bounds, lengths = psi.bounds(mdp.num_states, mdp.num_actions)
    x, slack = np.zeros(bounds.shape[1]), np.tile(lengths, (2, 1))
    for weight in falling_weights(ENOUGH_ENTROPY * float(lengths.max()), problem.entropy_weight):
        stage, mu = Matching(mdp, expert, psi, weight), SOFTNESS * weight * float(expert.mean())
        point = _ascend(stage, psi, bounds, lengths, _point(stage, psi, x, slack, mu / slack, None), mu)
        x, slack = _next_start(point, bounds, weight)
    return point


def _cost(psi: BoundedCosts, x: Array, expert: Array) -> Array:
    return np.asarray(psi.center + x[: expert.size].reshape(expert.shape))


def _point(
    problem: Matching, psi: BoundedCosts, x: Array, slack: Array, force: Array, values: Array | None
) -> CentralPoint:
    cost = _cost(psi, x, problem.expert)
    optimum = soft_optimum(problem.mdp, cost, problem.entropy_weight, values)
    occupancy = occupancy_along(problem.mdp, optimum.policy, optimum.chain)
    value = float(problem.mdp.initial @ optimum.values) - float(np.sum(problem.expert * cost))
    return CentralPoint(x, slack, force, optimum, occupancy, value)


def _next_start(point: CentralPoint, bounds: Sparse, weight: float) -> tuple[Array, Array]:
    """x and slacks for which the policy stays soft-optimal at the next weight, as far as the bounds allow."""
    change, kept = np.zeros_like(point.x), kept_policy(point.optimum.policy, weight).ravel()
    change[: kept.size] = kept
    along = np.asarray(bounds @ change)
    move = np.stack([-along, along])
    share = min(1.0, TO_THE_BOUNDARY * reach(point.slack, move))
    return point.x + share * change, point.slack + share * move


def _gradient(problem: Matching, bounds: Sparse, point: CentralPoint, mu: float) -> Array:
    """(nodes,) gradient of D."""
    difference = np.pad((point.occupancy - problem.expert).ravel(), (0, point.x.size - problem.expert.size))
    return np.asarray(difference - bounds.T @ (mu / point.slack[0] - mu / point.slack[1]))


def _ascend(
    problem: Matching,
    psi: BoundedCosts,
    bounds: Sparse,
    lengths: Array,
    point: CentralPoint,
    mu: float,
) -> CentralPoint:
    """Newton's method for one mu."""
    system = system_of(problem.mdp, problem.entropy_weight, bounds)
    best, least, stalls = point, np.inf, 0
    for _ in range(MAX_ITERATIONS):
        gradient = _gradient(problem, bounds, point, mu)
        residual = float(lengths.max() * abs(gradient).sum())
        stalls = 0 if residual <= 0.5 * least else stalls + 1
        if residual < least:
            best, least = point, residual
        if residual <= CENTRED * 2.0 * mu * lengths.size:
            return point
        force = np.clip(point.force, mu / point.slack / MAX_FORCE, mu / point.slack * MAX_FORCE)
        try:
            solve = system.factor(np.maximum(point.occupancy, 1e-300), (force / point.slack).sum(axis=0))
        except RuntimeError:  # singular up to rounding
            break
        change = solve(gradient, np.zeros_like(problem.expert))[0]
        along = np.asarray(bounds @ change)
        slack = np.stack([-along, along])
        towards = mu / point.slack - force - force / point.slack * slack
        gain = float(gradient @ change)
        terms = max(abs(point.value), problem.unit, float(np.sum(problem.expert)) * float(lengths.max()))
        resolved = gain > ROUNDING * terms
        if not resolved and stalls >= 3:
            break
        moved = _moved(problem, psi, point, change, slack, force, towards, mu, gain if resolved else -np.inf)
        if moved is None:
            break
        point = moved
    return best


def _moved(
    problem: Matching,
    psi: BoundedCosts,
    point: CentralPoint,
    change: Array,
    slack: Array,
    force: Array,
    towards: Array,
    mu: float,
    gain: float,
) -> CentralPoint | None:
    """The first point along a step with sufficient gain; the whole step if the gain is -inf."""
    share = min(1.0, TO_THE_BOUNDARY * reach(point.slack, slack))
    pressed = min(1.0, TO_THE_BOUNDARY * reach(force, towards))
    shortest = SHORTEST * share
    while share > shortest:
        left = point.slack + share * slack
        trial = _point(problem, psi, point.x + share * change, left, force + pressed * towards, point.optimum.relative)
        barrier = mu * float(np.log1p(share * slack / point.slack).sum())
        if trial.value - point.value + barrier >= SUFFICIENT * share * gain:
            return trial
        share *= 0.5
    return None
