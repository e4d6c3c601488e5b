"""The critic: an estimate v(s) of the discounted return, fitted by Adam on squared error.

The network predicts standardized returns, because the rewards of an adversarial game have no natural scale, and their
scale drifts. With a memory of m batches, the mean mu and standard deviation sigma follow the drift: earlier data count
as at most m batches. The last layer (w, b) is rescaled so that estimates do not change,

    w' = w sigma / sigma',   b' = (sigma b + mu - mu') / sigma'

(van Hasselt et al. 2016, "Learning values across many orders of magnitude", Proposition 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gail.approx.networks.finite_checks import check_finite
from gail.approx.networks.mlp import mlp
from gail.approx.networks.normalization import RunningMoments
from gail.approx.settings import require


@dataclass(frozen=True)
class CriticSettings:
    """Architecture and fit of the critic."""

    hidden: tuple[int, ...] = (100, 100)
    """Units of the hidden layers."""
    learning_rate: float = 1e-3
    """Of Adam."""
    epochs: int = 5
    """Passes over the batch per iteration."""
    minibatch: int = 500
    """Steps per gradient."""
    memory: int | None = None
    """Number of batches in the scale of returns; all if None, which suits rewards that do not drift."""

    def __post_init__(self) -> None:
        require(
            self,
            at_least_one=("hidden", "minibatch", "memory"),
            not_negative=("epochs",),
            positive=("learning_rate",),
        )


class Critic(nn.Module):
    """v(s) on standardized observations."""

    def __init__(self, observation_size: int, settings: CriticSettings, generator: torch.Generator) -> None:
        super().__init__()
        self.settings = settings
        self.network = mlp(observation_size, settings.hidden, 1, generator)
        self.returns = RunningMoments(1)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate, fused=True)

    @torch.no_grad()
    def values(self, states: Tensor) -> NDArray[np.float64]:
        """Estimated returns from standardized observations, shape (N,)."""
        predicted = self.network(states).to(torch.float64) * self.returns.std + self.returns.mean
        values: NDArray[np.float64] = predicted.squeeze(-1).numpy()
        return values

    def fit(self, states: Tensor, returns: NDArray[np.float64], generator: torch.Generator) -> float:
        """Fit to observed returns; return the explained variance of the values *before* the fit.

        Raises:
            NotFinite: a parameter is not finite after the fit.
        """
        explained = _explained_variance(self.values(states), returns)
        column = torch.from_numpy(returns).unsqueeze(-1)
        self._rescale(column)
        targets = ((column - self.returns.mean) / self.returns.std).to(torch.float32)
        for _ in range(self.settings.epochs):
            order = torch.randperm(states.shape[0], generator=generator)
            for rows in torch.split(order, self.settings.minibatch):
                loss = (self.network(states[rows]) - targets[rows]).square().mean()
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
        for name, parameter in self.network.named_parameters():
            check_finite(f"the critic's {name}", parameter)
        return explained

    @torch.no_grad()
    def _rescale(self, returns: Tensor) -> None:
        """Let the scale follow the returns, shape (N, 1)."""
        if self.settings.memory is None:
            self.returns.update(returns)
            return
        mean, std = self.returns.mean.clone(), self.returns.std
        self.returns.count.clamp_(max=self.settings.memory * returns.shape[0])
        self.returns.update(returns)
        last: Any = self.network[-1]
        last.weight.mul_(std / self.returns.std)
        last.bias.copy_((std * last.bias + mean - self.returns.mean) / self.returns.std)


def _explained_variance(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    """1 - Var(observed - predicted) / Var(observed): 1 is perfect, 0 is a constant."""
    spread = float(observed.var())
    return 1.0 - float((observed - predicted).var()) / spread if spread > 0.0 else 0.0
