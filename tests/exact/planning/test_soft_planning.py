import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, causal_entropy, solve_rl
from gail.exact.planning.bellman import action_values, soft_minimum
from gail.exact.planning.soft_planning import soft_optimum

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = st.sampled_from([1e-6, 1e-2, 0.3, 1.0, 100.0])
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_the_fixed_point_is_reached_and_proves_the_policy(mdp: FiniteMDP, seed: int, weight: float, random_cost):
    cost = random_cost(mdp, seed)
    solution = solve_rl(mdp, cost, weight).require_optimal(1e-10)
    backup = soft_minimum(action_values(mdp, cost, solution.values), weight)
    assert abs(backup - solution.values).max() <= 1e-12 * (abs(cost).max() + weight) * mdp.lifetime.max()


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_entropy_lowers_values_by_at_most_its_largest_worth(mdp: FiniteMDP, seed: int, weight: float, random_cost):
    cost = random_cost(mdp, seed)
    hard, soft = solve_rl(mdp, cost, entropy_weight=0.0), solve_rl(mdp, cost, weight)
    fall, rounding = hard.values - soft.values, 1e-10 * (1.0 + weight) * mdp.lifetime
    assert np.all(fall >= -rounding)
    assert np.all(fall <= weight * np.log(mdp.num_actions) * mdp.lifetime + rounding)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_bound_is_tight_for_constant_costs(mdp: FiniteMDP, seed: int):
    if mdp.terminal.any():
        return
    cost = np.full((mdp.num_states, mdp.num_actions), 2.0)
    expected = (2.0 - 0.7 * np.log(mdp.num_actions)) / (1.0 - mdp.discount)
    np.testing.assert_allclose(solve_rl(mdp, cost, 0.7).values, expected, rtol=1e-10, atol=1e-10)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_soft_values_tend_to_the_optimal_ones(mdp: FiniteMDP, seed: int, random_cost):
    cost = random_cost(mdp, seed)
    hard = solve_rl(mdp, cost, entropy_weight=0.0).primal_value
    falls = [hard - solve_rl(mdp, cost, weight).primal_value for weight in (1e-1, 1e-3, 1e-5)]
    limit = np.log(max(mdp.num_actions, 2)) * float(mdp.initial @ mdp.lifetime)
    assert all(fall <= weight * limit + 1e-9 for fall, weight in zip(falls, (1e-1, 1e-3, 1e-5), strict=True))


@settings(deadline=None, derandomize=True, max_examples=30)
@given(mdp=..., seed=SEEDS)
def test_the_values_gradient_is_the_occupancy(mdp: FiniteMDP, seed: int, random_cost):
    cost, direction = random_cost(mdp, seed), random_cost(mdp, seed + 1)
    rho = solve_rl(mdp, cost, 1.0).occupancy
    step = 1e-5 / mdp.lifetime.max()
    above, below = (solve_rl(mdp, cost + sign * step * direction, 1.0).dual_value for sign in (1, -1))
    slope, size = np.sum(rho * direction), rho.sum()
    np.testing.assert_allclose((above - below) / (2 * step), slope, rtol=1e-5, atol=1e-5 * size * size)


def test_one_state_is_a_softmax():
    mdp = FiniteMDP(np.ones((1, 3, 1)), [1.0], 0.0)
    cost = np.array([[0.0, 1.0, 2.0]])
    solution = solve_rl(mdp, cost, 0.5)
    expected = np.exp(-cost / 0.5) / np.exp(-cost / 0.5).sum()
    np.testing.assert_allclose(solution.policy, expected, rtol=1e-13)
    np.testing.assert_allclose(solution.values, [-0.5 * np.log(np.exp(-cost / 0.5).sum())], rtol=1e-13)
    np.testing.assert_allclose(causal_entropy(solution.occupancy), -np.sum(expected * np.log(expected)))


def test_iterations_descend_quadratically(gridworld, goal_cost):
    trace = solve_rl(gridworld, goal_cost, 0.3).trace
    assert len(trace) < 12
    assert trace[-1] <= 1e-10
    warm = []
    soft_optimum(gridworld, goal_cost, 0.3, values=solve_rl(gridworld, goal_cost, 0.3).values, trace=warm)
    assert len(warm) <= 3
