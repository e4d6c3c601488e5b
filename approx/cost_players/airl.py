"""AIRL's config: adversarial inverse reinforcement learning (Fu, Luo & Levine 2018).

    f(s, a, s') = g(s) + gamma h(s') - h(s)        state-only: the reward g can be disentangled from the dynamics
    f(s, a, s') = g(s, a) + gamma h(s') - h(s)     otherwise

The logit is f - log pi (`rewards.classifier`), h is 0 at terminations, and the cost -f is played with entropy weight 1,
so that the policy maximises f - log pi. In the optimum f is the expert's soft advantage. If the true reward depends on
the state only, dynamics are deterministic, and all states are linked (`gail.exact.reward_ambiguity` is 1), then a
state-only g is the true reward plus a constant, and h the soft value plus a constant (their Theorem 5.1). A reward
g(s, a) absorbs the advantage, and fails where the dynamics change.

| | paper | released code | here |
|---|---|---|---|
| reward of the policy | f - log pi | g alone | f - log pi; `--entropy-weight 0` for f |
| gamma of the shaping | the task's | 1 | the policy player's |
| end of an episode | not treated | next observation of zeros | h = 0 at terminations, h(s') at time limits |
| negatives | last 20 iterations | 100 kept paths, newer ones replaced first | half current, half of the last 20 |
| log pi of kept steps | not said | that of the policy that acted | that of the current policy |
| constant of f | as it comes | as it comes | shifted where episodes can end (`rewards.classifier`) |
| gradient penalty | none | none | as in GAIL here; 0 with `--preset paper` |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch

from gail.approx.cost_players.cost_player import TrainingNeeds
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.cost_players.rewards.classifier import RewardClassifier
from gail.approx.cost_players.rewards.model import RewardArchitecture
from gail.approx.cost_players.settled_fit import DiscriminatorSettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import require
from gail.approx.trajectories.trajectories import Trajectories


@dataclass(frozen=True)
class Airl:
    """Config of adversarial inverse reinforcement learning."""

    name: ClassVar[str] = "airl"
    title: ClassVar[str] = "AIRL"
    psi: ClassVar[str] = "psi_GA of f, on logits f - log pi"
    answer: ClassVar[str] = "c = -f, f = g + gamma h(s') - h(s), fitted to the logistic loss"

    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    """Architecture of g, and the fit."""
    shaping: tuple[int, ...] = (32, 32)
    """Units of the hidden layers of h."""
    state_only: bool = False
    """Whether g sees the state only."""
    discount: float = 0.995
    """gamma of the shaping term; the policy player's."""
    replay: int = 20
    """Iterations whose steps are kept as further examples of the learner; 0 for none."""
    reward: RewardForm = RewardForm.SURVIVAL
    """Its sign is the sign to which f - log pi is shifted; `DIFFERENCE` for no shift, as in the paper."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("shaping",), not_negative=("replay",), fraction=("discount",))

    @property
    def reward_sign(self) -> int:
        """0: a few steps of a batch have rewards of the other sign, whatever the shift."""
        return 0

    @property
    def needs(self) -> TrainingNeeds:
        """Entropy weight 1, next observations, and a policy player with the same discount."""
        return TrainingNeeds(entropy_weight=1.0, next_observations=True, discount=self.discount)

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> RewardClassifier:
        """A new player."""
        architecture = RewardArchitecture(spec, self.discriminator.hidden, self.state_only, self.shaping, self.discount)
        return RewardClassifier(
            self.name, architecture, expert, self.discriminator, self.replay, self.reward.sign, generator
        )
