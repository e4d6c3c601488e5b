"""Settings of the sampled algorithms on a finite process.

The discount enters the visits by restarts: after each step an episode is cut and restarted with probability 1 - gamma,
so the stationary distribution of visits is (1-gamma) rho. Values use the discount gamma; at a cut the critic's value
replaces the rest of the return.

The steps of both players become shorter during a training, because steps of constant size circle around the saddle
point. Shorter steps alone do not average out the noise of small batches. For accurate results a training therefore has
two phases: an opening with small batches and long steps, which suffices to come near the saddle point, then large
batches and short steps, which take most of the samples.
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
    """The kind of the learned functions."""

    TABLE = "table"
    """No hidden layers: with states as unit vectors, the functions are tables."""
    MLP = "mlp"
    """Networks with hidden layers."""


@dataclass(frozen=True)
class Phase:
    """Rounds with the same batch size and trust region."""

    iterations: int
    batch: int
    """State-action pairs per iteration."""
    max_kl: float
    """Bound on the KL of a policy step, at the start."""


@dataclass(frozen=True)
class SampledSettings:
    """Settings of the sampled game. The problem gives psi, lambda and the discount."""

    batch: int = 2_000
    """State-action pairs per iteration."""
    iterations: int = 40
    """Rounds of the game after the opening."""
    copies: int = 100
    """Number of environments stepped together."""
    max_kl: float = 0.006
    """Bound on the KL of a policy step, at the start."""
    anneal_to: float = 0.05
    """Factor on both players' step sizes at the end of the training."""
    discriminator_rate: float = 0.2
    """Adam's learning rate of the discriminator, at the start."""
    discriminator_steps: int = 12
    """Adam steps per iteration."""
    damping: float = 1e-5
    """Damping of the Fisher matrix; small, because entries of rare states are small and must not be lost."""
    fisher_fraction: float = 0.5
    """Share of the batch on which Fisher-vector products are taken."""
    hidden: tuple[int, ...] = ()
    """Hidden layers of policy, critic and discriminator."""
    critic_rate: float = 0.1
    """Adam's learning rate of the critic."""
    restarts: bool = True
    """Whether episodes restart with probability 1 - gamma. Without restarts, visits are undiscounted (common practice
    in continuous control), and their measure is not the exact engine's occupancy measure."""
    opening: Phase | None = None
    """Rounds before the others; None for no opening."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The opening, if there is one, and the phase after it."""
        rest = Phase(self.iterations, self.batch, self.max_kl)
        return (rest,) if self.opening is None else (self.opening, rest)

    @property
    def rounds(self) -> int:
        """Number of rounds of the whole game."""
        return sum(phase.iterations for phase in self.phases)

    def bounds(self) -> list[float]:
        """The bound on the KL of each policy step, annealed; one entry per round."""
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
        never = self.rounds + 1  # a checkpoint makes environments anew, which then start at p0 again
        refinement = None
        if self.opening is not None:
            refinement = Refinement(first.iterations * first.batch, last.batch, never, players[1])
        # A batch may exceed its size by one step of every copy.
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
            max_steps=self.discriminator_steps,
            gradient_penalty=0.0,  # a penalty would change the optimal discriminator, which psi defines
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
    """Thresholds for the verdict that a sampled solution agrees with the exact one."""

    excess: float
    """Largest excess share (J - J*) / (J_uniform - J*)."""
    variation: float
    """Largest total variation to the exact optimum."""


@dataclass(frozen=True)
class Preset:
    """Settings of both architectures, and the limits for their verdicts."""

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
"""Up to a minute of one core per cell on an 8 x 8 map. With the exact expert (`--demos exact`) the remaining error is
sampling error, which falls with the batch size and the number of rounds. The length of the last steps matters most,
because each step follows the noise of one batch: 100 rounds of 5,000 steps with a constant, long trust region end at a
total variation of 0.03 or more, for all rates of critic and discriminator and all mixings of returns."""
