"""The dual bound that certifies a matching solution, by planning alone.

Let rho be the occupancy measure of a policy. The gradient of the conjugate at rho is the best response c of the cost
player. Planning gives V_lambda(c) (or V_0) with its own certificate. The bound -psi(c) + V_lambda(c) - <rho_E, c> of
Proposition 3.2 (Ho & Ermon 2016) equals the primal value exactly at a saddle point. It does not depend on how rho was
found.

Pairs that expert and learner hardly visit contribute nothing to the primal value, so a search over occupancy measures
does not determine their ratio. A best response that assigns them a low cost makes the bound worse. At these pairs, the
best response to a learner that visits them 10^8 times as often as the expert is used instead. psi is convex, so this
cost is larger. It can only raise V, and what it takes from the bound is limited by the expert's share of these pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gail.exact.occupancy import occupancy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.solution import Solution, Status, certify

NEGLIGIBLE = (0.0, 1e-18, 1e-16, 1e-14, 1e-12)
"""Shares of the expert's mass up to which a pair counts as hardly visited, tried in turn; 0 means no pair."""

ASSUMED_RATIO = 1e8
"""Assumed ratio of the learner's visits to the expert's at such a pair."""


def with_dual_bound(
    problem: Matching,
    policy: Array,
    cost: Array | None = None,
    *,
    tolerance: float,
    trace: Sequence[float] = (),
) -> Solution:
    """Certify a policy (S, A) with a cost (S, A), by default its best response, and that cost's values."""
    if cost is not None:
        return _certified(problem, policy, cost, tolerance, trace)
    occupancy = occupancy_of(problem.mdp, policy)
    solutions: list[Solution] = []
    for share in NEGLIGIBLE:
        solutions.append(_certified(problem, policy, _response(problem, occupancy, share), tolerance, trace))
        if solutions[-1].status is Status.OPTIMAL:
            break
    return min(solutions, key=lambda solution: abs(solution.relative_gap))


def _certified(problem: Matching, policy: Array, cost: Array, tolerance: float, trace: Sequence[float]) -> Solution:
    if not np.all(np.isfinite(cost)):
        return certify(problem, policy, cost, None, tolerance=tolerance, trace=trace)
    planned = solve_rl(problem.mdp, cost, problem.entropy_weight)
    return certify(problem, policy, cost, planned.values, planned.relative_values, tolerance=tolerance, trace=trace)


def _response(problem: Matching, occupancy: Array, negligible: float) -> Array:
    """The best response (S, A) to an occupancy measure, which is enlarged where the expert's share is negligible."""
    expert = problem.expert
    # Any finite cost certifies a bound; where rho underflows, one for rho just above zero is as good.
    assumed = np.maximum(occupancy, np.where(expert > 0.0, 1e-300, 0.0))
    rare = expert <= negligible * expert.sum()
    assumed = np.where(rare, np.maximum(assumed, ASSUMED_RATIO * expert), assumed)
    cost: Array = problem.psi.conjugate(assumed, expert)[1]
    return cost
