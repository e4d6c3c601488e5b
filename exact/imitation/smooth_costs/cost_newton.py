"""Newton's method over costs: the concave dual of matching, for psi smooth inside its domain.

    D(c) = V_lambda(c) - <rho_E, c> - psi(c),        V_lambda(c) = min_rho -lambda Hbar(rho) + <rho, c>.

At a cost c with soft-optimal occupancy rho the gradient is z = rho - rho_E - psi'(c). With the curvature h = psi'' >=
0, Newton's step d satisfies h d = rho y + z, where y is the relative change of rho to first order,

    lambda (y - m) = flow* v - d,    m(s) = sum_a rho y / rho(s),    flow (rho y) = 0.

With d eliminated, (lambda + rho/h) y = lambda m + flow* v - z/h: the system of Newton's method over policies, with
rho/h in place of the conjugate's elasticity, to which it is equal at the solution (`newton_system`). Where psi is
stiffer than the entropy, d is taken from h d = rho y + z, elsewhere from the first equation.

For small lambda a soft-optimal policy changes by orders of magnitude within a step. So the search begins at a large
entropy weight, and lowers it (`gail.exact.planning.warm_start`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gail.exact.linear_systems.newton_system import NewtonSystem
from gail.exact.occupancy import occupancy_along, occupancy_of, policy_of
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.planning.warm_start import falling_weights, kept_policy
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import Constant, SmoothCosts

MAX_ITERATIONS = 200

ENOUGH_ENTROPY = 10.0
"""First entropy weight, relative to the expert's mean absolute cost."""

EXPLORATION = 0.1
"""Share of uniform actions in the learner to which the first cost is a best response."""

RARE = 1e-12
"""Weight of the rarest pairs in the size of the gradient. They matter little in D, but where their visits vanish, psi*
may be infinite. There Newton's method gains one unit of log rho per step."""

FOLLOWED = 1e-3
"""Size of the gradient at which the next smaller entropy weight is tried."""

SETTLED = 1e-15
"""The same at lambda itself, where it is rounding."""

ROUNDING = 1e-12
"""Predicted gain, relative to the terms of D, below which differences of D are rounding."""

SUFFICIENT = 1e-4
"""Least share of the gain predicted by the gradient that a step must achieve."""

SHORTEST = 1e-8
"""Share of a step below which the search ends."""

MAX_STALLS = 4
"""Number of steps of rounding size that may fail to halve the gradient, or to lower it at rare pairs."""

LONGEST = 10.0
"""Largest change of a cost in one step, relative to the largest cost plus one."""

STIFFEST = 1e12
"""Largest ratio of the curvatures of psi* and of the entropy, where psi has almost no curvature."""


@dataclass(frozen=True, eq=False)
class CostPoint:
    """A cost (S, A), its soft optimum and occupancy, D, and D's gradient and the curvature of psi."""

    cost: Array
    optimum: SoftOptimum
    occupancy: Array
    value: float
    gradient: Array
    curvature: Array


def maximising_cost(problem: Matching, psi: SmoothCosts, suggested: Array | None, trace: list[float]) -> CostPoint:
    """The maximiser of D, lambda > 0, all states reachable.

    A suggested cost (S, A), if psi allows it and it is better than the first cost of the search, is tried first, at
    lambda itself. The trace gets the distance of D to the best primal value known, at lambda itself.
    """
    system, policy, actions = NewtonSystem(problem.mdp), policy_of(problem.expert), problem.mdp.num_actions
    learner = occupancy_of(problem.mdp, (1.0 - EXPLORATION) * policy + EXPLORATION / actions)
    cost, free = psi.start(learner, problem.expert)
    if suggested is not None:
        wanted = np.where(free, suggested, cost)
        if np.isfinite(psi.value(wanted, problem.expert)):
            points = [_point(problem, psi, one, free, None) for one in (wanted, cost)]
            if points[0].value > points[1].value:
                return _ascend(problem, psi, system, points[0], free, trace)
    mean = float(np.sum(problem.expert * abs(np.where(free, cost, 0.0)))) / float(problem.expert.sum())
    for weight in falling_weights(ENOUGH_ENTROPY * mean, problem.entropy_weight)[:-1]:
        stage = Matching(problem.mdp, problem.expert, psi, weight)
        point = _ascend(stage, psi, system, _point(stage, psi, cost, free, None), free, None)
        cost = psi.move(point.cost, np.where(free, kept_policy(point.optimum.policy, weight), 0.0))
    return _ascend(problem, psi, system, _point(problem, psi, cost, free, None), free, trace)


