"""Linear constraints on occupancy measures: expected discounted sums of further costs, with limits.

    <rho, d_i> <= b_i,   i = 1 .. m

(constrained Markov decision processes: Altman 1999). Whether a policy meets them is a linear program,

    t* = min t   s.t.  flow rho = p0,  rho >= 0,  <rho, d_i> - b_i <= t u_i,

with the unit u_i = L max |d_i| of each constraint and the longest expected duration L of an episode. Its multipliers
w >= 0, sum_i w_i u_i = 1, prove t* > 0: then sum_i w_i (<rho, d_i> - b_i) >= t* for every occupancy measure rho.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.process.arrays import Array, real_numbers
from gail.exact.process.finite_mdp import FiniteMDP

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""

ROUNDING = 1e-9
"""t* up to which constraints count as met, and -t* from which some policy meets them strictly."""


class InvalidConstraints(ValueError):
    """The constraints are ill defined or do not fit the process; the message names the first wrong entry."""


class Infeasible(ValueError):
    """No policy meets the constraints; the message names those that exclude each other, and by how much."""


class NoInterior(ValueError):
    """Some constraint can only be met with equality, so with entropy no multipliers need exist."""


@dataclass(frozen=True, eq=False, init=False)
class Constraints:
    """Limits on expected costs: <rho, costs[i]> <= limits[i] for each i.

    Args:
        costs: (m, S, A), or (S, A) for one constraint.
        limits: (m,), or a number for one constraint; in units of cost, summed and discounted over an episode.

    Raises:
        InvalidConstraints: another shape, no constraint, or entries that are not finite numbers.
    """

    costs: Array
    limits: Array

    def __init__(self, costs: ArrayLike, limits: ArrayLike) -> None:
        table = real_numbers("costs of constraints", costs, InvalidConstraints)
        table = table[None] if table.ndim == 2 else table
        limit = np.atleast_1d(real_numbers("limits", limits, InvalidConstraints))
        if table.ndim != 3 or table.shape[0] == 0 or limit.shape != table.shape[:1]:
            raise InvalidConstraints(
                f"constraints need costs of shape (m, S, A) and m limits, got {table.shape} and {limit.shape}"
            )
        for name, array in (("cost", table), ("limit", limit)):
            wrong = np.argwhere(~np.isfinite(array))
            if wrong.size:
                raise InvalidConstraints(f"{name} {tuple(map(int, wrong[0]))} of the constraints must be finite")
        object.__setattr__(self, "costs", table)
        object.__setattr__(self, "limits", limit)

    def tilt(self, multipliers: Array) -> Array:
        """(S, A) sum_i y_i d_i."""
        return np.asarray(np.tensordot(multipliers, self.costs, axes=1))

    def excess(self, occupancy: Array) -> Array:
        """(m,) <rho, d_i> - b_i: positive where a constraint is violated."""
        return np.asarray(np.tensordot(self.costs, occupancy, axes=([1, 2], [0, 1])) - self.limits)

    def units(self, mdp: FiniteMDP) -> Array:
        """(m,) L max |d_i|: the scale on which a constraint's violation is judged; 1 for a constraint without costs."""
        size = abs(self.costs).max(axis=(1, 2)) * float(mdp.initial @ mdp.lifetime)
        return np.where(size > 0.0, size, 1.0)


def validate_constraints(mdp: FiniteMDP, constraints: Constraints) -> None:
    """Check that the constraints fit the process.

    Raises:
        TypeError: not `Constraints`.
        InvalidConstraints: they are for another number of states or actions.
    """
    if not isinstance(constraints, Constraints):
        raise TypeError(f"constraints must be Constraints(costs, limits), got {type(constraints).__name__}")
    shape = (mdp.num_states, mdp.num_actions)
    if constraints.costs.shape[1:] != shape:
        raise InvalidConstraints(
            f"the constraints are for {constraints.costs.shape[1:]} states and actions, the process has {shape}"
        )


def require_feasible(mdp: FiniteMDP, constraints: Constraints, *, strictly: bool) -> None:
    """Check that some policy meets the constraints; `strictly`, that it meets all of them with room to spare.

    Raises:
        Infeasible: none does.
        NoInterior: strictly, and none does with room to spare.
        LinearProgramFailed: HiGHS returned no solution.
    """
    least, weights = _least_violation(mdp, constraints)
    if least > ROUNDING:
        guilty = np.flatnonzero(weights * constraints.units(mdp) > ROUNDING)
        if guilty.size == 1:
            one = int(guilty[0])
            attained = constraints.limits[one] + least / weights[one]
            raise Infeasible(
                f"no policy meets constraint {one}: its limit is {constraints.limits[one]:.6g}, and the least expected "
                f"cost of any policy is {attained:.6g}"
            )
        raise Infeasible(
            f"no policy meets constraints {', '.join(map(str, guilty))} together: some of them is exceeded by at least "
            f"{least:.3g} of its scale by every policy. Raise one of their limits"
        )
    if strictly and least > -ROUNDING:
        tight = ", ".join(map(str, np.flatnonzero(weights * constraints.units(mdp) > ROUNDING)))
        raise NoInterior(
            f"constraints {tight} can only be met with equality, so with entropy an optimal policy need not have "
            "multipliers: raise their limits a little, or use entropy_weight=0"
        )


def _least_violation(mdp: FiniteMDP, constraints: Constraints) -> tuple[float, Array]:
    """t* and the multipliers w (m,) of the module docstring."""
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    units, pairs = constraints.units(mdp), mdp.num_states * mdp.num_actions
    rows = (constraints.costs / units[:, None, None]).reshape(len(units), -1)
    equality: Any = sparse.hstack([mdp.flow_matrix, sparse.csr_array((mdp.num_states, 1))], format="csc")
    result = linprog(
        np.append(np.zeros(pairs), 1.0),
        A_ub=np.column_stack([rows, np.full(len(units), -1.0)]),
        b_ub=constraints.limits / units,
        A_eq=equality,
        b_eq=mdp.initial,
        bounds=[(0.0, None)] * pairs + [(-1.0, None)],
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    return float(result.x[-1]), np.maximum(-np.asarray(result.ineqlin.marginals), 0.0) / units
