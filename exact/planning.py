"""RL(c): the optimal policy of a known cost, with its proof.

    RL(c) = argmin_pi -lambda H(pi) + E_pi[c]            (Ho & Ermon 2016, Eq. 2)

For lambda = 0 policy iteration (Howard 1960; Puterman 1994, section 6.4): evaluate exactly by a sparse
factorization, then take an improving action where one exists. For lambda > 0 see `soft_planning`; for the
linear program over occupancy measures, which solves the same problem by a different route, see
`linear_program`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.bellman import action_values, certified_value
from gail.exact.chain import Chain
from gail.exact.mdp import Array, FiniteMDP, validate_cost
from gail.exact.problems import Planning, validate_entropy_weight
from gail.exact.soft_planning import soft_optimum
from gail.exact.solution import Solution, certify

TOLERANCE = 1e-9
"""Relative gap up to which planning calls its result optimal."""

MAX_ITERATIONS = 1000

TIE = 64 * float(np.finfo(np.float64).eps)
"""Relative advantage below which two actions are tied, so that rounding cannot make policies alternate."""


def solve_rl(mdp: FiniteMDP, cost: ArrayLike, entropy_weight: float = 0.0) -> Solution:
    """An optimal policy of a cost (S, A), at all states, reachable or not.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        ValueError: the entropy weight is negative or not finite.
    """
    problem = Planning(mdp, validate_cost(mdp, cost), validate_entropy_weight(entropy_weight))
    trace: list[float] = []
    if problem.entropy_weight > 0.0:
        optimum = soft_optimum(mdp, problem.cost, problem.entropy_weight, trace=trace)
        policy, values = optimum.policy, optimum.values
    else:
        policy, values = _policy_iteration(mdp, problem.cost, trace)
    return certify(problem, policy, problem.cost, values, tolerance=TOLERANCE, trace=trace)


def _policy_iteration(mdp: FiniteMDP, cost: Array, trace: list[float]) -> tuple[Array, Array]:
    """A deterministic optimal policy (S, A) and its values (S,)."""
    states = np.arange(mdp.num_states)
    actions = cost.argmin(axis=1)
    for _ in range(MAX_ITERATIONS):
        policy = np.zeros_like(cost)
        policy[states, actions] = 1.0
        values = Chain(mdp, policy).values(cost[states, actions])
        action_value = action_values(mdp, cost, values)
        trace.append(float(mdp.initial @ values) - certified_value(mdp, cost, 0.0, values))
        # An action is left only for a strictly better one, so values fall with every change and none recurs.
        gain = action_value[states, actions] - action_value.min(axis=1)
        better = gain > TIE * (abs(cost).max() + abs(values).max())
        if not better.any():
            break
        actions = np.where(better, action_value.argmin(axis=1), actions)
    return policy, values
