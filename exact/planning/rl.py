"""RL(c): the optimal policy of a known cost, with its certificate.

    RL(c) = argmin_pi -lambda H(pi) + E_pi[c]            (Ho & Ermon 2016, Eq. 2)

For lambda = 0 this is policy iteration (Howard 1960; Puterman 1994, section 6.4): evaluate, then take an improving
action where one exists. With many states it starts from `value_iteration`, and the evaluation V <- V + (I - gamma
P_pi)^-1 (T_pi V - V) is stopped early while the policy still changes (Puterman & Shin 1978). The last policy is
evaluated to rounding, and improved until no action is better. `soft_planning` solves lambda > 0. `linear_program`
solves lambda = 0 by an independent route.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.linear_systems.markov_chain import DIRECT_UP_TO, Chain
from gail.exact.planning.bellman import action_values, certified_gap, least_value
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.planning.value_iteration import warm_values
from gail.exact.planning.warm_start import validate_start
from gail.exact.problems import Planning, validate_entropy_weight
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost, validate_process
from gail.exact.process.memory import require_memory
from gail.exact.solution import Solution, certify

TOLERANCE = 1e-9
"""Relative gap up to which the result is called optimal."""

MAX_ITERATIONS = 1000

TIE_TOLERANCE = 64 * float(np.finfo(np.float64).eps)
"""Relative advantage below which two actions are tied, so that rounding cannot make policies alternate."""

EARLY_ACCURACY, FULL_ACCURACY = 1e-1, 1e-12
"""Relative accuracy of an evaluation: while the policy changes, and after it has settled or after `PATIENCE`
iterations."""

PATIENCE = 100
"""Iterations after which every policy is evaluated in full."""

WARM_UP_ROUNDS = 10
"""Rounds of value iteration before the first evaluation, with many states."""

SETTLED = 8 * float(np.finfo(np.float64).eps)
"""Relative residual of an evaluation at the level of rounding errors."""

PEAK_ARRAYS, PEAK_TRANSITION_COPIES = 16, 3
"""Peak memory of planning: number of arrays of size (S, A), and of copies of the transitions."""


def solve_rl(
    mdp: FiniteMDP, cost: ArrayLike, entropy_weight: float = 1.0, *, start: Solution | None = None
) -> Solution:
    """A policy that is optimal for a cost (S, A) at all states, reachable or not.

    Args:
        mdp: the process.
        cost: (S, A) cost of each pair.
        entropy_weight: lambda, at least 0. The default 1 is that of `solve_irl` and `match_occupancy`; 0 gives a
            deterministic policy.
        start: the solution of a nearby problem; the search begins at its state function (`planning.warm_start`).

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        NotEnoughMemory: planning would need more than is available.
        ValueError: the entropy weight is negative or not finite, or the start is for another size.
        TypeError: the process is not a FiniteMDP, the entropy weight not a number, or the start not a Solution.
    """
    validate_process(mdp)
    earlier = validate_start(mdp, start)
    guess = None if earlier is None else earlier.values
    numbers = PEAK_ARRAYS * mdp.num_states * mdp.num_actions + PEAK_TRANSITION_COPIES * mdp.transitions.nnz
    require_memory(8.0 * numbers, f"planning on {mdp.num_states} states and {mdp.num_actions} actions")
    problem = Planning(mdp, validate_cost(mdp, cost), validate_entropy_weight(entropy_weight))
    trace: list[float] = []
    if problem.entropy_weight > 0.0:
        optimum = soft_optimum(mdp, problem.cost, problem.entropy_weight, guess, trace)
        policy, values, relative, chain = optimum.policy, optimum.values, optimum.relative, optimum.chain
    else:
        policy, values, chain = _policy_iteration(mdp, problem.cost, guess, trace)
        relative = values
    return certify(problem, policy, problem.cost, values, relative, tolerance=TOLERANCE, trace=trace, chain=chain)


def _policy_iteration(
    mdp: FiniteMDP, cost: Array, guess: Array | None, trace: list[float]
) -> tuple[Array, Array, Chain]:
    """A deterministic optimal policy (S, A), its values (S,), and its chain, from a guess of the values."""
    states = np.arange(mdp.num_states)
    values = np.zeros(mdp.num_states) if guess is None else guess
    if guess is None and mdp.num_states > DIRECT_UP_TO:
        values = warm_values(mdp, cost, WARM_UP_ROUNDS)
    action_value = action_values(mdp, cost, values)
    actions, accuracy = action_value.argmin(axis=1), EARLY_ACCURACY
    residual = action_value[states, actions] - values
    last_error, order = np.inf, None
    for iteration in range(MAX_ITERATIONS):
        policy = np.zeros_like(cost)
        policy[states, actions] = 1.0
        chain = Chain(mdp, policy, order)
        values = values + chain.correction(residual, accuracy)
        order = chain.order  # later policies differ little: a new order would cost more than it saves
        action_value = action_values(mdp, cost, values)
        least = least_value(action_value)
        trace.append(certified_gap(mdp, values, least))
        current = action_value[states, actions]
        # Only strictly better actions replace an action, so values decrease and no policy recurs.
        better = current - least > TIE_TOLERANCE * (abs(cost).max() + abs(values).max())
        error, scale = float(abs(current - values).max()), float(abs(values).max())
        settled = not better.any()
        if settled and (error <= SETTLED * scale or error > 0.5 * last_error):
            break
        accuracy = FULL_ACCURACY if settled or iteration >= PATIENCE else EARLY_ACCURACY
        last_error = error if settled else np.inf
        actions[better] = action_value[better].argmin(axis=1)
        residual = action_value[states, actions] - values
    return policy, values, chain
