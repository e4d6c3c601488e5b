"""Occupancy matching: the primal side of regularized imitation.

    min over rho in the flow polytope of   F(rho) = -lambda Hbar(rho) + psi*(rho - rho_E)

(Ho & Ermon 2016, Proposition 3.2 and Eq. 4; for `Logistic`, Eq. 15). Solved for separable smooth psi* and
lambda > 0 by Newton's method on the flow polytope. At a policy pi with occupancy rho and g = grad F = lambda
log pi + c, the direction d minimises the quadratic model <g, d> + <d, F'' d>/2 over flow d = 0. In the
relative variables d = rho * y and m(s) = sum_a d(s,a) / rho(s), with multipliers v,

    (lambda + e) y = lambda m + flow* v - g,     e = rho psi*'' >= 0,

so y is eliminated entry by entry and (m, v) solve a sparse symmetric system, which is `newton_system`'s. No
division by an occupancy occurs. The step is taken in policies, and the occupancy recomputed from them, so every
iterate is positive and satisfies the flow. To first order log pi moves by t (y - m). Of two curves that begin so, F
chooses: log pi + t (y - m) itself, which suits the entropy; and, where psi* bends F more, occupancies in proportion,
log pi + log(1 + t y) - log(1 + t m), mixed as e to lambda. F decreases by Armijo's rule; because the flow constraints
are linear, both keep Newton's quadratic convergence.

The certificate is a dual bound that knows nothing of the method: the cost of the conjugate's gradient, priced
by the soft Bellman equation. F does not feel pairs that learner and expert hardly visit: once it has settled to
rounding the search ends, whatever still moves there, and `pricing` chooses their costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from gail.exact.admission import admitted
from gail.exact.cost_classes import match_cost_class
from gail.exact.mdp import Array, FiniteMDP
from gail.exact.newton_system import NewtonSystem
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.pricing import priced
from gail.exact.problems import Matching
from gail.exact.reachability import Reachable
from gail.exact.regularizers import (
    BoundedCosts,
    Constant,
    LinearCosts,
    Regularizer,
    SmoothConjugate,
    needs_coverage,
)
from gail.exact.soft_planning import soft_optimum
from gail.exact.solution import Solution, Status, certify
from gail.exact.warm_start import everywhere_positive, validate_start

TOLERANCE = 1e-10
"""Relative gap at which the search ends."""

ACCEPTED = 1e-8
"""Relative gap up to which its result is called optimal: where costs are large, rounding leaves more than 1e-10."""

MAX_ITERATIONS = 200

SETTLED = 1e-14
"""Size of a step, in l1 relative to the total mass, after which another one would be rounding."""

SHIFT_SCALE = 1e-8
"""Weight of the largest change of a log-policy in the size of a step."""

ENDGAME = 1e-8
"""Size of a step below which convergence is quadratic, and one that fails to halve is rounding."""

PROVEN = 1e-12
"""Certified relative gap after which one more step, which squares the distance, is the last."""

MAX_STALLS = 4
"""Iterations in a row that may fail to halve the least certified gap, once that is accepted."""

SUFFICIENT = 1e-4
"""Share of the decrease promised by the gradient that a step must bring."""

ROUNDING = 1e-13
"""Decrease of the objective, relative to it, that its values do not resolve."""

MAX_UNFELT = 8
"""Steps in a row that may promise no more than that, and leave the certified gap where it is."""

PROGRESS = 0.9
"""Factor by which one step lowers the certified gap where it does not leave it."""

TO_THE_BOUNDARY = 0.99
"""Share of an occupancy that one step may take away."""

EXPLORATION = (1e-1, 1e-2, 1e-3)
"""Shares of uniform actions in the policies to start from."""

NEGLIGIBLE = 1e-250
"""Occupancy that stands for none where psi cannot be evaluated there."""

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
    *,
    start: Solution | None = None,
) -> Solution:
    """The occupancy that matches the expert's under psi, with the cost that proves it optimal.

    `expert_occupancy` is (S, A). "structured" takes every psi of the library, and any other that offers one of
    the protocols of `regularizers`; "conic" states the problem in CVXPY. At states that no policy reaches, the
    policy is uniform and the cost arbitrary (zero, unless psi needs another). With `Constant` the solution is the
    expert; its cost exists only if the expert takes every action of every reachable state (or lambda = 0), and
    the status is DUAL_NOT_ATTAINED otherwise. The same holds for psi whose conjugate is infinite off the expert's
    support: the solution stays on it. `start` is the solution of a nearby problem to begin from (see `warm_start`).

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the method would need more than is available.
        ValueError: a negative entropy weight, an unknown method, or a start for another size.
        TypeError: the method does not take this psi, psi is a class, or the start is not a Solution.
    """
    earlier = validate_start(mdp, start)
    problem = admitted(mdp, expert_occupancy, psi, entropy_weight, "matching", conic=method == "conic")
    if method == "conic":
        from gail.exact.conic import match_by_cvxpy  # importing CVXPY takes longer than most solves

        return match_by_cvxpy(problem)
    if method != "structured":
        raise ValueError(f'method must be "structured" or "conic", got {method!r}')
    if isinstance(psi, Constant):
        return matched_exactly(problem)
    if isinstance(psi, SmoothConjugate):
        return match_smoothly(problem, psi, earlier)
    if isinstance(psi, LinearCosts | BoundedCosts):
        return match_cost_class(problem, psi, earlier)
    raise TypeError(
        f"{type(psi).__name__} has no smooth separable conjugate, no linear costs and no bounded costs (see "
        'regularizers.protocols); if it has a conic form, use method="conic"'
    )


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


def match_smoothly(problem: Matching, psi: SmoothConjugate, earlier: Solution | None = None) -> Solution:
    """The solution under a psi with a smooth separable conjugate, by Newton's method."""
    part = Reachable(problem.mdp)
    expert = part.restrict(problem.expert)
    unseen = expert == 0.0 if needs_coverage(psi) else np.zeros(expert.shape, dtype=np.bool_)
    # Off the support psi* is infinite; next to a negligible expert it makes the learner negligible.
    small = Matching(part.mdp, np.where(unseen, NEGLIGIBLE, expert), psi, problem.entropy_weight)
    start = _start(small, None if earlier is None else part.restrict(earlier.policy))
    trace: list[float] = []
    if problem.entropy_weight > 0.0:
        policy = _newton(small, psi, np.log(start), trace)
        if unseen.any():
            policy = part.extend(policy_of(np.where(unseen, 0.0, policy)), 1.0 / policy.shape[1])
            occupancy = occupancy_of(problem.mdp, policy)
            return Solution(problem, occupancy, policy, None, None, Status.DUAL_NOT_ATTAINED, tuple(trace))
        return priced(problem, part.extend(policy, 1.0 / policy.shape[1]), tolerance=ACCEPTED, trace=trace)
    best = priced(problem, policy_of(problem.expert), tolerance=ACCEPTED)
    if best.status is Status.OPTIMAL:  # always, unless policies can end episodes at different times
        return best
    # The entropy as a barrier: its minimisers tend to a solution as its weight vanishes.
    scale = small.unit / float(small.expert.sum())
    for factor in VANISHING_ENTROPY:
        step = Matching(small.mdp, small.expert, psi, factor * scale)
        start = _newton(step, psi, np.log(np.maximum(start, 1e-300)), None)
        policy = part.extend(policy_of(np.where(unseen, 0.0, start)), 1.0 / start.shape[1])
        solution = priced(problem, policy, _deterring(problem, policy), tolerance=TOLERANCE)
        trace.append(solution.gap)
        best = min(best, solution, key=lambda one: abs(one.relative_gap))
        if solution.status is Status.OPTIMAL:
            break
    return certify(problem, best.policy, best.cost, best.values, tolerance=ACCEPTED, trace=trace)


