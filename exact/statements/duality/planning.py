"""Planning and its dual (theory of Puterman 1994, section 6.9; Ziebart 2010).

4   RL(c), lambda = 0: the occupancy linear program and its dual agree with each other and with policy iteration,
    and satisfy complementary slackness rho(s,a) (c + gamma E[V'] - V)(s,a) = 0
5   RL(c), lambda > 0: the soft Bellman equation's value is the dual; statewise
    0 <= V_0 - V_lambda <= lambda log(number of actions) u(s), with u = 1/(1-gamma), or the longest discounted
    number of steps where episodes end; tight for constant costs; V_lambda -> V_0 monotonically as lambda -> 0
"""

from __future__ import annotations

import numpy as np

from gail.exact.planning.bellman import action_values
from gail.exact.planning.linear_program import solve_occupancy_lp
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.verdicts import Verdicts

LP_TOLERANCE = 1e-7
"""Relative tolerance of the results of HiGHS, which stops at absolute violations of 1e-10."""

TOLERANCE = 1e-9
"""Relative tolerance of policy iteration and of Newton's method on the soft Bellman equation."""

WEIGHTS = tuple(10.0**-k for k in range(7))
"""Decreasing entropy weights, in units of the largest cost."""


def check_planning_duality(mdp: FiniteMDP, cost: Array, instance: str) -> Verification:
    """Statement 4 for one cost (S, A); solutions "lp" and "policy_iteration".

    The statement is homogeneous in the cost, so the cost is first divided by its largest entry. A linear programming
    solver stops at violations of a fixed size, which would exceed a cost of 1e-300.
    """
    verdicts = Verdicts("RL(c) as a linear program", instance)
    cost = _of_unit_size(cost)
    program, iteration = solve_occupancy_lp(mdp, cost), solve_rl(mdp, cost, entropy_weight=0.0)
    magnitude = _magnitude(program)
    gap = {"primal": program.primal_value, "dual": program.dual_value}
    verdicts.solved("primal value = dual value", program.relative_gap, LP_TOLERANCE, **gap)
    verdicts.solved("policy iteration has no gap", iteration.relative_gap, TOLERANCE)
    for name, solution, tolerance in (("the LP", program, LP_TOLERANCE), ("policy iteration", iteration, TOLERANCE)):
        values = _values(solution)
        slack = action_values(mdp, cost, values) - values[:, None]
        # The program does not determine the values of unreachable states.
        infeasible = float(np.maximum(-slack, 0.0)[mdp.reachable].max())
        verdicts.claim(f"{name}'s V is dual feasible", infeasible / magnitude, tolerance)
        complementary = float(np.sum(solution.occupancy * abs(slack)))
        verdicts.claim(f"{name} satisfies complementary slackness", complementary / magnitude, tolerance)
    # The bound of each method certifies the other's solution.
    verdicts.at_most("the LP's V bounds policy iteration", iteration.primal_value, program.dual_value, LP_TOLERANCE)
    verdicts.at_most("policy iteration's V bounds the LP", program.primal_value, iteration.dual_value, LP_TOLERANCE)
    return Verification(tuple(verdicts.certificates), {"lp": program, "policy_iteration": iteration})


def check_soft_planning_duality(mdp: FiniteMDP, cost: Array, entropy_weight: float, instance: str) -> Verification:
    """Statement 5 for one cost (S, A) and lambda > 0; solutions "hard" and "soft".

    Raises:
        ValueError: the entropy weight is not positive.
    """
    if not entropy_weight > 0.0:
        raise ValueError(f"the soft Bellman equation needs entropy_weight > 0, got {entropy_weight}")
    verdicts = Verdicts("RL(c) with entropy", instance)
    hard, soft = solve_rl(mdp, cost, entropy_weight=0.0), solve_rl(mdp, cost, entropy_weight)
    verdicts.solved("the soft Bellman equation's value is the dual", soft.relative_gap, TOLERANCE)
    verdicts.solved("policy iteration has no gap", hard.relative_gap, TOLERANCE)
    _sandwich(verdicts, mdp, hard, soft, entropy_weight, "at the given lambda")
    # A cost of the size of lambda, so that V_0 - V_lambda keeps its digits in the subtraction.
    constant = np.full_like(cost, entropy_weight)
    if not mdp.terminal.any():
        soft_constant, hard_constant = (
            solve_rl(mdp, constant, entropy_weight),
            solve_rl(mdp, constant, entropy_weight=0.0),
        )
        fall = _values(hard_constant) - _values(soft_constant)
        tight = entropy_weight * np.log(mdp.num_actions) * mdp.lifetime
        verdicts.identity("the bound is tight for constant costs", fall, tight, TOLERANCE)
    unit = max(float(abs(cost).max()), 1e-300)
    previous, last = np.full(mdp.num_states, -np.inf), soft
    rises = 0.0
    for factor in WEIGHTS:
        last = solve_rl(mdp, cost, factor * unit)
        rises = float(np.maximum(rises, np.max(previous - _values(last))))
        previous = _values(last)
    magnitude = 1.0 + float(abs(_values(hard)).max())
    verdicts.claim("V_lambda rises as lambda falls", beyond(rises) / magnitude, TOLERANCE)
    _sandwich(verdicts, mdp, hard, last, WEIGHTS[-1] * unit, "at the smallest lambda")
    bias = hard.primal_value - last.primal_value
    entropy = WEIGHTS[-1] * unit * np.log(mdp.num_actions) * float(mdp.initial @ mdp.lifetime)
    verdicts.at_most("the soft value tends to the linear program's", bias, entropy, TOLERANCE, magnitude)
    return Verification(tuple(verdicts.certificates), {"hard": hard, "soft": soft})


def _sandwich(verdicts: Verdicts, mdp: FiniteMDP, hard: Solution, soft: Solution, weight: float, label: str) -> None:
    fall = _values(hard) - _values(soft)
    scale = 1.0 + float(abs(_values(hard)).max())
    bound = weight * np.log(mdp.num_actions) * mdp.lifetime
    verdicts.at_most(f"V_lambda <= V_0 at every state, {label}", -fall, 0.0, TOLERANCE, scale)
    verdicts.at_most(f"V_0 - V_lambda <= lambda log A u, {label}", fall, bound, TOLERANCE, scale)


def _of_unit_size(cost: Array) -> Array:
    size = float(abs(cost).max())
    return cost / size if size > 0.0 else cost


def _values(solution: Solution) -> Array:
    assert solution.values is not None
    return solution.values


def _magnitude(solution: Solution) -> float:
    return max(abs(solution.primal_value), solution.problem.unit) or 1.0  # a cost of zero has no scale
