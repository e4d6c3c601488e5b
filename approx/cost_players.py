"""Cost players: who proposes the cost that the policy player has to make small.

The imitation objective is min over policies of max over costs (Ho & Ermon 2016, Eq. 5 and Prop. 3.2)

    E_pi[c] - E_E[c] - psi(c)

For a surrogate psi (Prop. A.1) the inner maximum is a classification problem: with logits g of the
probability D that a pair came from the *learner*, the best cost is c = -phi(g) where g minimises

    E_pi[phi(g)] + E_E[phi(-g)]

For the logistic phi that is c = log D (Algorithm 1). `Discriminator` plays this with a neural g.
`EnvironmentCost` always proposes the environment's own cost: against it, the loop is plain reinforcement
learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gail.approx.networks import mlp
from gail.approx.normalization import RunningMoments
from gail.approx.spaces import SpaceSpec
from gail.approx.trajectories import Trajectories


@dataclass(frozen=True)
class CostReport:
    """How well the cost player tells learner and expert apart, measured before its update."""

    loss: float
    """Discriminator's loss; 2 log 2 for the logistic surrogate where it cannot tell them apart."""
    accuracy_learner: float
    """Fraction of the learner's pairs that it attributes to the learner."""
    accuracy_expert: float
    """Fraction of the expert's pairs that it attributes to the expert."""


class CostPlayer(Protocol):
    """Proposes a cost for every step of a batch."""

    def update(self, batch: Trajectories, generator: torch.Generator) -> CostReport | None:
        """Answer the learner's current behaviour with a better cost; report, where there is something to."""

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """Cost of each step of the batch, shape (N,)."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes during training."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Put back what `state_dict` gave."""


class SurrogatePsi(Protocol):
    """A cost regularizer of Prop. A.1, given by its surrogate loss (see `gail.exact.regularizers`)."""

    def discriminator_loss(self, logit_learner: Any, logit_expert: Any) -> Any:
        """Mean of phi(logit_learner) plus mean of phi(-logit_expert)."""

    def cost(self, logit: Any) -> Any:
        """-phi(logit)."""


@dataclass(frozen=True)
class DiscriminatorSettings:
    """Architecture and fit of the discriminator."""

    hidden: tuple[int, ...] = (100, 100)
    """Units of the hidden layers."""
    learning_rate: float = 1e-3
    """Of Adam."""
    steps: int = 3
    """Adam steps per iteration, each on the learner's whole batch and all demonstrations."""
    gradient_penalty: float = 1.0
    """Weight of E[(|grad g| - 1)^2] between learner's and expert's pairs (Gulrajani et al. 2017). It keeps a small
    demonstration set from being learned by heart. It also bends the game: with 0 the loss at a perfect imitator is
    the theory's 2 log 2, with more it is larger, because a slope of 1 is asked for even there."""


class Discriminator(nn.Module):
    """Neural cost player for any surrogate psi."""

    def __init__(
        self,
        psi: SurrogatePsi,
        spec: SpaceSpec,
        demonstrations: Trajectories,
        settings: DiscriminatorSettings,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.psi = psi
        self.spec = spec
        self.settings = settings
        self.expert_pairs = spec.encode_pairs(demonstrations.observations, demonstrations.actions)
        self.moments = RunningMoments(spec.pair_size)
        self.moments.update(self.expert_pairs)
        self.network = mlp(spec.pair_size, settings.hidden, 1, generator)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate, fused=True)

    def update(self, batch: Trajectories, generator: torch.Generator) -> CostReport:
        """Take the Adam steps of one iteration; the report is from before the first."""
        pairs = self.spec.encode_pairs(batch.observations, batch.actions)
        self.moments.update(pairs)
        learner, expert = self.moments(pairs), self.moments(self.expert_pairs)
        report = None
        for _ in range(self.settings.steps):
            logit_learner, logit_expert = self._logits(learner), self._logits(expert)
            loss: Tensor = self.psi.discriminator_loss(logit_learner, logit_expert)
            report = report or _report(loss, logit_learner, logit_expert)
            if self.settings.gradient_penalty > 0.0:
                loss = loss + self.settings.gradient_penalty * self._penalty(learner, expert, generator)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        return report or self._look(learner, expert)

    @torch.no_grad()
    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """-phi(g) of each step of the batch, shape (N,)."""
        pairs = self.moments(self.spec.encode_pairs(batch.observations, batch.actions))
        costs: NDArray[np.float64] = self.psi.cost(self._logits(pairs)).to(torch.float64).numpy()
        return costs

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The module's tensors, and the optimizer's state."""
        return {**super().state_dict(*args, **kwargs), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Put back what `state_dict` gave."""
        tensors = dict(state_dict)
        self.optimizer.load_state_dict(tensors.pop("optimizer"))
        return super().load_state_dict(tensors, strict, assign)

    def _logits(self, pairs: Tensor) -> Tensor:
        logits: Tensor = self.network(pairs).squeeze(-1)
        return logits

    @torch.no_grad()
    def _look(self, learner: Tensor, expert: Tensor) -> CostReport:
        logit_learner, logit_expert = self._logits(learner), self._logits(expert)
        return _report(self.psi.discriminator_loss(logit_learner, logit_expert), logit_learner, logit_expert)

    def _penalty(self, learner: Tensor, expert: Tensor, generator: torch.Generator) -> Tensor:
        """Mean of (|grad g| - 1)^2 at random points between random pairs of learner and expert."""
        count = expert.shape[0]
        rows = torch.randint(learner.shape[0], (count,), generator=generator)
        share = torch.rand(count, 1, generator=generator)
        between = (share * expert + (1.0 - share) * learner[rows]).requires_grad_()
        (slope,) = torch.autograd.grad(self._logits(between).sum(), between, create_graph=True)
        penalty: Tensor = (slope.norm(dim=-1) - 1.0).square().mean()
        return penalty


def _report(loss: Tensor, logit_learner: Tensor, logit_expert: Tensor) -> CostReport:
    return CostReport(
        loss=float(loss.detach()),
        accuracy_learner=float((logit_learner > 0.0).double().mean()),
        accuracy_expert=float((logit_expert < 0.0).double().mean()),
    )


class EnvironmentCost:
    """The environment's own cost, minus its reward: the fixed opponent that makes the loop plain TRPO."""

    def update(self, batch: Trajectories, generator: torch.Generator) -> None:
        """Nothing to learn."""

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """Minus the reward of each step, shape (N,)."""
        if batch.rewards is None:
            raise ValueError("the environment's own cost needs trajectories with rewards")
        return -batch.rewards.astype(np.float64)

    def state_dict(self) -> dict[str, Any]:
        """Nothing changes."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to put back; raise `ValueError` where there is something."""
        if state:
            raise ValueError(f"the environment's own cost has no state, but {', '.join(state)} was given")
