"""Inverse reinforcement learning: the concave dual over costs.

    IRL_psi(pi_E) = argmax_c  -psi(c) + V_lambda(c) - <rho_E, c>,
    V_lambda(c) = min_rho  -lambda Hbar(rho) + <rho, c>

(Ho & Ermon 2016, Eq. 1), ascended in the space of costs. With rho_c the soft-optimal occupancy of c, the
gradient is rho_c - rho_E - psi'(c). The second derivative of V_lambda follows from the advantage: let pi be
soft-optimal for c, and for a change d of the cost let

    (G d)(s,a) = d(s,a) + gamma E[w(s') | s,a] - w(s),      w = (I - gamma P_pi)^-1 sum_a pi d;

then log pi changes by -G d / lambda and V_lambda'' = -G^T diag(rho_c) G / lambda. Products with it take two
triangular solves of the factored chain, so Newton's equation is solved by preconditioned conjugate gradients
(Steihaug 1983; Nocedal & Wright 2006, section 7.1), truncated in proportion to the gradient. V_lambda is
constant along potential shaping, and the gradient is orthogonal to it: the iteration keeps the start's
shaping component.

Cost entries without influence (at unreachable states), and entries whose optimal value psi gives, are not changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gail.exact.imitation.cost_classes import match_cost_class
from gail.exact.imitation.matching import matched_exactly
from gail.exact.imitation.problem_checks import checked_matching
from gail.exact.imitation.smooth_matching import match_smoothly
from gail.exact.occupancy import occupancy_along, occupancy_of, policy_of
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import (
    BoundedCosts,
    Constant,
    LinearCosts,
    Regularizer,
    SmoothConjugate,
    SmoothCosts,
    needs_coverage,
)
from gail.exact.solution import Solution, certify
from gail.exact.warm_start import validate_start

TOLERANCE = 1e-8
"""Relative gap up to which the ascent's result is called optimal."""

MAX_ITERATIONS = 300

SETTLED = 1e-14
"""Size of the gradient, in l1 relative to the total mass, that is rounding."""

ROUNDING = 1e-11
"""Predicted gain, relative to the objective, below which differences of its values are rounding."""

MAX_STALLS = 4
"""Number of steps below that gain that may fail to halve the gradient."""

EXPLORATION = (1e-1, 1e-2, 1e-3, 1e-4)
"""Shares of uniform actions in the learners to which starting costs are best responses."""

FINEST = 1e-6
"""Smallest relative residual of a Newton step; near the optimum a smaller one would be rounding."""

MAX_PRODUCTS = 2000
"""Hessian products per Newton step."""

FLAT = 1e-13
"""Curvature, relative to the metric's, that is zero up to rounding."""


