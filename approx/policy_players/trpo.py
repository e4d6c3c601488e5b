"""TRPO as a policy player: advantages, one trust region step, and the fit of the critic.

The player maximises the reward r = -c - lambda log pi(a|s), where pi is the distribution of the executed action
(`gail.approx.policies.distributions`). The return of the second term is the causal entropy (Ho & Ermon 2016,
Lemma A.1). Advantages come from lambda-returns (`advantages`), the step on the policy from `trust_region` (Schulman et
al. 2015), values from `critic`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.networks.finite_checks import NotFinite, check_finite
from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.advantages import lambda_returns
from gail.approx.policy_players.critic import Critic, CriticSettings
from gail.approx.policy_players.policy_player import PolicyReport
from gail.approx.policy_players.trust_region import StepOutcome, TrustRegionSettings, trust_region_step
from gail.approx.settings import require
from gail.approx.trajectories.trajectories import Trajectories


@dataclass(frozen=True)
class Trpo:
    """Config of the TRPO player."""

    name: ClassVar[str] = "trpo"

    network: PolicySettings = field(default_factory=PolicySettings)
    """Architecture of the policy."""
    discount: float = 0.995
    """Discount of future costs."""
    mixing: float = 0.97
    """Lambda of the lambda-returns from which advantages are made."""
    critic_mixing: float | None = None
    """Lambda of the returns that the critic is fitted to; the same as `mixing` if None, Monte Carlo if 1."""
    bootstrap_at_time_limit: bool = True
    """Whether the critic estimates the return after a time limit; if not, a time limit counts as the episode's end."""
    entropy_weight: float = 0.0
    """Weight of the causal entropy (lambda in the paper's Eq. 16)."""
    trust_region: TrustRegionSettings = field(default_factory=TrustRegionSettings)
    """The step on the policy."""
    critic: CriticSettings = field(default_factory=CriticSettings)
    """The value function."""

    def __post_init__(self) -> None:
        require(self, not_negative=("entropy_weight",), fraction=("discount", "mixing", "critic_mixing"))

    def player(self, spec: SpaceSpec, generator: torch.Generator) -> TrpoPlayer:
        """A new policy and critic for a task's spaces; the generator draws their parameters, the policy's first."""
        return TrpoPlayer(Policy(spec, self.network, generator), self, generator)

    def at_pace(self, pace: float) -> Trpo:
        """The same config with `pace` times the bound on the KL."""
        return replace(self, trust_region=replace(self.trust_region, max_kl=pace * self.trust_region.max_kl))


class TrpoPlayer:
    """A policy, its critic, and the rule that improves them."""

    def __init__(self, policy: Policy, config: Trpo, generator: torch.Generator) -> None:
        self.policy = policy
        self.config = config
        self.critic = Critic(policy.spec.observation_size, config.critic, generator)

    def play_by(self, config: Trpo) -> None:
        """Follow another config from now on; networks stay as they are."""
        self.config = config
        self.critic.settings = config.critic

    def improve(
        self, batch: Trajectories, costs: NDArray[np.float64], generator: torch.Generator, lap: Callable[[str], None]
    ) -> PolicyReport:
        """Take one trust region step against `costs`, then fit the critic, then update the normalizer.

        Raises:
            NotFinite: a reward, a return, the policy's gradient or its step, or the critic is not finite.
        """
        with torch.no_grad():
            states = self.policy.moments(torch.from_numpy(batch.observations))
            distribution = self.policy(torch.from_numpy(batch.observations))
            entropy = float(distribution.entropy().mean())
        rewards = -costs
        if self.config.entropy_weight > 0.0:
            rewards = rewards - self.config.entropy_weight * self._log_prob(batch)
        check_finite("the reward", rewards)
        returns, advantages = self._judge(batch, states, rewards)
        check_finite("the advantage", advantages)
        lap("critic")
        step = trust_region_step(
            self.policy, batch.observations, batch.actions, advantages, self.config.trust_region, generator
        )
        if step.outcome is StepOutcome.NOT_FINITE:
            raise NotFinite("the policy's gradient or its step holds an infinite or undefined entry")
        lap("policy")
        explained = self.critic.fit(states, returns, generator)
        # Last: within this round, old and new policy must see the same standardized observations.
        self.policy.moments.update(torch.from_numpy(batch.observations))
        lap("critic")
        return PolicyReport(step, explained, entropy)

    @torch.no_grad()
    def _log_prob(self, batch: Trajectories) -> NDArray[np.float64]:
        """log pi of the executed actions, shape (N,)."""
        found = self.policy.executed_log_prob(torch.from_numpy(batch.observations), torch.from_numpy(batch.actions))
        log_prob: NDArray[np.float64] = found.to(torch.float64).numpy()
        return log_prob

    def _judge(
        self, batch: Trajectories, states: Tensor, rewards: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns for the critic, and standardized advantages, of a batch."""
        last = batch.last_steps
        values = self.critic.values(states)
        next_values = np.append(values[1:], 0.0)
        final_states = self.policy.moments(torch.from_numpy(batch.final_observations))
        next_values[last] = self.critic.values(final_states)
        discounts = np.full(batch.num_steps, self.config.discount)
        over = batch.terminated if self.config.bootstrap_at_time_limit else batch.terminated | batch.truncated
        discounts[last[over]] = 0.0

        def returns_of(weight: float) -> NDArray[np.float64]:
            mixing = np.full(batch.num_steps, weight)
            mixing[last] = 0.0
            return lambda_returns(rewards, discounts, next_values, mixing)

        returns = returns_of(self.config.mixing)
        advantages = returns - values
        if self.config.critic_mixing is not None:
            returns = returns_of(self.config.critic_mixing)
        return returns, (advantages - advantages.mean()) / (advantages.std() + 1e-8)

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes during training."""
        return {
            "policy": self.policy.state_dict(),
            "critic": self.critic.state_dict(),
            "critic_optimizer": self.critic.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.policy.load_state_dict(state["policy"])
        self.critic.load_state_dict(state["critic"])
        self.critic.optimizer.load_state_dict(state["critic_optimizer"])
