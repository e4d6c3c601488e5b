"""Learners with the expert's total mass, for costs that are determined up to a constant.

Where psi allows c + k with c, for every constant k, psi*(rho - rho_E) is +inf unless rho has the mass of rho_E. Where
episodes end, this is a constraint with multiplier k. If no policy has less mass than the expert, or none has more, then
only policies of this extreme mass satisfy the constraint, and the dual tends to its supremum as k tends to
infinity. Planning with a cost of one, or minus one, per step finds the actions of these policies.
"""

from __future__ import annotations

import numpy as np

from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.bellman import action_values
from gail.exact.planning.rl import solve_rl
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array

EQUAL = 1e-11
"""Difference of masses, relative to the expert's, up to which they count as equal."""

TIED = 1e-9
"""Difference of action values, relative to the largest, up to which both actions count as optimal."""

MAX_DOUBLINGS = 40


def with_equal_mass(problem: Matching, policy: Array, cost: Array) -> tuple[Array, Array]:
    """A policy (S, A) with the expert's mass and a cost (S, A), both at least as good as those given.

    All states are reachable, lambda > 0, and psi allows a cost together with all that differ from it by a constant.
    """
    mass, wanted = float(occupancy_of(problem.mdp, policy).sum()), float(problem.expert.sum())
    if abs(mass - wanted) <= EQUAL * wanted:
        return policy, cost
    per_step = np.full_like(cost, np.sign(mass - wanted))
    return _moved_to(problem, policy, per_step), _raised(problem, cost, per_step)


def _moved_to(problem: Matching, policy: Array, per_step: Array) -> Array:
    """The policy moved towards the same policy without the actions that increase the cost per step; the expert's if
    better."""
    mdp, wanted = problem.mdp, float(problem.expert.sum())
    solution = solve_rl(mdp, per_step, entropy_weight=0.0)
    assert solution.values is not None
    loss = action_values(mdp, per_step, solution.values) - solution.values[:, None]
    kept = np.where(loss <= TIED * float(abs(solution.values).max()), policy, 0.0)
    kept = np.where(kept.sum(axis=1, keepdims=True) > 0.0, kept, solution.policy)
    here, extreme = occupancy_of(mdp, policy), occupancy_of(mdp, policy_of(kept))
    distance = float(here.sum() - extreme.sum())
    share = np.clip((float(here.sum()) - wanted) / distance, 0.0, 1.0) if distance != 0.0 else 1.0
    choices = (policy_of((1.0 - share) * here + share * extreme), policy_of(problem.expert))
    return min(choices, key=lambda choice: problem.primal(occupancy_of(mdp, choice)))


def _raised(problem: Matching, cost: Array, per_step: Array) -> Array:
    """The cost plus a constant per step, a power of two times lambda, with the best dual bound."""
    best, most, values = cost, -np.inf, None
    for doubling in range(MAX_DOUBLINGS):
        raised = cost if doubling == 0 else cost + 2.0**doubling * problem.entropy_weight * per_step
        values = soft_optimum(problem.mdp, raised, problem.entropy_weight, values).relative
        bound = problem.dual(raised, values)
        if bound > most:
            best, most = raised, bound
        elif doubling > 1:
            break
    return best
