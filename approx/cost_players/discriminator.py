"""The neural cost player for any surrogate psi.

For a surrogate psi (Prop. A.1) the inner maximum of the imitation objective is a classification problem: with logits
g of the probability D that a pair came from the *learner*, the best cost is c = -phi(g) where g minimises

    E_pi[phi(g)] + E_E[phi(-g)]

where E_E uses the demonstrations' weights, if any. For the logistic phi the cost is c = log D (Algorithm 1).
`reward_forms` lists other rewards of the same classifier; they are used in practice but are no gradient of psi*.

The cost is the gradient of psi* only near that minimum, and every step of the policy moves the minimum. How many Adam
steps lead back to it depends on the task and on the phase of the game: with too few the classifier lags behind, the
policy answers a cost of the past, and the two players circle. So an update goes on until the loss on its batch has
stopped falling, within bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gail.approx.cost_players.cost_player import CostReport, MakeCostPlayer, mean_distance
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.networks.finite_checks import check_finite, check_gradients
from gail.approx.networks.mlp import mlp
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import require
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows, shares_of


class SurrogatePsi(Protocol):
    """A cost regularizer of Prop. A.1, given by its surrogate loss (see `gail.exact.regularizers`)."""

    def discriminator_loss(
        self, logit_learner: Any, logit_expert: Any, weights_learner: Any = None, weights_expert: Any = None
    ) -> Any:
        """Mean of phi(logit_learner) plus mean of phi(-logit_expert); of a side with weights, the weighted sum."""

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
    """Adam steps per iteration at the least, each on the learner's whole batch and all demonstrations."""
    max_steps: int = 50
    """Adam steps per iteration at the most; where this is no more than `steps`, every iteration takes `steps`."""
    least_decrease: float = 0.002
    """An iteration ends once psi's loss on its batch, without penalties, falls by less than this per step."""
    gradient_penalty: float = 1.0
    """Weight of E[(|grad g| - 1)^2] between learner's and expert's pairs (Gulrajani et al. 2017). It prevents
    overfitting to a small set of demonstrations. It also changes the game: with weight 0 the loss at a perfect imitator
    is 2 log 2, as in the theory; with a positive weight it is larger, because the penalty asks for slope 1 even
    there."""
    entropy_bonus: float = 0.0
    """Weight of the mean entropy of D on all pairs, which keeps D away from 0 and 1."""
    spectral_norm: bool = False
    """Divide every weight matrix by its largest singular value (Miyato et al. 2018): g is then 1-Lipschitz."""

    def __post_init__(self) -> None:
        require(
            self,
            at_least_one=("hidden",),
            not_negative=("steps", "max_steps", "least_decrease", "gradient_penalty", "entropy_bonus"),
            positive=("learning_rate",),
        )


_WINDOW = 3
"""Steps over which the decrease of the loss is averaged."""


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
        report, steps = None, 0
        losses: list[float] = []
        while steps < max(self.settings.steps, self.settings.max_steps):
            logit_learner, logit_expert = self._logits(learner), self._logits(expert)
            loss = self._loss(logit_learner, logit_expert)
            report = report or self._report(loss, logit_learner, logit_expert, learner, expert)
            losses.append(float(loss.detach()))
            if steps >= self.settings.steps and self._has_settled(losses):
                break
            if self.settings.entropy_bonus > 0.0:
                unsure = mean_rows(_bernoulli_entropy(logit_expert), self.expert_shares)
                loss = loss - self.settings.entropy_bonus * (_bernoulli_entropy(logit_learner).mean() + unsure)
            if self.settings.gradient_penalty > 0.0:
                loss = loss + self.settings.gradient_penalty * self._penalty(learner, expert, generator)
            check_finite("the discriminator's loss", loss)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            check_gradients("the discriminator", self.network)
            self.optimizer.step()
            steps += 1
        return replace(report or self._look(learner, expert), steps=steps)

    def _has_settled(self, losses: list[float]) -> bool:
        """Whether the loss fell by less than asked for over the last steps; never before there were so many."""
        if len(losses) <= _WINDOW:
            return False
        return losses[-1 - _WINDOW] - losses[-1] < _WINDOW * self.settings.least_decrease

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

    def _penalty(self, learner: Tensor, expert: Tensor, generator: torch.Generator) -> Tensor:
        """Mean of (|grad g| - 1)^2 at random points between random pairs of learner and expert."""
        count = expert.shape[0]
        if self.expert_shares is not None:
            expert = expert[torch.multinomial(self.expert_shares, count, replacement=True, generator=generator)]
        rows = torch.randint(learner.shape[0], (count,), generator=generator)
        share = torch.rand(count, 1, generator=generator)
        between = (share * expert + (1.0 - share) * learner[rows]).requires_grad_()
        (slope,) = torch.autograd.grad(self._logits(between).sum(), between, create_graph=True)
        penalty: Tensor = (slope.norm(dim=-1) - 1.0).square().mean()
        return penalty


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


def _bernoulli_entropy(logit: Tensor) -> Tensor:
    """Entropy of a coin with this logit, in nats: softplus(g) - g sigmoid(g)."""
    return nn.functional.softplus(logit) - logit * torch.sigmoid(logit)
