import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, InvalidCost, occupancy_of, solve_rl

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_policy_iteration_proves_itself(mdp: FiniteMDP, seed: int, random_cost):
    solution = solve_rl(mdp, random_cost(mdp, seed), entropy_weight=0.0).require_optimal(1e-10)
    assert solution.gap >= -1e-10 * (1.0 + abs(solution.primal_value))
    assert np.isin(solution.policy, [0.0, 1.0]).all()


@settings(deadline=None, derandomize=True, max_examples=25)
@given(mdp=..., seed=SEEDS)
def test_policy_iteration_is_the_best_of_all_deterministic_policies(mdp: FiniteMDP, seed: int, random_cost):
    cost = random_cost(mdp, seed)
    if mdp.num_actions**mdp.num_states > 300:
        return
    choices = itertools.product(range(mdp.num_actions), repeat=mdp.num_states)
    best = min(np.sum(occupancy_of(mdp, np.eye(mdp.num_actions)[list(choice)]) * cost) for choice in choices)
    np.testing.assert_allclose(solve_rl(mdp, cost, entropy_weight=0.0).primal_value, best, rtol=1e-9, atol=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_ties_end(mdp: FiniteMDP, seed: int, random_cost):
    """Costs that are pure shaping make all policies equal, up to rounding that could tempt policies to alternate."""
    potential = np.random.default_rng(seed).normal(size=mdp.num_states) * 1e3
    solution = solve_rl(mdp, mdp.flow_adjoint(potential), entropy_weight=0.0).require_optimal(1e-9)
    assert len(solution.trace) < 50
    np.testing.assert_allclose(solution.primal_value, mdp.initial @ potential, rtol=1e-8, atol=1e-6)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_shaping_moves_the_value_and_nothing_else(mdp: FiniteMDP, seed: int, random_cost):
    potential, cost = np.random.default_rng(seed).normal(size=mdp.num_states), random_cost(mdp, seed)
    plain, shaped = (
        solve_rl(mdp, cost, entropy_weight=0.0),
        solve_rl(mdp, cost + mdp.flow_adjoint(potential), entropy_weight=0.0),
    )
    np.testing.assert_allclose(shaped.primal_value - plain.primal_value, mdp.initial @ potential, rtol=1e-7, atol=1e-7)


def test_known_path(gridworld, goal_cost):
    """Without slips it takes 14 moves to the opposite corner; with them, the value is that of the linear program."""
    assert solve_rl(gridworld, goal_cost, entropy_weight=0.0).require_optimal(1e-12).primal_value == pytest.approx(
        12.556694820655
    )


def test_zero_cost_is_solved_exactly(gridworld):
    solution = solve_rl(gridworld, np.zeros((64, 4)), entropy_weight=0.0).require_optimal(1e-15)
    assert solution.primal_value == solution.dual_value == 0.0


def test_invalid_requests_are_refused(gridworld):
    with pytest.raises(InvalidCost, match="shape"):
        solve_rl(gridworld, np.zeros(63), entropy_weight=0.0)
    with pytest.raises(ValueError, match="entropy_weight must be finite and nonnegative, got -1"):
        solve_rl(gridworld, np.zeros((64, 4)), -1.0)
