"""The critic: an estimate v(s) of the discounted return, fitted by Adam on squared error.

The network predicts standardized returns: rewards of an adversarial game have no natural scale, and it
drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gail.approx.finite import check_finite
from gail.approx.networks import mlp
from gail.approx.normalization import RunningMoments


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
        """Fit to observed returns; give the explained variance of the values *before* the fit.

        Raises:
            NotFinite: a parameter is not finite after the fit.
        """
        explained = _explained_variance(self.values(states), returns)
        column = torch.from_numpy(returns).unsqueeze(-1)
        self.returns.update(column)
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


def _explained_variance(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    """1 - Var(observed - predicted) / Var(observed): 1 is perfect, 0 is a constant."""
    spread = float(observed.var())
    return 1.0 - float((observed - predicted).var()) / spread if spread > 0.0 else 0.0
