"""Reward forms: how a classifier's logit becomes the reward of the policy player.

g is the logit of D = sigmoid(g), the probability that a pair came from the *learner*. Every form below is decreasing in
g, so all of them rank pairs alike. They differ in sign. The sign decides whether an untrained discriminator (g = 0)
rewards long or short episodes:

| form | with D = P(learner) | with D' = 1 - D = P(expert) | sign | at g = 0 |
|---|---|---|---|---|
| `SURVIVAL` | -log D = softplus(-g) | -log(1 - D') | >= 0 | every step has the reward log 2: episodes grow |
| `ARRIVAL` | log(1 - D) = -softplus(g) | log D' | <= 0 | every step has the reward -log 2: episodes shrink |
| `DIFFERENCE` | log(1 - D) - log D = -g | log D' - log(1 - D') | both | every step has the reward 0; learned sign |

`SURVIVAL` is the cost c = log D of Ho & Ermon (2016, Algorithm 1), the gradient of psi_GA*. The released code of the
paper takes `ARRIVAL` for tasks that end on success, and Fu, Luo & Levine (2018) take `DIFFERENCE`. Where all episodes
have one length, a constant added to the reward changes nothing, and neither does the sign (Kostrikov et al. 2019).
"""

from __future__ import annotations

from enum import Enum

from torch import Tensor
from torch.nn.functional import softplus


class RewardForm(Enum):
    """A decreasing function of the logit of P(learner); the value is its name in configs."""

    SURVIVAL = "survival"
    ARRIVAL = "arrival"
    DIFFERENCE = "difference"

    @property
    def formula(self) -> str:
        """The reward as a function of D = P(learner)."""
        return _FACTS[self.value][0]

    @property
    def opposite_formula(self) -> str:
        """The same function with D = P(expert), as other libraries write it."""
        return _FACTS[self.value][1]

    @property
    def sign(self) -> int:
        """1 where no reward is negative, -1 where no reward is positive, 0 where both occur."""
        return _FACTS[self.value][2]

    def reward(self, logit: Tensor) -> Tensor:
        """Reward of each logit."""
        if self is RewardForm.SURVIVAL:
            return softplus(-logit)
        return -softplus(logit) if self is RewardForm.ARRIVAL else -logit


_FACTS = {
    "survival": ("-log D", "-log(1 - D)", 1),
    "arrival": ("log(1 - D)", "log D", -1),
    "difference": ("log(1 - D) - log D", "log D - log(1 - D)", 0),
}
"""Formula with D = P(learner), formula with D = P(expert), sign."""

SURVIVAL, ARRIVAL, DIFFERENCE = RewardForm
