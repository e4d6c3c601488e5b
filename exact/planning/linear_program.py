"""RL(c) without entropy as the linear program over occupancy measures.

    min <c, rho>  s.t.  rho >= 0,  sum_a rho(s,a) - gamma sum P(s|s',a') rho(s',a') = alpha(s)
    max <alpha, V>   s.t.  V(s) <= c(s,a) + gamma E[V(s') | s,a]

(Puterman 1994, section 6.9; Syed, Bowling & Schapire 2008). The multipliers of the flow constraints are V. For any
weights alpha > 0, V and the policy of rho are optimal at every state, so they are optimal for the start p0 too. With
alpha = p0 the multipliers of unvisited states would not be determined, and HiGHS would spend most of its time on such
ties; so alpha = 1. HiGHS runs its interior point method with a crossover to a vertex, which is faster than its simplex
method on gridworlds. The result is certified from the problem's data like every other solution.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import policy_of
from gail.exact.problems import Planning
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost
from gail.exact.process.memory import require_memory
from gail.exact.solution import Solution, certify

TOLERANCE = 1e-7
"""Relative gap up to which the result is called optimal; HiGHS stops at absolute violations of 1e-10."""

BYTES_PER_ENTRY = 1000.0
"""Memory in bytes of HiGHS with its factors, per entry of the constraints, measured on gridworlds."""


class LinearProgramFailed(RuntimeError):
    """HiGHS returned no solution; the message is that of HiGHS."""


def solve_occupancy_lp(mdp: FiniteMDP, cost: ArrayLike) -> Solution:
    """An optimal policy of a cost (S, A) without entropy, from the occupancy linear program and its dual.

    Policy and values are optimal at all states, reachable or not.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        LinearProgramFailed: HiGHS returned no solution.
        NotEnoughMemory: the program would need more than is available.
    """
    from scipy.optimize import linprog  # imported here, because it takes a tenth of a second

    entries = mdp.transitions.nnz + mdp.num_states * mdp.num_actions
    require_memory(BYTES_PER_ENTRY * entries, f"the linear program over {mdp.num_states} states")
    costs = validate_cost(mdp, cost)
    result = linprog(
        costs.ravel(),
        A_eq=cast(Any, mdp.flow_matrix),  # sparse is accepted, though the stubs say otherwise
        b_eq=np.ones(mdp.num_states),
        bounds=(0, None),
        method="highs-ipm",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    policy = policy_of(np.maximum(result.x, 0.0).reshape(costs.shape))
    values = np.asarray(result.eqlin.marginals, dtype=np.float64)
    return certify(Planning(mdp, costs, 0.0), policy, costs, values, tolerance=TOLERANCE)
