"""GAIL's config: the discriminator of psi_GA (Ho & Ermon 2016, Algorithm 1), with a reward form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch

from gail.approx.cost_players.cost_player import CostPlayer
from gail.approx.cost_players.discriminator import neural_costs
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.cost_players.settled_fit import DiscriminatorSettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.exact.regularizers import Logistic


@dataclass(frozen=True)
class Gail:
    """Config of the neural discriminator for the logistic surrogate."""

    name: ClassVar[str] = "gail"
    title: ClassVar[str] = "GAIL"
    psi: ClassVar[str] = "psi_GA: finite where c < 0, infinite elsewhere (Eq. 13)"
    answer: ClassVar[str] = "c = log D, D = sigmoid(g) = P(learner), with logits g fitted to the logistic loss"

    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    """Architecture and fit of the network of logits."""
    reward: RewardForm = RewardForm.SURVIVAL
    """Which function of the logit the policy player maximises (`reward_forms`)."""

    @property
    def reward_sign(self) -> int:
        """The reward form's."""
        return self.reward.sign

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> CostPlayer:
        """A new discriminator."""
        # psi's own cost is -log D, to the last bit as in the gradient of its conjugate.
        form = None if self.reward is RewardForm.SURVIVAL else self.reward
        return neural_costs(Logistic(), self.discriminator, form)(spec, expert, generator)
