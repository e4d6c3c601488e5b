"""Occupancy matching: the primal side of regularized imitation.

    min over rho in the flow polytope of   -lambda Hbar(rho) + psi*(rho - rho_E)

(Ho & Ermon 2016, Proposition 3.2 and Eq. 4; for `Logistic`, Eq. 15). psi decides the method: for `Constant` the
solution is known, `smooth_matching` solves smooth separable conjugates, `cost_classes` classes of costs. `conic` is an
independent check.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.cost_classes import match_cost_class
from gail.exact.imitation.problem_checks import checked_matching
from gail.exact.imitation.smooth_costs.smooth_matching import match_smoothly
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.warm_start import validate_start
from gail.exact.problems import Matching
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import BoundedCosts, Constant, LinearCosts, Regularizer, SmoothConjugate
from gail.exact.solution import Solution, Status, certify

TOLERANCE = 1e-10
"""Relative gap up to which the known solution is called optimal."""


def match_occupancy(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float = 1.0,
    method: Literal["structured", "conic"] = "structured",
    *,
    start: Solution | None = None,
) -> Solution:
    """The occupancy measure that matches the expert's under psi, with the cost that certifies it.

    `expert_occupancy` is (S, A). "structured" takes every psi of the library, and any other that implements one of the
    protocols of `gail.exact.regularizers`; "conic" states the problem in CVXPY. At states that no policy reaches, the
    policy is uniform and the cost arbitrary (zero, unless psi needs another). With `Constant` the solution is the
    expert; its cost exists only if the expert takes every action of every reachable state (or lambda = 0), and the
    status is DUAL_NOT_ATTAINED otherwise. The same holds for psi whose conjugate is infinite off the expert's
    support: the solution stays on it. `start` is the solution of a nearby problem to begin from (see `warm_start`).

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the method would need more than is available.
        ValueError: a negative entropy weight, an unknown method, or a start for another size.
        TypeError: the method does not take this psi, psi is a Python class, or the start is not a Solution.
    """
    validate_process(mdp)
    earlier = validate_start(mdp, start)
    problem = checked_matching(mdp, expert_occupancy, psi, entropy_weight, "matching", conic=method == "conic")
    if method == "conic":
        from gail.exact.imitation.conic import match_by_cvxpy  # importing CVXPY takes longer than most solves

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
