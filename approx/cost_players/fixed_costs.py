"""Cost players that learn nothing: the environment's own cost, and a constant.

Against `EnvironmentCost` the game is plain reinforcement learning. `ConstantCost` proposes the same cost for every
step. What a policy learns against it is due to the reward's sign alone, so it serves as a control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import InvalidSettings
from gail.approx.trajectories.trajectories import Trajectories


class EnvironmentCost:
    """The environment's own cost, minus its reward: the fixed opponent that makes the loop plain TRPO."""

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> None:
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
    """The same cost for every step: the learner's objective depends on the lengths of episodes only."""

    def __init__(self, cost: float) -> None:
        self._cost = cost

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> None:
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


@dataclass(frozen=True)
class Constant:
    """Config of the constant cost, a control that uses no demonstrations."""

    name: ClassVar[str] = "constant"
    title: ClassVar[str] = "constant reward"
    psi: ClassVar[str] = "none: a control"
    answer: ClassVar[str] = "1 or -1 at every step, whatever the expert did"

    reward: RewardForm = RewardForm.SURVIVAL
    """Its sign is the reward of every step."""

    def __post_init__(self) -> None:
        if self.reward.sign == 0:
            raise InvalidSettings(f"reward is {self.reward.value}: it has no sign, so no constant reward is like it")

    @property
    def reward_sign(self) -> int:
        """The reward form's."""
        return self.reward.sign

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> ConstantCost:
        """The player."""
        return ConstantCost(float(-self.reward.sign))


def _refuse_state(player: str, state: dict[str, Any]) -> None:
    if state:
        raise ValueError(f"{player} has no state, but {', '.join(state)} was given")
