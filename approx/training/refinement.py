"""A last phase of training with better estimates: larger batches, smaller steps.

Small batches and long steps learn fastest while the return rises. Once it has levelled off, the noise of their
gradients cancels their progress, and the policy moves around the optimum at a distance that the step size sets. The
step sizes of stochastic approximation must fall (Robbins & Monro 1951); here the trust region shrinks in one stage.
"""

from __future__ import annotations

from dataclasses import dataclass

from gail.approx.policy_players.policy_player import PolicyConfig
from gail.approx.settings import require


@dataclass(frozen=True)
class Refinement:
    """The last phase of a training. It begins at the first checkpoint at or after `after_steps`."""

    after_steps: int
    """Environment steps after which it begins."""
    batch_size: int
    """State-action pairs per iteration from then on."""
    checkpoint_every: int
    """Iterations between checkpoints from then on."""
    policy: PolicyConfig
    """The policy player from then on; the architectures of its networks are those of the first phase."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("batch_size", "checkpoint_every"), not_negative=("after_steps",))
