"""The gap of an answer in extended precision, by arithmetic that shares no code with the solvers.

Dense elimination with pivots and policy iteration in `numpy.longdouble`, and psi and psi* from their formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from instances import Instance
from scipy.special import wrightomega

from gail.exact import FiniteMDP

Long: Any = np.longdouble
TINY = np.finfo(np.longdouble).tiny


def judged(one: Instance, found: Any) -> float:
    """The answer's gap in extended precision, over its own objective and the problem's unit; nan without a cost."""
    if found.cost is None:
        return float("nan")
    policy = np.asarray(found.policy, Long)
    policy = policy / policy.sum(axis=1, keepdims=True)
    cost, expert = np.asarray(found.cost, Long), np.asarray(found.problem.expert, Long)
    transitions = np.asarray(one.mdp.transitions.toarray(), Long).reshape(*policy.shape, policy.shape[0])
    sums = transitions.sum(axis=2, keepdims=True)  # rows that sum to one up to rounding are meant to sum to one
    transitions = np.where(abs(sums - 1) < 1e-12, transitions / np.where(sums > 0, sums, 1), transitions)
    discount, weight, start = Long(one.mdp.discount), Long(one.weight), np.asarray(one.mdp.initial, Long)
    reachable = np.asarray(one.mdp.reachable)

    def chain(pi: Any) -> Any:
        return np.eye(len(start), dtype=Long) - discount * np.einsum("sa,sat->st", pi, transitions)

    visits = np.maximum(_solve(chain(policy).T.copy(), start), 0)
    rho = visits[:, None] * policy
    primal = _star(one.psi, rho, expert, cost)
    log_policy = np.log(np.where(policy > 0, policy, 1))
    primal = primal + weight * np.sum(rho * log_policy)
    values, best = np.asarray(found.values, Long), -Long(np.inf)
    for _ in range(40):
        action_values = cost + discount * transitions @ values
        least = action_values.min(axis=1)
        total = np.exp(-(action_values - least[:, None]) / weight)
        backup = least - weight * np.log(total.sum(axis=1))
        reach = np.max(np.where(reachable, values - backup, 0), initial=Long(0))
        bound = start @ values - reach * _lifetime(one.mdp, start, transitions, discount)
        if bound <= best:
            break
        best = bound
        greedy = total / total.sum(axis=1, keepdims=True)
        spent = greedy * (cost + weight * np.log(np.maximum(greedy, TINY)))
        values = _solve(chain(greedy), spent.sum(axis=1))
    dual = best - _psi(one.psi, cost, expert, found.cost, found.problem.expert) - np.sum(expert * cost)
    unit = max(abs(primal), abs(dual) if np.isfinite(dual) else 0, Long(found.problem.unit))
    return float((primal - dual) / unit)


def _lifetime(mdp: FiniteMDP, start: Any, transitions: Any, discount: Any) -> Any:
    """An upper bound on the expected discounted length of an episode under every policy."""
    return start @ np.asarray(mdp.lifetime, Long) * (1 + Long(1e-12))


def _solve(matrix: Any, right: Any) -> Any:
    """Gaussian elimination with row pivots, in extended precision."""
    matrix, right = matrix.copy(), right.copy()
    for k in range(len(right)):
        pivot = k + int(abs(matrix[k:, k]).argmax())
        matrix[[k, pivot]], right[[k, pivot]] = matrix[[pivot, k]], right[[pivot, k]]
        factors = matrix[k + 1 :, k] / matrix[k, k]
        rows = np.flatnonzero(factors) + k + 1
        matrix[rows, k:] -= factors[rows - k - 1, None] * matrix[k, k:]
        right[rows] -= factors[rows - k - 1] * right[k]
    for k in range(len(right) - 1, -1, -1):
        right[k] = (right[k] - matrix[k, k + 1 :] @ right[k + 1 :]) / matrix[k, k]
    return right


def _entr(x: Any, y: Any) -> Any:
    """x log(x / y), with 0 log 0 = 0."""
    safe = (x > 0) & (y > 0)
    return np.where(safe, x * np.log(np.where(safe, x, 1) / np.where(safe, y, 1)), np.where(x > 0, Long(np.inf), 0))


def _star(psi: Any, rho: Any, expert: Any, cost: Any) -> Any:
    """psi*(rho - rho_E)."""
    gap, name = rho - expert, type(psi).__name__
    if name in ("Constant", "LinearSpan"):  # equality up to the tolerance of psi; its own value otherwise
        return Long(psi.conjugate(np.asarray(rho, float), np.asarray(expert, float))[0])
    if name in ("L2Ball", "Simplex"):
        moved = np.einsum("sak,sa->k", np.asarray(psi.features, Long), gap)
        return np.sqrt(np.sum(moved**2)) if name == "L2Ball" else moved.max()
    if name == "Lipschitz":
        return Long(psi.conjugate(np.asarray(rho, float), np.asarray(expert, float))[0])
    both = rho + expert
    safe = np.where(both > 0, both, 1)
    entries = {
        "Quadratic": lambda: gap**2 / (2 * Long(getattr(psi, "weight", 1.0))),
        "LInfBall": lambda: abs(gap),
        "Hinge": lambda: -2 * np.minimum(rho, expert),
        "Logistic": lambda: _entr(rho, both) + _entr(expert, both),
        "Exponential": lambda: -2 * np.sqrt(rho * expert),
        "TruncatedQuadratic": lambda: -4 * rho * expert / safe,
        "Jeffreys": lambda: _entr(rho, expert) + _entr(expert, rho) - both,
        "ReverseKL": lambda: _entr(rho, expert),
        "ForwardKL": lambda: _entr(expert, rho),
    }
    return np.sum(entries[name]())


def _psi(psi: Any, cost: Any, expert: Any, cost_float: Any, expert_float: Any) -> Any:
    """psi(c) for a cost in psi's domain; the library's own verdict on whether it is."""
    own = psi.value(cost_float, expert_float)
    if not np.isfinite(own):
        return Long(own)
    seen = expert > 0
    x, name = np.where(seen, cost, -1), type(psi).__name__
    if name == "Jeffreys":  # sup over t of (t - 1) x - f(t), at t = 1 / W(e^-x): Newton's steps from double precision
        u = np.asarray(wrightomega(-np.asarray(x, float)), Long)
        u = np.maximum(u, TINY)
        for _ in range(3):
            u = u * (1 - x - np.log(u)) / (1 + u)
        penalty = u + 1 / u
    else:
        penalty = {
            "Logistic": lambda: -x - np.log(-np.expm1(x)),
            "Exponential": lambda: -x - 1 / x,
            "TruncatedQuadratic": lambda: 4 - 2 * x - 4 * np.sqrt(-x),
            "Hinge": lambda: 2 + 0 * x,
            "ReverseKL": lambda: np.exp(x - 1) - x,
            "ForwardKL": lambda: -1 - np.log(-x) - x,
        }.get(name, lambda: None)()
    if penalty is not None:
        return np.sum(np.where(seen, expert * penalty, 0))
    return Long(psi.weight) / 2 * np.sum(cost**2) if name == "Quadratic" else Long(0)
