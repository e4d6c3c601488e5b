"""Fixed costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gail.approx.trajectories.trajectories import Trajectories


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
        _refuse_state("the environment's own cost", state)


class ConstantCost:
    """One cost for every step, whatever the expert did: only the length of an episode matters to the learner."""

    def __init__(self, cost: float) -> None:
        self._cost = cost

    def update(self, batch: Trajectories, generator: torch.Generator) -> None:
        """Nothing to learn."""

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """The constant, shape (N,)."""
        return np.full(batch.num_steps, self._cost)

    def state_dict(self) -> dict[str, Any]:
        """Nothing changes."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to put back; raise `ValueError` where there is something."""
        _refuse_state("a constant cost", state)


def _refuse_state(player: str, state: dict[str, Any]) -> None:
    if state:
        raise ValueError(f"{player} has no state, but {', '.join(state)} was given")
