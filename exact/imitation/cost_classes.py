"""Matching and inverse reinforcement learning for classes of costs: psi only says which costs are allowed.

psi is a constant on a convex class C of costs and +inf elsewhere (Ho & Ermon 2016, section 3: apprenticeship
learning),

    min_rho  -lambda Hbar(rho) + max over c in C of <rho - rho_E, c>.

For lambda > 0 the class decides the method: `linear_costs.feature_matching` for costs linear in features,
`linear_costs.max_causal_entropy` if the weights are unbounded, `bounded_costs.interior_point` for bounded or Lipschitz
costs. For lambda = 0 the expert is a solution for every class that contains the zero cost: the zero cost certifies it.
An expert known from samples need not be an occupancy measure; then `bounded_costs.linear_program` and
`linear_costs.nearest_point` find the nearest occupancy measure. The simplex does not contain the zero cost; there
(LPAL: Syed, Bowling & Schapire 2008)

    min t   s.t.  flow rho = p0,  rho >= 0,  F^T (rho - rho_E) <= t,

with the weights as multipliers. One solve gives both sides, so both problems have the same solution.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from scipy import sparse

from gail.exact.imitation.bounded_costs.interior_point import match_bounded
from gail.exact.imitation.bounded_costs.linear_program import match_bounded_linearly
from gail.exact.imitation.dual_bound import with_dual_bound
from gail.exact.imitation.linear_costs.feature_matching import optimal_weights
from gail.exact.imitation.linear_costs.max_causal_entropy import match_expectations
from gail.exact.imitation.linear_costs.nearest_point import nearest_policy
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import (
    BoundedCosts,
    L2Ball,
    LinearCosts,
    Repairable,
    Simplex,
    requires_equality,
    restricted,
)
from gail.exact.solution import Solution, Status

CostClass: TypeAlias = LinearCosts | BoundedCosts

TOLERANCE = 1e-8
"""Relative gap up to which the result is called optimal."""

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""


def match_cost_class(problem: Matching, psi: CostClass, earlier: Solution | None = None) -> Solution:
    """The solution of a matching problem whose psi is a class of costs.

    With unbounded weights no optimal cost exists where the expert's feature expectations lie on the boundary of those
    that soft-optimal policies attain. The status is then DUAL_NOT_ATTAINED, and the policy matches them to rounding.

    Raises:
        TypeError: lambda = 0, the zero cost does not certify the expert, and there is no other method for the class.
        LinearProgramFailed: HiGHS returned no solution.
    """
    part = Reachable(problem.mdp)
    mask = problem.mdp.reachable
    small_psi = cast(CostClass, restricted(psi, mask))
    small = Matching(part.mdp, part.restrict(problem.expert), small_psi, problem.entropy_weight)
    trace: list[float] = []
    suggested = None if earlier is None or earlier.cost is None else part.restrict(earlier.cost)
    dual: Array | None
    if problem.entropy_weight == 0.0:
        zero = np.zeros_like(problem.expert)
        if np.isfinite(psi.value(zero, problem.expert)):
            solution = with_dual_bound(problem, policy_of(problem.expert), zero, tolerance=TOLERANCE)
            if solution.status is Status.OPTIMAL:  # always, if the expert is an occupancy
                return solution
        policy, dual = _without_entropy(small, small_psi, trace)
    elif isinstance(small_psi, LinearCosts) and requires_equality(psi):
        policy, dual = match_expectations(small, small_psi, suggested, trace)
    elif isinstance(small_psi, LinearCosts):
        policy, dual = optimal_weights(small, small_psi, suggested, trace)
    else:
        policy, dual = match_bounded(small, small_psi, trace)
    policy = part.extend(policy, 1.0 / policy.shape[1])
    if dual is None:
        occupancy = occupancy_of(problem.mdp, policy)
        return Solution(problem, occupancy, policy, None, None, Status.DUAL_NOT_ATTAINED, tuple(trace))
    return with_dual_bound(problem, policy, _full_cost(psi, part, dual), tolerance=TOLERANCE, trace=trace)


def _full_cost(psi: CostClass, part: Reachable, dual: Array) -> Array:
    """The cost on all states, inside the class, of a dual point: weights, or costs on the reachable states."""
    if isinstance(psi, LinearCosts):
        return psi.features @ dual
    extend = getattr(psi, "extended", None)
    cost: Array = part.extend(dual, psi.center) if extend is None else extend(dual, part.mask)
    return psi.repaired(cost) if isinstance(psi, Repairable) else cost


def _without_entropy(problem: Matching, psi: CostClass, trace: list[float]) -> tuple[Array, Array]:
    """An optimal policy (S, A) and weights (k,), or a cost (S, A) of bounded ones, for lambda = 0."""
    if isinstance(psi, BoundedCosts):
        return match_bounded_linearly(problem, psi)
    if isinstance(psi, L2Ball):
        return nearest_policy(problem, psi, trace)
    if isinstance(psi, Simplex):
        return _linear_program(problem, psi)
    raise TypeError(f'{type(psi).__name__} has no linear program; use entropy_weight > 0 or method="conic"')


def _linear_program(problem: Matching, psi: Simplex) -> tuple[Array, Array]:
    """An optimal policy (S, A) and weights (k,) over the simplex, for lambda = 0."""
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    mdp, expert = problem.mdp, problem.expert
    gaps = psi.features.reshape(expert.size, -1).T
    equality: Any = sparse.hstack([mdp.flow_matrix, sparse.csr_array((mdp.num_states, 1))], format="csc")
    result = linprog(
        np.append(np.zeros(expert.size), 1.0),
        A_ub=np.column_stack([gaps, np.full(len(gaps), -1.0)]),
        b_ub=gaps @ expert.ravel(),
        A_eq=equality,
        b_eq=mdp.initial,
        bounds=[(0.0, None)] * expert.size + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    policy = policy_of(np.maximum(result.x[:-1], 0.0).reshape(expert.shape))
    return policy, psi.nearby(-np.asarray(result.ineqlin.marginals))
