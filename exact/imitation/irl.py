"""Inverse reinforcement learning: the concave dual over costs.

    IRL_psi(pi_E) = argmax_c  -psi(c) + V_lambda(c) - <rho_E, c>,
    V_lambda(c) = min_rho  -lambda Hbar(rho) + <rho, c>

(Ho & Ermon 2016, Eq. 1), ascended in the space of costs. With rho_c the soft-optimal occupancy of c, the
gradient is rho_c - rho_E - psi'(c). The second derivative of V_lambda follows from the advantage: let pi be
soft-optimal for c, and for a change d of the cost let

    (G d)(s,a) = d(s,a) + gamma E[w(s') | s,a] - w(s),      w = (I - gamma P_pi)^-1 sum_a pi d;

then log pi changes by -G d / lambda and V_lambda'' = -G^T diag(rho_c) G / lambda. V_lambda is constant along potential
shaping. psi decides the method: `smooth_costs.cost_newton` for smooth psi, `cost_classes` for classes of costs.

Cost entries without influence (at unreachable states), and entries whose optimal value psi gives, are not changed.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.cost_classes import match_cost_class
from gail.exact.imitation.matching import matched_exactly
from gail.exact.imitation.problem_checks import checked_matching
from gail.exact.imitation.smooth_costs.cost_newton import maximising_cost
from gail.exact.imitation.smooth_costs.smooth_matching import match_smoothly
from gail.exact.planning.warm_start import validate_start
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import (
    BoundedCosts,
    LinearCosts,
    Regularizer,
    SmoothConjugate,
    SmoothCosts,
    needs_coverage,
    restricted,
)
from gail.exact.solution import Solution, Status, certify

TOLERANCE = 1e-8
"""Relative gap up to which the ascent's result is called optimal."""


def solve_irl(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float = 1.0,
    *,
    start: Solution | None = None,
) -> Solution:
    """An optimal cost of IRL_psi for the expert, with its soft-optimal policy RL(IRL_psi(pi_E)).

    `expert_occupancy` is (S, A); the entropy weight must be positive, else V_lambda has no gradient. The
    trace is the dual's distance to the best primal value known at each iteration. For `Constant`, when the
    expert never takes some action of a reachable state, no optimal cost exists: the status is
    DUAL_NOT_ATTAINED, the cost is None, and the occupancy measure is the expert's, which solves the primal side. The
    same holds for psi whose conjugate is infinite off the expert's support. For classes of costs see `cost_classes`.
    `start` is the solution of a nearby problem to begin from (`gail.exact.planning.warm_start`).

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the search would need more than is available.
        ValueError: the entropy weight is not positive and finite, or the start is for another size.
        TypeError: psi is neither smooth in the cost nor a class of costs solved here, or is a Python class; or the
            start is not a Solution.
    """
    validate_process(mdp)
    earlier = validate_start(mdp, start)
    problem = checked_matching(
        mdp, expert_occupancy, psi, entropy_weight, "inverse reinforcement learning", conic=False
    )
    if problem.entropy_weight == 0.0:
        raise ValueError("inverse reinforcement learning by ascent needs entropy_weight > 0; see match_occupancy")
    if not isinstance(psi, SmoothCosts):
        if isinstance(psi, LinearCosts | BoundedCosts):
            return match_cost_class(problem, psi, earlier)
        raise TypeError(
            f"{type(psi).__name__} is not smooth in the cost, and has neither linear nor bounded costs (see "
            "regularizers.protocols); match_occupancy solves the same problem from the other side"
        )
    part = Reachable(mdp)
    own = cast(SmoothCosts, restricted(psi, part.mask))
    small = Matching(part.mdp, part.restrict(problem.expert), own, problem.entropy_weight)
    if needs_coverage(psi) and np.any(small.expert == 0.0):
        if isinstance(psi, SmoothConjugate):
            return match_smoothly(problem, psi, earlier)
        return matched_exactly(problem)
    suggested = None if earlier is None or earlier.cost is None else part.restrict(earlier.cost)
    solution = _solved(problem, small, own, part, suggested)
    if suggested is not None and solution.status is not Status.OPTIMAL:
        return _solved(problem, small, own, part, None)
    return solution


def _solved(problem: Matching, small: Matching, psi: SmoothCosts, part: Reachable, suggested: Array | None) -> Solution:
    trace: list[float] = []
    optimum = (point := maximising_cost(small, psi, suggested, trace)).optimum
    return certify(
        problem,
        part.extend(optimum.policy, 1.0 / problem.mdp.num_actions),
        part.extend(point.cost, 0.0),
        part.extend(optimum.values, 0.0),
        part.extend(optimum.relative, 0.0),
        tolerance=TOLERANCE,
        trace=trace,
    )
