"""The loop: order of play, what advantages are made of, and the direction of improvement."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx import game as adversarial
from gail.approx.cost_players.fixed_costs import EnvironmentCost
from gail.approx.game import Stopwatch, play_round
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import PolicyPlayer, PolicyPlayerSettings
from gail.approx.policy_players.trust_region import StepOutcome, StepReport
from gail.approx.trajectories.sampler import Sampler
from gail.approx.trajectories.trajectories import Trajectories

SETTINGS = PolicyPlayerSettings(discount=0.9, mixing=0.8, critic=CriticSettings(hidden=(8,), epochs=1))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def policy(make_policy):
    return make_policy(SpaceSpec(3, 2, None, None))


@pytest.fixture
def batch():
    """Three trajectories of 2, 3 and 2 steps: terminated, truncated, cut."""
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
    """Stands for the trust region step and the critic, and keeps what they were given."""

    def __init__(self, player, monkeypatch):
        self.player = player
        self.calls = []
        self.mean_at_step = None
        monkeypatch.setattr(adversarial, "trust_region_step", self.step)
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
    """Backwards, one trajectory; `values` has one entry more than `rewards`."""
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
    player = PolicyPlayer(policy, replace(SETTINGS, **changes), generator())
    recorder = Recorder(player, monkeypatch)
    before = policy.moments.mean.clone()
    costs = np.random.default_rng(1).normal(size=7)
    distribution = policy(torch.from_numpy(batch.observations))
    log_prob = distribution.log_prob(torch.from_numpy(batch.actions)).detach().double().numpy()
    rewards = -costs - entropy_weight * log_prob
    values, finals = recorder.value(batch.observations), recorder.value(batch.final_observations)
    # The third trajectory was cut by the end of the batch: there the critic always stands for the rest.
    over = batch.terminated if bootstrap else batch.terminated | batch.truncated

    def returns_of(mixing):
        found = []
        for k, (first, last) in enumerate(zip(batch.first_steps, batch.last_steps, strict=True)):
            rows = slice(first, last + 1)
            following = np.append(values[rows], finals[k])
            found += lambda_return_by_recursion(rewards[rows], following, 0.9, mixing, over[k])
        return found

    expected = returns_of(0.8)

    report = player.improve(batch, costs, generator(), Stopwatch())

    fitted_to = expected if critic_mixing is None else returns_of(1.0)
    np.testing.assert_allclose(recorder.returns, fitted_to, rtol=1e-6)
    advantages = np.array(expected) - values
    standardized = (advantages - advantages.mean()) / advantages.std()
    np.testing.assert_allclose(recorder.advantages, standardized, rtol=1e-5)
    assert report.entropy == pytest.approx(distribution.entropy().mean().item())
    assert report.explained_variance == 0.5
    # The step and the critic see the standardization of the sampling; it moves afterwards.
    assert recorder.calls == ["step", "fit"]
    assert torch.equal(recorder.mean_at_step, before)
    assert not torch.equal(policy.moments.mean, before)


def test_equal_advantages_change_nothing(policy, batch):
    player = PolicyPlayer(policy, replace(SETTINGS, discount=0.0), generator())
    before = [p.clone() for p in policy.parameters()]
    report = player.improve(batch, np.zeros(7), generator(), Stopwatch())
    assert report.step.outcome is StepOutcome.ZERO_GRADIENT
    assert all(torch.equal(a, b) for a, b in zip(before, policy.parameters(), strict=True))


class ScriptedCost:
    """A cost player that writes down when it is asked, and dislikes action 0."""

    def __init__(self):
        self.asked = []

    def update(self, batch, generator):
        self.asked.append(("update", batch))

    def costs(self, batch):
        self.asked.append(("costs", batch))
        return np.where(batch.actions == 0, 1.0, 0.0)


def test_play_lowers_the_cost_and_keeps_the_order_of_the_algorithm(counting_env, policy, untouched_random_state):
    sampler = Sampler(counting_env([[(5, "terminated")], [(7, "truncated")]]))
    player, cost, g = PolicyPlayer(policy, SETTINGS, generator()), ScriptedCost(), generator()
    shares = []
    for _ in range(15):
        report = play_round(player, cost, sampler, 200, g)
        shares.append(np.mean(report.batch.trajectories.actions == 0))
        assert report.cost is None
        assert report.seconds.keys() == {"sampling", "cost", "policy", "critic"}
        assert all(second >= 0 for second in report.seconds.values())
    assert [name for name, _ in cost.asked] == ["update", "costs"] * 15
    assert cost.asked[-1][1] is report.batch.trajectories
    assert shares[-1] < 0.6 * shares[0]


def test_entropy_is_a_reward_when_weighed(counting_env, policy):
    for weight, rises in ((1.0, True), (-1.0, False)):
        sampler = Sampler(counting_env([[(5, "terminated")], [(7, "truncated")]]))
        start = {k: v.clone() for k, v in policy.state_dict().items()}
        player, g = PolicyPlayer(policy, replace(SETTINGS, entropy_weight=weight), generator()), generator()

        class Nothing(EnvironmentCost):
            def costs(self, batch):
                return np.zeros(batch.num_steps)

        entropies = [play_round(player, Nothing(), sampler, 300, g).policy.entropy for _ in range(12)]
        assert (entropies[-1] > entropies[0] + 0.05) == rises
        assert (entropies[-1] < entropies[0] - 0.05) != rises
        policy.load_state_dict(start)


def test_a_player_goes_on_bit_for_bit_from_its_state(batch, make_policy, tmp_path):
    def player():
        return PolicyPlayer(make_policy(SpaceSpec(3, 2, None, None)), SETTINGS, generator())

    costs = np.random.default_rng(1).normal(size=7)
    one, g = player(), generator()
    one.improve(batch, costs, g, Stopwatch())
    torch.save(one.state_dict(), tmp_path / "state")
    two = player()
    two.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    h = torch.Generator()
    h.set_state(g.get_state())
    assert one.improve(batch, costs, g, Stopwatch()) == two.improve(batch, costs, h, Stopwatch())
    assert torch.equal(one.policy.network[0].weight, two.policy.network[0].weight)
    assert torch.equal(one.critic.network[0].weight, two.critic.network[0].weight)


def test_the_stopwatch_charges_each_part(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 6.0])
    monkeypatch.setattr(adversarial.time, "perf_counter", lambda: next(clock))
    watch = Stopwatch()
    for part in ("a", "b", "a"):
        watch.lap(part)
    assert watch.seconds == {"a": 4.0, "b": 2.0}
