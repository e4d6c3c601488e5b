"""Newton's method on the cost that several experts have in common.

    D(c) = sum_k w_k (V^k_lambda(c) - <rho_E^k, c>) - psi(c)

for psi smooth inside its domain. With the soft-optimal rho_k of process k and its advantage operator G_k
(`gail.exact.imitation.irl`), the gradient is sum_k w_k (rho_k - rho_E^k) - psi'(c), and minus the Hessian is

    psi'' + sum_k w_k G_k^T diag(rho_k) G_k / lambda,

a dense matrix over state-action pairs. The entropy weight begins large and is lowered (`planning.warm_start`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gail.exact.imitation.linear_costs.feature_matching import advantages
from gail.exact.imitation.shared_cost.problem import SharedCostProblem, SharedCostSolution, checked_problem
from gail.exact.occupancy import occupancy_along, occupancy_of, policy_of
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.planning.warm_start import falling_weights
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.memory import require_memory
from gail.exact.regularizers import Regularizer, SmoothCosts, needs_coverage

MAX_ITERATIONS = 200

ENOUGH_ENTROPY = 10.0
"""First entropy weight, relative to the experts' mean absolute cost."""

EXPLORATION = 0.1
"""Share of uniform actions in the learners to whose mean the first cost is a best response."""

FOLLOWED, SETTLED = 1e-3, 1e-15
"""Size of the gradient, in l1 relative to the mass, that ends a larger entropy weight, and the last one."""

ROUNDING = 1e-12
"""Predicted gain, relative to the terms of D, below which differences of D are rounding."""

MAX_STALLS = 4
"""Number of steps of rounding size that may fail to halve the gradient."""

RIDGE = 1e-14
"""Curvature added to every entry, relative to its own: D is constant along potential shaping where psi is."""


def solve_shared_irl(
    processes: Sequence[FiniteMDP],
    expert_occupancies: Sequence[ArrayLike],
    psi: Regularizer,
    entropy_weight: float = 1.0,
    *,
    weights: ArrayLike | None = None,
) -> SharedCostSolution:
    """The cost that explains several experts best, and the learners that answer it: both sides of the saddle.

    Args:
        processes: k processes with the same states and actions; transitions, starts and discounts may differ. Several
            experts on one process are the process repeated.
        expert_occupancies: an occupancy measure (S, A) per process.
        psi: a regularizer that is smooth inside its domain, such as `Logistic()` or `Quadratic()`.
        entropy_weight: lambda > 0.
        weights: (k,) how much each process counts; equal by default.

    Raises:
        ValueError: see `checked_problem`; or psi* is infinite where no expert goes, and some pair has no expert.
        InvalidOccupancy: an expert's occupancy is not one of its process.
        NotEnoughMemory: the dense Hessian would need more than is available.
        TypeError: psi is not smooth in the cost.
    """
    problem = checked_problem(processes, expert_occupancies, psi, entropy_weight, weights)
    if not isinstance(psi, SmoothCosts):
        raise TypeError(
            f"several experts with one cost need a psi that is smooth in the cost, got {type(psi).__name__}"
        )
    reached = np.any([mdp.reachable for mdp in problem.processes], axis=0)
    if needs_coverage(psi) and np.any(problem.mean_expert[reached] == 0.0):
        raise ValueError(
            f"{type(psi).__name__} has an optimal cost only if some expert takes every action of every state that can "
            "be reached: use a psi such as Logistic()"
        )
    pairs = problem.mean_expert.size
    require_memory(8.0 * 4.0 * pairs * pairs, f"the Hessian over {pairs} state-action pairs")
    return _solved(problem, psi)


@dataclass(frozen=True, eq=False)
class _Point:
    """A cost, the soft optimum and the occupancy measure on each process, D, and its gradient."""

    cost: Array
    optima: tuple[SoftOptimum, ...]
    occupancies: tuple[Array, ...]
    value: float
    gradient: Array
    curvature: Array


