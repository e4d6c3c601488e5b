"""The certificate of a matching solution: a cost for the policy found, priced by planning alone.

A policy proposes its occupancy rho; the conjugate's gradient at rho is the cost player's best response c;
planning gives V_lambda(c) (or V_0) with its own proof. The bound -psi(c) + V_lambda(c) - <rho_E, c> of
Proposition 3.2 (Ho & Ermon 2016) meets the primal value exactly at a saddle point, and knows nothing of how
rho was found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gail.exact.mdp import Array
from gail.exact.occupancy import occupancy_of
from gail.exact.planning import solve_rl
from gail.exact.problems import Matching
from gail.exact.solution import Solution, certify


def priced(
    problem: Matching,
    policy: Array,
    cost: Array | None = None,
    *,
    tolerance: float,
    trace: Sequence[float] = (),
) -> Solution:
    """Certify a policy (S, A) with a cost (S, A), by default its best response, and that cost's values."""
    if cost is None:
        # Any finite cost certifies a bound; where rho underflows, one for rho just above zero is as good.
        least = np.where(problem.expert > 0.0, 1e-300, 0.0)
        occupancy = np.maximum(occupancy_of(problem.mdp, policy), least)
        _, cost = problem.psi.conjugate(occupancy, problem.expert)
    finite = bool(np.all(np.isfinite(cost)))
    values = solve_rl(problem.mdp, cost, problem.entropy_weight).values if finite else None
    return certify(problem, policy, cost, values, tolerance=tolerance, trace=trace)
