import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.algorithms import (
    BestPolicy,
    DiscriminatorStep,
    FittedDiscriminator,
    GuidedCostGame,
    NaturalStep,
    gan_gcl,
    match_paths,
    maxent_irl,
)
from gail.exact.process.paths import divergence, enumerate_paths

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
COIN = FiniteMDP([[[0.0, 0.5, 0.5]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]], [1.0, 0.0, 0.0], 0.5)
HEADS = np.array([[0.0], [1.0], [0.0]])


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


def deterministic(seed, states=3, actions=2):
    """A process whose actions lead to one state each, from one start."""
    there = np.random.default_rng(seed).integers(states, size=(states, actions))
    return FiniteMDP(np.eye(states)[there], np.eye(states)[0], 0.5)


def changing_policy(mdp, horizon, seed):
    """A policy per step that takes every action with probability at least 0.1."""
    chances = np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=horizon * mdp.num_states)
    return 0.1 + (1.0 - 0.1 * mdp.num_actions) * chances


@pytest.mark.parametrize("seed", range(5))
def test_at_the_best_z_the_mean_of_d_on_a_balanced_batch_is_a_half(seed, random_policy):
    rng = np.random.default_rng(seed)
    mdp = FiniteMDP(rng.dirichlet(np.ones(2), size=(2, 2)), [0.7, 0.3], 0.9)
    paths = enumerate_paths(mdp, 3)
    expert, generator = (paths.distribution(random_policy(mdp, seed + shift)) for shift in (0, 100))
    game, reward = GuidedCostGame(paths, expert, generator), rng.normal(size=(2, 2))
    log_z = game.best_log_partition(reward)
    discriminator = game.discriminator(reward, log_z)
    assert 0.5 * (expert + generator) @ discriminator == pytest.approx(0.5, abs=1e-12)
    # The gradient there is that of maximum entropy IRL, with p_r sampled from the mixture.
    sampled = (expert + generator) * discriminator
    np.testing.assert_allclose(-game.gradient(reward, log_z)[0], paths.expected_counts(expert - sampled), atol=1e-12)


@settings(deadline=None, derandomize=True, max_examples=12)
@given(seed=SEEDS, horizon=st.integers(1, 4))
def test_with_deterministic_dynamics_it_reaches_the_maximum_entropy_optimum(seed, horizon):
    mdp = deterministic(seed)
    problem = match_paths(mdp, horizon, changing_policy(mdp, horizon, seed))
    run, optimum = gan_gcl(problem, FittedDiscriminator(), BestPolicy(), 40), maxent_irl(problem, 40, tolerance=1e-13)
    assert abs(run.trace[-1]) <= 1e-10
    assert run.violation[-1] <= 1e-6
    np.testing.assert_allclose(run.density, optimum.density, atol=1e-6)
    # The generator is p_r itself, and the discriminator is 1/2 everywhere.
    np.testing.assert_allclose(run.density, problem.paths.maxent(run.reward), atol=1e-12)
    game = GuidedCostGame(problem.paths, problem.expert, run.density)
    np.testing.assert_allclose(game.discriminator(run.reward, game.best_log_partition(run.reward)), 0.5, atol=1e-6)


def test_the_alternation_contracts_at_the_rate_stated():
    """(m - 1)/(m + 1) over the eigenvalues m of the expert's covariance of visits relative to the optimum's."""
    mdp = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = match_paths(mdp, 2, [[0.9, 0.1], [0.2, 0.8]])
    run = gan_gcl(problem, FittedDiscriminator(), BestPolicy(), 12)
    variance = 2.0 * 0.55 * 0.45  # of visits to the first action: two draws with the mean probability
    relative = (0.9 * 0.1 + 0.2 * 0.8) / variance
    assert run.violation[1] / run.violation[0] == pytest.approx(abs(relative - 1.0) / (relative + 1.0), rel=0.05)
    rates = run.violation[2:6] / run.violation[1:5]
    np.testing.assert_allclose(rates, abs(relative - 1.0) / (relative + 1.0), rtol=1e-2)


