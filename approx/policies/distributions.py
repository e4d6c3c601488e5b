"""Action distributions: what a policy returns for a batch of observations.

For each row of the batch, a distribution gives the log-probability of an action, its entropy, its
Kullback-Leibler divergence *to* another one, KL(self || other), its mode, and samples. Random numbers come
from an explicit generator. Densities are with respect to Lebesgue measure (Gaussian) or counting measure
(categorical). The parts of a product of categoricals are independent: log-probabilities, entropies and divergences are
sums over parts.

The environment clips a continuous action to its box. So the distribution of the *executed* action has a density inside
the box and point masses on its bounds (`DiagonalGaussian.censored_log_prob`). Its entropy is bounded, unlike the
Gaussian's, which grows with the standard deviation even where every action is clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor


class Distribution(Protocol):
    """Independent action distributions, one for each of N observations."""

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw one action per row."""

    def mode(self) -> Tensor:
        """The most probable action of each row."""

    def log_prob(self, actions: Tensor) -> Tensor:
        """Log-probability of one action per row, shape (N,), in nats."""

    def entropy(self) -> Tensor:
        """Entropy per row, shape (N,), in nats."""

    def kl_to(self, other: Self) -> Tensor:
        """KL(self || other) per row, shape (N,), in nats."""

    def detach(self) -> Self:
        """The same distributions as constants: copies without gradients, unchanged by later parameter updates."""


@dataclass(frozen=True)
class DiagonalGaussian:
    """Gaussians with diagonal covariance; `mean` has shape (N, d), `log_std` (d,)."""

    mean: Tensor
    log_std: Tensor

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw one action per row."""
        noise = torch.randn(self.mean.shape, generator=generator, dtype=self.mean.dtype)
        return self.mean + self.log_std.exp() * noise

    def mode(self) -> Tensor:
        """The most probable action of each row."""
        return self.mean

    def log_prob(self, actions: Tensor) -> Tensor:
        """Log-probability of one action per row, shape (N,), in nats."""
        scaled = (actions - self.mean) * (-self.log_std).exp()
        return -0.5 * scaled.square().sum(-1) - self.log_std.sum() - 0.5 * _LOG_2PI * self.mean.shape[-1]

    def censored_log_prob(self, actions: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """Log-probability of one action per row after clipping to [low, high], shape (N,), in nats.

        A density inside the box; on a bound, the probability of all actions beyond it.
        """
        scale = (-self.log_std).exp()
        scaled = (actions - self.mean) * scale
        inside = -0.5 * scaled.square() - self.log_std - 0.5 * _LOG_2PI
        below = torch.special.log_ndtr((low - self.mean) * scale)
        above = torch.special.log_ndtr((self.mean - high) * scale)
        return torch.where(actions <= low, below, torch.where(actions >= high, above, inside)).sum(-1)

    def entropy(self) -> Tensor:
        """Entropy per row, shape (N,), in nats."""
        per_row = self.log_std.sum() + 0.5 * (1.0 + _LOG_2PI) * self.mean.shape[-1]
        return per_row.expand(self.mean.shape[0])

    def kl_to(self, other: Self) -> Tensor:
        """KL(self || other) per row, shape (N,), in nats."""
        ratio = (2.0 * (self.log_std - other.log_std)).exp()
        moved = ((self.mean - other.mean) * (-other.log_std).exp()).square()
        return 0.5 * (ratio + moved - 1.0).sum(-1) + (other.log_std - self.log_std).sum()

    def detach(self) -> Self:
        """The same distributions as constants: copies without gradients, unchanged by later parameter updates."""
        return type(self)(self.mean.detach().clone(), self.log_std.detach().clone())


@dataclass(frozen=True)
class Categorical:
    """Distributions over n actions; `logits` has shape (N, n); actions are integers, shape (N,)."""

    logits: Tensor

    @property
    def _log_probabilities(self) -> Tensor:
        return torch.log_softmax(self.logits, -1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw one action per row."""
        probabilities = torch.softmax(self.logits, -1)
        return torch.multinomial(probabilities, 1, generator=generator).squeeze(-1)

    def mode(self) -> Tensor:
        """The most probable action of each row."""
        return self.logits.argmax(-1)

    def log_prob(self, actions: Tensor) -> Tensor:
        """Log-probability of one action per row, shape (N,), in nats."""
        return self._log_probabilities.gather(-1, actions.long().unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """Entropy per row, shape (N,), in nats."""
        log_p = self._log_probabilities
        return -(log_p.exp() * log_p).sum(-1)

    def kl_to(self, other: Self) -> Tensor:
        """KL(self || other) per row, shape (N,), in nats."""
        log_p = self._log_probabilities
        return (log_p.exp() * (log_p - other._log_probabilities)).sum(-1)

    def detach(self) -> Self:
        """The same distributions as constants: copies without gradients, unchanged by later parameter updates."""
        return type(self)(self.logits.detach().clone())


@dataclass(frozen=True)
class CategoricalProduct:
    """Products of k independent categoricals; `logits` has shape (N, sum of choices); actions are integers, (N, k)."""

    logits: Tensor
    choices: tuple[int, ...]

    @property
    def _parts(self) -> list[Categorical]:
        return [Categorical(logits) for logits in torch.split(self.logits, list(self.choices), -1)]

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw one action per row."""
        return torch.stack([part.sample(generator) for part in self._parts], -1)

    def mode(self) -> Tensor:
        """The most probable action of each row."""
        return torch.stack([part.mode() for part in self._parts], -1)

    def log_prob(self, actions: Tensor) -> Tensor:
        """Log-probability of one action per row, shape (N,), in nats."""
        chosen = actions.unbind(-1)
        return torch.stack([part.log_prob(one) for part, one in zip(self._parts, chosen, strict=True)]).sum(0)

    def entropy(self) -> Tensor:
        """Entropy per row, shape (N,), in nats."""
        return torch.stack([part.entropy() for part in self._parts]).sum(0)

    def kl_to(self, other: Self) -> Tensor:
        """KL(self || other) per row, shape (N,), in nats."""
        pairs = zip(self._parts, other._parts, strict=True)
        return torch.stack([part.kl_to(its) for part, its in pairs]).sum(0)

    def detach(self) -> Self:
        """The same distributions as constants: copies without gradients, unchanged by later parameter updates."""
        return type(self)(self.logits.detach().clone(), self.choices)


_LOG_2PI = math.log(2.0 * math.pi)
