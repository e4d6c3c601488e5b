"""RL(c) under constraints on expected costs.

    min over rho in the flow polytope of  -lambda Hbar(rho) + <rho, c>     s.t.  <rho, d_i> <= b_i
    max over y >= 0 of                    V_lambda(c + sum_i y_i d_i) - <b, y>

(Altman 1999). For lambda = 0 this is the occupancy linear program with further rows, solved by HiGHS; optimal policies
may have to choose at random. For lambda > 0, Newton's method on the multipliers (`multipliers`), with the Hessian (G
D)^T diag(rho) (G D) / lambda of `feature_matching`. Small lambda is reached through larger ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.constrained.constraints import Constraints, require_feasible, validate_constraints
from gail.exact.constrained.multipliers import At, maximising_multipliers
from gail.exact.constrained.solution import ConstrainedSolution, lagrangian_of
from gail.exact.imitation.linear_costs.feature_matching import advantages
from gail.exact.occupancy import occupancy_along, policy_of
from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.planning.rl import solve_rl
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.planning.warm_start import falling_weights
from gail.exact.problems import Planning, validate_entropy_weight
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost, validate_process
from gail.exact.solution import certify

TOLERANCE = 1e-8
"""Relative gap up to which the result is called optimal."""

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""

ENOUGH_ENTROPY = 1.0
"""First entropy weight, relative to the largest cost."""


def solve_constrained_rl(
    mdp: FiniteMDP, cost: ArrayLike, constraints: Constraints, entropy_weight: float = 1.0
) -> ConstrainedSolution:
    """A policy that is optimal for a cost (S, A) among those that meet the constraints, with the multipliers.

    The default entropy weight is that of `solve_rl`.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        InvalidConstraints: the constraints are for another number of states or actions.
        Infeasible: no policy meets them.
        NoInterior: lambda > 0, and some constraint can only be met with equality.
        LinearProgramFailed: HiGHS returned no solution.
        ValueError: the entropy weight is negative or not finite.
        TypeError: the process is not a FiniteMDP, or the constraints are not `Constraints`.
    """
    validate_process(mdp)
    problem = Planning(mdp, validate_cost(mdp, cost), validate_entropy_weight(entropy_weight))
    validate_constraints(mdp, constraints)
    require_feasible(mdp, constraints, strictly=problem.entropy_weight > 0.0)
    if problem.entropy_weight == 0.0:
        return _linear_program(problem, constraints)
    units = constraints.units(mdp)
    scaled = Constraints(constraints.costs / units[:, None, None], constraints.limits / units)
    y = np.zeros(len(units))
    for weight in falling_weights(ENOUGH_ENTROPY * float(abs(problem.cost).max()), problem.entropy_weight):
        stage = Planning(mdp, problem.cost, weight)
        scale = stage.unit * float(mdp.initial @ mdp.lifetime)

        def evaluate(y: Array, near: SoftOptimum | None, stage: Planning = stage) -> At[SoftOptimum]:
            return _at(stage, scaled, y, near)

        y, at = maximising_multipliers(evaluate, y, scale)
    multipliers, optimum = y / units, at.found
    tilted = lagrangian_of(problem, constraints, multipliers)
    lagrangian = certify(
        tilted,
        optimum.policy,
        problem.cost + constraints.tilt(multipliers),
        optimum.values,
        optimum.relative,
        tolerance=TOLERANCE,
        chain=optimum.chain,
    )
    return ConstrainedSolution(problem, constraints, multipliers, lagrangian, TOLERANCE)


def _at(problem: Planning, constraints: Constraints, y: Array, near: SoftOptimum | None) -> At[SoftOptimum]:
    """phi at multipliers (m,)."""
    mdp, cost = problem.mdp, problem.cost + constraints.tilt(y)
    optimum = soft_optimum(mdp, cost, problem.entropy_weight, None if near is None else near.relative)
    rho = occupancy_along(mdp, optimum.policy, optimum.chain)
    relative = advantages(mdp, optimum.policy, optimum.chain, np.moveaxis(constraints.costs, 0, 2))
    flat = (relative * np.sqrt(rho)[:, :, None]).reshape(rho.size, -1)
    value = float(mdp.initial @ optimum.values) - float(constraints.limits @ y)
    return At(value, constraints.excess(rho), flat.T @ flat / problem.entropy_weight, optimum)


def _linear_program(problem: Planning, constraints: Constraints) -> ConstrainedSolution:
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    mdp, units = problem.mdp, constraints.units(problem.mdp)
    rows = (constraints.costs / units[:, None, None]).reshape(len(units), -1)
    equality: Any = mdp.flow_matrix
    result = linprog(
        problem.cost.ravel(),
        A_ub=rows,
        b_ub=constraints.limits / units,
        A_eq=equality,
        b_eq=mdp.initial,
        bounds=(0.0, None),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    policy = policy_of(np.maximum(result.x, 0.0).reshape(problem.cost.shape))
    multipliers = np.maximum(-np.asarray(result.ineqlin.marginals), 0.0) / units
    tilted, cost = lagrangian_of(problem, constraints, multipliers), problem.cost + constraints.tilt(multipliers)
    planned = solve_rl(mdp, cost, entropy_weight=0.0)
    lagrangian = certify(tilted, policy, cost, planned.values, planned.relative_values, tolerance=TOLERANCE)
    return ConstrainedSolution(problem, constraints, multipliers, lagrangian, TOLERANCE)