@pytest.mark.parametrize(
    ("discriminator", "generator", "iterations"),
    [(FittedDiscriminator(), NaturalStep(0.5), 60), (DiscriminatorStep(1.0), NaturalStep(0.5), 600)],
)
def test_slower_players_reach_the_same_optimum(discriminator, generator, iterations):
    mdp = deterministic(3)
    problem = match_paths(mdp, 3, changing_policy(mdp, 3, 0))
    run = gan_gcl(problem, discriminator, generator, iterations)
    assert run.trace[0] > 1e-3
    assert abs(run.trace[-1]) <= 1e-9
    np.testing.assert_allclose(run.density, maxent_irl(problem, 40, tolerance=1e-13).density, atol=1e-4)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_a_stationary_expert_is_found_in_one_round_whatever_the_dynamics(mdp: FiniteMDP, seed, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 12)
    policy = 0.1 / mdp.num_actions + 0.9 * random_policy(mdp, seed)
    problem = match_paths(mdp, 3, policy)
    run = gan_gcl(problem, FittedDiscriminator(), BestPolicy(), 1)
    assert abs(run.trace[-1]) <= 1e-10
    np.testing.assert_allclose(run.density, problem.expert, atol=1e-6)
    game = GuidedCostGame(problem.paths, problem.expert, problem.paths.distribution(random_policy(mdp, seed + 1)))
    fitted = FittedDiscriminator().respond(game, np.zeros(policy.shape))
    found = game.discriminator(fitted, game.best_log_partition(fitted))
    np.testing.assert_allclose(found, problem.expert / (problem.expert + game.generator), atol=1e-6)


def test_with_stochastic_dynamics_no_policy_is_the_optimum_and_the_game_ends_elsewhere():
    """An expert that changes its action over time. The optimal path distribution would need other dynamics."""
    mdp = FiniteMDP([[[1.0, 0.0], [0.5, 0.5]], [[0.9, 0.1], [0.9, 0.1]]], [1.0, 0.0], 0.5)
    first = np.array([0.9, 0.1, 0.9, 0.1, 0.1, 0.9])
    problem = match_paths(mdp, 3, np.column_stack([first, 1.0 - first]))
    optimum = maxent_irl(problem, 40, tolerance=1e-13)
    assert abs(optimum.trace[-1]) <= 1e-12
    best = BestPolicy().respond(problem.control, None, problem.generator_cost(optimum.reward))
    assert divergence(problem.paths.distribution(best), optimum.density) > 1e-2
    for run in (
        gan_gcl(problem, FittedDiscriminator(), BestPolicy(), 60),
        gan_gcl(problem, DiscriminatorStep(1.0), NaturalStep(0.5), 600),
    ):
        assert np.all(run.trace > 1e-2)
        assert optimum.dual[-1] - run.dual[-1] > 1e-2
        assert run.violation[-1] > 1e-2
        # The game has converged: each player is a best response to the other.
        game = GuidedCostGame(problem.paths, problem.expert, run.density)
        slope, _ = game.gradient(run.reward, game.best_log_partition(run.reward))
        np.testing.assert_allclose(slope, 0.0, atol=1e-7)
        answer = BestPolicy().respond(problem.control, None, problem.generator_cost(run.reward))
        np.testing.assert_allclose(problem.paths.distribution(answer), run.density, atol=1e-7)


def test_what_cannot_be_played_is_refused():
    problem = match_paths(COIN, 2, np.ones((3, 1)))
    players = FittedDiscriminator(), BestPolicy()
    with pytest.raises(ValueError, match="iterations must be at least 1, got -3"):
        gan_gcl(problem, *players, -3)
    with pytest.raises(TypeError, match=r"iterations must be a whole number such as 11, got 1\.5"):
        gan_gcl(problem, *players, 1.5)
    with pytest.raises(ValueError, match=r"policy must have shape .* = \(6, 1\), got \(3, 1\)"):
        gan_gcl(problem, *players, 1, start=np.ones((3, 1)))
    with pytest.raises(ValueError, match="step_size must be finite and not negative, got nan"):
        DiscriminatorStep(np.nan)
    with pytest.raises(ValueError, match=r"generator must be positive on every path, got 0\.0 at 1"):
        GuidedCostGame(problem.paths, problem.expert, np.array([1.0, 0.0]))
