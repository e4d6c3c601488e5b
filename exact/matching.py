"""Occupancy matching: the primal side of regularized imitation.

    min over rho in the flow polytope of   F(rho) = -lambda Hbar(rho) + psi*(rho - rho_E)

(Ho & Ermon 2016, Proposition 3.2 and Eq. 4; for `Logistic`, Eq. 15). Solved for separable smooth psi* and
lambda > 0 by Newton's method on the flow polytope. At a policy pi with occupancy rho and g = grad F = lambda
log pi + c, the direction d minimises the quadratic model <g, d> + <d, F'' d>/2 over flow d = 0. In the
relative variables d = rho * y and m(s) = sum_a d(s,a) / rho(s), with multipliers v,

    (lambda + e) y = lambda m + flow* v - g,     e = rho psi*'' >= 0,

so y is eliminated entry by entry and (m, v) solve a sparse symmetric system with the pattern of P P^T:

    [ lambda^2 E W E^T - lambda diag(rho(s))   lambda E W F^T ] [m]   [ lambda E W g ]
    [ lambda F W E^T                           F W F^T        ] [v] = [ F W g        ],   W = diag(rho /
    (lambda + e)),

E summing over actions and F the flow matrix. No division by an occupancy occurs. The step is taken in
log-policies, log pi + t (y - m), and the occupancy recomputed from the policy, so every iterate is positive
and satisfies the flow; F decreases by Armijo's rule. Because the flow constraints are linear, this keeps
Newton's quadratic convergence.

The certificate is a dual bound that knows nothing of the method: the cost of the conjugate's gradient, priced
by the soft Bellman equation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.special import logsumexp

from gail.exact.mdp import Array, FiniteMDP, Sparse
from gail.exact.occupancy import occupancy_of, policy_of, validate_occupancy
from gail.exact.pricing import priced
from gail.exact.problems import Matching, validate_entropy_weight
from gail.exact.reachability import Reachable
from gail.exact.regularizers import Constant, Regularizer, SmoothConjugate
from gail.exact.soft_planning import soft_optimum
from gail.exact.solution import Solution, Status, certify

TOLERANCE = 1e-10
"""Relative gap up to which a structured solution is called optimal."""

MAX_ITERATIONS = 100

SETTLED = 1e-14
"""Size of a step, in l1 relative to the total mass, after which another one would be rounding."""

SHIFT_SCALE = 1e-8
"""Weight of the largest change of a log-policy in the size of a step."""

ENDGAME = 1e-8
"""Size of a step below which convergence is quadratic, and one that fails to halve is rounding."""

LONGEST = 100.0
"""Largest change of a log-policy in one step; only pairs on their way to negligible probability meet it."""

VANISHING_ENTROPY = tuple(10.0**-k for k in range(12))
"""Entropy weights followed towards zero where lambda = 0, relative to the scale of the objective."""


def match_occupancy(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float = 1.0,
    method: Literal["structured", "conic"] = "structured",
) -> Solution:
    """The occupancy that matches the expert's under psi, with the cost that proves it optimal.

    `expert_occupancy` is (S, A). "structured" takes `Constant` and every psi with a smooth separable
    conjugate; "conic" states the problem in CVXPY. At states that no policy reaches, the policy is uniform
    and the cost zero. With `Constant` the solution is the expert; its cost exists only if the expert takes
    every action of every reachable state (or lambda = 0), and the status is DUAL_NOT_ATTAINED otherwise.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        ValueError: a negative entropy weight or an unknown method.
        TypeError: the method does not take this psi.
    """
    expert = validate_occupancy(mdp, expert_occupancy)
    problem = Matching(mdp, expert, psi, validate_entropy_weight(entropy_weight))
    if method == "conic":
        from gail.exact.conic import match_by_cvxpy  # importing CVXPY takes longer than most solves

        return match_by_cvxpy(problem)
    if method != "structured":
        raise ValueError(f'method must be "structured" or "conic", got {method!r}')
    if isinstance(psi, Constant):
        return matched_exactly(problem)
    if not isinstance(psi, SmoothConjugate):
        raise TypeError(f'{type(psi).__name__} has no smooth separable conjugate; use method="conic"')
    return _match_smoothly(problem, psi)


def matched_exactly(problem: Matching) -> Solution:
    """The solution under `Constant`: rho = rho_E, whose multipliers are the cost -lambda log pi_E."""
    expert, weight = problem.expert, problem.entropy_weight
    policy = policy_of(expert)
    part = Reachable(problem.mdp)
    if weight > 0.0 and np.any(part.restrict(expert) == 0.0):
        occupancy = occupancy_of(problem.mdp, policy)
        return Solution(problem, occupancy, policy, None, None, Status.DUAL_NOT_ATTAINED, ())
    # V = 0 solves the soft Bellman equation of this cost.
    cost = part.extend(-weight * np.log(part.restrict(policy)), 0.0) if weight > 0.0 else np.zeros_like(expert)
    return certify(problem, policy, cost, np.zeros(problem.mdp.num_states), tolerance=TOLERANCE)


def _match_smoothly(problem: Matching, psi: SmoothConjugate) -> Solution:
    part = Reachable(problem.mdp)
    small = Matching(part.mdp, part.restrict(problem.expert), psi, problem.entropy_weight)
    # The expert's policy, kept away from the boundary so that every action starts with some weight.
    start = 0.9 * policy_of(small.expert) + 0.1 / small.mdp.num_actions
    trace: list[float] = []
    if problem.entropy_weight > 0.0:
        policy = _newton(small, psi, np.log(start), trace)
        return priced(problem, part.extend(policy, 1.0 / policy.shape[1]), tolerance=TOLERANCE, trace=trace)
    exact = priced(problem, policy_of(problem.expert), tolerance=TOLERANCE)
    if exact.status is Status.OPTIMAL:  # always, unless policies can end episodes at different times
        return exact
    # The entropy as a barrier: its minimisers tend to a solution as its weight vanishes.
    scale = small.unit / float(small.expert.sum())
    for factor in VANISHING_ENTROPY:
        step = Matching(small.mdp, small.expert, psi, factor * scale)
        start = _newton(step, psi, np.log(np.maximum(start, 1e-300)), None)
        solution = priced(problem, part.extend(start, 1.0 / start.shape[1]), tolerance=TOLERANCE)
        trace.append(solution.gap)
        if solution.status is Status.OPTIMAL:
            break
    return certify(problem, solution.policy, solution.cost, solution.values, tolerance=TOLERANCE, trace=trace)


def _newton(problem: Matching, psi: SmoothConjugate, log_policy: Array, trace: list[float] | None) -> Array:
    """The minimising policy (S, A), all states reachable, lambda > 0."""
    mdp, weight = problem.mdp, problem.entropy_weight
    system = _NewtonSystem(mdp)
    point = _point(problem, log_policy)
    values: Array | None = None
    multipliers = np.zeros(mdp.num_states)
    last_size = np.inf
    for _ in range(MAX_ITERATIONS):
        _, cost = psi.conjugate(point.occupancy, problem.expert)
        if trace is not None:
            values = soft_optimum(mdp, cost, weight, values).values
            trace.append(point.value - problem.dual(cost, values))
        # The known multipliers are taken out of the gradient: what is left vanishes at the optimum, and with it
        # the rounding of the linear solve.
        gradient = weight * point.log_policy + cost - mdp.flow_adjoint(multipliers)
        elasticity = psi.conjugate_elasticity(point.occupancy, problem.expert)
        change, shift, correction = system.direction(point.occupancy, weight, elasticity, gradient)
        multipliers = multipliers + correction
        # Rare pairs count little in the occupancy, but their costs count in the certificate.
        size = float(abs(point.occupancy * change).sum() / point.occupancy.sum())
        size = max(size, SHIFT_SCALE * float(abs(shift).max()))
        slope = float(np.sum(gradient * point.occupancy * change))
        moved = _line_search(problem, point, np.clip(shift, -LONGEST, LONGEST), slope)
        if moved is None:
            break
        point = moved
        if size <= SETTLED or last_size <= 2 * size <= ENDGAME:
            break
        last_size = size
    return np.exp(point.log_policy)


@dataclass(frozen=True, eq=False)
class _Point:
    """A policy on the way: its logarithm, occupancy, and objective."""

    log_policy: Array
    occupancy: Array
    value: float


def _point(problem: Matching, log_policy: Array) -> _Point:
    log_policy = log_policy - logsumexp(log_policy, axis=1, keepdims=True)
    # Positive even where visits underflow: the Newton system must not meet an empty row.
    occupancy = np.maximum(occupancy_of(problem.mdp, np.exp(log_policy)), 1e-300)
    return _Point(log_policy, occupancy, problem.primal(occupancy))


def _line_search(problem: Matching, point: _Point, shift: Array, slope: float) -> _Point | None:
    """Backtrack along log pi + t * shift to sufficient decrease; None where rounding permits none."""
    slack = 1e-13 * max(abs(point.value), problem.unit)
    step = 1.0
    while step > 1e-10:
        trial = _point(problem, point.log_policy + step * shift)
        if trial.value <= point.value + 1e-4 * step * min(slope, 0.0) + slack:
            return trial
        step *= 0.5
    return None


class _NewtonSystem:
    """The sparse system of the module's opening; E and F are fixed, the weights W change."""

    def __init__(self, mdp: FiniteMDP) -> None:
        self._mdp = mdp
        states, actions = mdp.num_states, mdp.num_actions
        self._sum: Sparse = sparse.csr_array(sparse.kron(sparse.eye_array(states), np.ones((1, actions)), format="csr"))
        self._rows = sparse.csr_array(sparse.vstack([self._sum, mdp.flow_matrix]))

    def direction(
        self, occupancy: Array, weight: float, elasticity: Array, gradient: Array
    ) -> tuple[Array, Array, Array]:
        """Relative change y (S, A) of the occupancy, change y - m of the log-policy, multipliers v (S,)."""
        states = self._mdp.num_states
        metric = occupancy / (weight + elasticity)
        scaled = self._rows @ sparse.diags_array(metric.ravel())
        matrix = scaled @ self._rows.T
        # In (lambda m, v), scaled to unit visits and unit lambda: well balanced however small some of rho
        # are.
        balance = np.tile(np.sqrt(weight / occupancy.sum(axis=1)), 2)
        outer = sparse.diags_array(balance)
        ones = sparse.diags_array(np.repeat([1.0, 0.0], states))
        factors = splu(sparse.csc_array(outer @ matrix @ outer - ones))
        solved = balance * factors.solve(balance * (scaled @ gradient.ravel()))
        relative, multipliers = solved[:states, None] / weight, solved[states:]
        change = (weight * relative + self._mdp.flow_adjoint(multipliers) - gradient) / (weight + elasticity)
        return change, change - relative, multipliers
