"""Occupancy matching as a CVXPY program: an independent check of the structured solvers.

    min  lambda sum rel_entr(rho(s,a), rho(s)) + psi*(rho - rho_E)   s.t.  flow rho = p0,  rho >= 0

where rel_entr(x, y) = x log(x/y), so that the first sum is -Hbar(rho), and psi* is the conic form that psi provides
(`ConicForm`). For `Constant` it is the constraint rho = rho_E, whose multipliers are a cost (Ho & Ermon 2016, section
3). For classes of costs, the multipliers of the constraint that a copy equals rho are a cost. Solved by Clarabel. No
code is shared with the structured solvers; the result is certified from the problem's data like every other.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import cvxpy as cp
import numpy as np

from gail.exact.imitation.dual_bound import with_dual_bound
from gail.exact.occupancy import policy_of
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import ConicForm, Constant, Repairable, needs_coverage, requires_equality, restricted
from gail.exact.solution import BackendFailed, Solution, Status, certify

TOLERANCE = 1e-5
"""Relative gap up to which the result is called optimal; Clarabel aims at 1e-8 in its own measure."""

FEASIBILITY = 1e-10
"""Clarabel's tolerance on the constraints where equality with the expert is one of them: at its default of 1e-8 the
occupancy measure may differ from the expert's by more than psi accepts as equal."""


def match_by_cvxpy(problem: Matching) -> Solution:
    """Solve a matching problem through CVXPY and Clarabel.

    Raises:
        TypeError: a psi without a conic form here.
        BackendFailed: Clarabel returned no point.
    """
    psi, mask = problem.psi, problem.mdp.reachable
    small_psi = restricted(psi, mask)
    if not isinstance(small_psi, ConicForm):
        raise TypeError(f"{type(psi).__name__} has no conic form: give it the method `conic` of regularizers.ConicForm")
    part = Reachable(problem.mdp)
    expert = part.restrict(problem.expert)
    rho = cp.Variable(expert.shape, nonneg=True)
    # psi* of a class of costs has no gradient: the multipliers of a copy of rho are the cost.
    matched = cp.Variable(expert.shape) if isinstance(psi, Repairable) else rho
    copied = [] if matched is rho else [matched == rho]
    objective, constraints = small_psi.conic(cp, matched, expert)
    if problem.entropy_weight > 0.0:
        state = cp.sum(rho, axis=1, keepdims=True) @ np.ones((1, expert.shape[1]))
        objective = objective + problem.entropy_weight * cp.sum(cp.rel_entr(rho, state))
    flow = part.mdp.flow_matrix @ cp.vec(rho, order="C") == part.mdp.initial
    settings = {"tol_feas": FEASIBILITY} if requires_equality(psi) else {}
    status = _solve(cp.Problem(cp.Minimize(objective), [flow, *copied, *constraints]), **settings)
    policy = part.extend(policy_of(np.maximum(rho.value, 0.0)), 1.0 / expert.shape[1])
    if problem.entropy_weight > 0.0 and needs_coverage(psi) and np.any(expert == 0.0):
        return replace(certify(problem, policy, None, None, tolerance=TOLERANCE), status=Status.DUAL_NOT_ATTAINED)
    cost: Array | None = None
    if isinstance(psi, Constant):
        cost = part.extend(constraints[0].dual_value, 0.0)
    elif isinstance(psi, Repairable):
        extend = getattr(psi, "extended", None)
        known = -copied[0].dual_value
        cost = psi.repaired(part.extend(known, 0.0) if extend is None else extend(known, mask))
    solution = with_dual_bound(problem, policy, cost, tolerance=TOLERANCE)
    return replace(solution, status=Status.BACKEND_INACCURATE) if status != cp.OPTIMAL else solution


def conjugate_by_cvxpy(psi: ConicForm, rho: Array, expert: Array) -> float:
    """psi*(rho - rho_E) by psi's conic form; +inf where its constraints are infeasible.

    Raises:
        BackendFailed: Clarabel returned no point, for another reason.
    """
    fixed = cp.Variable(rho.shape)
    objective, constraints = psi.conic(cp, fixed, expert)
    program = cp.Problem(cp.Minimize(objective), [fixed == rho, *constraints])
    try:
        _solve(program)
    except BackendFailed:
        if program.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
            return np.inf
        raise
    return float(program.value)


def _solve(program: cp.Problem, **settings: float) -> str:
    with warnings.catch_warnings():
        # CVXPY warns of reduced accuracy; the status says it, and the caller passes it on.
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        try:
            program.solve(solver=cp.CLARABEL, **settings)
        except cp.SolverError as error:
            raise BackendFailed(str(error)) from error
    if program.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise BackendFailed(f"Clarabel ended with status {program.status}")
    return str(program.status)
