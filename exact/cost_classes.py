"""Matching and inverse reinforcement learning when psi says only which costs are allowed.

psi is a constant on a convex class C of costs and +inf elsewhere (Ho & Ermon 2016, section 3: apprenticeship
learning),

    min_rho  -lambda Hbar(rho) + max over c in C of <rho - rho_E, c>.

For lambda > 0 the class decides the method: `feature_matching` for costs linear in features, `bounded_matching`
for bounded or Lipschitz costs. For lambda = 0 the expert is tried first, which is a solution whenever psi* is a
distance; what remains are linear programs (`LPAL` of Syed, Bowling & Schapire 2008 is the one for `Simplex`):

    Simplex:   min t                              s.t.  flow rho = p0,  F^T (rho - rho_E) <= t
    bounds:    min <c0, rho> + sum l (f+ + f-)    s.t.  flow rho = p0,  B^T (f+ - f-) = rho - rho_E

whose multipliers are the weights and the costs. Both sides come from one solve, so both problems have one answer.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from gail.exact.bounded_matching import match_bounded
from gail.exact.feature_matching import optimal_weights
from gail.exact.linear_program import LinearProgramFailed
from gail.exact.mdp import Array
from gail.exact.occupancy import policy_of
from gail.exact.pricing import priced
from gail.exact.problems import Matching
from gail.exact.reachability import Reachable
from gail.exact.regularizers import BoundedCosts, LinearCosts, Repairable, Simplex, restricted
from gail.exact.solution import Solution, Status

CostClass: TypeAlias = LinearCosts | BoundedCosts

TOLERANCE = 1e-8
"""Relative gap up to which the result is called optimal."""

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""


def match_cost_class(problem: Matching, psi: CostClass) -> Solution:
    """The solution of a matching problem whose psi is a class of costs.

    Raises:
        TypeError: lambda = 0, the expert is no solution, and the class has no linear program here.
        LinearProgramFailed: HiGHS gave up.
    """
    part = Reachable(problem.mdp)
    mask = problem.mdp.reachable
    small_psi = cast(CostClass, restricted(psi, mask))
    small = Matching(part.mdp, part.restrict(problem.expert), small_psi, problem.entropy_weight)
    trace: list[float] = []
    if problem.entropy_weight == 0.0:
        _, cost = psi.conjugate(problem.expert, problem.expert)
        exact = priced(problem, policy_of(problem.expert), cost, tolerance=TOLERANCE)
        if exact.status is Status.OPTIMAL:
            return exact
        policy, dual = _linear_program(small)
    elif isinstance(small_psi, LinearCosts):
        policy, dual = optimal_weights(small, small_psi, trace)
    else:
        policy, dual = match_bounded(small, small_psi, trace)
    cost = _full_cost(psi, part, dual)
    return priced(problem, part.extend(policy, 1.0 / policy.shape[1]), cost, tolerance=TOLERANCE, trace=trace)


def _full_cost(psi: CostClass, part: Reachable, dual: Array) -> Array:
    """The cost on all states of a dual point, weights or costs on the reachable ones, inside the class."""
    if isinstance(psi, LinearCosts):
        return psi.features @ dual
    extend = getattr(psi, "extended", None)
    cost: Array = part.extend(dual, psi.center) if extend is None else extend(dual, part.mask)
    return psi.repaired(cost) if isinstance(psi, Repairable) else cost


def _linear_program(problem: Matching) -> tuple[Array, Array]:
    """An optimal policy (S, A), and weights (k,) or a cost (S, A), for lambda = 0."""
    psi, mdp, expert = problem.psi, problem.mdp, problem.expert
    pairs, flow = expert.size, mdp.flow_matrix
    inequality: Any = None
    if isinstance(psi, Simplex):
        gaps = psi.features.reshape(pairs, -1).T
        objective = np.append(np.zeros(pairs), 1.0)
        equality = sparse.hstack([flow, sparse.csr_array((flow.shape[0], 1))])
        right = mdp.initial
        inequality = np.column_stack([gaps, np.full(len(gaps), -1.0)])
        ceiling = gaps @ expert.ravel()
        ranges = [(0.0, None)] * pairs + [(None, None)]
    elif isinstance(psi, BoundedCosts):
        bounds, lengths = psi.bounds(mdp.num_states, mdp.num_actions)
        objective = np.concatenate([np.full(pairs, psi.center), lengths, lengths])
        forces: Any = sparse.hstack([bounds.T, -bounds.T])
        embed: Any = sparse.eye_array(bounds.shape[1], pairs)
        equality = sparse.block_array([[flow, None], [-embed, forces]])
        right = np.concatenate([mdp.initial, -np.pad(expert.ravel(), (0, bounds.shape[1] - pairs))])
        ceiling, ranges = None, [(0.0, None)] * objective.size
    else:
        raise TypeError(f'{type(psi).__name__} has no linear program; use entropy_weight > 0 or method="conic"')
    result = linprog(
        objective,
        A_ub=inequality,
        b_ub=ceiling,
        A_eq=cast(Any, sparse.csc_array(equality)),
        b_eq=right,
        bounds=ranges,
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    policy = policy_of(np.maximum(result.x[:pairs], 0.0).reshape(expert.shape))
    if isinstance(psi, Simplex):
        return policy, psi.nearby(-np.asarray(result.ineqlin.marginals))
    multipliers = np.asarray(result.eqlin.marginals)[mdp.num_states :][:pairs]
    # HiGHS prices a unit of -rho_E; the constraint's right hand side is B^T f - rho = -rho_E.
    return policy, psi.center + multipliers.reshape(expert.shape)
