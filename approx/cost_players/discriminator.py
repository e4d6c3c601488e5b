"""The neural cost player for any surrogate psi.

For a surrogate psi (Prop. A.1) the inner maximum of the imitation objective is a classification problem: with logits
g of the probability D that a pair came from the *learner*, the best cost is c = -phi(g) where g minimises

    E_pi[phi(g)] + E_E[phi(-g)]

where E_E uses the demonstrations' weights, if any. For the logistic phi the cost is c = log D (Algorithm 1).
`reward_forms` lists other rewards of the same classifier; they are used in practice but are no gradient of psi*.

The cost is the gradient of psi* only near that minimum, so an update goes on until the loss has settled
(`settled_fit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gail.approx.cost_players.cost_player import CostReport, MakeCostPlayer, mean_distance
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.cost_players.rewards.learned_reward import LearnedReward
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel
from gail.approx.cost_players.settled_fit import (
    DiscriminatorSettings,
    bernoulli_entropy,
    fit_until_settled,
    slope_penalty,
)
from gail.approx.networks.mlp import mlp
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows, shares_of
from gail.exact.regularizers import Logistic


class SurrogatePsi(Protocol):
    """A cost regularizer of Prop. A.1, given by its surrogate loss (see `gail.exact.regularizers`)."""

    def discriminator_loss(
        self, logit_learner: Any, logit_expert: Any, weights_learner: Any = None, weights_expert: Any = None
    ) -> Any:
        """Mean of phi(logit_learner) plus mean of phi(-logit_expert); of a side with weights, the weighted sum."""

    def cost(self, logit: Any) -> Any:
        """-phi(logit)."""


class Discriminator(nn.Module):
    """A network of logits, with the cost of `psi`, or the reward of `form` where one is given."""

    def __init__(
        self,
        psi: SurrogatePsi,
        spec: SpaceSpec,
        demonstrations: Trajectories,
        settings: DiscriminatorSettings,
        generator: torch.Generator,
        form: RewardForm | None = None,
    ) -> None:
        super().__init__()
        self.psi = psi
        self.spec = spec
        self.settings = settings
        self.form = form
        self.expert_pairs = spec.encode_pairs(demonstrations.observations, demonstrations.actions)
        self.moments = RunningMoments(spec.pair_size)
        self.expert_shares = shares_of(demonstrations)
        self.moments.update(self.expert_pairs, self.expert_shares)
        self.network = mlp(spec.pair_size, settings.hidden, 1, generator)
        if settings.spectral_norm:
            _normalize_spectra(self.network, generator)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate, fused=True)

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport:
        """Take Adam steps until the loss on this batch has settled; the report is from before the first.

        Raises:
            NotFinite: the loss or a gradient is not finite; parameters are as before that step.
        """
        pairs = self.spec.encode_pairs(batch.observations, batch.actions)
        self.moments.update(pairs)
        learner, expert = self.moments(pairs), self.moments(self.expert_pairs)
        reports: list[CostReport] = []

        def evaluate() -> tuple[Tensor, Callable[[], Tensor]]:
            logit_learner, logit_expert = self._logits(learner), self._logits(expert)
            loss = self._loss(logit_learner, logit_expert)
            if not reports:
                reports.append(self._report(loss, logit_learner, logit_expert, learner, expert))
            return loss, lambda: self._penalised(loss, (logit_learner, logit_expert), (learner, expert), generator)

        steps = fit_until_settled("the discriminator", self, self.optimizer, self.settings, evaluate)
        return replace(reports[0] if reports else self._look(learner, expert), steps=steps)

    def _penalised(
        self, loss: Tensor, logits: tuple[Tensor, Tensor], pairs: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> Tensor:
        if self.settings.entropy_bonus > 0.0:
            unsure = mean_rows(bernoulli_entropy(logits[1]), self.expert_shares)
            loss = loss - self.settings.entropy_bonus * (bernoulli_entropy(logits[0]).mean() + unsure)
        if self.settings.gradient_penalty > 0.0:
            penalty = slope_penalty(self._logits, *pairs, self.expert_shares, generator)
            loss = loss + self.settings.gradient_penalty * penalty
        return loss

    def keep_pace(self, pace: float) -> None:
        """Use `pace` times the learning rate of the settings from now on."""
        for group in self.optimizer.param_groups:
            group["lr"] = pace * self.settings.learning_rate

    @torch.no_grad()
    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """-phi(g), or minus the form's reward, of each step of the batch, shape (N,)."""
        logits = self._logits(self.moments(self.spec.encode_pairs(batch.observations, batch.actions)))
        cost: Tensor = self.psi.cost(logits) if self.form is None else -self.form.reward(logits)
        costs: NDArray[np.float64] = cost.to(torch.float64).numpy()
        return costs

    def reward(self) -> LearnedReward | None:
        """The policy's reward as it is now; None for a psi whose cost is no reward form."""
        form = self.form
        if form is None and isinstance(self.psi, Logistic):
            form = RewardForm.SURVIVAL  # the same function
        if form is None:
            return None
        model = RewardModel(RewardArchitecture(self.spec, self.settings.hidden, form=form), torch.Generator())
        model.moments.load_state_dict(self.moments.state_dict())
        with torch.no_grad():
            for kept, layer in zip(model.g, self.network, strict=True):
                if isinstance(kept, nn.Linear) and isinstance(layer, nn.Linear):
                    kept.weight.copy_(layer.weight)  # with spectral norms: the normalised weights
                    kept.bias.copy_(layer.bias)
        return LearnedReward(model, "gail")

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The module's tensors, and the optimizer's state."""
        return {**super().state_dict(*args, **kwargs), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Restore what `state_dict` returned."""
        tensors = dict(state_dict)
        self.optimizer.load_state_dict(tensors.pop("optimizer"))
        return super().load_state_dict(tensors, strict, assign)

    def _logits(self, pairs: Tensor) -> Tensor:
        logits: Tensor = self.network(pairs).squeeze(-1)
        return logits

    @torch.no_grad()
    def _look(self, learner: Tensor, expert: Tensor) -> CostReport:
        logit_learner, logit_expert = self._logits(learner), self._logits(expert)
        return self._report(self._loss(logit_learner, logit_expert), logit_learner, logit_expert, learner, expert)

    def _loss(self, logit_learner: Tensor, logit_expert: Tensor) -> Tensor:
        """Mean loss of either side, the expert's by its shares."""
        if self.expert_shares is None:
            loss: Tensor = self.psi.discriminator_loss(logit_learner, logit_expert)
        else:
            shares = self.expert_shares.to(logit_expert.dtype)
            loss = self.psi.discriminator_loss(logit_learner, logit_expert, None, shares)
        return loss

    def _report(
        self, loss: Tensor, logit_learner: Tensor, logit_expert: Tensor, learner: Tensor, expert: Tensor
    ) -> CostReport:
        return CostReport(
            feature_distance=mean_distance(learner, expert, self.expert_shares),
            loss=float(loss.detach()),
            accuracy_learner=float((logit_learner > 0.0).double().mean()),
            accuracy_expert=float(mean_rows((logit_expert < 0.0).double(), self.expert_shares)),
        )


def neural_costs(psi: SurrogatePsi, settings: DiscriminatorSettings, form: RewardForm | None = None) -> MakeCostPlayer:
    """The cost player of generative adversarial imitation, to be made for a task."""
    return lambda spec, expert, generator: Discriminator(psi, spec, expert, settings, generator, form)


def _normalize_spectra(network: nn.Sequential, generator: torch.Generator) -> None:
    """Spectral norms in every layer; `generator` seeds their power iterations, not torch's global state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        for layer in network:
            if isinstance(layer, nn.Linear):
                if not layer.weight.any():  # a matrix of zeros cannot be divided by its norm
                    nn.init.xavier_uniform_(layer.weight, generator=generator)
                spectral_norm(layer)
