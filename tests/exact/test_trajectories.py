import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.time_expanded import over_time, time_expanded
from gail.exact.trajectories import (
    GuidedCostGame,
    TooManyPaths,
    divergence,
    enumerate_paths,
    sampled_gradient,
    sampled_log_partition,
)

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
    paths = enumerate_paths(COIN, 2)
    assert len(paths.dynamics) == 2
    rng = np.random.default_rng(0)
    drawn = rng.choice(2, size=20_000, p=[0.3, 0.7])
    log_z, weights = sampled_log_partition(paths, HEADS, drawn, np.array([0.3, 0.7]))
    assert weights.sum() == pytest.approx(1.0)
    assert log_z == pytest.approx(paths.log_partition(HEADS), abs=0.03)
    expert = np.array([0.5, 0.5])
    estimate = sampled_gradient(paths, HEADS, expert, drawn, np.array([0.3, 0.7]))
    np.testing.assert_allclose(estimate, paths.maxent_gradient(HEADS, expert), atol=0.03)
    few = rng.choice(2, size=5, p=paths.maxent(HEADS))
    assert sampled_log_partition(paths, HEADS, few, paths.maxent(HEADS))[0] == pytest.approx(paths.log_partition(HEADS))


def test_a_coin_in_high_precision():
    """Heads pay 1: Z = (1+e)/2; the best Z against p = q = 1/2 solves the importance sampling equation."""
    paths = enumerate_paths(COIN, 2)
    fair = np.array([0.5, 0.5])
    game = GuidedCostGame(paths, fair, fair)
    with mpmath.workdps(30):
        partition = (1 + mpmath.e) / 2
        # mu = 1/2 each: Z = sum mu P e^r / ((P e^r / Z + q)/2).
        best = mpmath.findroot(lambda z: 1 / (1 + z) + mpmath.e / (mpmath.e + z) - 1, 1.7)
        loss = -sum(mpmath.log(x / (x + 1)) / 2 + mpmath.log(1 / (x + 1)) / 2 for x in (mpmath.e / best, 1 / best))
    assert paths.log_partition(HEADS) == pytest.approx(float(mpmath.log(partition)), abs=1e-15)
    log_z = game.best_log_partition(HEADS)
    assert log_z == pytest.approx(float(mpmath.log(best)), abs=1e-12)
    assert game.loss(HEADS, log_z) == pytest.approx(float(loss), abs=1e-14)
    np.testing.assert_allclose(game.discriminator(HEADS, log_z).sum(), 1.0)  # symmetric about Z
    assert divergence(fair, paths.maxent(HEADS)) == pytest.approx(float(mpmath.log(partition) - 0.5), abs=1e-15)
    assert game.generator_objective(HEADS, float(mpmath.log(partition))) == pytest.approx(
        float(mpmath.log(partition) - 0.5), abs=1e-15
    )


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_discriminators_gradient(mdp: FiniteMDP, seed, random_policy, random_cost):
    assume(mdp.num_states * mdp.num_actions <= 12)
    paths, reward = enumerate_paths(mdp, 2), random_cost(mdp, seed)
    expert, generator = (paths.distribution(random_policy(mdp, seed + k)) for k in (1, 2))
    game = GuidedCostGame(paths, expert, generator)
    direction = np.random.default_rng(seed).normal(size=reward.shape)
    by_reward, by_partition = game.gradient(reward, 0.3)
    for claimed, moved, log_z in (
        (np.sum(by_reward * direction.ravel()), 1e-5 * direction, 0.0),
        (by_partition, 0.0, 1e-5),
    ):
        change = (game.loss(reward + moved, 0.3 + log_z) - game.loss(reward - moved, 0.3 - log_z)) / 2e-5
        assert claimed == pytest.approx(change, abs=1e-8)


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
    with pytest.raises(ValueError, match="at least one step, got 0"):
        enumerate_paths(COIN, 0)