def _deterring(problem: Matching, policy: Array) -> Array | None:
    """The best response, with the costs that may be as large as they like large enough; None if there are none.

    Off the support of an expert that must be covered any sufficiently large cost is optimal, for lambda = 0.
    """
    if not needs_coverage(problem.psi):
        return None
    seen = problem.expert > 0.0
    rho = np.where(seen, np.maximum(occupancy_of(problem.mdp, policy), 1e-300), 0.0)
    cost = problem.psi.conjugate(rho, problem.expert)[1]
    largest = float(abs(cost[seen]).max())
    return np.where(seen, cost, 2.0 * largest * (1.0 + float(problem.mdp.lifetime.max())))


def _start(problem: Matching, suggested: Array | None) -> Array:
    """The best of the expert's policies with some share of uniform actions, so that every action has some weight.

    A suggested policy (S, A) is one candidate more.
    """
    policy, actions = policy_of(problem.expert), problem.mdp.num_actions
    blends = [(1.0 - share) * policy + share / actions for share in EXPLORATION]
    if suggested is not None:
        blends.append(everywhere_positive(suggested))
    return min(blends, key=lambda blend: problem.primal(occupancy_of(problem.mdp, blend)))


def _newton(problem: Matching, psi: SmoothConjugate, log_policy: Array, trace: list[float] | None) -> Array:
    """The minimising policy (S, A), all states reachable, lambda > 0."""
    mdp, weight = problem.mdp, problem.entropy_weight
    system = NewtonSystem(mdp)
    point = _point(problem, log_policy)
    values: Array | None = None
    multipliers = np.zeros(mdp.num_states)
    last_size, unfelt = np.inf, 0
    best, least, stalls = point, np.inf, 0
    for _ in range(MAX_ITERATIONS):
        _, cost = psi.conjugate(point.occupancy, problem.expert)
        if trace is not None:
            values = soft_optimum(mdp, cost, weight, values).values
            trace.append(point.value - problem.dual(cost, values))
            stalls = 0 if trace[-1] < 0.5 * least else stalls + 1
            if trace[-1] < least:
                best, least = point, trace[-1]
            if stalls >= MAX_STALLS and least <= ACCEPTED * max(abs(point.value), problem.unit):
                break  # only pairs of negligible probability still move
        proven = trace is not None and trace[-1] <= PROVEN * max(abs(point.value), problem.unit)
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
        moved = _line_search(problem, point, _Step(change, shift, elasticity / (weight + elasticity)), slope)
        if moved is None:
            break
        falling = trace is not None and trace[-1] < PROGRESS * trace[max(len(trace) - 2, 0)]
        felt = abs(slope) > ROUNDING * max(abs(point.value), problem.unit)
        unfelt = 0 if felt or falling else unfelt + 1
        point = moved
        settled = size <= SETTLED or last_size <= 2 * size <= ENDGAME or unfelt >= MAX_UNFELT
        if proven or (settled and not falling):
            break
        last_size = size
    # F falls with every step but the certified gap need not: an earlier point is better only if it is proven.
    accepted = least <= ACCEPTED * max(abs(best.value), problem.unit)
    return np.exp((best if stalls and accepted else point).log_policy)


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


