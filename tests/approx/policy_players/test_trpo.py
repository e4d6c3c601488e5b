"""TRPO as a policy player: returns and advantages, the order of its operations, and its saved state."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.game import Stopwatch
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players import trpo
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import Trpo, TrpoPlayer
from gail.approx.policy_players.trust_region import StepOutcome, StepReport
from gail.approx.trajectories.trajectories import Trajectories

SETTINGS = Trpo(discount=0.9, mixing=0.8, critic=CriticSettings(hidden=(8,), epochs=1))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def policy(make_policy):
    return make_policy(SpaceSpec(3, 2, None, None))


@pytest.fixture
def batch():
    """Trajectories of 2, 3 and 2 steps: terminated, truncated, cut by the end of the batch."""
    rng = np.random.default_rng(0)
    return Trajectories(
        observations=rng.normal(size=(7, 3)),
        actions=rng.integers(2, size=7),
        rewards=None,
        final_observations=rng.normal(size=(3, 3)),
        lengths=np.array([2, 3, 2]),
        terminated=np.array([True, False, False]),
        truncated=np.array([False, True, False]),
    )


class Recorder:
    """Replaces the trust region step and the critic, and records their arguments."""

    def __init__(self, player, monkeypatch):
        self.player = player
        self.calls = []
        self.mean_at_step = None
        monkeypatch.setattr(trpo, "trust_region_step", self.step)
        monkeypatch.setattr(player.critic, "values", lambda states: states.double().sum(1).numpy())
        monkeypatch.setattr(player.critic, "fit", self.fit)

    def step(self, policy, observations, actions, advantages, settings, generator):
        self.calls.append("step")
        self.advantages = advantages
        self.mean_at_step = policy.moments.mean.clone()
        return StepReport(StepOutcome.ACCEPTED, 0.0, 0.0, 0)

    def fit(self, states, returns, generator):
        self.calls.append("fit")
        self.returns = returns
        return 0.5

    def value(self, observations):
        return self.player.policy.moments(torch.from_numpy(observations)).double().sum(1).numpy()


def lambda_return_by_recursion(rewards, values, discount, mixing, terminated):
    """Lambda-returns of one trajectory by backward recursion; `values` has one entry more than `rewards`."""
    following = 0.0 if terminated else values[-1]
    out = []
    for t in reversed(range(len(rewards))):
        bootstrap = 0.0 if terminated and t == len(rewards) - 1 else values[t + 1]
        following = rewards[t] + discount * ((1 - mixing) * bootstrap + mixing * following)
        out.append(following)
    return out[::-1]


@pytest.mark.parametrize("entropy_weight", [0.0, 0.3])
@pytest.mark.parametrize("critic_mixing", [None, 1.0])
@pytest.mark.parametrize("bootstrap", [True, False])
def test_returns_and_advantages_are_what_they_are_called(
    policy, batch, monkeypatch, entropy_weight, critic_mixing, bootstrap
):
    changes = {"entropy_weight": entropy_weight, "critic_mixing": critic_mixing, "bootstrap_at_time_limit": bootstrap}
    player = TrpoPlayer(policy, replace(SETTINGS, **changes), generator())
    recorder = Recorder(player, monkeypatch)
    before = policy.moments.mean.clone()
    costs = np.random.default_rng(1).normal(size=7)
    distribution = policy(torch.from_numpy(batch.observations))
    log_prob = distribution.log_prob(torch.from_numpy(batch.actions)).detach().double().numpy()
    rewards = -costs - entropy_weight * log_prob
    values, finals = recorder.value(batch.observations), recorder.value(batch.final_observations)
    # The third trajectory was cut by the end of the batch: the critic's value always replaces the rest of it.
    over = batch.terminated if bootstrap else batch.terminated | batch.truncated

    def returns_of(mixing):
        found = []
        for k, (first, last) in enumerate(zip(batch.first_steps, batch.last_steps, strict=True)):
            rows = slice(first, last + 1)
            following = np.append(values[rows], finals[k])
            found += lambda_return_by_recursion(rewards[rows], following, 0.9, mixing, over[k])
        return found

    expected = returns_of(0.8)

    report = player.improve(batch, costs, generator(), Stopwatch().lap)

    fitted_to = expected if critic_mixing is None else returns_of(1.0)
    np.testing.assert_allclose(recorder.returns, fitted_to, rtol=1e-6)
    advantages = np.array(expected) - values
    standardized = (advantages - advantages.mean()) / advantages.std()
    np.testing.assert_allclose(recorder.advantages, standardized, rtol=1e-5)
    assert report.entropy == pytest.approx(distribution.entropy().mean().item())
    assert report.explained_variance == 0.5
    # The step and the critic use the standardization of the sampling; it is updated after both.
    assert recorder.calls == ["step", "fit"]
    assert torch.equal(recorder.mean_at_step, before)
    assert not torch.equal(policy.moments.mean, before)


def test_equal_advantages_change_nothing(policy, batch):
    player = TrpoPlayer(policy, replace(SETTINGS, discount=0.0), generator())
    before = [p.clone() for p in policy.parameters()]
    report = player.improve(batch, np.zeros(7), generator(), Stopwatch().lap)
    assert report.step.outcome is StepOutcome.ZERO_GRADIENT
    assert all(torch.equal(a, b) for a, b in zip(before, policy.parameters(), strict=True))


def test_a_player_goes_on_bit_for_bit_from_its_state(batch, make_policy, tmp_path):
    def player():
        return TrpoPlayer(make_policy(SpaceSpec(3, 2, None, None)), SETTINGS, generator())

    costs = np.random.default_rng(1).normal(size=7)
    one, g = player(), generator()
    one.improve(batch, costs, g, Stopwatch().lap)
    torch.save(one.state_dict(), tmp_path / "state")
    two = player()
    two.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    h = torch.Generator()
    h.set_state(g.get_state())
    assert one.improve(batch, costs, g, Stopwatch().lap) == two.improve(batch, costs, h, Stopwatch().lap)
    assert torch.equal(one.policy.network[0].weight, two.policy.network[0].weight)
    assert torch.equal(one.critic.network[0].weight, two.critic.network[0].weight)
