"""How the sampled side plays on a finite process.

Visits honour the discount by restarts: after each step an episode is cut and begun anew with probability 1 - gamma, so
that the stationary visits are (1-gamma) rho; values are those of the discount gamma, with the critic standing for what
a cut leaves out. Both players' steps shorten as the training goes on: steps of a fixed size circle around the saddle
point, and they shorten too slowly to average the noise of small batches out. Where that counts, an opening of small
batches and long steps comes first, which is all that the way to the neighbourhood of the saddle point needs; the
samples go into what follows, large batches and short steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gail.approx import (
    CloningSettings,
    CriticSettings,
    DiscriminatorSettings,
    PolicySettings,
    Refinement,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)
from gail.approx.training.annealing import pace


class Architecture(Enum):
    """What the learned functions are."""

    TABLE = "table"
    """No hidden layers: with unit vectors, tables of logits."""
    MLP = "mlp"
    """Networks with hidden layers."""


@dataclass(frozen=True)
class Phase:
    """Rounds of one kind."""

    iterations: int
    batch: int
    """State-action pairs per iteration."""
    max_kl: float
    """Bound on the KL of a policy step, at the start."""


@dataclass(frozen=True)
class SampledSettings:
    """The sampled game, apart from psi, lambda and the discount, which the problem gives."""

    batch: int = 2_000
    """State-action pairs per iteration."""
    iterations: int = 40
    """Rounds of the game, after those of the opening."""
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
    opening: Phase | None = None
    """Rounds that come first, if there are to be some."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The opening, if there is one, and what follows, told alike."""
        rest = Phase(self.iterations, self.batch, self.max_kl)
        return (rest,) if self.opening is None else (self.opening, rest)

    @property
    def rounds(self) -> int:
        """Of the whole game."""
        return sum(phase.iterations for phase in self.phases)

    def bounds(self) -> list[float]:
        """On the KL of each policy step, annealed."""
        batches = [phase for phase in self.phases for _ in range(phase.iterations)]
        budget, done, found = sum(phase.batch for phase in batches), 0, []
        for phase in batches:
            found.append(pace(self.anneal_to, done, budget) * phase.max_kl)
            done += phase.batch
        return found

    def training(self, discount: float, entropy_weight: float) -> TrainingSettings:
        """The settings of `gail.approx` for a problem."""
        first, last = self.phases[0], self.phases[-1]
        players = [self._player(phase, discount, entropy_weight) for phase in (first, last)]
        never = self.rounds + 1  # environments made anew begin at the start again
        refinement = None
        if self.opening is not None:
            refinement = Refinement(first.iterations * first.batch, last.batch, never, players[1])
        # A batch ends with a whole round of all copies.
        budget = sum(phase.iterations * (phase.batch + self.copies) for phase in self.phases)
        return TrainingSettings(
            env_steps=budget,
            batch_size=first.batch,
            checkpoint_every=never if refinement is None else first.iterations,
            policy=players[0],
            refinement=refinement,
            anneal_to=self.anneal_to,
        )

    def discriminator(self) -> DiscriminatorSettings:
        """The settings of the discriminator."""
        return DiscriminatorSettings(
            hidden=self.hidden,
            learning_rate=self.discriminator_rate,
            steps=self.discriminator_steps,
            gradient_penalty=0.0,  # it bends the game: its optimum is not that of psi
        )

    def network(self) -> PolicySettings:
        """The architecture of policies."""
        return PolicySettings(hidden=self.hidden)

    def _player(self, phase: Phase, discount: float, entropy_weight: float) -> Trpo:
        return Trpo(
            network=self.network(),
            discount=discount,
            entropy_weight=entropy_weight,
            trust_region=TrustRegionSettings(
                max_kl=phase.max_kl,
                damping=self.damping,
                cg_iterations=20,
                fisher_fraction=self.fisher_fraction,
            ),
            critic=CriticSettings(
                hidden=self.hidden,
                learning_rate=self.critic_rate,
                epochs=3,
                minibatch=max(500, phase.batch // 5),
            ),
        )

    def cloning(self) -> CloningSettings:
        """The settings of cloning."""
        return CloningSettings(
            learning_rate=0.01 if self.hidden else 0.05,
            minibatch=1_024,
            patience=10,
            max_epochs=200,
        )


@dataclass(frozen=True)
class Limits:
    """What is asked of a sampled solution that is to agree with the exact one."""

    excess: float
    """Greatest excess (J - J*) / (J_uniform - J*)."""
    variation: float
    """Greatest total variation to the exact optimum."""


@dataclass(frozen=True)
class Preset:
    """Settings of both architectures, and what may be asked of them."""

    table: SampledSettings
    mlp: SampledSettings
    table_limits: Limits
    mlp_limits: Limits

    def of(self, architecture: Architecture) -> SampledSettings:
        """The settings of an architecture."""
        return self.table if architecture is Architecture.TABLE else self.mlp

    def limits_of(self, architecture: Architecture) -> Limits:
        """The limits of an architecture."""
        return self.table_limits if architecture is Architecture.TABLE else self.mlp_limits


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
    table_limits=Limits(excess=0.1, variation=0.15),
    mlp_limits=Limits(excess=0.1, variation=0.15),
)
"""A second or two per cell on an 8 x 8 map."""

PRECISE = Preset(
    SampledSettings(
        batch=60_000,
        iterations=100,
        copies=500,
        max_kl=0.001,
        anneal_to=0.0,
        discriminator_rate=0.1,
        discriminator_steps=30,
        fisher_fraction=0.2,
        critic_rate=0.05,
        opening=Phase(iterations=40, batch=2_500, max_kl=0.003),
    ),
    SampledSettings(
        batch=15_000,
        iterations=40,
        copies=250,
        hidden=_SMALL,
        max_kl=0.0003,
        anneal_to=0.0,
        discriminator_rate=0.01,
        discriminator_steps=20,
        damping=1e-4,
        fisher_fraction=0.2,
        critic_rate=0.01,
        opening=Phase(iterations=40, batch=2_500, max_kl=0.003),
    ),
    table_limits=Limits(excess=0.003, variation=0.01),
    mlp_limits=Limits(excess=0.01, variation=0.03),
)
"""Up to a minute of one core per cell on an 8 x 8 map. Against the exact expert (`--demos exact`)
what is left is sampling error, which falls with the batch and the number of rounds. What decides is the length of the
last steps, since each follows the noise of one batch: 100 rounds of 5,000 steps with one long trust region end at a
total variation of 0.03 or more, whatever the critic's rate, the discriminator's, or the mixing of returns."""
