"""Occupancy matching as a CVXPY program: the independent second opinion.

    min  lambda sum rel_entr(rho(s,a), rho(s)) + psi*(rho - rho_E)   s.t.  flow rho = p0,  rho >= 0

where rel_entr(x, y) = x log(x/y), so that the first sum is -Hbar(rho); for `Logistic` psi* is
sum rel_entr(rho, rho + rho_E) + rel_entr(rho_E, rho + rho_E), for `Constant` the constraint rho = rho_E,
whose multipliers are a cost (Ho & Ermon 2016, section 3). Exponential cones, solved by Clarabel. Nothing of
`matching`'s iteration is shared; the result is certified from the problem's data like every other.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import cvxpy as cp
import numpy as np

from gail.exact.mdp import Array
from gail.exact.occupancy import policy_of
from gail.exact.pricing import priced
from gail.exact.problems import Matching
from gail.exact.reachability import Reachable
from gail.exact.regularizers import Constant, Logistic
from gail.exact.solution import Solution, Status, certify

TOLERANCE = 1e-5
"""Relative gap up to which the result is called optimal; Clarabel aims at 1e-8 in its own measure."""


class BackendFailed(RuntimeError):
    """The conic solver returned no point; the message has its status."""


def match_by_cvxpy(problem: Matching) -> Solution:
    """Solve a matching problem through CVXPY and Clarabel.

    Raises:
        TypeError: a psi without a conic form here.
        BackendFailed: Clarabel returned no point.
    """
    part = Reachable(problem.mdp)
    expert = part.restrict(problem.expert)
    rho = cp.Variable(expert.shape, nonneg=True)
    objective, matched = _conjugate(problem, rho, expert)
    if problem.entropy_weight > 0.0:
        state = cp.sum(rho, axis=1, keepdims=True) @ np.ones((1, expert.shape[1]))
        objective = objective + problem.entropy_weight * cp.sum(cp.rel_entr(rho, state))
    flow = part.mdp.flow_matrix @ cp.vec(rho, order="C") == part.mdp.initial
    status = _solve(cp.Problem(cp.Minimize(objective), [flow, *matched]))
    policy = part.extend(policy_of(np.maximum(rho.value, 0.0)), 1.0 / expert.shape[1])
    if problem.entropy_weight > 0.0 and matched and np.any(expert == 0.0):
        return replace(certify(problem, policy, None, None, tolerance=TOLERANCE), status=Status.DUAL_NOT_ATTAINED)
    multipliers = part.extend(matched[0].dual_value, 0.0) if matched else None
    solution = priced(problem, policy, multipliers, tolerance=TOLERANCE)
    return replace(solution, status=Status.BACKEND_INACCURATE) if status != cp.OPTIMAL else solution


def _conjugate(problem: Matching, rho: cp.Variable, expert: Array) -> tuple[cp.Expression, list[cp.Constraint]]:
    """psi*(rho - rho_E) as an expression, and constraints that belong to it."""
    if isinstance(problem.psi, Constant):
        return cp.Constant(0.0), [rho == expert]
    if isinstance(problem.psi, Logistic):
        # Entries that the expert never visits contribute nothing; leaving them out spares the solver a flat
        # cone.
        seen = np.nonzero(expert > 0.0)
        both = rho[seen] + expert[seen]
        return cp.sum(cp.rel_entr(rho[seen], both)) + cp.sum(cp.rel_entr(expert[seen], both)), []
    raise TypeError(f"{type(problem.psi).__name__} has no conic form")


def _solve(program: cp.Problem) -> str:
    with warnings.catch_warnings():
        # CVXPY warns of reduced accuracy; the status says it, and the caller passes it on.
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        try:
            program.solve(solver=cp.CLARABEL)
        except cp.SolverError as error:
            raise BackendFailed(str(error)) from error
    if program.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise BackendFailed(f"Clarabel ended with status {program.status}")
    return str(program.status)
