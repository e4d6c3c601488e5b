import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, InvalidCost, solve_rl
from gail.exact.rewards.shaping import compare_rewards


@settings(deadline=None, max_examples=60)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_shaping_is_found_and_keeps_the_soft_optimal_policy(mdp: FiniteMDP, seed: int):
    rng = np.random.default_rng(seed)
    reward = rng.normal(size=(mdp.num_states, mdp.num_actions))
    shaped = reward + mdp.flow_adjoint(rng.normal(size=mdp.num_states))
    found = compare_rewards(mdp, shaped, reward)
    assert found.equal_up_to_shaping
    difference = (shaped - reward - mdp.flow_adjoint(found.potential))[mdp.reachable]
    assert abs(difference).max() <= 1e-10 * max(1.0, found.scale)
    one, other = (solve_rl(mdp, -r, 1.0).policy[mdp.reachable] for r in (reward, shaped))
    np.testing.assert_allclose(one, other, atol=1e-8)


def test_a_constant_is_a_shaping_where_no_episode_ends():
    mdp = FiniteMDP(np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 2)), 0, 0.9)
    reward = np.arange(3.0)
    found = compare_rewards(mdp, reward + 2.0, reward)
    assert found.equal_up_to_constant
    assert found.equal_up_to_shaping
    assert found.constant == pytest.approx(2.0)
    np.testing.assert_allclose(found.potential, 20.0)


def test_a_constant_is_no_shaping_where_actions_end_episodes():
    mdp = FiniteMDP([[[0.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]], 0, 0.9, [0])
    found = compare_rewards(mdp, np.ones(2), np.zeros(2))
    assert found.equal_up_to_constant
    assert not found.equal_up_to_shaping


def test_other_rewards_are_told_apart():
    mdp = FiniteMDP(np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 2)), 0, 0.9)
    found = compare_rewards(mdp, np.eye(3)[:, :2], np.zeros((3, 2)))
    assert found.shaping_residual > 0.1
    assert found.constant_residual == pytest.approx(0.5)


def test_states_that_are_not_visited_do_not_count():
    mdp = FiniteMDP([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]], 0, 0.9)
    assert compare_rewards(mdp, np.array([1.0, 5.0]), np.array([1.0, -5.0])).equal_up_to_constant


def test_rewards_of_transitions_are_averaged():
    mdp = FiniteMDP([[[0.5, 0.5]], [[1.0, 0.0]]], 0, 0.9)
    found = compare_rewards(mdp, np.array([[[1.0, 3.0]], [[2.0, 9.0]]]), np.array([2.0, 2.0]))
    assert found.equal_up_to_constant
    assert found.constant == pytest.approx(0.0)


def test_a_wrong_reward_is_named():
    mdp = FiniteMDP([[[0.5, 0.5]], [[1.0, 0.0]]], 0, 0.9)
    with pytest.raises(InvalidCost, match=r"^reward must have shape .* got \(3,\)"):
        compare_rewards(mdp, np.ones(3), np.ones(2))
    with pytest.raises(InvalidCost, match="other reward at state 1, action 0 is nan"):
        compare_rewards(mdp, np.ones(2), np.array([0.0, np.nan]))
