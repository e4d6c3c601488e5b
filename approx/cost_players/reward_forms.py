"""Reward forms: how a classifier's logit becomes the reward of the policy player.

g is the logit of D = sigmoid(g), the probability that a pair came from the *learner*. Every form below falls with g,
so each ranks pairs alike and each has its maximum where the expert is. They differ in sign, and with the sign in what
a step costs that is neither good nor bad, so in what they say about the length of an episode before anything has been
learned about the expert:

| form | with D = P(learner) | with D' = 1 - D = P(expert) | sign | before anything is learned |
|---|---|---|---|---|
| `SURVIVAL` | -log D = softplus(-g) | -log(1 - D') | >= 0 | every further step pays log 2: episodes grow |
| `ARRIVAL` | log(1 - D) = -softplus(g) | log D' | <= 0 | every further step costs log 2: episodes shrink |
| `DIFFERENCE` | log(1 - D) - log D = -g | log D' - log(1 - D') | both | a step is worth 0; its sign is learned |

`SURVIVAL` is the cost c = log D of Ho & Ermon (2016, Algorithm 1), the gradient of psi_GA*. The released code of the
paper takes `ARRIVAL` for tasks that end on success, and Fu, Luo & Levine (2018) take `DIFFERENCE`. Where all episodes
have one length, a constant added to the reward changes nothing, and neither does the sign (Kostrikov et al. 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class RewardForm:
    """A decreasing function of the logit of P(learner)."""

    formula: str
    """With D = P(learner)."""
    opposite_formula: str
    """The same function with D = P(expert), as other libraries write it."""
    sign: int
    """1 where no reward is negative, -1 where none is positive, 0 where both occur."""
    effect: str
    """What it does to the length of episodes, in words."""
    reward: Callable[[Tensor], Tensor]
    """Reward of each logit."""


SURVIVAL = RewardForm(
    "-log D",
    "-log(1 - D)",
    1,
    "every step pays: long episodes, even without imitation; for tasks in which the expert stays alive",
    lambda logit: softplus(-logit),
)
ARRIVAL = RewardForm(
    "log(1 - D)",
    "log D",
    -1,
    "every step costs: short episodes, even without imitation; for tasks in which the expert ends the episode",
    lambda logit: -softplus(logit),
)
DIFFERENCE = RewardForm(
    "log(1 - D) - log D",
    "log D - log(1 - D)",
    0,
    "a step pays or costs as the classifier finds: no constant push, but a learned one, that absorbing states remove",
    lambda logit: -logit,
)
