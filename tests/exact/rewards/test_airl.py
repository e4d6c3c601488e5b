"""AIRL's best discriminator: what its reward is, exactly."""

import numpy as np
import pytest

from gail.exact import FiniteMDP, InvalidOccupancy, InvalidPolicy, Status, occupancy_of, solve_rl
from gail.exact.rewards.airl import fit_airl
from gail.exact.rewards.ambiguity import reward_ambiguity
from gail.exact.rewards.shaping import compare_rewards


def goal(mdp, state=-1):
    """Reward one in one state."""
    return np.eye(mdp.num_states)[state]


def expert_of(mdp, reward):
    return solve_rl(mdp, -reward, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_with_expected_next_states_the_reward_is_recovered(seed, processes):
    mdp = processes["random"](np.random.default_rng(seed))
    reward = goal(mdp, seed)
    expert = expert_of(mdp, reward)
    fit = fit_airl(mdp, expert.occupancy, next_state="expected")
    assert fit.status is Status.OPTIMAL
    assert abs(fit.misfit) <= 1e-12
    assert fit.gradient <= 1e-12
    assert compare_rewards(mdp, fit.reward, reward).constant_residual <= 1e-8
    np.testing.assert_allclose(fit.shaped(mdp), np.log(expert.policy), atol=1e-9)
    values = -expert.values
    np.testing.assert_allclose(np.ptp(fit.potential - values), 0.0, atol=1e-8)


@pytest.mark.parametrize("next_state", ["sampled", "expected"])
def test_with_deterministic_dynamics_the_reward_is_recovered(next_state, processes):
    mdp = processes["map"]()
    reward = goal(mdp)
    assert reward_ambiguity(mdp).dimension == 1
    fit = fit_airl(mdp, expert_of(mdp, reward).occupancy, next_state=next_state)
    assert abs(fit.misfit) <= 1e-12
    assert compare_rewards(mdp, fit.reward, reward).constant_residual <= 1e-8


@pytest.mark.parametrize("seed", range(5))
def test_an_end_that_depends_on_the_action_fixes_the_constant(seed, processes):
    mdp = processes["ending"](np.random.default_rng(seed))
    reward = np.random.default_rng(seed).normal(size=6)
    assert reward_ambiguity(mdp).dimension == 0
    fit = fit_airl(mdp, expert_of(mdp, reward).occupancy, next_state="expected")
    np.testing.assert_allclose(fit.reward, reward, atol=1e-9)
    assert abs(fit.misfit) <= 1e-12


def test_a_deterministic_end_is_a_next_state_without_potential():
    """The state 1 goes back, or ends the episode: the same transitions, sampled or expected."""
    mdp = FiniteMDP([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 0.0]]], 0, 0.9, [1])
    reward = np.array([0.3, -0.8])
    expert = expert_of(mdp, reward).occupancy
    for next_state in ("sampled", "expected"):
        np.testing.assert_allclose(fit_airl(mdp, expert, next_state=next_state).reward, reward, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_sampled_ends_have_their_own_probability(seed, processes):
    """With state-action rewards sampled next states do no harm, also where an end has a chance."""
    mdp = processes["ending"](np.random.default_rng(seed))
    expert = expert_of(mdp, np.random.default_rng(seed).normal(size=(6, 3)))
    fit = fit_airl(mdp, expert.occupancy, state_only=False)
    assert abs(fit.misfit) <= 1e-12
    np.testing.assert_allclose(fit.shaped(mdp), np.log(expert.policy), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_with_sampled_next_states_and_stochastic_dynamics_the_reward_is_biased(seed, processes):
    mdp = processes["random"](np.random.default_rng(seed))
    reward = goal(mdp, seed)
    fit = fit_airl(mdp, expert_of(mdp, reward).occupancy)
    assert fit.status is Status.OPTIMAL
    assert fit.misfit > 1e-3
    assert compare_rewards(mdp, fit.reward, reward).constant_residual > 0.3


@pytest.mark.parametrize("seed", range(5))
def test_state_action_rewards_are_the_expert_s_advantage(seed, processes):
    rng = np.random.default_rng(seed)
    mdp = processes["random"](rng)
    reward = rng.normal(size=(16, 4))
    expert = expert_of(mdp, reward)
    for shaping in (True, False):
        fit = fit_airl(mdp, expert.occupancy, state_only=False, shaping=shaping)
        np.testing.assert_allclose(fit.shaped(mdp), np.log(expert.policy), atol=1e-10)
        assert compare_rewards(mdp, fit.reward, reward).equal_up_to_shaping
    np.testing.assert_allclose(fit.reward, np.log(expert.policy), atol=1e-10)  # GAN-GCL for single transitions


@pytest.mark.parametrize("seed", range(5))
def test_another_learner_adds_the_log_ratio_of_visits(seed, processes, random_policy):
    rng = np.random.default_rng(seed)
    mdp = processes["random"](rng)
    reward = rng.normal(size=16)
    expert, learner = expert_of(mdp, reward), random_policy(mdp, seed)
    ratio = np.log(expert.occupancy.sum(axis=1) / occupancy_of(mdp, learner).sum(axis=1))
    fit = fit_airl(mdp, expert.occupancy, learner, next_state="expected")
    assert abs(fit.misfit) <= 1e-11
    assert compare_rewards(mdp, fit.reward, reward + ratio).constant_residual <= 1e-8
    pairs = fit_airl(mdp, expert.occupancy, learner, state_only=False, shaping=False)
    np.testing.assert_allclose(pairs.reward, np.log(expert.policy) + ratio[:, None], atol=1e-9)


def test_the_loss_is_that_of_its_formula(processes, random_policy):
    """Against a sum over all transitions, the end included, written out."""
    mdp = processes["ending"](np.random.default_rng(0))
    expert, learner = occupancy_of(mdp, random_policy(mdp, 1)), random_policy(mdp, 2)
    fit = fit_airl(mdp, expert, learner)
    chances = mdp.transitions.toarray().reshape(6, 3, 6)
    chances = np.concatenate([chances, 1.0 - chances.sum(axis=2, keepdims=True)], axis=2)
    ahead = np.append(fit.potential, 0.0)
    f = fit.reward[:, None, None] + 0.9 * ahead - fit.potential[:, None, None]
    odds = f - np.log(learner)[:, :, None]
    terms = expert[:, :, None] * np.logaddexp(0.0, -odds) + occupancy_of(mdp, learner)[:, :, None] * np.logaddexp(
        0.0, odds
    )
    assert fit.loss == pytest.approx(float(np.sum(chances * terms)), abs=1e-12)
    assert abs(fit.loss - fit.bound) <= 1e-11
    assert fit.bound >= fit.least_loss - 1e-11


def test_states_that_nobody_visits_have_no_reward():
    transitions = np.zeros((3, 2, 3))
    transitions[:, 0, 0] = transitions[:, 1, 1] = 1.0
    mdp = FiniteMDP(transitions, 0, 0.9)
    fit = fit_airl(mdp, expert_of(mdp, np.arange(3.0)).occupancy)
    assert fit.reward[2] == fit.potential[2] == 0.0


def test_an_expert_that_never_takes_some_action_has_no_best_reward(processes):
    mdp = processes["map"]()
    expert = occupancy_of(mdp, np.tile([0.5, 0.0, 0.5, 0.0], (16, 1)))
    fit = fit_airl(mdp, expert, np.full((16, 4), 0.25), state_only=False)
    assert fit.status is Status.DUAL_NOT_ATTAINED


def test_wrong_arguments_are_named(processes):
    mdp = processes["map"]()
    expert = expert_of(mdp, goal(mdp)).occupancy
    with pytest.raises(ValueError, match=r"probability of action 2 at state 0 is 0\.0"):
        fit_airl(mdp, expert, np.tile([0.5, 0.5, 0.0, 0.0], (16, 1)))
    with pytest.raises(InvalidPolicy, match=r"\(16, 4\), got \(3,\)"):
        fit_airl(mdp, expert, np.ones(3))
    with pytest.raises(InvalidOccupancy, match=r"\(16, 4\), got \(2, 2\)"):
        fit_airl(mdp, np.ones((2, 2)))
    with pytest.raises(ValueError, match="next_state must be 'sampled' or 'expected', got 'mean'"):
        fit_airl(mdp, expert, next_state="mean")
    with pytest.raises(TypeError, match="mdp must be a FiniteMDP"):
        fit_airl(3, expert)


def test_repr_has_the_verdict(processes):
    mdp = processes["map"]()
    assert "state-only, OPTIMAL" in repr(fit_airl(mdp, expert_of(mdp, goal(mdp)).occupancy))
