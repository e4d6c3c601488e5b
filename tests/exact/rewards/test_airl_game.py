import numpy as np
import pytest

from gail.exact import solve_rl
from gail.exact.rewards.airl import fit_airl
from gail.exact.rewards.airl_game import learner_step, play_airl
from gail.exact.rewards.shaping import compare_rewards


def learned(processes, name, rounds, **options):
    mdp = processes[name](np.random.default_rng(0)) if name != "map" else processes[name]()
    reward = np.eye(mdp.num_states)[3]
    expert = solve_rl(mdp, -reward, 1.0)
    return mdp, reward, expert, play_airl(mdp, expert.occupancy, rounds, **options)


@pytest.mark.parametrize("name", ["random", "map", "ending"])
def test_the_game_ends_at_the_expert_and_its_reward(name, processes):
    mdp, reward, expert, run = learned(processes, name, 150, next_state="expected")
    assert run.distance <= 1e-9
    assert compare_rewards(mdp, run.fit.reward, reward).constant_residual <= 1e-8
    np.testing.assert_allclose(run.policy, expert.policy, atol=1e-8)
    assert run.losses[-1] == pytest.approx(2.0 * np.log(2.0) * expert.occupancy.sum())


def test_full_steps_are_the_soft_optimal_policies_of_f_and_of_g(processes):
    mdp, _, expert, run = learned(processes, "random", 15, next_state="expected", step_size=1.0)
    assert run.distance <= 1e-12
    fit = fit_airl(mdp, expert.occupancy, np.full((16, 4), 0.25), next_state="expected")
    step = learner_step(mdp, fit, np.full((16, 4), 0.25), 1.0)
    np.testing.assert_allclose(step, solve_rl(mdp, -fit.reward, 1.0).policy, atol=1e-10)


def test_the_expert_is_a_fixed_point_and_small_steps_stay_near(processes):
    mdp, _, expert, run = learned(processes, "map", 1, step_size=1e-3)
    assert abs(run.policy - 0.25).max() < 0.01
    fit = fit_airl(mdp, expert.occupancy)
    np.testing.assert_allclose(learner_step(mdp, fit, expert.policy, 0.3), expert.policy, atol=1e-8)


def test_with_sampled_next_states_and_stochastic_dynamics_the_game_ends_elsewhere(processes):
    mdp, reward, _, run = learned(processes, "random", 60)
    assert abs(np.diff(run.distances[-10:])).max() < 1e-6  # it has settled
    assert run.distance > 1e-2
    assert compare_rewards(mdp, run.fit.reward, reward).constant_residual > 0.3


def test_wrong_arguments_are_named(processes):
    mdp = processes["map"]()
    expert = solve_rl(mdp, np.zeros(16), 1.0).occupancy
    with pytest.raises(ValueError, match="step_size must be above 0 and at most 1, got 2"):
        play_airl(mdp, expert, 3, step_size=2.0)
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        play_airl(mdp, expert, 0)
