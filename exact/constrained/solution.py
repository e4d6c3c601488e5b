"""Solutions under constraints, with multipliers and certificate.

For multipliers y >= 0, the constrained problem with objective F has the bound

    F(rho) >= F(rho) + sum_i y_i (<rho, d_i> - b_i) >= min over rho of (F(rho) + <rho, sum_i y_i d_i>) - <b, y>

at every rho that meets the constraints (Lagrangian duality; Altman 1999, chapter 3). The minimum is a problem without
constraints, the *Lagrangian*, whose own certificate gives the bound. At a solution both inequalities are equalities,
and y_i = 0 unless constraint i is met with equality.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gail.exact.constrained.constraints import Constraints
from gail.exact.constrained.tilted import Tilted
from gail.exact.problems import Matching, Planning
from gail.exact.process.arrays import Array
from gail.exact.solution import NotOptimal, Solution, Status

FEASIBLE = 1e-8
"""Violation of a constraint, relative to its unit, that is rounding of the solver."""


def lagrangian_of(problem: Planning | Matching, constraints: Constraints, multipliers: Array) -> Planning | Matching:
    """The problem with sum_i y_i d_i added to its objective, for multipliers (m,)."""
    tilt = constraints.tilt(multipliers)
    if isinstance(problem, Planning):
        return replace(problem, cost=problem.cost + tilt)
    return replace(problem, psi=Tilted(problem.psi, tilt))


@dataclass(frozen=True, eq=False)
class ConstrainedSolution:
    """A policy and multipliers, with the Lagrangian's solution that certifies them.

    Attributes:
        problem: the problem without its constraints.
        constraints: the constraints.
        multipliers: (m,) y >= 0, the price of each limit: how fast the optimal value falls when the limit rises.
        lagrangian: the solution of the problem with the cost sum_i y_i d_i added.
        tolerance: the relative gap up to which the solution counts as optimal.
    """

    problem: Planning | Matching
    constraints: Constraints
    multipliers: Array
    lagrangian: Solution
    tolerance: float

    @property
    def policy(self) -> Array:
        """(S, A)."""
        return self.lagrangian.policy

    @property
    def occupancy(self) -> Array:
        """(S, A) occupancy measure of the policy."""
        return self.lagrangian.occupancy

    @cached_property
    def primal_value(self) -> float:
        """The objective at the occupancy measure."""
        return self.problem.primal(self.occupancy)

    @cached_property
    def dual_value(self) -> float:
        """The Lagrangian's bound minus <b, y>, recomputed from the multipliers."""
        problem = lagrangian_of(self.problem, self.constraints, self.multipliers)
        known = self.lagrangian.relative_values
        values = self.lagrangian.values if known is None else known
        cost = problem.cost if isinstance(problem, Planning) else self.lagrangian.cost
        return problem.dual(cost, values) - float(self.constraints.limits @ self.multipliers)

    @property
    def gap(self) -> float:
        """primal_value - dual_value, signed."""
        return self.primal_value - self.dual_value

    @property
    def relative_gap(self) -> float:
        """The gap over the largest of the two values, the problem's unit and <b, y>."""
        scale = max(abs(self.primal_value), self.problem.unit, float(abs(self.constraints.limits) @ self.multipliers))
        return self.gap / scale if scale > 0.0 else self.gap

    @cached_property
    def violation(self) -> float:
        """Largest violation of a constraint, relative to its unit; 0 if all are met."""
        excess = self.constraints.excess(self.occupancy) / self.constraints.units(self.problem.mdp)
        return max(0.0, float(excess.max()))

    @property
    def status(self) -> Status:
        """OPTIMAL if the constraints are met and the gap is closed, both up to the tolerance."""
        resolved = max(self.tolerance, self.lagrangian.rounding_floor)
        met = self.violation <= FEASIBLE and float(self.multipliers.min()) >= 0.0
        return Status.OPTIMAL if met and abs(self.relative_gap) <= resolved else Status.NOT_CONVERGED

    def __repr__(self) -> str:
        states, actions = self.policy.shape
        return (
            f"ConstrainedSolution({type(self.problem).__name__} on {states} states and {actions} actions, "
            f"{len(self.multipliers)} constraints, {self.status.name}, primal {self.primal_value:.9g}, "
            f"relative gap {self.relative_gap:.3g}, violation {self.violation:.3g})"
        )

    def require_optimal(self, tolerance: float = 1e-8) -> ConstrainedSolution:
        """This solution, if its certificate shows that it is optimal.

        Raises:
            NotOptimal: the relative gap or the violation exceeds the tolerance, or a multiplier is negative.
        """
        least = float(np.min(self.multipliers))
        if abs(self.relative_gap) <= tolerance and self.violation <= tolerance and least >= 0.0:
            return self
        raise NotOptimal(
            f"primal {self.primal_value:.12g}, dual {self.dual_value:.12g}, relative gap {self.relative_gap:.3g}, "
            f"violation {self.violation:.3g}, least multiplier {least:.3g}; required {tolerance:.1g}"
        )
