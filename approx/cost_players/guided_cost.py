"""Guided cost learning (Finn, Levine & Abbeel 2016): maximum entropy IRL by importance sampling.

The expert's trajectories are modelled by p(tau) = e^-c(tau) / Z with c(tau) = sum_t c(s_t, a_t), where the dynamics
cancel against the samplers'. Minus their mean log-likelihood is

    L = mean over the demonstrations of c(tau)  +  log Zhat,     Zhat = mean over samples of e^-c(tau_j) z_j.

Samples of the last `kept` iterations stay, and each is weighted by z_j = 1 / q(tau_j). Here q is the *fusion* density,
the mean of all samplers' densities, each as often as it has trajectories. The demonstrations are appended to the
samples: without them L has no lower bound, because c may fall without bound on the demonstrations alone. Their own
sampler is a policy fitted to them by maximum likelihood. The gradient is the difference of the demonstrations' mean and
of a mean with weights e^-c z, normalised to 1. How many samples these weights amount to is reported
(`effective_samples`): with episodes of hundreds of steps it is close to 1, and the estimate of Z is poor.

Two penalties keep c from varying fast along trajectories (section 5 of the paper):

    local constant rate   mean of ((c_{t+1} - c_t) - (c_t - c_{t-1}))^2         demonstrations and samples
    monotonic             mean of max(0, c_t - c_{t-1} - 1)^2                   demonstrations

The policy player makes one step on E[c] - H per iteration; the cost's steps come first.

| | paper | here |
|---|---|---|
| policy player | linear-Gaussian controllers, fitted dynamics | TRPO, as for every imitator |
| demonstrations' density | one Gaussian over trajectories | a policy, fitted by maximum likelihood |
| cost | \\|A y(x) + b\\|^2 + w \\|u\\|^2 with features y | a network of state and action |
| penalties | sums over trajectories | means over steps |
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.cost_players.cost_player import CostReport, TrainingNeeds, mean_distance
from gail.approx.cost_players.gan_gcl import trajectory_sums
from gail.approx.cost_players.rewards.classifier import log_prob
from gail.approx.cost_players.rewards.learned_reward import LearnedReward
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel, encoded
from gail.approx.cost_players.rewards.replay import Rows, rows_of
from gail.approx.cost_players.settled_fit import DiscriminatorSettings, fit_until_settled
from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import require
from gail.approx.trajectories.trajectories import Trajectories

_DENSITY_STEPS, _DENSITY_RATE = 500, 3e-3
"""Adam steps, and their size, of the policy fitted to the demonstrations."""


@dataclass
class _Sample:
    """Trajectories of one sampler."""

    rows: Rows
    lengths: NDArray[np.int64]


class GuidedCostPlayer:
    """The cost c, its kept samples, and the policies that drew them."""

    def __init__(self, config: GuidedCost, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> None:
        self._config = config
        architecture = RewardArchitecture(spec, config.discriminator.hidden, config.state_only)
        self.model = RewardModel(architecture, generator)
        rate = config.discriminator.learning_rate
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate, fused=True)
        self._expert = _Sample(rows_of(expert), expert.lengths.astype(np.int64))
        self.model.moments.update(self._pairs(self._expert.rows))
        self._samplers = [_fitted(spec, self._expert.rows, generator)]
        self._samples = [self._expert]

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport:
        """Keep the batch and its policy, then take Adam steps until the loss has settled.

        Raises:
            NotFinite: the loss or a gradient is not finite; parameters are as before that step.
        """
        rows = rows_of(batch)
        self.model.moments.update(self._pairs(rows))
        self._keep(_Sample(rows, batch.lengths.astype(np.int64)), policy)
        pairs = [self.model.moments(self._pairs(sample.rows)) for sample in self._samples]
        everything, lengths = torch.cat(pairs), np.concatenate([sample.lengths for sample in self._samples])
        log_fusion = self._log_fusion()
        demonstrated = len(self._expert.lengths), len(pairs[0])
        reports: list[CostReport] = []

        def evaluate() -> tuple[Tensor, Callable[[], Tensor]]:
            costs = -self.model.reward_of(everything)
            sums = trajectory_sums(costs.double(), lengths)
            log_weights = -sums - log_fusion
            loss = sums[: demonstrated[0]].mean() + torch.logsumexp(log_weights, 0) - math.log(len(lengths))
            if not reports:
                reports.append(_report(loss, log_weights, (pairs[-1], pairs[0])))
            return loss, lambda: loss + self._penalty(costs, lengths, *demonstrated)

        steps = fit_until_settled("the cost", self.model, self.optimizer, self._config.discriminator, evaluate)
        if not reports:
            with torch.no_grad():
                evaluate()
        return replace(reports[0], steps=steps)

    def keep_pace(self, pace: float) -> None:
        """Use `pace` times the learning rate of the settings from now on."""
        for group in self.optimizer.param_groups:
            group["lr"] = pace * self._config.discriminator.learning_rate

    @torch.no_grad()
    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """c of each step of the batch, shape (N,)."""
        rewards = self.model.reward(self.model.plain(self._pairs(rows_of(batch))))
        costs: NDArray[np.float64] = -rewards.to(torch.float64).numpy()
        return costs

    def reward(self) -> LearnedReward:
        """-c as it is now."""
        return LearnedReward(self.model, self._config.name)

    def state_dict(self) -> dict[str, Any]:
        """The network, its optimizer's state, and kept samples and samplers."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "samplers": [sampler.state_dict() for sampler in self._samplers],
            "samples": [(sample.rows, torch.from_numpy(sample.lengths)) for sample in self._samples[1:]],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._samples = [self._expert, *(_Sample(dict(rows), lengths.numpy()) for rows, lengths in state["samples"])]
        self._samplers = [_policy_of(self.model.architecture.spec, tensors) for tensors in state["samplers"]]

    def _pairs(self, rows: Rows) -> Tensor:
        return encoded(self.model.architecture.spec, rows["observations"], rows["actions"])

    def _keep(self, sample: _Sample, policy: Policy) -> None:
        self._samples = [self._expert, *[*self._samples[1:], sample][-self._config.kept :]]
        self._samplers = [self._samplers[0], *[*self._samplers[1:], copy.deepcopy(policy)][-self._config.kept :]]

    def _log_fusion(self) -> Tensor:
        """log of the mean density of each kept trajectory over all samplers, shape (K,), float64."""
        weights = torch.tensor([len(sample.lengths) for sample in self._samples], dtype=torch.float64)
        shares = (weights / weights.sum()).log()
        densities = [
            torch.cat([trajectory_sums(log_prob(q, one.rows).double(), one.lengths) for one in self._samples])
            for q in self._samplers
        ]
        return torch.logsumexp(torch.stack(densities) + shares[:, None], 0)

    def _penalty(
        self, costs: Tensor, lengths: NDArray[np.int64], demonstrations: int, demonstrated_steps: int
    ) -> Tensor:
        config = self._config
        _, second = differences(costs, lengths)
        monotonic, _ = differences(costs[:demonstrated_steps], lengths[:demonstrations])
        jumps = (monotonic - 1.0).clamp(min=0.0).square()
        return config.local_constant_rate * _mean(second.square()) + config.monotonic * _mean(jumps)


