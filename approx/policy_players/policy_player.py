"""Policy players: they improve a policy against the proposed cost.

A policy player holds the policy pi. In every round of the game it gets the batch that pi sampled and the cost of each
of its steps, and improves pi on

    min over policies   E_pi[c] - lambda H(pi)                      (Ho & Ermon 2016, Eq. 2)

A policy player has a frozen config, a `PolicyConfig`, that makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.trust_region import StepReport
from gail.approx.trajectories.trajectories import Trajectories


@dataclass(frozen=True)
class PolicyReport:
    """What the policy player did in one round."""

    step: StepReport
    explained_variance: float
    """Share of the returns' variance that the critic explained before its fit: 1 is perfect."""
    entropy: float
    """Mean entropy of the action distributions, in nats."""


class PolicyPlayer(Protocol):
    """Improves a policy against the costs of a batch."""

    policy: Policy

    def improve(
        self,
        batch: Trajectories,
        costs: NDArray[np.float64],
        generator: torch.Generator,
        lap: Callable[[str], None],
    ) -> PolicyReport:
        """Improve the policy; `lap(part)` charges the time since the last call to the part "critic" or "policy"."""

    def play_by(self, config: Any) -> None:
        """Follow another config of the same kind from now on; networks stay as they are."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes during training."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""


class PolicyConfig(Protocol):
    """The frozen settings of one kind of policy player."""

    name: ClassVar[str]
    """Tag in a run's config."""

    @property
    def discount(self) -> float:
        """Discount of future costs."""

    @property
    def network(self) -> PolicySettings:
        """Architecture of the policy."""

    def player(self, spec: SpaceSpec, generator: torch.Generator) -> PolicyPlayer:
        """Make the player for a task's spaces; the generator draws its parameters."""

    def at_pace(self, pace: float) -> PolicyConfig:
        """The same config with steps of `pace` times their size, 0 < pace <= 1 (`gail.approx.training.annealing`)."""
