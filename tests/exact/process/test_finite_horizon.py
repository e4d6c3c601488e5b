import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, NotEnoughMemory, Status, match_occupancy, occupancy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi
from gail.exact.algorithms.path_matching import match_paths
from gail.exact.process import memory
from gail.exact.process.finite_horizon import at_every_step, by_step, over_time, time_expanded
from gail.exact.process.paths import enumerate_paths

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
HORIZONS = st.integers(1, 6)


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=HORIZONS, discount=st.sampled_from([0.5, 1.0]))
def test_occupancies_are_the_forward_recursion(mdp: FiniteMDP, seed, horizon, discount, random_policy):
    expanded = time_expanded(mdp, horizon, discount)
    policy = random_policy(expanded, seed)
    dense = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)
    visits, expected = mdp.initial, []
    for step in by_step(policy, horizon):
        expected.append(visits[:, None] * step)
        visits = discount * np.einsum("sa,san->n", expected[-1], dense)
    rho = occupancy_of(expanded, policy)
    np.testing.assert_allclose(by_step(rho, horizon), expected, atol=1e-13)
    np.testing.assert_allclose(over_time(rho, horizon), np.sum(expected, axis=0), atol=1e-13)
    assert rho.sum() <= sum(discount**t for t in range(horizon)) + 1e-12


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=HORIZONS, weight=st.sampled_from([0.1, 1.0]))
def test_soft_planning_is_the_backward_recursion(mdp: FiniteMDP, seed, horizon, weight, random_cost):
    cost = random_cost(mdp, seed)
    planned = solve_rl(time_expanded(mdp, horizon), at_every_step(cost, horizon), weight).require_optimal()
    values = np.zeros(mdp.num_states)
    for step in range(horizon - 1, -1, -1):
        future = (mdp.transitions @ values).reshape(cost.shape)
        values = -weight * np.log(np.exp(-(cost + future) / weight).sum(axis=1))
        np.testing.assert_allclose(by_step(planned.values, horizon)[step], values, atol=1e-11)


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=HORIZONS)
def test_maximum_causal_entropy_irl_reproduces_the_expert(mdp: FiniteMDP, seed, horizon, random_policy):
    expanded = time_expanded(mdp, horizon)
    expert = occupancy_of(expanded, random_policy(expanded, seed))
    inverse = solve_irl(expanded, expert, psi.Constant(), 1.0).require_optimal()
    assert abs(inverse.occupancy - expert).sum() <= 1e-9 * expert.sum()
    replanned = solve_rl(expanded, inverse.cost, 1.0)
    assert abs(replanned.occupancy - expert).sum() <= 1e-9 * expert.sum()


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=HORIZONS)
def test_adversarial_matching_has_no_gap(mdp: FiniteMDP, seed, horizon, random_policy):
    expanded = time_expanded(mdp, horizon)
    expert = occupancy_of(expanded, random_policy(expanded, seed))
    matched = match_occupancy(expanded, expert, psi.Logistic(), 0.5).require_optimal()
    inverse = solve_irl(expanded, expert, psi.Logistic(), 0.5).require_optimal()
    assert matched.primal_value == pytest.approx(inverse.dual_value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("horizon", [1, 3])
def test_states_are_terminal_where_they_were_and_at_the_last_step(horizon):
    """Also a state that is marked terminal, though its episodes do not end."""
    rows = [[[0.0, 0.5, 0.0], [0.2, 0.3, 0.5]], [[0.0, 0.0, 1.0]] * 2, [[1.0, 0.0, 0.0]] * 2]
    mdp = FiniteMDP(rows, [1.0, 0.0, 0.0], 0.9, [True, False, True])
    expected = np.tile([True, False, True], (horizon, 1))
    expected[-1] = True
    np.testing.assert_array_equal(by_step(time_expanded(mdp, horizon).terminal, horizon) > 0.0, expected)


def test_a_deterministic_expert_has_no_cost_but_is_matched(gridworld, goal_cost):
    expanded = time_expanded(gridworld, 5)
    expert = solve_rl(expanded, at_every_step(goal_cost, 5), entropy_weight=0.0)
    inverse = solve_irl(expanded, expert.occupancy, psi.Constant())
    assert inverse.status is Status.DUAL_NOT_ATTAINED
    np.testing.assert_allclose(inverse.occupancy, expert.occupancy, atol=1e-12)


def test_two_steps_in_high_precision():
    """Stay at 0 for free or go to 1, where a step costs 1; two steps, lambda = 1."""
    mdp = FiniteMDP([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]], [1.0, 0.0], 0.9)
    planned = solve_rl(time_expanded(mdp, 2), at_every_step([[0.0, 0.0], [1.0, 1.0]], 2), 1.0)
    with mpmath.workdps(40):
        at_zero, at_one = -mpmath.log(2), 1 - mpmath.log(2)
        value = -mpmath.log(mpmath.exp(-at_zero) + mpmath.exp(-at_one))
        stay = mpmath.exp(value - at_zero)
    assert planned.dual_value == pytest.approx(float(value), abs=1e-14)
    assert planned.policy[0, 0] == pytest.approx(float(stay), abs=1e-14)


def test_the_steps_are_checked(gridworld):
    with pytest.raises(ValueError, match="horizon must be at least 1, got 0"):
        time_expanded(gridworld, 0)
    with pytest.raises(ValueError, match="10 expanded states do not divide into 3 steps"):
        by_step(np.zeros((10, 2)), 3)


@pytest.mark.parametrize("horizon", [2.5, None, "4"])
def test_a_horizon_is_a_whole_number(gridworld, horizon):
    uniform = np.full((64, 4), 0.25)
    for function in (time_expanded, enumerate_paths, lambda mdp, steps: match_paths(mdp, steps, uniform)):
        with pytest.raises(TypeError, match="horizon must be a whole number such as 11, got"):
            function(gridworld, horizon)


def test_more_steps_than_memory_are_refused_before_they_are_built(gridworld, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1e9)
    time_expanded(gridworld, 10)
    with pytest.raises(NotEnoughMemory, match="5000000 steps of 64 states and 4 actions would need about"):
        time_expanded(gridworld, 5 * 10**6)
    enumerate_paths(gridworld, 5)
    monkeypatch.setattr(memory, "available_memory", lambda: 1e5)
    with pytest.raises(NotEnoughMemory, match="paths or more of 5 steps would need about"):
        enumerate_paths(gridworld, 5)