def _point(
    problem: Matching, psi: SmoothCosts, cost: Array, free: NDArray[np.bool_], values: Array | None
) -> CostPoint:
    """Everything at a cost; entries that are not free have no gradient. Planning starts from the values (S,)."""
    mdp = problem.mdp
    optimum = soft_optimum(mdp, cost, problem.entropy_weight, values)
    occupancy = occupancy_along(mdp, optimum.policy, optimum.chain)
    slope, curvature = psi.derivatives(cost, problem.expert)
    value = float(mdp.initial @ optimum.values) - psi.value(cost, problem.expert) - float(np.sum(problem.expert * cost))
    gradient = np.where(free, occupancy - problem.expert - slope, 0.0)
    return CostPoint(cost, optimum, occupancy, value, gradient, curvature)


def _ascend(
    problem: Matching,
    psi: SmoothCosts,
    system: NewtonSystem,
    point: CostPoint,
    free: NDArray[np.bool_],
    trace: list[float] | None,
) -> CostPoint:
    """Newton's method with a line search: roughly without a trace, to rounding with one.

    Once differences of D are rounding, whole steps are taken as long as they reduce the gradient.
    """
    best, least, stalls, best_primal = point, np.inf, 0, problem.primal(problem.expert)
    for _ in range(MAX_ITERATIONS):
        size = _size(problem, point)
        if trace is not None:
            if not isinstance(psi, Constant):  # its other "feasible" points equal the expert up to its tolerance
                best_primal = min(best_primal, problem.primal(point.occupancy))
            trace.append(best_primal - problem.dual(point.cost, point.optimum.relative))
        if size <= (FOLLOWED if trace is None else SETTLED):
            return point
        direction = _direction(problem, system, point, free)
        gain = float(np.sum(point.gradient * direction))
        paid = float(np.sum(problem.expert * abs(np.where(free, point.cost, 0.0))))
        resolved = gain > ROUNDING * max(abs(point.value), problem.unit, paid)
        if not resolved:
            stalls = 0 if size <= 0.5 * least or size <= least - 0.1 * RARE else stalls + 1
            if size < least:
                best, least = point, size
            if stalls >= MAX_STALLS or trace is None:
                return best
        moved = _moved(problem, psi, point, direction, free, gain if resolved else -np.inf)
        if moved is None:
            # Where the step leads out of the domain, only the part of it that stays inside can gain.
            inside = np.where(free, psi.move(point.cost, direction) - point.cost, 0.0)
            gain = float(np.sum(point.gradient * inside))
            moved = _moved(problem, psi, point, inside, free, gain) if gain > 0.0 else None
        if moved is None and resolved:
            uphill = _scaled_gradient(problem, point)
            moved = _moved(problem, psi, point, uphill, free, float(np.sum(point.gradient * uphill)))
        if moved is None:
            break
        point = moved
    return best if least < np.inf else point


def _size(problem: Matching, point: CostPoint) -> float:
    """Size of the gradient: in l1 relative to the mass, and, far less, as the largest log-ratio of rho and rho_E +
    psi'."""
    size = float(abs(point.gradient).sum()) / float(problem.expert.sum())
    wanted = np.maximum(point.occupancy - point.gradient, 1e-300)
    return size + RARE * float(abs(np.log(np.maximum(point.occupancy, 1e-300) / wanted)).max())


def _direction(problem: Matching, system: NewtonSystem, point: CostPoint, free: NDArray[np.bool_]) -> Array:
    """Newton's step (S, A) of the cost."""
    weight, rho = problem.entropy_weight, np.maximum(point.occupancy, 1e-300)
    curvature = np.maximum(np.where(free, point.curvature, 1.0), np.maximum(rho / (STIFFEST * weight), 1e-280))
    elasticity = np.where(free, rho / curvature, 0.0)
    pull = np.where(free, point.gradient / curvature, 0.0)
    change, shift, multipliers = system.direction(rho, weight, elasticity, pull)
    by_policy = problem.mdp.flow_adjoint(multipliers) - weight * shift
    by_curvature = (rho * change + point.gradient) / curvature
    return np.where(free, np.where(elasticity < weight, by_curvature, by_policy), 0.0)


def _scaled_gradient(problem: Matching, point: CostPoint) -> Array:
    """A step (S, A) uphill, over the Hessian's diagonal without dynamics.

    The gradient's term prevents too large steps at pairs that the expert visits and the learner does not.
    """
    own = point.occupancy + abs(point.gradient)
    return np.asarray(point.gradient / np.maximum(point.curvature + own / problem.entropy_weight, 1e-300))


def _moved(
    problem: Matching, psi: SmoothCosts, point: CostPoint, direction: Array, free: NDArray[np.bool_], gain: float
) -> CostPoint | None:
    """The first point along a step with sufficient gain; the whole step if the gain is -inf."""
    longest = LONGEST * (1.0 + float(abs(np.where(free, point.cost, 0.0)).max()))
    share = min(1.0, longest / max(float(abs(direction).max()), 1e-300))
    shortest = SHORTEST * share
    while share > shortest:
        trial = _point(problem, psi, psi.move(point.cost, share * direction), free, point.optimum.relative)
        if trial.value >= point.value + SUFFICIENT * share * gain:
            return trial
        share *= 0.5
    return None