@dataclass(frozen=True, eq=False)
class _Step:
    """A Newton step (S, A): relative change y of the occupancy, change y - m of the log-policy, psi's share in F''."""

    change: Array
    shift: Array
    share: Array

    def shifted(self, log_policy: Array, length: float) -> Array:
        """The log-policy, not normalised, after a share of the step, taken in log-policies."""
        moved: Array = log_policy + length * np.clip(self.shift, -LONGEST, LONGEST)
        return moved

    def scaled(self, log_policy: Array, length: float) -> Array:
        """The same, taken in occupancies as far as psi* bends F there."""
        relative, of_state = length * self.change, length * (self.change - self.shift)
        scaled = np.log1p(np.maximum(relative, -TO_THE_BOUNDARY)) - np.log1p(np.maximum(of_state, -TO_THE_BOUNDARY))
        moved: Array = (1.0 - self.share) * self.shifted(log_policy, length) + self.share * (log_policy + scaled)
        return moved


def _line_search(problem: Matching, point: _Point, direction: _Step, slope: float) -> _Point | None:
    """Backtrack along a step to sufficient decrease; None where rounding permits none."""
    slack = ROUNDING * max(abs(point.value), problem.unit)
    step = 1.0
    while step > 1e-10:
        trials = [_point(problem, move(point.log_policy, step)) for move in (direction.shifted, direction.scaled)]
        trial = min(trials, key=lambda trial: trial.value)
        if trial.value <= point.value + SUFFICIENT * step * min(slope, 0.0) + slack:
            return trial
        step *= 0.5
    return None
