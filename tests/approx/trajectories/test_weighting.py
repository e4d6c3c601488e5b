"""Weighted demonstrations: every learner treats a step of weight k as k steps, and no weights as equal weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.cost_players.discriminator import Discriminator
from gail.approx.cost_players.gail import Gail
from gail.approx.cost_players.linear_costs import FeatureCost, l2_ball, simplex
from gail.approx.cost_players.settled_fit import DiscriminatorSettings, slope_penalty
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.policy import PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.training.imitation import imitation_against
from gail.approx.training.training import TrainingSettings
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows, shares_of
from gail.exact.regularizers import Hinge, Logistic

SPEC = SpaceSpec(2, 3, None, None)
COUNTS = np.array([0, 3, 1, 0, 2, 0, 5, 0, 1, 0, 0, 0])
"""The sum equals the number of rows, so that the running moments count `WEIGHTED` and `REPEATED` equally."""


def steps(observations, actions, weights=None):
    return Trajectories(
        observations=observations,
        actions=actions,
        rewards=None,
        final_observations=observations[:1],
        lengths=np.array([len(observations)]),
        terminated=np.array([False]),
        truncated=np.array([True]),
        weights=weights,
    )


def drawn(rows, seed, weights=None):
    rng = np.random.default_rng(seed)
    return steps(rng.normal(size=(rows, 2)), rng.integers(3, size=rows), weights)


WEIGHTED = drawn(12, 0, 0.3 * COUNTS)
REPEATED = steps(np.repeat(WEIGHTED.observations, COUNTS, axis=0), np.repeat(WEIGHTED.actions, COUNTS))
LEARNER = drawn(40, 1)


def generator():
    return torch.Generator().manual_seed(0)


def test_shares_are_fractions():
    np.testing.assert_allclose(shares_of(WEIGHTED), COUNTS / 12)
    assert shares_of(LEARNER) is None


def test_means_are_of_the_repeated_rows():
    rows = torch.from_numpy(WEIGHTED.observations)
    np.testing.assert_allclose(mean_rows(rows, shares_of(WEIGHTED)), REPEATED.observations.mean(0))
    np.testing.assert_allclose(mean_rows(rows[:, 0].float(), shares_of(WEIGHTED)), REPEATED.observations[:, 0].mean())
    assert torch.equal(mean_rows(rows, None), rows.mean(0))


def test_moments_are_of_the_repeated_rows():
    weighted, repeated = RunningMoments(2), RunningMoments(2)
    weighted.update(torch.from_numpy(WEIGHTED.observations), shares_of(WEIGHTED))
    repeated.update(torch.from_numpy(REPEATED.observations))
    for moments in (weighted, repeated):
        moments.update(torch.from_numpy(LEARNER.observations))
    for name, expected in repeated.state_dict().items():
        np.testing.assert_allclose(weighted.state_dict()[name], expected, rtol=1e-12)


@pytest.mark.parametrize("psi", [Logistic(), Hinge()])
def test_a_discriminator_sees_the_repeated_rows(psi):
    settings = DiscriminatorSettings((16,), 1e-2, steps=20, max_steps=0, gradient_penalty=0.0, entropy_bonus=0.5)
    players = [Discriminator(psi, SPEC, expert, settings, generator()) for expert in (WEIGHTED, REPEATED)]
    for player in players:
        # Some gradients of a new network are 0, and Adam would turn their rounding errors into full steps.
        draws = generator()
        with torch.no_grad():
            for parameter in player.network.parameters():
                parameter.normal_(0.0, 0.3, generator=draws)
    for _ in range(2):
        weighted, repeated = (player.update(LEARNER, None, generator()) for player in players)
        found, wanted = ({k: v for k, v in vars(one).items() if v is not None} for one in (weighted, repeated))
        assert found == pytest.approx(wanted, rel=1e-4)
    weighted, repeated = (player.costs(LEARNER) for player in players)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-3, atol=1e-4)
    assert repeated.std() > 0.1
    unweighted = Discriminator(psi, SPEC, replace(WEIGHTED, weights=None), settings, generator())
    assert unweighted.update(LEARNER, None, generator()).feature_distance != pytest.approx(
        players[0].update(LEARNER, None, generator()).feature_distance, rel=0.05
    )


def test_the_penalty_draws_experts_rows_in_proportion_to_their_weights():
    """Two pairs have total weights 3 to 1, whatever the number of rows of each."""
    rows = np.repeat([0, 1], [1000, 5000])
    expert = drawn(2, 3)
    weights = np.where(rows == 0, 3 / 1000, 1 / 5000)
    listed = steps(expert.observations[rows], expert.actions[rows], weights)
    settings = DiscriminatorSettings((16,), gradient_penalty=0.0, steps=30, max_steps=0, learning_rate=1e-2)
    player = Discriminator(Logistic(), SPEC, listed, settings, generator())
    player.update(LEARNER, None, generator())

    def penalty(pairs, shares):
        player.expert_shares = shares
        return float(
            slope_penalty(player._logits, learner, player.moments(pairs), player.expert_shares, generator()).detach()
        )

    learner = player.moments(SPEC.encode_pairs(LEARNER.observations, LEARNER.actions))[:1]
    shares, pairs = player.expert_shares, player.expert_pairs
    of_first, of_second = (penalty(pairs[rows == row], None) for row in (0, 1))
    assert abs(of_first - of_second) > 0.1
    expected = 0.75 * of_first + 0.25 * of_second
    assert penalty(pairs, shares) == pytest.approx(expected, abs=0.05 * abs(of_first - of_second))


@pytest.mark.parametrize("answer", [l2_ball, simplex])
def test_linear_costs_see_the_repeated_rows(answer):
    players = [FeatureCost(answer, 1, SPEC, expert) for expert in (WEIGHTED, REPEATED)]
    weighted, repeated = (player.update(LEARNER, None, generator()).feature_distance for player in players)
    assert weighted == pytest.approx(repeated, rel=1e-9)
    np.testing.assert_allclose(*(player.costs(LEARNER) for player in players), rtol=1e-9)
    equal = FeatureCost(answer, 1, SPEC, replace(WEIGHTED, weights=None))
    assert equal.update(LEARNER, None, generator()).feature_distance != pytest.approx(weighted, rel=0.05)


def demonstrations(batch):
    return Demonstrations(batch, Provenance(None, "made in a test"))


TABLE = CloningSettings(learning_rate=0.05, minibatch=400, training_fraction=0.5, max_epochs=200, patience=200)


def test_a_clone_answers_by_weight():
    """One state is seen 1,000 times with two equally frequent actions; the second has three times the weight."""
    actions = np.arange(1000) % 2
    batch = steps(np.ones((1000, 2)), actions, np.where(actions == 1, 3.0, 1.0))
    result = clone(demonstrations(batch), SPEC, TABLE, 0, PolicySettings(()))
    with torch.no_grad():
        logits = result.policy(torch.ones(1, 2, dtype=torch.float64)).logits[0].double()
    chosen = torch.softmax(logits, 0)
    assert float(chosen[1] / chosen[0]) == pytest.approx(3.0, rel=0.15)
    # The validation error on held-out pairs is weighted, too.
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert min(result.validation_errors) == pytest.approx(entropy, rel=0.05)


def test_a_clone_does_not_see_what_weighs_nothing():
    rng = np.random.default_rng(0)
    batch, kept = drawn(300, 5), rng.random(300) < 0.5
    some = steps(batch.observations[kept], batch.actions[kept])
    settings = replace(TABLE, max_epochs=5, minibatch=32)
    one = clone(demonstrations(replace(batch, weights=2.0 * kept)), SPEC, settings, 0, PolicySettings(()))
    other = clone(demonstrations(some), SPEC, settings, 0, PolicySettings(()))
    assert one.validation_errors == pytest.approx(other.validation_errors, rel=1e-5)
    for name, expected in other.policy.state_dict().items():
        if name != "moments.count":
            np.testing.assert_allclose(one.policy.state_dict()[name], expected, rtol=1e-3, atol=1e-5)


def test_a_clone_needs_two_pairs_that_weigh_something():
    with pytest.raises(InvalidDemonstrations, match="2 state-action pairs"):
        clone(demonstrations(drawn(10, 0, np.eye(10)[3])), SPEC, TABLE, 0, PolicySettings(()))


def test_the_learner_starts_with_the_weighted_standardization(counting_env):
    rng = np.random.default_rng(0)
    batch = steps(rng.normal(size=(9, 3)), rng.integers(2, size=9), np.arange(9.0))
    settings = TrainingSettings(env_steps=100, batch_size=50)
    training = imitation_against(
        Gail(), lambda entropy: counting_env([[(5, "terminated")]]), demonstrations(batch), settings, 0
    )
    mean = np.average(batch.observations, axis=0, weights=batch.weights)
    np.testing.assert_allclose(training.policy.moments.mean, mean, rtol=1e-9)
