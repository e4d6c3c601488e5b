"""One round of the game: the order of updates, the inputs of the advantages, and the direction of improvement."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx import game
from gail.approx.cost_players.fixed_costs import EnvironmentCost
from gail.approx.game import Stopwatch, play_round
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import Trpo, TrpoPlayer
from gail.approx.trajectories.sampler import Sampler

SETTINGS = Trpo(discount=0.9, mixing=0.8, critic=CriticSettings(hidden=(8,), epochs=1))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def policy(make_policy):
    return make_policy(SpaceSpec(3, 2, None, None))


class ScriptedCost:
    """A cost player that records its calls, and charges action 0 more."""

    def __init__(self):
        self.asked = []

    def update(self, batch, policy, generator):
        self.asked.append(("update", batch))

    def costs(self, batch):
        self.asked.append(("costs", batch))
        return np.where(batch.actions == 0, 1.0, 0.0)


def test_play_lowers_the_cost_and_keeps_the_order_of_the_algorithm(counting_env, policy, untouched_random_state):
    sampler = Sampler(counting_env([[(5, "terminated")], [(7, "truncated")]]))
    player, cost, g = TrpoPlayer(policy, SETTINGS, generator()), ScriptedCost(), generator()
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
    class Nothing(EnvironmentCost):
        def costs(self, batch):
            return np.zeros(batch.num_steps)

    sampler = Sampler(counting_env([[(5, "terminated")], [(7, "truncated")]]))
    with torch.no_grad():
        policy.network[-1].bias += torch.tensor([1.0, -1.0])  # start from a policy that is not uniform
    player, g = TrpoPlayer(policy, replace(SETTINGS, entropy_weight=1.0), generator()), generator()
    entropies = [play_round(player, Nothing(), sampler, 300, g).policy.entropy for _ in range(12)]
    assert entropies[-1] > entropies[0] + 0.05


def test_the_stopwatch_charges_each_part(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 6.0])
    monkeypatch.setattr(game.time, "perf_counter", lambda: next(clock))
    watch = Stopwatch()
    for part in ("a", "b", "a"):
        watch.lap(part)
    assert watch.seconds == {"a": 4.0, "b": 2.0}
