import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, causal_entropy, occupancy_of
from gail.exact.planning.bellman import action_values, certified_value, soft_log_policy, soft_minimum

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = st.sampled_from([0.0, 0.01, 1.0, 30.0])
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_any_values_bound_every_policy_from_below(mdp: FiniteMDP, seed: int, weight: float, random_policy, random_cost):
    values = 3.0 * np.random.default_rng(seed).normal(size=mdp.num_states)
    cost, rho = random_cost(mdp, seed), occupancy_of(mdp, random_policy(mdp, seed))
    primal = np.sum(rho * cost) - weight * causal_entropy(rho)
    bound = certified_value(mdp, cost, weight, values)
    assert bound <= primal + 1e-9 * (1.0 + abs(bound))


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_soft_minimum_is_the_minimum_over_policies(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    table = np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions))
    policy = random_policy(mdp, seed)
    least = soft_minimum(table, weight)
    assert np.all(least <= np.sum(policy * (table + weight * np.log(policy)), axis=1) + 1e-12)
    if weight > 0.0:
        best = np.exp(soft_log_policy(table, weight))
        attained = np.sum(best * (table + weight * soft_log_policy(table, weight)), axis=1)
        np.testing.assert_allclose(attained, least, atol=1e-12 * (1.0 + weight))
        assert np.all(least >= table.min(axis=1) - weight * np.log(mdp.num_actions) - 1e-12 * weight)


def test_small_entropy_weights_neither_overflow_nor_blur():
    table = np.array([[1e3, 0.0, 1e-12]])
    np.testing.assert_allclose(soft_minimum(table, 1e-13), [0.0], atol=1e-12)
    np.testing.assert_allclose(np.exp(soft_log_policy(table, 1e-13)), [[0.0, 1.0, np.exp(-10.0)]], rtol=1e-3)


def test_action_values_add_the_discounted_future():
    mdp = FiniteMDP([[[0.0, 1.0]], [[0.25, 0.75]]], [1.0, 0.0], 0.5)
    np.testing.assert_allclose(action_values(mdp, np.array([[1.0], [2.0]]), np.array([4.0, 8.0])), [[5.0], [5.5]])


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_unreachable_states_do_not_weaken_the_bound(weight):
    mdp = FiniteMDP([[[1.0, 0.0]], [[0.0, 1.0]]], [1.0, 0.0], 0.5)
    assert certified_value(mdp, np.array([[1.0], [0.0]]), weight, np.array([2.0, 1e6])) == 2.0