def solve_irl(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float = 1.0,
    *,
    start: Solution | None = None,
) -> Solution:
    """An optimal cost of IRL_psi for the expert, with its soft-optimal policy RL(IRL_psi(pi_E)).

    `expert_occupancy` is (S, A); the entropy weight must be positive, else V_lambda has no gradient. The
    trace is the dual's distance to the best primal value known at each iteration. For `Constant`, when the
    expert never takes some action of a reachable state, no optimal cost exists: the status is
    DUAL_NOT_ATTAINED, the cost is None, and the occupancy measure is the expert's, which solves the primal side. The
    same holds for psi whose conjugate is infinite off the expert's support. For classes of costs see `cost_classes`.
    `start` is the solution of a nearby problem to begin from (`gail.exact.warm_start`).

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the search would need more than is available.
        ValueError: the entropy weight is not positive and finite, or the start is for another size.
        TypeError: psi is neither smooth in the cost nor a class of costs solved here, or is a Python class; or the
            start is not a Solution.
    """
    validate_process(mdp)
    earlier = validate_start(mdp, start)
    problem = checked_matching(
        mdp, expert_occupancy, psi, entropy_weight, "inverse reinforcement learning", conic=False
    )
    if problem.entropy_weight == 0.0:
        raise ValueError("inverse reinforcement learning by ascent needs entropy_weight > 0; see match_occupancy")
    if not isinstance(psi, SmoothCosts):
        if isinstance(psi, LinearCosts | BoundedCosts):
            return match_cost_class(problem, psi, earlier)
        raise TypeError(
            f"{type(psi).__name__} is not smooth in the cost, and has neither linear nor bounded costs (see "
            "regularizers.protocols); match_occupancy solves the same problem from the other side"
        )
    part = Reachable(mdp)
    small = Matching(part.mdp, part.restrict(problem.expert), psi, problem.entropy_weight)
    if needs_coverage(psi) and np.any(small.expert == 0.0):
        if isinstance(psi, SmoothConjugate):
            return match_smoothly(problem, psi, earlier)
        return matched_exactly(problem)
    trace: list[float] = []
    suggested = None if earlier is None or earlier.cost is None else part.restrict(earlier.cost)
    point = _ascend(small, psi, suggested, trace)
    return certify(
        problem,
        part.extend(point.optimum.policy, 1.0 / mdp.num_actions),
        part.extend(point.cost, 0.0),
        part.extend(point.optimum.values, 0.0),
        part.extend(point.optimum.relative, 0.0),
        tolerance=TOLERANCE,
        trace=trace,
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """An iterate: a cost with its soft optimum, objective, gradient, and psi's second derivative."""

    cost: Array
    optimum: SoftOptimum
    occupancy: Array
    value: float
    gradient: Array
    curvature: Array


def _ascend(problem: Matching, psi: SmoothCosts, suggested: Array | None, trace: list[float]) -> _Point:
    """Newton's method in a trust region; all states are reachable. Returns the best iterate."""
    point, free = _start(problem, psi, suggested)
    best_primal = problem.primal(problem.expert)
    only_expert = isinstance(psi, Constant)  # its other "feasible" points equal the expert up to its tolerance
    mass = float(problem.expert.sum())
    radius = float(np.sqrt(problem.entropy_weight * mass))
    best, best_size, stalls = point, np.inf, 0
    for _ in range(MAX_ITERATIONS):
        if not only_expert:
            best_primal = min(best_primal, problem.primal(point.occupancy))
        trace.append(best_primal - problem.dual(point.cost, point.optimum.relative))
        size = float(abs(point.gradient).sum()) / mass
        scale = max(abs(point.value), problem.unit)
        accuracy = max(FINEST, min(0.1, size))
        step = _newton_step(problem, point, free, radius, accuracy)
        if best_size == np.inf and step.gain > ROUNDING * scale:
            trial = _point(problem, psi, psi.move(point.cost, step.change), free, point.optimum.values)
            agreement = (trial.value - point.value) / step.gain
            if agreement < 0.25:
                radius = 0.25 * min(radius, step.length)
            elif agreement > 0.75 and step.length >= 0.99 * radius:
                radius *= 4.0
            point = best = trial if agreement > 1e-4 else point
            continue
        # Differences of values are rounding here: take full steps as long as they reduce the gradient.
        stalls += size > 0.5 * best_size
        if size < best_size:
            best, best_size = point, size
        if size <= SETTLED or stalls > MAX_STALLS:
            break
        step = _newton_step(problem, point, free, np.inf, accuracy)
        trial = _point(problem, psi, psi.move(point.cost, step.change), free, point.optimum.values)
        if trial.value < point.value - 1e-6 * scale:
            break  # rounding alone determined the step
        point = trial
    return best


def _start(problem: Matching, psi: SmoothCosts, suggested: Array | None) -> tuple[_Point, NDArray[np.bool_]]:
    """The best starting cost among best responses to learners near the expert, and the entries to optimise.

    Learners that mix in uniform actions give every cost its scale; the best share depends on lambda. A given start
    (S, A) is one more candidate, where psi allows it.
    """
    mdp, policy = problem.mdp, policy_of(problem.expert)
    points = []
    for share in EXPLORATION:
        learner = occupancy_of(mdp, (1.0 - share) * policy + share / mdp.num_actions)
        cost, free = psi.start(learner, problem.expert)
        points.append(_point(problem, psi, cost, free, None))
    if suggested is not None:
        cost = np.where(free, suggested, cost)
        if np.isfinite(psi.value(cost, problem.expert)):
            points.append(_point(problem, psi, cost, free, None))
    return max(points, key=lambda point: point.value), free


def _point(problem: Matching, psi: SmoothCosts, cost: Array, free: NDArray[np.bool_], values: Array | None) -> _Point:
    mdp = problem.mdp
    optimum = soft_optimum(mdp, cost, problem.entropy_weight, values)
    occupancy = occupancy_along(mdp, optimum.policy, optimum.chain)
    slope, curvature = psi.derivatives(cost, problem.expert)
    value = float(mdp.initial @ optimum.values) - psi.value(cost, problem.expert) - float(np.sum(problem.expert * cost))
    gradient = np.where(free, occupancy - problem.expert - slope, 0.0)
    return _Point(cost, optimum, occupancy, value, gradient, curvature)


@dataclass(frozen=True, eq=False)
class _Step:
    """A change (S, A) of the cost, its length in the metric, and the gain that the quadratic model predicts."""

    change: Array
    length: float
    gain: float


def _newton_step(problem: Matching, point: _Point, free: NDArray[np.bool_], radius: float, accuracy: float) -> _Step:
    """Maximise the quadratic model at a point over the free entries, within a radius in the metric."""
    mdp, policy, chain = problem.mdp, point.optimum.policy, point.optimum.chain
    weights = point.occupancy / problem.entropy_weight

    def product(direction: Array) -> Array:
        w = chain.values((policy * direction).sum(axis=1))
        pull = weights * (direction - mdp.flow_adjoint(w))
        pull = pull - policy * chain.visits(mdp.flow(pull))[:, None]
        return np.where(free, point.curvature * direction + pull, 0.0)

    # The Hessian's diagonal without dynamics. The gradient's term prevents too large steps at pairs that the expert
    # visits and the learner does not visit yet.
    metric = point.curvature + weights + abs(point.gradient) / problem.entropy_weight
    return _truncated_gradients(product, point.gradient, np.maximum(metric, 1e-300), radius, accuracy)


def _truncated_gradients(
    product: Callable[[Array], Array], target: Array, metric: Array, radius: float, accuracy: float
) -> _Step:
    """Steihaug's conjugate gradients for product(x) = target, preconditioned by a diagonal metric.

    Stops at the relative accuracy, at the radius, or at a direction without curvature. It then goes to the radius if
    the direction has a share of the gradient, and stops at once if the direction is rounding along potential shaping.
    """
    solution, residual = np.zeros_like(target), target
    scaled = residual / metric
    search = scaled
    energy = initial = float(np.sum(residual * scaled))
    for _ in range(MAX_PRODUCTS):
        image = product(search)
        curvature, length = float(np.sum(search * image)), float(np.sum(metric * search * search))
        flat = curvature <= FLAT * length
        if flat and (energy <= 1e-6 * initial or accuracy <= FINEST):
            break
        along, inside = float(np.sum(metric * search * solution)), float(np.sum(metric * solution * solution))
        # Largest t with |solution + t search| <= radius in the metric.
        reach = (np.sqrt(along**2 + length * max(radius**2 - inside, 0.0)) - along) / length
        step = reach if flat else min(energy / curvature, reach)
        solution = solution + step * search
        residual = residual - step * image
        if step == reach:
            break
        scaled = residual / metric
        energy, last = float(np.sum(residual * scaled)), energy
        if energy <= accuracy**2 * initial:
            break
        search = scaled + (energy / last) * search
    gain = 0.5 * float(np.sum((target + residual) * solution))
    return _Step(solution, float(np.sqrt(np.sum(metric * solution * solution))), gain)
