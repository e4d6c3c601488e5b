"""Two engines, one theory: what is sampled and learned agrees with what is solved.

Observations are one-hot states, so that a policy or a discriminator without hidden layers is nearly a table. To
sample a discounted occupancy without weights, the discount becomes a chance of 1 - gamma that the episode ends
at each step: undiscounted visits of that process are the discounted occupancy of the original.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx import (
    Demonstrations,
    Discriminator,
    DiscriminatorSettings,
    Gail,
    PolicySettings,
    Provenance,
    SpaceSpec,
    TrainingSettings,
    Trajectories,
    TrustRegionSettings,
    discount_weights,
    imitation_against,
    reinforcement,
    train_imitator,
    trust_region_step,
)
from gail.approx.evaluation import play_episodes, stochastic
from gail.approx.policies.policy import Policy
from gail.approx.policy_players.advantages import lambda_returns
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import Trpo
from gail.envs import StateFeatures, TabularVectorEnv, garnet, gridworld
from gail.exact import FiniteMDP, occupancy_of, solve_rl
from gail.exact import algorithms as dynamics
from gail.exact.problems import Matching
from gail.exact.regularizers import Hinge, L2Ball, Logistic

torch.set_num_threads(1)

GAMMA = 0.8


def ending_at_random(mdp):
    """The process that goes on with probability gamma, whose visits are the discounted occupancy of `mdp`."""
    return FiniteMDP(mdp.transitions * mdp.discount, mdp.initial, 0.5, terminal=np.ones(mdp.num_states, dtype=bool))


def make_envs(mdp, cost, copies, horizon=200):
    def make(entropy):
        envs = StateFeatures(TabularVectorEnv(mdp, cost, copies, horizon=horizon), np.eye(mdp.num_states))
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        envs.reset(seed=seed)
        return envs

    return make


def table_of(policy):
    """pi(a|s), shape (S, A), of a policy on one-hot states."""
    with torch.no_grad():
        logits = policy(torch.eye(policy.spec.observation_size, dtype=torch.float64)).logits
    return torch.softmax(logits.double(), -1).numpy()


def softmax_policy(table):
    """A policy on one-hot states that plays `table`, shape (S, A)."""
    policy = Policy(SpaceSpec(*table.shape, None, None), PolicySettings(hidden=()), torch.Generator())
    with torch.no_grad():
        policy.network[0].weight.copy_(torch.from_numpy(np.log(table).T))
    return policy


def random_table(mdp, seed):
    return np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), mdp.num_states)


GARNET = garnet(6, 3, 2, np.random.default_rng(0), discount=GAMMA)
GRID = gridworld("S..\n.#G\n..P", slip=0.2, discount=0.9)


# The cost regularizer


@pytest.mark.parametrize("task", [GARNET, GRID], ids=["garnet", "gridworld"])
def test_a_trained_table_of_logits_is_the_conjugate(task):
    psi = Logistic()
    rho, rho_expert = (occupancy_of(task.mdp, random_table(task.mdp, seed)) for seed in (1, 2))
    value, cost = psi.conjugate(rho, rho_expert)
    logits = torch.zeros(rho.shape, dtype=torch.float64, requires_grad=True)
    weights = torch.from_numpy(rho), torch.from_numpy(rho_expert)
    optimizer = torch.optim.LBFGS([logits], max_iter=500, tolerance_grad=1e-13, tolerance_change=0.0, history_size=50)

    def loss():
        optimizer.zero_grad()
        result = psi.discriminator_loss(logits, logits, *weights)
        result.backward()
        return result

    optimizer.step(loss)
    assert loss().item() == pytest.approx(-value, rel=1e-10)
    seen = (rho > 0) & (rho_expert > 0)
    assert seen.sum() > 10
    np.testing.assert_allclose(psi.cost(logits.detach()).numpy()[seen], cost[seen], rtol=1e-5)
    # The discriminator's optimum is the probability of the learner.
    np.testing.assert_allclose(
        torch.sigmoid(logits.detach()).numpy()[seen], (rho / (rho + rho_expert))[seen], rtol=1e-5
    )
    # And the cost is the gradient of the conjugate in rho, so also of minus the least loss.
    step = 1e-6 * rho
    up, down = psi.conjugate(rho + step, rho_expert)[0], psi.conjugate(rho - step, rho_expert)[0]
    assert (up - down) / 2 == pytest.approx((cost * step).sum(), rel=1e-6)


def test_no_table_of_logits_beats_the_conjugate():
    psi = Logistic()
    rho, rho_expert = (occupancy_of(GARNET.mdp, random_table(GARNET.mdp, seed)) for seed in (1, 2))
    value, _ = psi.conjugate(rho, rho_expert)
    rng = np.random.default_rng(0)
    for _ in range(50):
        logits = rng.normal(0, 2, rho.shape)
        assert psi.discriminator_loss(logits, logits, rho, rho_expert) >= -value


def test_losses_of_samples_are_losses_of_their_frequencies():
    psi, rng = Logistic(), np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=5))
    learner, expert = rng.integers(5, size=40), rng.integers(5, size=25)
    frequencies = [torch.from_numpy(np.bincount(rows, minlength=5) / len(rows)) for rows in (learner, expert)]
    sampled = psi.discriminator_loss(logits[learner], logits[expert])
    assert sampled.item() == pytest.approx(psi.discriminator_loss(logits, logits, *frequencies).item())


# Sampling


def visits(episodes, mdp, weights):
    """Weighted visits of each episode, shape (K, S, A)."""
    counts = np.zeros((episodes.num_trajectories, mdp.num_states, mdp.num_actions))
    owner = np.repeat(np.arange(episodes.num_trajectories), episodes.lengths)
    np.add.at(counts, (owner, episodes.observations.argmax(1), episodes.actions), weights)
    return counts


def assert_mean(samples, expected):
    """Each entry within 4.5 standard errors: there are many of them."""
    error = samples.std(axis=0) / np.sqrt(len(samples))
    assert (np.abs(samples.mean(axis=0) - expected) <= 4.5 * error + 1e-6).all()


@pytest.mark.parametrize("how", ["weights", "restarts"])
def test_sampled_visits_are_the_occupancy(how):
    mdp, table = GARNET.mdp, random_table(GARNET.mdp, 3)
    process = mdp if how == "weights" else ending_at_random(mdp)
    envs = make_envs(process, GARNET.cost, 3000, horizon=70)((0,))
    episodes = play_episodes(stochastic(softmax_policy(table), 0), envs)
    weights = discount_weights(episodes, GAMMA) if how == "weights" else np.ones(episodes.num_steps)
    rho = occupancy_of(mdp, table)
    assert_mean(visits(episodes, mdp, weights), rho)
    # The return of each episode's first step estimates the value, -<rho, c>.
    last = episodes.last_steps
    discounts = np.full(episodes.num_steps, GAMMA if how == "weights" else 1.0)
    discounts[last] = 0.0
    mixing = np.ones(episodes.num_steps)
    returns = lambda_returns(episodes.rewards, discounts, np.zeros(episodes.num_steps), mixing)
    assert_mean(returns[episodes.first_steps], -(rho * GARNET.cost).sum())


# Policy gradients. The estimator is the one that the trust region step ascends: the mean, over visits, of
# grad log pi(a|s) times the sampled return of r = -c - lambda log pi(a|s) from there on.

LOGITS = np.random.default_rng(5).normal(size=(GARNET.mdp.num_states, GARNET.mdp.num_actions))
RHO_EXPERT = occupancy_of(GARNET.mdp, random_table(GARNET.mdp, 4))
FEATURES = np.random.default_rng(6).normal(size=(*LOGITS.shape, 3))
BALL = Matching(GARNET.mdp, RHO_EXPERT, L2Ball(FEATURES), 0.0)
GAN = Matching(GARNET.mdp, RHO_EXPERT, Logistic(), 0.3)
RHO = occupancy_of(GARNET.mdp, dynamics.softmax_policy(LOGITS))

# Name: cost, entropy weight, and the exact gradient of what is minimised.
GRADIENTS = {
    "equation 12": (BALL.psi.conjugate(RHO, RHO_EXPERT)[1], 0.0, dynamics.imitation_gradient(BALL, LOGITS)),
    "equation 18": (GAN.psi.conjugate(RHO, RHO_EXPERT)[1], 0.3, dynamics.imitation_gradient(GAN, LOGITS)),
    "lemma A.1": (np.zeros(LOGITS.shape), 1.0, -dynamics.entropy_gradient(GARNET.mdp, LOGITS)),
}
PROCESS = ending_at_random(GARNET.mdp)


def reward_to_go(episodes, policy, cost, entropy_weight):
    """Sampled returns of -c - lambda log pi from every step on, undiscounted: the process ends at random."""
    drawn = policy(torch.from_numpy(episodes.observations)).log_prob(torch.from_numpy(episodes.actions))
    charged = cost[episodes.observations.argmax(1), episodes.actions]
    rewards = -charged - entropy_weight * drawn.detach().double().numpy()
    discounts = np.ones(episodes.num_steps)
    discounts[episodes.last_steps] = 0.0
    return lambda_returns(rewards, discounts, np.zeros(episodes.num_steps), np.ones(episodes.num_steps))


def sampled_gradients(name, copies, seed):
    """Estimates of the gradient of what is minimised, one per episode, shape (copies, S, A), and their steps."""
    cost, entropy_weight, _ = GRADIENTS[name]
    table = dynamics.softmax_policy(LOGITS)
    policy = softmax_policy(table)
    envs = make_envs(PROCESS, GARNET.cost, copies, horizon=90)((seed,))
    episodes = play_episodes(stochastic(policy, seed), envs)
    weighted = visits(episodes, GARNET.mdp, reward_to_go(episodes, policy, cost, entropy_weight))
    return -(weighted - table * weighted.sum(axis=2, keepdims=True)), episodes.num_steps


def assert_unbiased(estimates, exact):
    error = estimates.std(axis=0) / np.sqrt(len(estimates))
    np.testing.assert_array_less(np.abs(estimates.mean(axis=0) - exact), 4.0 * error)
    assert (4.0 * error).max() < 0.3 * np.abs(exact).max()  # else anything would pass


def assert_error_falls_as_the_root(estimates, exact, few, many):
    """Root mean squared errors of means over groups of `few` and of `many` episodes."""

    def error(size):
        groups = estimates[: len(estimates) // size * size].reshape(-1, size, *exact.shape).mean(axis=1)
        return np.sqrt(np.square(groups - exact).mean())

    assert error(few) / error(many) == pytest.approx(np.sqrt(many / few), rel=0.2)


@pytest.mark.parametrize("name", GRADIENTS)
def test_sampled_policy_gradients_are_unbiased(name):
    estimates, steps = sampled_gradients(name, 20_000, 1)
    assert 0.8e5 < steps < 1.2e5
    assert_unbiased(estimates, GRADIENTS[name][2])
    assert_error_falls_as_the_root(estimates, GRADIENTS[name][2], 10, 160)


@pytest.mark.slow
@pytest.mark.parametrize("name", GRADIENTS)
def test_a_million_samples_find_no_bias_either(name):
    parts, steps = zip(*(sampled_gradients(name, 20_000, seed) for seed in range(2, 12)), strict=True)
    assert sum(steps) > 0.9e6
    estimates = np.concatenate(parts)
    assert_unbiased(estimates, GRADIENTS[name][2])
    assert_error_falls_as_the_root(estimates, GRADIENTS[name][2], 10, 1000)


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_surrogates_gradient_is_the_sampled_policy_gradient(name):
    # What the trust region step differentiates: the mean of pi_theta / pi_old times the return, at theta = theta_old.
    cost, entropy_weight, _ = GRADIENTS[name]
    policy = softmax_policy(dynamics.softmax_policy(LOGITS))
    episodes = play_episodes(stochastic(policy, 0), make_envs(PROCESS, GARNET.cost, 500, horizon=90)((0,)))
    gains = reward_to_go(episodes, policy, cost, entropy_weight)
    weighted = visits(episodes, GARNET.mdp, gains).sum(axis=0)
    expected = weighted - dynamics.softmax_policy(LOGITS) * weighted.sum(axis=1, keepdims=True)

    new = policy(torch.from_numpy(episodes.observations)).log_prob(torch.from_numpy(episodes.actions))
    ((new - new.detach()).exp() * torch.from_numpy(gains)).mean().backward()
    found = policy.network[0].weight.grad.T.double().numpy() * episodes.num_steps
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_on_a_table_the_trust_region_step_is_the_exact_natural_gradient():
    # Every state is visited in proportion to its occupancy, and every action in it exactly as often as the policy
    # says: the batch is the occupancy measure, and what remains is rounding.
    table = 1 / 16 + 13 / 16 * np.eye(3)[np.arange(6) % 3]
    rho = occupancy_of(GARNET.mdp, table)
    states = np.ceil(200 * rho.sum(axis=1) / rho.sum()).astype(int)
    counts = (16 * states[:, None] * table).round().astype(int)
    pairs = np.repeat(np.arange(18), counts.ravel())
    gradient = dynamics.policy_gradient(GARNET.mdp, np.log(table), GARNET.cost, entropy_weight=0.0)
    advantages = -gradient / rho  # of the reward
    max_kl = 1e-5
    step = np.sqrt(2 * max_kl / ((advantages**2 * counts).sum() / counts.sum()))
    exact = dynamics.natural_gradient_run(GARNET.mdp, GARNET.cost, 1, step, start=table).policy

    policy = softmax_policy(table)
    settings = TrustRegionSettings(max_kl, damping=1e-6, cg_iterations=50, fisher_fraction=1.0, accept_ratio=0.0)
    report = trust_region_step(
        policy, np.eye(6)[pairs // 3], pairs % 3, advantages.ravel()[pairs], settings, torch.Generator()
    )
    assert report.accepted
    shortened = 0.9**report.backtracks  # the true divergence may exceed the bound to second order in the step
    moved, expected = np.log(table_of(policy) / table), np.log(exact / table)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(moved, shortened * expected, atol=0.03 * np.abs(expected).max())


# Learning

SETTINGS = TrainingSettings(
    env_steps=100_000,
    batch_size=2_000,
    checkpoint_every=1_000,
    policy=Trpo(
        network=PolicySettings(hidden=()),
        discount=1.0,
        trust_region=TrustRegionSettings(max_kl=0.02),
        critic=CriticSettings(hidden=(), learning_rate=1e-2),
    ),
)
GAIL = Gail(DiscriminatorSettings(hidden=(32,), learning_rate=5e-3, steps=10, gradient_penalty=0.0))


def expected_cost(policy):
    return float((occupancy_of(GARNET.mdp, table_of(policy)) * GARNET.cost).sum())


def test_reinforcement_learning_comes_near_the_exact_optimum_and_not_below():
    optimum = solve_rl(GARNET.mdp, GARNET.cost, entropy_weight=0.0).primal_value
    process = ending_at_random(GARNET.mdp)
    training = reinforcement(make_envs(process, GARNET.cost, 50), SETTINGS, 0)
    start = expected_cost(training.policy)
    while not training.finished:
        training.step()
    end = expected_cost(training.policy)
    assert end >= optimum - 1e-9
    assert end - optimum < 0.05 * (start - optimum)


def test_imitation_comes_near_the_experts_occupancy():
    # The exact objective psi*(rho - rho_E) has its minimum -2 log 2 / (1 - gamma) at rho_E (Corollary A.1.1).
    table = 0.9 * solve_rl(GARNET.mdp, GARNET.cost, entropy_weight=0.0).policy + 0.1 / 3
    rho_expert = occupancy_of(GARNET.mdp, table)
    make = make_envs(ending_at_random(GARNET.mdp), GARNET.cost, 50)
    expert_envs = make_envs(ending_at_random(GARNET.mdp), GARNET.cost, 2_000)((1,))
    episodes = play_episodes(stochastic(softmax_policy(table), 1), expert_envs)
    demonstrations = Demonstrations(episodes, Provenance("garnet", "nearly optimal play"))
    excess = []

    def record(training, report):
        rho = occupancy_of(GARNET.mdp, table_of(training.policy))
        excess.append(Logistic().conjugate(rho, rho_expert)[0] + 2 * np.log(2) / (1 - GAMMA))

    training = train_imitator(GAIL, make, demonstrations, SETTINGS, 0, record)
    assert min(excess) >= 0
    assert min(excess) < 0.02 * excess[0]
    assert np.mean(excess[-10:]) < 0.1 * excess[0]  # the discriminator's memory makes the game circle
    expert = float((rho_expert * GARNET.cost).sum())
    start = float((occupancy_of(GARNET.mdp, np.full((6, 3), 1 / 3)) * GARNET.cost).sum())
    assert abs(expected_cost(training.policy) - expert) < 0.1 * (start - expert)


def as_demonstrations(rho):
    """The occupancy itself as demonstrations: every pair once, weighing rho(s, a)."""
    states, actions = np.divmod(np.arange(rho.size), rho.shape[1])
    batch = Trajectories(
        observations=np.eye(rho.shape[0])[states],
        actions=actions,
        rewards=None,
        final_observations=np.zeros((1, rho.shape[0])),
        lengths=np.array([rho.size]),
        terminated=np.array([False]),
        truncated=np.array([True]),
        weights=rho.ravel(),
    )
    return Demonstrations(batch, Provenance(None, "an exact occupancy"))


@pytest.mark.parametrize("psi", [Logistic(), Hinge()])
def test_the_loss_on_an_exact_expert_is_that_of_the_two_occupancies(psi):
    rho = occupancy_of(GARNET.mdp, random_table(GARNET.mdp, 2))
    rng = np.random.default_rng(0)
    counts = rng.multinomial(500, np.full(rho.size, 1 / rho.size))
    pairs = np.repeat(np.arange(rho.size), counts)
    everything = as_demonstrations(rho).trajectories
    learner = replace(
        everything,
        observations=everything.observations[pairs],
        actions=everything.actions[pairs],
        lengths=np.array([500]),
        weights=None,
    )
    generator = torch.Generator().manual_seed(0)
    settings = DiscriminatorSettings((8,), steps=0, max_steps=0)
    player = Discriminator(psi, SpaceSpec(6, 3, None, None), everything, settings, generator)
    with torch.no_grad():
        for parameter in player.network.parameters():
            parameter.normal_(generator=generator)
    report = player.update(learner, None, generator)
    logits = player._logits(player.moments(player.expert_pairs)).detach().double().numpy()
    shares = rho.ravel() / rho.sum()
    expected = psi.discriminator_loss(logits, logits, counts / 500, shares)
    assert report.loss == pytest.approx(expected, rel=1e-5)
    assert report.accuracy_expert == pytest.approx(shares[logits < 0].sum(), rel=1e-9)


@pytest.mark.parametrize("discounted", [True, False])
def test_restarts_let_the_sampled_game_be_the_discounted_one(discounted):
    # Without them the learner's average visits are matched with the expert's discounted ones: another policy does that.
    mdp = FiniteMDP(GARNET.mdp.transitions, np.eye(6)[0], 0.5)
    rho_expert = occupancy_of(mdp, 0.9 * solve_rl(mdp, GARNET.cost, entropy_weight=0.0).policy + 0.1 / 3)

    def make(entropy):
        envs = TabularVectorEnv(mdp, GARNET.cost, 50, horizon=None, restart=0.5 if discounted else 0.0)
        envs.reset(seed=int(np.random.SeedSequence(entropy).generate_state(1)[0]))
        return StateFeatures(envs, np.eye(6))

    settings = replace(SETTINGS, env_steps=30_000, policy=replace(SETTINGS.policy, discount=0.5))
    training = imitation_against(GAIL, make, as_demonstrations(rho_expert), settings, 0)
    excess = []
    while not training.finished:
        excess.append(Logistic().conjugate(occupancy_of(mdp, table_of(training.policy)), rho_expert)[0] + 4 * np.log(2))
        training.step()
    assert (min(excess) < 0.03 * excess[0]) == discounted
    assert (min(excess) > 0.06 * excess[0]) == (not discounted)
