"""The one loop: a cost player against a policy player (Ho & Ermon 2016, Algorithm 1).

Each round samples the current policy, lets the cost player answer with a cost, and lets the policy player
make the sampled cost smaller by one trust region step. GAIL, feature matching and plain reinforcement
learning are pairings of players, not algorithms of their own.

The policy player maximises the reward r = -c - entropy_weight * log pi(a|s): the second term's return is the
causal entropy (Lemma A.1).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.advantages import lambda_returns
from gail.approx.cost_players import CostPlayer, CostReport
from gail.approx.critic import Critic, CriticSettings
from gail.approx.policies import Policy
from gail.approx.sampler import Batch, Sampler
from gail.approx.trajectories import Trajectories
from gail.approx.trust_region import StepReport, TrustRegionSettings, trust_region_step


@dataclass(frozen=True)
class PolicyPlayerSettings:
    """How the policy player judges and improves behaviour."""

    discount: float = 0.995
    """Discount of future costs."""
    mixing: float = 0.97
    """Lambda of the lambda-returns."""
    entropy_weight: float = 0.0
    """Weight of the causal entropy (lambda in the paper's Eq. 16)."""
    trust_region: TrustRegionSettings = field(default_factory=TrustRegionSettings)
    """The step on the policy."""
    critic: CriticSettings = field(default_factory=CriticSettings)
    """The value function."""


@dataclass(frozen=True)
class PolicyReport:
    """What the policy player did in one round."""

    step: StepReport
    explained_variance: float
    """Of the critic before its fit: 1 is perfect."""
    entropy: float
    """Mean entropy of the action distributions, in nats."""


class PolicyPlayer:
    """A policy, its critic, and the rule that improves them."""

    def __init__(self, policy: Policy, settings: PolicyPlayerSettings, generator: torch.Generator) -> None:
        self.policy = policy
        self.settings = settings
        self.critic = Critic(policy.spec.observation_size, settings.critic, generator)

    def improve(
        self, batch: Trajectories, costs: NDArray[np.float64], generator: torch.Generator, watch: Stopwatch
    ) -> PolicyReport:
        """Take one trust region step against `costs`, then fit the critic, then update the normalizer."""
        with torch.no_grad():
            states = self.policy.moments(torch.from_numpy(batch.observations))
            distribution = self.policy(torch.from_numpy(batch.observations))
            entropy = float(distribution.entropy().mean())
            log_prob = distribution.log_prob(torch.from_numpy(batch.actions)).to(torch.float64).numpy()
        rewards = -costs - self.settings.entropy_weight * log_prob
        returns, advantages = self._judge(batch, states, rewards)
        watch.lap("critic")
        step = trust_region_step(
            self.policy, batch.observations, batch.actions, advantages, self.settings.trust_region, generator
        )
        watch.lap("policy")
        explained = self.critic.fit(states, returns, generator)
        # Last: within this round, old and new policy must see the same standardized observations.
        self.policy.moments.update(torch.from_numpy(batch.observations))
        watch.lap("critic")
        return PolicyReport(step, explained, entropy)

    def _judge(
        self, batch: Trajectories, states: Tensor, rewards: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lambda-returns and standardized advantages of a batch."""
        last = batch.last_steps
        values = self.critic.values(states)
        next_values = np.append(values[1:], 0.0)
        final_states = self.policy.moments(torch.from_numpy(batch.final_observations))
        next_values[last] = self.critic.values(final_states)
        discounts = np.full(batch.num_steps, self.settings.discount)
        discounts[last[batch.terminated]] = 0.0
        mixing = np.full(batch.num_steps, self.settings.mixing)
        mixing[last] = 0.0
        returns = lambda_returns(rewards, discounts, next_values, mixing)
        advantages = returns - values
        return returns, (advantages - advantages.mean()) / (advantages.std() + 1e-8)

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes during training."""
        return {
            "policy": self.policy.state_dict(),
            "critic": self.critic.state_dict(),
            "critic_optimizer": self.critic.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put back what `state_dict` gave."""
        self.policy.load_state_dict(state["policy"])
        self.critic.load_state_dict(state["critic"])
        self.critic.optimizer.load_state_dict(state["critic_optimizer"])


class Stopwatch:
    """Seconds spent in each part of a round."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, part: str) -> None:
        """Charge the time since the last lap to `part`."""
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True)
class RoundReport:
    """One round of the game."""

    batch: Batch
    cost: CostReport | None
    policy: PolicyReport
    seconds: dict[str, float]
    """Wall time by part: sampling, cost, policy, critic."""


def play_round(
    policy_player: PolicyPlayer,
    cost_player: CostPlayer,
    sampler: Sampler,
    batch_size: int,
    generator: torch.Generator,
) -> RoundReport:
    """Sample, update the cost, then the policy: the order of the paper's Algorithm 1."""
    watch = Stopwatch()
    batch = sampler.collect(policy_player.policy, batch_size, generator)
    watch.lap("sampling")
    cost_report = cost_player.update(batch.trajectories, generator)
    costs = cost_player.costs(batch.trajectories)
    watch.lap("cost")
    policy_report = policy_player.improve(batch.trajectories, costs, generator, watch)
    return RoundReport(batch, cost_report, policy_report, watch.seconds)
