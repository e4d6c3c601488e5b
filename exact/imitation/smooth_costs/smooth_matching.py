"""Matching under psi with a smooth separable conjugate.

For lambda > 0, `policy_newton` finds the policy. If it does not converge, which happens for small lambda, the solutions
for larger entropy weights are followed down to lambda. For lambda = 0 the expert is the solution, unless policies can
end episodes at different times. Then the entropy serves as a barrier: its minimisers tend to a solution as its weight
tends to zero. The certificate is a dual bound that does not depend on the method: the gradient of the conjugate is the
cost, or the cost for which the policy is soft-optimal if that bound is better, and the soft Bellman equation gives its
value (`dual_bound`).
"""

from __future__ import annotations

from typing import cast

import numpy as np

from gail.exact.imitation.dual_bound import with_dual_bound
from gail.exact.imitation.smooth_costs.policy_newton import ACCEPTED, Minimiser, minimiser
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.warm_start import everywhere_positive, falling_weights
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import SmoothConjugate, SmoothCosts, needs_coverage, restricted
from gail.exact.solution import Solution, Status, certify

TOLERANCE = 1e-10
"""Relative gap at which the search ends."""

EXPLORATION = (1e-1, 1e-2, 1e-3)
"""Shares of uniform actions in the policies to start from."""

NEGLIGIBLE = 1e-250
"""Occupancy that replaces zero where psi cannot be evaluated at zero."""

ENOUGH_ENTROPY = 10.0
"""First entropy weight of those that are followed down to lambda, relative to the expert's mean absolute cost."""

LOWERED = (0.1, 0.4)
"""Factors from one of these entropy weights to the next, tried in turn."""

POOR = 1e-5
"""Relative gap above which the smaller steps are tried; below it, rounding may be the reason."""

VANISHING_ENTROPY = tuple(10.0**-k for k in range(12))
"""Entropy weights followed towards zero where lambda = 0, relative to the scale of the objective."""


def match_smoothly(problem: Matching, psi: SmoothConjugate, earlier: Solution | None = None) -> Solution:
    """The solution under a psi with a smooth separable conjugate, by Newton's method."""
    part = Reachable(problem.mdp)
    expert = part.restrict(problem.expert)
    unseen = expert == 0.0 if needs_coverage(psi) else np.zeros(expert.shape, dtype=np.bool_)
    # psi* is infinite off the support; where the expert is negligible, it makes the learner negligible too.
    own = cast(SmoothConjugate, restricted(psi, part.mask))
    small = Matching(part.mdp, np.where(unseen, NEGLIGIBLE, expert), own, problem.entropy_weight)
    start = _start(small, None if earlier is None else part.restrict(earlier.policy))
    trace: list[float] = []
    if problem.entropy_weight > 0.0:
        found = _minimised(small, own, start, trace)
        policy = part.extend(policy_of(np.where(unseen, 0.0, found.policy)), 1.0 / start.shape[1])
        if unseen.any():
            occupancy = occupancy_of(problem.mdp, policy)
            return Solution(problem, occupancy, policy, None, None, Status.DUAL_NOT_ATTAINED, tuple(trace))
        solution = with_dual_bound(problem, policy, tolerance=ACCEPTED, trace=trace)
        if solution.status is Status.OPTIMAL or not isinstance(psi, SmoothCosts):
            return solution
        cost = _inside(psi, psi.conjugate(solution.occupancy, problem.expert)[1], part, found.cost)
        other = with_dual_bound(problem, policy, cost, tolerance=ACCEPTED, trace=trace)
        return min(solution, other, key=lambda one: abs(one.relative_gap))
    best = with_dual_bound(problem, policy_of(problem.expert), tolerance=ACCEPTED)
    if best.status is Status.OPTIMAL:  # always, unless policies can end episodes at different times
        return best
    # The entropy as a barrier: its minimisers tend to a solution as its weight vanishes.
    scale = small.unit / float(small.expert.sum())
    for factor in VANISHING_ENTROPY:
        step = Matching(small.mdp, small.expert, own, factor * scale)
        start = minimiser(step, own, np.log(np.maximum(start, 1e-300)), None).policy
        policy = part.extend(policy_of(np.where(unseen, 0.0, start)), 1.0 / start.shape[1])
        solution = with_dual_bound(problem, policy, _deterring(problem, policy), tolerance=TOLERANCE)
        trace.append(solution.gap)
        best = min(best, solution, key=lambda one: abs(one.relative_gap))
        if solution.status is Status.OPTIMAL:
            break
    return certify(problem, best.policy, best.cost, best.values, best.relative_values, tolerance=ACCEPTED, trace=trace)


def _minimised(problem: Matching, psi: SmoothConjugate, start: Array, trace: list[float]) -> Minimiser:
    """The minimiser from a policy (S, A), directly, or along the solutions for larger entropy weights."""
    found = minimiser(problem, psi, np.log(start), trace)
    if found.gap <= ACCEPTED:
        return found
    response = psi.conjugate(occupancy_of(problem.mdp, start), problem.expert)[1]
    paid = float(np.sum(problem.expert * abs(response))) / float(problem.expert.sum())
    for factor in LOWERED:
        policy = start
        for weight in falling_weights(ENOUGH_ENTROPY * paid, problem.entropy_weight, factor)[:-1]:
            stage = Matching(problem.mdp, problem.expert, psi, weight)
            policy = minimiser(stage, psi, np.log(np.maximum(policy, 1e-300)), []).policy
        followed = minimiser(problem, psi, np.log(np.maximum(policy, 1e-300)), trace)
        found = min(found, followed, key=lambda one: one.gap)
        if found.gap <= POOR:
            break
    return found


def _inside(psi: SmoothCosts, response: Array, part: Reachable, cost: Array) -> Array:
    """A cost on the reachable states moved into psi's domain, and the best response (S, A) elsewhere."""
    wanted = part.extend(cost, 0.0)
    usable = np.isfinite(response) & part.mask[:, None]
    return np.where(
        usable, psi.move(np.where(usable, response, -1.0), np.where(usable, wanted - response, 0.0)), response
    )


def _deterring(problem: Matching, policy: Array) -> Array | None:
    """The best response, with large enough costs at pairs where any sufficiently large cost is optimal; None if there
    are none.

    For lambda = 0, any sufficiently large cost is optimal off the expert's support, where psi* is infinite there.
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

    A given start (S, A) is one more candidate.
    """
    policy, actions = policy_of(problem.expert), problem.mdp.num_actions
    blends = [(1.0 - share) * policy + share / actions for share in EXPLORATION]
    if suggested is not None:
        blends.append(everywhere_positive(suggested))
    return min(blends, key=lambda blend: problem.primal(occupancy_of(problem.mdp, blend)))
