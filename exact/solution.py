"""Solutions with certificates.

A `Solution` keeps its problem. Its primal value, dual value, signed gap and flow residual are recomputed from the
problem's data, the policy, the cost and the state function. They are never copied from a solver:

    dual value <= optimum <= primal value,       gap = primal value - dual value.

The occupancy measure is computed from the policy, so it satisfies the flow constraints to rounding. A gap
that is negative beyond rounding indicates a defect, so the gap keeps its sign.

A certificate has a precision: sums of large terms leave rounding in the gap (`problems`). A gap below this floor is
shown as the floor, and counts as closed as long as the floor itself is small. Where double precision cannot resolve the
objective to `COARSEST`, no solution is called optimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from html import escape

import numpy as np

from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import flow_residual, occupancy_along, occupancy_of
from gail.exact.problems import Problem
from gail.exact.process.arrays import Array


class Status(Enum):
    """The verdict on a solution; the value is its message."""

    OPTIMAL = "optimal: the recomputed gap is within tolerance"
    NOT_CONVERGED = "not converged: the recomputed gap, or the rounding in it, is beyond tolerance"
    DUAL_NOT_ATTAINED = (
        "no optimal cost exists: the expert lies on the boundary of the occupancy measures of soft-optimal policies, "
        "for example because it never takes some action of a reachable state"
    )
    BACKEND_INACCURATE = "the backend reports reduced accuracy"


COARSEST = 1e-6
"""Largest rounding floor, relative to the objective, at which a solution can be called optimal."""


class NotOptimal(RuntimeError):
    """The solution's certificate does not meet the required tolerance; the message has the numbers."""


class BackendFailed(RuntimeError):
    """An external solver returned no solution; the message has its status."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A primal and a dual point of a problem, with their certificate.

    Attributes:
        problem: the problem solved, `Planning` or `Matching`.
        occupancy: (S, A) occupancy measure of `policy`.
        policy: (S, A).
        cost: (S, A) the dual point: the given cost in planning, the best-response cost in matching and IRL;
            None where no optimal cost exists.
        values: (S,) state function V, the multipliers of the flow constraints; None together with `cost`.
        status: the verdict on the solution.
        trace: the certified gap, in the problem's own units, after each iteration of an iterative solver.
        relative_values: (S,) V without a constant, if no episode ends and the solver knows it to more digits than V
            has: the dual bound, which does not depend on the constant, is evaluated from it.
    """

    problem: Problem
    occupancy: Array
    policy: Array
    cost: Array | None
    values: Array | None
    status: Status
    trace: tuple[float, ...]
    relative_values: Array | None = None

    def __repr__(self) -> str:
        states, actions = self.policy.shape
        return (
            f"Solution({type(self.problem).__name__} on {states} states and {actions} actions, {self.status.name}, "
            f"primal {self.primal_value:.9g}, relative gap {self.shown_gap})"
        )

    def _repr_html_(self) -> str:
        """The certificate as a table, for notebooks."""
        states, actions = self.policy.shape
        rows = {
            "problem": f"{type(self.problem).__name__} on {states} states and {actions} actions",
            "status": self.status.value,
            "primal value": f"{self.primal_value:.9g}",
            "dual value": f"{self.dual_value:.9g}",
            "duality gap": f"{self.gap:.3g} (relative {self.shown_gap})",
            "flow residual": f"{self.flow_residual:.3g}",
        }
        colour = "#1a7f37" if self.status is Status.OPTIMAL else "#b3261e"
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{escape(text)}</td></tr>"
            for name, text in rows.items()
        )
        caption = f"<caption style='text-align:left;color:{colour}'><b>{self.status.name}</b></caption>"
        return f"<table>{caption}{cells}</table>"

    @cached_property
    def primal_value(self) -> float:
        """Objective at the occupancy: an upper bound on the optimum."""
        return self.problem.primal(self.occupancy)

    @cached_property
    def dual_value(self) -> float:
        """Bound certified by cost and values; -inf without them."""
        return self.problem.dual(self.cost, self._bounding)

    @property
    def gap(self) -> float:
        """primal_value - dual_value, signed."""
        return self.primal_value - self.dual_value

    @property
    def relative_gap(self) -> float:
        """Signed gap divided by the largest of |primal value|, |dual value| and the problem's unit."""
        if self.gap == 0.0 or not np.isfinite(self.gap):
            return self.gap
        return self.gap / self._scale

    @cached_property
    def rounding_floor(self) -> float:
        """The relative gap that rounding alone leaves, about (`gail.exact.problems`); 0 without a cost."""
        if self.cost is None or self.values is None:
            return 0.0
        rounding = self.problem.rounding(self.occupancy, self.cost, self.values)
        return rounding / self._scale if rounding > 0.0 else 0.0

    @property
    def _bounding(self) -> Array | None:
        return self.values if self.relative_values is None else self.relative_values

    @property
    def shown_gap(self) -> str:
        """The relative gap in words: where it is smaller than the rounding floor, only that."""
        if abs(self.relative_gap) < self.rounding_floor:
            return f"below rounding, {self.rounding_floor:.1e}"
        return f"{self.relative_gap:.3g}"

    @property
    def _scale(self) -> float:
        return max(abs(self.primal_value), min(abs(self.dual_value), 1e300), self.problem.unit)

    @cached_property
    def flow_residual(self) -> float:
        """Largest violation of the flow constraints over states."""
        return float(abs(flow_residual(self.problem.mdp, self.occupancy)).max())

    def require_optimal(self, tolerance: float = 1e-9) -> Solution:
        """This solution, if its certificate shows that it is optimal.

        Raises:
            NotOptimal: the status is not OPTIMAL, or the relative gap (of either sign) or the flow residual
                relative to the total mass exceeds the tolerance.
        """
        flow = self.flow_residual / max(1.0, float(self.occupancy.sum()))
        if self.status is Status.OPTIMAL and -tolerance <= self.relative_gap <= tolerance and flow <= tolerance:
            return self
        raise NotOptimal(
            f"{self.status.value}; primal {self.primal_value:.12g}, dual {self.dual_value:.12g}, "
            f"gap {self.gap:.3g} (relative {self.relative_gap:.3g}, required {tolerance:.1g}, rounding alone leaves "
            f"about {self.rounding_floor:.1g}), "
            f"flow residual {self.flow_residual:.3g}"
        )


def certify(
    problem: Problem,
    policy: Array,
    cost: Array | None,
    values: Array | None,
    relative_values: Array | None = None,
    *,
    tolerance: float,
    trace: Sequence[float] = (),
    chain: Chain | None = None,
) -> Solution:
    """The solution at a policy (S, A): OPTIMAL when its recomputed relative gap is within tolerance.

    The tolerance is at least the rounding floor. Beyond `COARSEST` the floor itself is too large. Pass the policy's
    `chain` if it exists already.
    """
    mdp = problem.mdp
    occupancy = occupancy_of(mdp, policy) if chain is None else occupancy_along(mdp, policy, chain)
    solution = Solution(problem, occupancy, policy, cost, values, Status.OPTIMAL, tuple(trace), relative_values)
    resolved = max(tolerance, solution.rounding_floor)
    if abs(solution.relative_gap) <= resolved <= max(tolerance, COARSEST):
        return solution
    return replace(solution, status=Status.NOT_CONVERGED)
