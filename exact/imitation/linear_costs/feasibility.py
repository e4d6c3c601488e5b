"""An occupancy measure with the feature expectations of a given measure, if one exists.

`LinearSpan` depends on a measure m only through F^T m. So m may be replaced by an occupancy measure rho with F^T rho =
F^T m. If there is none, psi*(rho - m) is infinite for all rho. The rho whose least entry is largest solves

    max t   s.t.  flow (y + t) = p0,   F^T (y + t) = F^T m,   y >= 0,  t >= 0,        rho = y + t.

It is positive on all pairs if any such rho is. Exactly then soft-optimal policies can have these expectations
(`max_causal_entropy`). Features are scaled to a largest entry of one. Solved by HiGHS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import LinearCosts

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""

INFEASIBLE = 2
"""HiGHS' verdict in scipy's numbering."""


def occupancy_with_expectations(problem: Matching, psi: LinearCosts) -> Array | None:
    """An occupancy (S, A) with the expert's feature expectations, all states reachable; None if there is none.

    Raises:
        LinearProgramFailed: HiGHS returned no solution.
    """
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    mdp, expert = problem.mdp, problem.expert
    largest = abs(psi.features).max(axis=(0, 1))
    columns = (psi.features / np.where(largest > 0.0, largest, 1.0)).reshape(expert.size, -1)
    constraints = sparse.vstack([mdp.flow_matrix, sparse.csr_array(columns.T)], format="csr")
    equality: Any = sparse.hstack([constraints, sparse.csr_array(constraints.sum(axis=1)[:, None])], format="csc")
    result = linprog(
        np.append(np.zeros(expert.size), -1.0),
        A_eq=equality,
        b_eq=np.append(mdp.initial, expert.ravel() @ columns),
        bounds=(0.0, None),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.status == INFEASIBLE:
        return None
    if result.x is None:
        raise LinearProgramFailed(result.message)
    return occupancy_of(mdp, policy_of(np.maximum(result.x[:-1], 0.0).reshape(expert.shape) + result.x[-1]))
