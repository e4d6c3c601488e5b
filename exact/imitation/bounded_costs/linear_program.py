"""Bounded costs without entropy, as a linear program.

    min  <c0, rho - m> + sum_i l_i (f+_i + f-_i)     s.t.  flow rho = p0,  B^T (f+ - f-) = rho - m,  rho, f+, f- >= 0
    max  <p0, V> - <m, c>                            s.t.  c = c0 + x,  abs(B x) <= l,  flow* V <= c

(Ho & Ermon 2016, Proposition 3.2, with psi a constant on a polytope of costs: total variation, transport distances).
If m is an occupancy measure, rho = m is a solution; else the solution is the occupancy measure nearest to m. x are
the multipliers of the second constraint. Solved by HiGHS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from gail.exact.occupancy import policy_of
from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import BoundedCosts

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""


def match_bounded_linearly(problem: Matching, psi: BoundedCosts) -> tuple[Array, Array]:
    """An optimal policy and cost, both (S, A), all states reachable, for lambda = 0.

    Raises:
        LinearProgramFailed: HiGHS returned no solution.
    """
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    mdp, expert = problem.mdp, problem.expert
    bounds, lengths = psi.bounds(mdp.num_states, mdp.num_actions)
    pairs, forces, nodes = expert.size, lengths.size, bounds.shape[1]
    conserved = sparse.hstack([mdp.flow_matrix, sparse.csr_array((mdp.num_states, 2 * forces))], format="csr")
    balanced = sparse.hstack([-sparse.eye_array(nodes, pairs), bounds.T, -bounds.T], format="csr")
    equality: Any = sparse.vstack([conserved, balanced], format="csc")
    result = linprog(
        np.concatenate([np.full(pairs, psi.center), lengths, lengths]),
        A_eq=equality,
        b_eq=np.concatenate([mdp.initial, -expert.ravel(), np.zeros(nodes - pairs)]),
        bounds=(0.0, None),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    policy = policy_of(np.maximum(result.x[:pairs], 0.0).reshape(expert.shape))
    x = np.asarray(result.eqlin.marginals)[mdp.num_states : mdp.num_states + pairs]
    return policy, psi.center + x.reshape(expert.shape)
