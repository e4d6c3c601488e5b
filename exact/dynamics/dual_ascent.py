"""Gradient ascent on the dual of exact matching: maximum causal entropy inverse reinforcement learning.

For constant psi the dual objective is the expert's causal likelihood up to a constant,

    d(c) = V_lambda(c) - <rho_E, c>,        grad d(c) = rho_c - rho_E

(Ziebart, Bagnell & Dey 2010; Ho & Ermon 2016, section 3), and its distance to the optimum is
-lambda Hbar(rho_E) - d(c) = lambda sum_s rho_E(s) KL(pi_E(.|s), pi_c(.|s)). Raising the cost where the learner
goes more often than the expert is all the method does. Every step lies in the kernel of the flow, so the component
of the start along potential shaping never changes: which of the many optimal costs is found depends on the start.
Where the expert never takes some action, the supremum is not attained; the objective still tends to it, while
costs grow without bound.
"""

from __future__ import annotations

import numpy as np

from gail.exact.dynamics.game import Ledger, Run
from gail.exact.mdp import Array
from gail.exact.occupancy import causal_entropy, occupancy_of
from gail.exact.problems import Matching
from gail.exact.regularizers import Constant
from gail.exact.soft_planning import SoftOptimum, soft_optimum

SUFFICIENT = 0.25
"""Share of the gain promised by the gradient that a step must bring."""

LONGEST = 1e3
"""Largest factor between successive step sizes."""

RESOLUTION = 1e-15
"""Promised gain, relative to the objective, below which values no longer tell steps apart."""


def dual_ascent(problem: Matching, iterations: int, *, start: Array | None = None, tolerance: float = 0.0) -> Run:
    """Ascend from a cost (S, A), zero by default, for psi constant and lambda > 0.

    Steps c <- c + eta (rho_c - rho_E) with eta from the last change of the gradient
    (Barzilai & Borwein 1988), halved until the objective rises sufficiently. Stops
    early when the gap is within `tolerance`, or steps no longer change the objective. The primal values of
    the record are that of the expert's occupancy, the only feasible point.

    Raises:
        ValueError: the entropy weight is zero.
        TypeError: psi is not Constant.
    """
    if not isinstance(problem.psi, Constant):
        raise TypeError(f"dual ascent is for Constant, got {type(problem.psi).__name__}")
    if problem.entropy_weight == 0.0:
        raise ValueError("dual ascent needs entropy_weight > 0")
    ledger = Ledger(problem)
    cost = np.zeros_like(problem.expert) if start is None else start
    optimum, value = _evaluate(problem, cost, None)
    step_size = problem.entropy_weight / float(problem.expert.sum())
    optimal = -problem.entropy_weight * causal_entropy(problem.expert)
    gradient = occupancy_of(problem.mdp, optimum.policy) - problem.expert
    for iteration in range(1, iterations + 1):
        slope = float(np.sum(gradient**2))
        floor = RESOLUTION * max(abs(value), problem.unit)
        while step_size * slope > floor:
            trial = cost + step_size * gradient
            there, reached = _evaluate(problem, trial, optimum.values)
            if reached >= value + SUFFICIENT * step_size * slope:
                break
            step_size *= 0.5
        else:
            ledger.enter(iteration, problem.expert, cost, optimum.values)
            break
        cost, optimum, value = trial, there, reached
        before, gradient = gradient, occupancy_of(problem.mdp, optimum.policy) - problem.expert
        step_size *= _secant(before, gradient)
        ledger.enter(iteration, problem.expert, cost, optimum.values)
        if optimal - value <= tolerance:
            break
    return ledger.close(optimum.policy, cost)


def _secant(before: Array, after: Array) -> float:
    """Factor from the last step size to Barzilai and Borwein's (1988): <g, g> / <g, g - g'>, within bounds."""
    bend = float(np.sum(before * (before - after)))
    square = float(np.sum(before**2))
    return LONGEST if bend * LONGEST <= square else max(square / bend, 1.0 / LONGEST)


def _evaluate(problem: Matching, cost: Array, values: Array | None) -> tuple[SoftOptimum, float]:
    optimum = soft_optimum(problem.mdp, cost, problem.entropy_weight, values)
    return optimum, float(problem.mdp.initial @ optimum.values) - float(np.sum(problem.expert * cost))
