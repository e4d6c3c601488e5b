"""Occupancy matching under constraints on expected costs.

    min over rho in the flow polytope of  -lambda Hbar(rho) + psi*(rho - rho_E)     s.t.  <rho, d_i> <= b_i max over y
    >= 0 of                    min_rho (-lambda Hbar(rho) + psi*(rho - rho_E) + <rho, sum_i y_i d_i>) - <b, y>

The inner problem is matching under a tilted psi (`tilted`), solved and certified as usual. The expert need not meet the
constraints: the solution is the nearest policy that does. At multipliers y, rho changes by -(F'')^-1 d_j per unit of
y_j, on the flow polytope, so minus the Hessian of phi is <d_i, (F'')^-1 d_j>, from one Newton system (`newton_system`).
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.constrained.constraints import Constraints, require_feasible, validate_constraints
from gail.exact.constrained.multipliers import At, maximising_multipliers
from gail.exact.constrained.solution import ConstrainedSolution
from gail.exact.constrained.tilted import Tilted
from gail.exact.imitation.matching import match_occupancy
from gail.exact.imitation.problem_checks import checked_matching
from gail.exact.linear_systems.newton_system import NewtonSystem
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import Regularizer, SmoothConjugate, needs_coverage, restricted
from gail.exact.solution import Solution

TOLERANCE = 1e-8
"""Relative gap up to which the result is called optimal."""


def match_constrained(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, psi: Regularizer, constraints: Constraints, entropy_weight: float = 1.0
) -> ConstrainedSolution:
    """The occupancy measure nearest to the expert's under psi among those that meet the constraints.

    `expert_occupancy` is (S, A). psi must have a smooth separable conjugate, finite at all occupancy measures, and the
    entropy weight must be positive.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        InvalidConstraints: the constraints are for another number of states or actions.
        Infeasible: no policy meets them.
        NoInterior: some constraint can only be met with equality.
        ValueError: the entropy weight is not positive and finite, or psi* is infinite off the expert's support and the
            expert leaves actions out.
        TypeError: psi has no smooth separable conjugate.
    """
    validate_process(mdp)
    problem = checked_matching(mdp, expert_occupancy, psi, entropy_weight, "matching", conic=False)
    validate_constraints(mdp, constraints)
    if problem.entropy_weight == 0.0:
        raise ValueError("matching under constraints needs entropy_weight > 0")
    if not isinstance(psi, SmoothConjugate):
        raise TypeError(
            f"matching under constraints needs a psi with a smooth separable conjugate, such as Logistic(), got "
            f"{type(psi).__name__}"
        )
    if needs_coverage(psi) and np.any(problem.expert[mdp.reachable] == 0.0):
        raise ValueError(
            f"{type(psi).__name__} is infinite at policies that take an action which the expert never takes, so they "
            "cannot be compared under constraints: use a psi such as Logistic()"
        )
    require_feasible(mdp, constraints, strictly=True)
    units = constraints.units(mdp)
    scaled = Constraints(constraints.costs / units[:, None, None], constraints.limits / units)
    search = _Search(problem, scaled)
    y, at = maximising_multipliers(search.at, np.zeros(len(units)), problem.unit)
    return ConstrainedSolution(problem, constraints, y / units, at.found, TOLERANCE)


class _Search:
    """phi of one problem, with the Newton system of its reachable part."""

    def __init__(self, problem: Matching, constraints: Constraints) -> None:
        self._problem, self._constraints = problem, constraints
        self._part = Reachable(problem.mdp)
        self._system = NewtonSystem(self._part.mdp)

    def at(self, y: Array, near: Solution | None) -> At[Solution]:
        """phi at multipliers (m,)."""
        problem, constraints = self._problem, self._constraints
        tilted = Tilted(problem.psi, constraints.tilt(y))
        found = match_occupancy(problem.mdp, problem.expert, tilted, problem.entropy_weight, start=near)
        value = found.dual_value - float(constraints.limits @ y)
        return At(value, constraints.excess(found.occupancy), self._curvature(found), found)

    def _curvature(self, found: Solution) -> Array:
        """(m, m) <d_i, (F'')^-1 d_j>."""
        problem, part = self._problem, self._part
        psi = cast(SmoothConjugate, restricted(problem.psi, part.mask))
        rho, expert = np.maximum(part.restrict(found.occupancy), 1e-300), part.restrict(problem.expert)
        elasticity = psi.conjugate_elasticity(rho, expert)
        costs = [part.restrict(one) for one in self._constraints.costs]
        changes = [self._system.direction(rho, problem.entropy_weight, elasticity, one)[0] * rho for one in costs]
        curvature = -np.array([[float(np.sum(one * change)) for change in changes] for one in costs])
        return np.asarray(0.5 * (curvature + curvature.T))