def _solved(problem: SharedCostProblem, psi: SmoothCosts) -> SharedCostSolution:
    learners = [
        occupancy_of(mdp, (1.0 - EXPLORATION) * policy_of(rho) + EXPLORATION / mdp.num_actions)
        for mdp, rho in zip(problem.processes, problem.experts, strict=True)
    ]
    cost, free = psi.start(problem.mean(learners), problem.mean_expert)
    mean = float(np.sum(problem.mean_expert * abs(np.where(free, cost, 0.0)))) / float(problem.mean_expert.sum())
    weights = falling_weights(ENOUGH_ENTROPY * mean, problem.entropy_weight)
    for weight in weights:
        stage = SharedCostProblem(problem.processes, problem.experts, problem.weights, psi, weight)
        point = _ascend(stage, psi, _point(stage, psi, cost, free, None), free, last=weight == weights[-1])
        cost = point.cost
    return SharedCostSolution(
        problem,
        point.cost,
        tuple(one.policy for one in point.optima),
        tuple(one.relative for one in point.optima),
    )


def _point(
    problem: SharedCostProblem, psi: SmoothCosts, cost: Array, free: NDArray[np.bool_], near: _Point | None
) -> _Point:
    guesses = [None] * len(problem.processes) if near is None else [one.relative for one in near.optima]
    optima = tuple(
        soft_optimum(mdp, cost, problem.entropy_weight, guess)
        for mdp, guess in zip(problem.processes, guesses, strict=True)
    )
    occupancies = tuple(
        occupancy_along(mdp, one.policy, one.chain) for mdp, one in zip(problem.processes, optima, strict=True)
    )
    planned = [float(mdp.initial @ one.values) for mdp, one in zip(problem.processes, optima, strict=True)]
    slope, curvature = psi.derivatives(cost, problem.mean_expert)
    paid = float(np.sum(problem.mean_expert * cost))
    value = float(problem.weights @ planned) - psi.value(cost, problem.mean_expert) - paid
    gradient = np.where(free, problem.mean(occupancies) - problem.mean_expert - slope, 0.0)
    return _Point(cost, optima, occupancies, value, gradient, curvature)


def _ascend(
    problem: SharedCostProblem, psi: SmoothCosts, point: _Point, free: NDArray[np.bool_], *, last: bool
) -> _Point:
    """Newton's method with a line search."""
    best, least, stalls, mass = point, np.inf, 0, float(problem.mean_expert.sum())
    for _ in range(MAX_ITERATIONS):
        size = float(abs(point.gradient).sum()) / mass
        if size <= (SETTLED if last else FOLLOWED):
            return point
        direction = _direction(problem, point, free)
        gain = float(np.sum(point.gradient * direction))
        paid = float(np.sum(problem.mean_expert * abs(np.where(free, point.cost, 0.0))))
        resolved = gain > ROUNDING * max(abs(point.value), problem.unit, paid)
        if not resolved:
            stalls = 0 if size <= 0.5 * least else stalls + 1
            if size < least:
                best, least = point, size
            if stalls >= MAX_STALLS or not last:
                return best
        share, trial = 1.0, point
        while share > 1e-8:
            trial = _point(problem, psi, psi.move(point.cost, share * direction), free, point)
            if not resolved or trial.value >= point.value + 1e-4 * share * gain:
                break
            share *= 0.5
        else:
            break
        point = trial
    return best if least < np.inf else point


def _direction(problem: SharedCostProblem, point: _Point, free: NDArray[np.bool_]) -> Array:
    """Newton's step (S, A)."""
    shape, size = point.cost.shape, point.cost.size
    hessian = np.diag(point.curvature.ravel())
    units = np.eye(size).reshape(*shape, size)
    for mdp, share, optimum, rho in zip(
        problem.processes, problem.weights, point.optima, point.occupancies, strict=True
    ):
        relative = advantages(mdp, optimum.policy, optimum.chain, units) * np.sqrt(share * rho)[:, :, None]
        flat = relative.reshape(size, size)
        hessian += flat.T @ flat / problem.entropy_weight
    index = np.flatnonzero(free)
    inner = hessian[np.ix_(index, index)]
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(inner), 1e-300))
    matrix = inner * scale[:, None] * scale + RIDGE * np.eye(index.size)
    step = np.zeros(size)
    step[index] = scale * np.linalg.lstsq(matrix, scale * point.gradient.ravel()[index], rcond=1e-14)[0]
    return step.reshape(shape)