def differences(values: Tensor, lengths: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """First and second differences of the values of steps, shape (N,), within each trajectory."""
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.from_numpy(lengths))
    same = owner[1:] == owner[:-1]
    steps = values[1:] - values[:-1]
    return steps[same], (steps[1:] - steps[:-1])[same[1:] & same[:-1]]


def _mean(values: Tensor) -> Tensor:
    return values.mean() if len(values) else values.sum()


def _report(loss: Tensor, log_weights: Tensor, pairs: tuple[Tensor, Tensor]) -> CostReport:
    shares = torch.softmax(log_weights.detach(), 0)
    return CostReport(
        feature_distance=mean_distance(*pairs, None),
        likelihood_loss=float(loss.detach()),
        effective_samples=float(1.0 / shares.square().sum()),
    )


_DENSITY = PolicySettings(hidden=(32, 32))


def _fitted(spec: SpaceSpec, rows: Rows, generator: torch.Generator) -> Policy:
    """The policy of highest likelihood of the demonstrated actions."""
    policy = Policy(spec, _DENSITY, generator)
    policy.moments.update(rows["observations"])
    optimizer = torch.optim.Adam(policy.parameters(), lr=_DENSITY_RATE)
    for _ in range(_DENSITY_STEPS):
        loss = -policy.executed_log_prob(rows["observations"], rows["actions"]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return policy


def _policy_of(spec: SpaceSpec, tensors: dict[str, Tensor]) -> Policy:
    hidden = tuple(
        tensor.shape[0] for name, tensor in tensors.items() if name.startswith("network.") and name.endswith("bias")
    )[:-1]
    policy = Policy(spec, PolicySettings(hidden=hidden), torch.Generator())
    policy.load_state_dict(tensors)
    return policy


@dataclass(frozen=True)
class GuidedCost:
    """Config of guided cost learning."""

    name: ClassVar[str] = "gcl"
    title: ClassVar[str] = "GCL"
    psi: ClassVar[str] = "maximum entropy IRL's, by importance sampling"
    answer: ClassVar[str] = "c of highest likelihood, with Z estimated from the samples of earlier policies"
    reward_sign: ClassVar[int] = 0

    discriminator: DiscriminatorSettings = field(
        default_factory=lambda: DiscriminatorSettings(gradient_penalty=0.0, max_steps=10)
    )
    """Architecture of c, and the steps of its fit; penalties of a discriminator do not apply."""
    state_only: bool = False
    """Whether c sees the state only."""
    kept: int = 5
    """Iterations whose samples and policies are kept."""
    local_constant_rate: float = 0.1
    """Weight of the mean squared second difference of c along trajectories."""
    monotonic: float = 0.1
    """Weight of the mean squared increase of c beyond 1 along demonstrations."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("kept",), not_negative=("local_constant_rate", "monotonic"))

    @property
    def needs(self) -> TrainingNeeds:
        """Entropy weight 1, and whole episodes."""
        return TrainingNeeds(entropy_weight=1.0, whole_episodes=True)

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> GuidedCostPlayer:
        """A new player."""
        return GuidedCostPlayer(self, spec, expert, generator)
