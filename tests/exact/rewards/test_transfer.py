"""Learned rewards under other dynamics."""

import itertools

import numpy as np
import pytest

from gail.exact import FiniteMDP, InvalidCost, occupancy_of, solve_rl
from gail.exact.rewards.airl import fit_airl
from gail.exact.rewards.transfer import transfer


@pytest.mark.parametrize("entropy_weight", [0.0, 0.3])
@pytest.mark.parametrize("name", ["random", "ending"])
def test_the_true_reward_and_its_shapings_have_no_regret(name, entropy_weight, processes):
    rng = np.random.default_rng(0)
    mdp = processes[name](rng)
    reward = rng.normal(size=mdp.num_states)
    shaped = reward[:, None] - 0.5 * mdp.flow_adjoint(rng.normal(size=mdp.num_states))
    for one in (reward, shaped):
        found = transfer(one, mdp, -reward, entropy_weight)
        assert found.certified
        assert abs(found.relative_regret) <= 1e-9
        assert found.comparison.equal_up_to_shaping


def all_values(mdp, cost, policies):
    return [float(np.sum(occupancy_of(mdp, policy) * cost)) for policy in policies]


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_judged_by_the_worst_and_the_best_optimal_policy(seed):
    """Against all deterministic policies, for a reward with two tied actions everywhere."""
    rng = np.random.default_rng(seed)
    mdp = FiniteMDP(rng.dirichlet(np.ones(3), size=(3, 3)), rng.dirichlet(np.ones(3)), 0.8)
    cost = rng.normal(size=(3, 3))
    found = transfer(np.array([0.0, 0.0, -1.0]) * np.ones((3, 3)), mdp, cost)
    policies = [np.eye(3)[list(choice)] for choice in itertools.product((0, 1), repeat=3)]
    values = all_values(mdp, cost, policies)
    assert found.value == pytest.approx(max(values))
    assert found.best_value == pytest.approx(min(values))


def test_a_constant_reward_may_lead_to_the_worst_policy(processes):
    rng = np.random.default_rng(0)
    mdp, cost = processes["random"](rng), rng.normal(size=(16, 4))
    found = transfer(np.full(16, 3.0), mdp, cost)
    worst = -solve_rl(mdp, -cost, 0.0).dual_value
    assert found.value == pytest.approx(worst)
    assert abs(found.least_regret) <= 1e-9 * abs(found.best_value)
    assert found.relative_regret > 1.0
    soft = transfer(np.full(16, 3.0), mdp, cost, 0.1)  # with entropy ties are averaged
    assert soft.relative_regret == pytest.approx(1.0)
    assert soft.value == soft.best_value


@pytest.mark.parametrize("seed", range(5))
def test_only_the_state_only_reward_is_optimal_under_new_dynamics(seed, processes):
    rng = np.random.default_rng(seed)
    source, target = (processes["random"](rng) for _ in range(2))
    reward = np.eye(16)[rng.integers(16)]
    expert = solve_rl(source, -reward, 1.0)
    states = fit_airl(source, expert.occupancy, next_state="expected")
    pairs = fit_airl(source, expert.occupancy, state_only=False)
    assert transfer(pairs.reward, source, -reward).relative_regret <= 1e-9
    assert transfer(states.reward, target, -reward).relative_regret <= 1e-9
    assert transfer(pairs.reward, target, -reward).relative_regret > 0.3
    # On a target h is a shaping, so f and g have the same optimum there.
    assert transfer(states.shaped(target), target, -reward).relative_regret <= 1e-9
    assert transfer(pairs.shaped(target), target, -reward).value == pytest.approx(
        transfer(pairs.reward, target, -reward).value
    )


def test_rewards_of_transitions_are_averaged_under_the_new_dynamics(processes):
    rng = np.random.default_rng(0)
    mdp, next_state = processes["random"](rng), rng.normal(size=16)
    each = np.broadcast_to(next_state, (16, 4, 16))
    pairs = np.asarray(mdp.transitions @ next_state).reshape(16, 4)
    found = transfer(each, mdp, -pairs)
    assert abs(found.regret) <= 1e-9
    assert found.comparison.equal_up_to_constant


def test_where_uniform_is_optimal_nothing_is_relative(processes):
    mdp = processes["map"]()
    found = transfer(np.zeros(16), mdp, np.zeros(16))
    assert np.isnan(found.relative_regret)
    assert found.regret == pytest.approx(0.0, abs=1e-12)
    assert "regret" in repr(found)


def test_wrong_arguments_are_named(processes):
    mdp = processes["map"]()
    with pytest.raises(InvalidCost, match=r"^reward must have shape .* got \(3,\)"):
        transfer(np.ones(3), mdp, np.ones(16))
    with pytest.raises(InvalidCost, match=r"^cost must have shape .* got \(4,\)"):
        transfer(np.ones(16), mdp, np.ones(4))
    with pytest.raises(ValueError, match="entropy_weight must be finite and nonnegative"):
        transfer(np.ones(16), mdp, np.ones(16), -1.0)
