import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.process.finite_horizon import over_time, time_expanded
from gail.exact.process.paths import ImportanceSample, TooManyPaths, enumerate_paths

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
COIN = FiniteMDP([[[0.0, 0.5, 0.5]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]], [1.0, 0.0, 0.0], 0.5)
HEADS = np.array([[0.0], [1.0], [0.0]])


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=st.integers(1, 3))
def test_paths_agree_with_the_time_expanded_process(mdp: FiniteMDP, seed, horizon, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 16)
    paths, expanded = enumerate_paths(mdp, horizon), time_expanded(mdp, horizon)
    policy = random_policy(expanded, seed)
    q = paths.distribution(policy)
    assert q.sum() == pytest.approx(1.0, abs=1e-12)
    visits = paths.expected_counts(q).reshape(mdp.num_states, mdp.num_actions)
    np.testing.assert_allclose(visits, over_time(occupancy_of(expanded, policy), horizon), atol=1e-12)
    stationary = policy[: mdp.num_states]
    np.testing.assert_allclose(paths.distribution(stationary), paths.distribution(np.tile(stationary, (horizon, 1))))


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_maximum_entropy_gradient_is_a_gradient(mdp: FiniteMDP, seed, random_policy, random_cost):
    assume(mdp.num_states * mdp.num_actions <= 12)
    paths, reward = enumerate_paths(mdp, 3), random_cost(mdp, seed)
    expert = paths.distribution(random_policy(mdp, seed))
    gradient = paths.maxent_gradient(reward, expert)
    direction = np.random.default_rng(seed).normal(size=reward.shape)

    def likelihood(r):
        return expert @ paths.returns(r) - paths.log_partition(r)

    change = (likelihood(reward + 1e-5 * direction) - likelihood(reward - 1e-5 * direction)) / 2e-5
    assert np.sum(direction.ravel() * gradient) == pytest.approx(change, abs=1e-8)
    assert paths.maxent(reward).sum() == pytest.approx(1.0, abs=1e-12)
    # Exponential tilting: log p_r - log P is affine in the counts.
    np.testing.assert_allclose(
        np.log(paths.maxent(reward) / paths.dynamics), paths.returns(reward) - paths.log_partition(reward), atol=1e-11
    )


def test_importance_sampling_is_unbiased_and_exact_at_the_optimal_sampler():
    paths, rng = enumerate_paths(COIN, 2), np.random.default_rng(0)
    assert len(paths.dynamics) == 2
    sampler = np.array([0.3, 0.7])
    sample = ImportanceSample(paths, sampler, rng.multinomial(20_000, sampler) / 20_000)
    assert sample.maxent(HEADS).sum() == pytest.approx(1.0)
    assert sample.log_partition(HEADS) == pytest.approx(paths.log_partition(HEADS), abs=0.03)
    np.testing.assert_allclose(sample.maxent(HEADS), paths.maxent(HEADS), atol=0.03)
    optimal = paths.maxent(HEADS)
    few = ImportanceSample(paths, optimal, np.array([0.2, 0.8]))
    assert few.log_partition(HEADS) == pytest.approx(paths.log_partition(HEADS), abs=1e-14)
    one = ImportanceSample(paths, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    np.testing.assert_array_equal(one.maxent(HEADS), [0.0, 1.0])


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_weighted_by_any_positive_sampler_all_paths_give_exact_values(mdp: FiniteMDP, seed, random_cost):
    assume(mdp.num_states * mdp.num_actions <= 12)
    paths, reward = enumerate_paths(mdp, 3), random_cost(mdp, seed)
    sampler = np.random.default_rng(seed).dirichlet(np.ones(len(paths.dynamics))) + 1e-12
    sample = ImportanceSample(paths, sampler, sampler)
    assert sample.log_partition(reward) == pytest.approx(paths.log_partition(reward), abs=1e-12)
    np.testing.assert_allclose(sample.maxent(reward), paths.maxent(reward), atol=1e-12)


def test_episodes_may_end_early():
    survive_or_end = FiniteMDP([[[0.5], [1.0]]], [1.0], 0.9, terminal=[True])
    paths = enumerate_paths(survive_or_end, 2)
    # Action 0 ends the episode half of the time.
    assert sorted(map(tuple, paths.actions.tolist())) == [(0, -1), (0, 0), (0, 1), (1, 0), (1, 1)]
    assert paths.distribution([[0.5, 0.5]]).sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(paths.states[paths.actions < 0], -1)


def test_too_many_paths_are_refused():
    with pytest.raises(TooManyPaths, match="allowed are 10"):
        enumerate_paths(FiniteMDP(np.full((2, 2, 2), 0.5), [1.0, 0.0], 0.5), 5, max_paths=10)
    with pytest.raises(ValueError, match="horizon must be at least 1, got 0"):
        enumerate_paths(COIN, 0)
