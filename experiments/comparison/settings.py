"""How the sampled side plays on a finite process.

Visits honour the discount by restarts: after each step an episode is cut and begun anew with probability 1 - gamma, so
that the stationary visits are (1-gamma) rho; values are those of the discount gamma, with the critic standing for what
a cut leaves out. Both players' steps shorten as the training goes on: steps of a fixed size circle around the saddle
point.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gail.approx import CloningSettings, DiscriminatorSettings, PolicySettings, TrainingSettings, TrustRegionSettings
from gail.approx.adversarial import PolicyPlayerSettings
from gail.approx.critic import CriticSettings


class Architecture(Enum):
    """What the learned functions are."""

    TABLE = "table"
    """No hidden layers: with unit vectors, tables of logits."""
    MLP = "mlp"
    """Networks with hidden layers."""


@dataclass(frozen=True)
class SampledSettings:
    """The sampled game, apart from psi, lambda and the discount, which the problem gives."""

    batch: int = 2_000
    """State-action pairs per iteration."""
    iterations: int = 40
    """Rounds of the game."""
    copies: int = 100
    """Environments stepped together."""
    max_kl: float = 0.006
    """Bound on the KL of a policy step, at the start."""
    anneal_to: float = 0.05
    """What both players' steps have been multiplied by at the end."""
    discriminator_rate: float = 0.2
    """Adam's, at the start."""
    discriminator_steps: int = 12
    """Adam steps per iteration."""
    damping: float = 1e-5
    """Of the Fisher matrix: entries of rare states are small, and are meant to count."""
    fisher_fraction: float = 0.5
    """Share of the batch on which Fisher-vector products are taken."""
    hidden: tuple[int, ...] = ()
    """Hidden layers of policy, critic and discriminator."""
    critic_rate: float = 0.1
    """Adam's."""
    restarts: bool = True
    """Whether episodes restart with probability 1 - gamma. Without, visits are undiscounted, as is common practice in
    continuous control, and stand for another occupancy than the exact engine's."""

    def training(self, discount: float, entropy_weight: float) -> TrainingSettings:
        """The settings of `gail.approx` for a problem."""
        return TrainingSettings(
            env_steps=self.iterations * (self.batch + self.copies),  # a batch ends with a whole round of all copies
            batch_size=self.batch,
            checkpoint_every=self.iterations + 1,  # never: environments made anew would begin at the start again
            policy=PolicySettings(hidden=self.hidden),
            player=PolicyPlayerSettings(
                discount=discount,
                entropy_weight=entropy_weight,
                trust_region=TrustRegionSettings(
                    max_kl=self.max_kl,
                    damping=self.damping,
                    cg_iterations=20,
                    fisher_fraction=self.fisher_fraction,
                ),
                critic=CriticSettings(
                    hidden=self.hidden,
                    learning_rate=self.critic_rate,
                    epochs=3,
                    minibatch=max(500, self.batch // 5),
                ),
            ),
            discriminator=DiscriminatorSettings(
                hidden=self.hidden,
                learning_rate=self.discriminator_rate,
                steps=self.discriminator_steps,
                gradient_penalty=0.0,  # it bends the game: its optimum is not that of psi
            ),
            anneal_to=self.anneal_to,
        )

    def cloning(self) -> CloningSettings:
        """The settings of cloning."""
        return CloningSettings(
            policy=PolicySettings(hidden=self.hidden),
            learning_rate=0.01 if self.hidden else 0.05,
            minibatch=1_024,
            patience=10,
            max_epochs=200,
        )


@dataclass(frozen=True)
class Preset:
    """Settings of both architectures, and what may be asked of them."""

    table: SampledSettings
    mlp: SampledSettings
    excess: float
    """Greatest excess (J - J*) / (J_uniform - J*) of a sampled solution that is called the exact one."""
    variation: float
    """Greatest total variation to the exact optimum."""

    def of(self, architecture: Architecture) -> SampledSettings:
        """The settings of an architecture."""
        return self.table if architecture is Architecture.TABLE else self.mlp


_SMALL = (64,)

QUICK = Preset(
    SampledSettings(),
    SampledSettings(
        hidden=_SMALL,
        discriminator_rate=0.01,
        discriminator_steps=20,
        damping=1e-4,
        critic_rate=0.01,
    ),
    excess=0.1,
    variation=0.15,
)
"""A second or two per cell on an 8 x 8 map."""

PRECISE = Preset(
    SampledSettings(
        batch=40_000,
        iterations=200,
        copies=1_000,
        max_kl=0.001,
        anneal_to=0.002,
        discriminator_rate=0.3,
        fisher_fraction=1.0,
    ),
    SampledSettings(
        batch=20_000,
        iterations=200,
        copies=1_000,
        hidden=_SMALL,
        max_kl=0.002,
        anneal_to=0.02,
        discriminator_rate=0.01,
        discriminator_steps=20,
        damping=1e-4,
        fisher_fraction=1.0,
        critic_rate=0.01,
    ),
    excess=0.005,
    variation=0.03,
)
"""A minute or more per cell on an 8 x 8 map. Against the exact expert (`--demos exact`) what is left is sampling error,
which falls with batch and iterations."""
