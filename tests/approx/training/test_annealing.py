"""Annealing: both players' step sizes fall as the budget is spent, also across a resumed training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.cost_players.cost_player import Paced
from gail.approx.cost_players.discriminator import neural_costs
from gail.approx.cost_players.linear_costs import feature_costs, l2_ball
from gail.approx.cost_players.settled_fit import DiscriminatorSettings
from gail.approx.demonstrations import Demonstrations, Provenance
from gail.approx.policies.policy import PolicySettings
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import Trpo
from gail.approx.policy_players.trust_region import TrustRegionSettings
from gail.approx.training.absorbing_states import idle_when_absorbed
from gail.approx.training.annealing import pace
from gail.approx.training.imitation import imitation_against, reinforcement
from gail.approx.training.refinement import Refinement
from gail.approx.training.training import TrainingSettings
from gail.approx.trajectories.trajectories import Trajectories
from gail.exact.regularizers import Logistic

MAX_KL, RATE, BATCH = 0.02, 0.01, 50
SETTINGS = TrainingSettings(
    env_steps=10 * BATCH,
    batch_size=BATCH,
    checkpoint_every=2,
    policy=Trpo(
        network=PolicySettings((8,)), trust_region=TrustRegionSettings(max_kl=MAX_KL), critic=CriticSettings((8,))
    ),
    anneal_to=0.2,
)


@pytest.fixture
def start(counting_env):
    """Start a training with one copy, so that every batch has exactly the requested number of steps."""
    rng = np.random.default_rng(0)
    batch = Trajectories(
        observations=rng.normal(size=(30, 3)),
        actions=rng.integers(2, size=30),
        rewards=None,
        final_observations=np.zeros((1, 3)),
        lengths=np.array([30]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )
    expert = Demonstrations(batch, Provenance(None, "made in a test"))

    def make(kind, settings=SETTINGS):
        envs = lambda entropy: counting_env([[(7, "terminated")]])  # noqa: E731
        if kind == "reinforcement":
            return reinforcement(envs, settings, 0)
        neural = neural_costs(Logistic(), DiscriminatorSettings((8,), learning_rate=RATE))
        players = {"gail": neural, "fem": feature_costs(l2_ball, 1), "absorbing": idle_when_absorbed(neural)}
        return imitation_against(players[kind], envs, expert, settings, 0)

    return make


def sizes(training):
    """(KL bound, learning rate) of every remaining iteration; the rate is None for players without an optimizer."""
    played = []
    while not training.finished:
        report = training.step()
        player = training.cost_player
        optimizer = getattr(getattr(player, "_player", player), "optimizer", None)
        bound = training.player.config.trust_region.max_kl
        assert report.policy.step.kl <= bound
        played.append((bound, optimizer and optimizer.param_groups[0]["lr"]))
    return played


def test_the_pace_falls_linearly_and_ends_where_it_is_told():
    assert [pace(0.2, steps, 100) for steps in (0, 50, 100)] == pytest.approx([1.0, 0.6, 0.2])
    assert pace(1.0, 37, 100) == 1.0


@pytest.mark.parametrize("kind", ["gail", "absorbing"])
def test_both_players_steps_shorten(start, kind):
    factors = 1.0 - 0.8 * np.arange(10) / 10
    np.testing.assert_allclose(sizes(start(kind)), np.outer(factors, [MAX_KL, RATE]), rtol=1e-12)


@pytest.mark.parametrize("kind", ["fem", "reinforcement"])
def test_without_a_rate_the_policys_shorten(start, kind):
    training = start(kind)
    assert not isinstance(training.cost_player, Paced)
    expected = [(MAX_KL * (1.0 - 0.08 * iteration), None) for iteration in range(10)]
    for (bound, rate), (wanted, none) in zip(sizes(training), expected, strict=True):
        assert bound == pytest.approx(wanted, rel=1e-12)
        assert rate is none


def test_the_last_step_has_a_length_even_if_it_falls_to_nothing(start):
    bounds, rates = zip(*sizes(start("gail", replace(SETTINGS, anneal_to=0.0))), strict=True)
    assert bounds[-1] == pytest.approx(0.1 * MAX_KL)
    assert rates[-1] == pytest.approx(0.1 * RATE)


def test_a_refinements_trust_region_shortens_too(start):
    careful = replace(SETTINGS.policy, trust_region=replace(SETTINGS.policy.trust_region, max_kl=1e-3))
    settings = replace(SETTINGS, refinement=Refinement(4 * BATCH, 2 * BATCH, 1, careful))
    played = sizes(start("gail", settings))
    steps = np.array([0, 1, 2, 3, 4, 6, 8]) * BATCH
    factors = 1.0 - 0.8 * steps / settings.env_steps
    bounds = np.where(steps < 4 * BATCH, MAX_KL, 1e-3)
    np.testing.assert_allclose(played, np.stack([bounds * factors, RATE * factors], axis=1), rtol=1e-12)


def test_without_annealing_settings_are_left_alone(start):
    training = start("gail", replace(SETTINGS, anneal_to=1.0))
    assert set(sizes(training)) == {(MAX_KL, RATE)}
    assert training.player.config is training.settings.policy


@pytest.mark.parametrize("kind", ["gail", "absorbing", "fem", "reinforcement"])
def test_an_interrupted_annealing_goes_on_bit_for_bit(start, kind, tmp_path):
    whole, interrupted, resumed = (start(kind) for _ in range(3))
    expected = sizes(whole)
    for _ in range(6):
        interrupted.step()
    interrupted.save(tmp_path / "checkpoint")
    resumed.load(tmp_path / "checkpoint")
    assert sizes(resumed) == expected[6:]
    for one, two in zip(whole.policy.parameters(), resumed.policy.parameters(), strict=True):
        assert torch.equal(one, two)
    costs = [training.cost_player.state_dict() for training in (whole, resumed)]
    for name, value in costs[0].items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, costs[1][name])
