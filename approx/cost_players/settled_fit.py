"""Adam steps until a loss has settled, and the penalties that discriminators share.

The cost is the gradient of psi* only near the discriminator's minimum, and every step of the policy moves the minimum.
How many Adam steps lead back to it depends on the task and on the phase of the game: with too few the classifier lags
behind, the policy answers a cost of the past, and the two players circle. So an update goes on until the loss on its
batch has stopped falling, within bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from gail.approx.networks.finite_checks import check_finite, check_gradients
from gail.approx.settings import require


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

Evaluation: TypeAlias = Callable[[], tuple[Tensor, Callable[[], Tensor]]]
"""Gives the loss, and a function that adds the penalties to it."""


def fit_until_settled(
    name: str,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    settings: DiscriminatorSettings,
    evaluate: Evaluation,
) -> int:
    """Take Adam steps until the loss of `evaluate` has settled; return their number.

    Raises:
        NotFinite: the loss or a gradient is not finite; parameters are as before that step.
    """
    losses: list[float] = []
    while len(losses) < max(settings.steps, settings.max_steps):
        loss, penalised = evaluate()
        losses.append(float(loss.detach()))
        if len(losses) > settings.steps and _has_settled(losses, settings.least_decrease):
            return len(losses) - 1
        total = penalised()
        check_finite(f"{name}'s loss", total)
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        check_gradients(name, module)
        optimizer.step()
    return len(losses)


def _has_settled(losses: list[float], least_decrease: float) -> bool:
    """Whether the loss fell by less than asked for over the last steps; never before there were so many."""
    if len(losses) <= _WINDOW:
        return False
    return losses[-1 - _WINDOW] - losses[-1] < _WINDOW * least_decrease


def slope_penalty(
    logits: Callable[[Tensor], Tensor],
    learner: Tensor,
    expert: Tensor,
    shares: Tensor | None,
    generator: torch.Generator,
) -> Tensor:
    """Mean of (|grad g| - 1)^2 at random points between random rows of learner and expert, one for each expert's row.

    Args:
        logits: g, from rows (M, k) to numbers (M,).
        learner: rows of the learner, shape (N, k).
        expert: rows of the expert, shape (M, k).
        shares: the expert's weights as fractions of their sum, shape (M,), or None.
        generator: draws rows and points.
    """
    count = expert.shape[0]
    if shares is not None:
        expert = expert[torch.multinomial(shares, count, replacement=True, generator=generator)]
    rows = torch.randint(learner.shape[0], (count,), generator=generator)
    share = torch.rand(count, 1, generator=generator)
    between = (share * expert + (1.0 - share) * learner[rows]).requires_grad_()
    (slope,) = torch.autograd.grad(logits(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.norm(dim=-1) - 1.0).square().mean()
    return penalty


def bernoulli_entropy(logit: Tensor) -> Tensor:
    """Entropy of a coin with this logit, in nats: softplus(g) - g sigmoid(g)."""
    return nn.functional.softplus(logit) - logit * torch.sigmoid(logit)
