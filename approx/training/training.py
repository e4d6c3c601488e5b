"""Training: rounds of the game, with checkpoints from which a run continues bit for bit.

Everything random comes from one seed. Networks are drawn from it once, a single generator drives action noise
and minibatches, and the environments of iteration i are seeded by (seed, i). The state of a simulator pool
cannot be saved. So at every checkpoint a running training makes new environments from (seed, iteration) too: open
episodes are cut there, with the critic's estimate for the rest, in interrupted and uninterrupted runs alike.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from gymnasium.vector import VectorEnv

from gail.approx.atomic_files import StrPath, write_bytes
from gail.approx.cost_players.cost_player import CostPlayer
from gail.approx.game import RoundReport, play_round
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.policy import Policy
from gail.approx.policy_players.policy_player import PolicyConfig, PolicyPlayer
from gail.approx.policy_players.trpo import Trpo
from gail.approx.settings import require
from gail.approx.training.annealing import keep_pace, pace
from gail.approx.training.refinement import Refinement
from gail.approx.trajectories.episode_sampler import EpisodeSampler
from gail.approx.trajectories.sampler import Collector, Sampler
from gail.approx.trajectories.trajectories import InvalidTrajectories

MakeEnvs = Callable[[Sequence[int]], VectorEnv[Any, Any, Any]]
"""Makes the vector environment for a seed entropy, given as several integers."""


_FORMAT = "gail-checkpoint-1"
"""Changes whenever the content of checkpoints changes."""
_FIELDS = {"format", "name", "iteration", "env_steps", "seed", "generator", "player", "cost_player"}


class InvalidCheckpoint(ValueError):
    """A file is not a checkpoint of this run."""


class TrainingFailed(ArithmeticError):
    """A number of a training is not finite; the message names the iteration and the tensor."""


@dataclass(frozen=True)
class TrainingSettings:
    """A training: its budget, its batches and its policy player."""

    env_steps: int = 1_500_000
    """Budget of environment steps: no iteration starts with less than a batch of it left."""
    batch_size: int = 5_000
    """State-action pairs per iteration."""
    whole_episodes: bool = False
    """Whether a batch holds whole episodes only, as in the paper; otherwise episodes continue in the next batch."""
    checkpoint_every: int = 100
    """Iterations between checkpoints, at which new environments are made."""
    policy: PolicyConfig = field(default_factory=Trpo)
    """The policy player."""
    refinement: Refinement | None = None
    """A last phase of larger batches and smaller steps, if any."""
    anneal_to: float = 1.0
    """Factor of the KL bound and of the cost player's learning rate at the end of the budget: both fall linearly from 1
    to this factor (`gail.approx.training.annealing`). 1 keeps steps of fixed size."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("env_steps", "batch_size", "checkpoint_every"), fraction=("anneal_to",))

    def at(self, env_steps: int) -> TrainingSettings:
        """The settings in force after so many steps."""
        later = self.refinement
        if later is None or env_steps < later.after_steps:
            return self
        return replace(self, batch_size=later.batch_size, checkpoint_every=later.checkpoint_every, policy=later.policy)


class Training:
    """A training under way: `step` plays one round."""

    def __init__(
        self,
        make_envs: MakeEnvs,
        player: PolicyPlayer,
        cost_player: CostPlayer,
        settings: TrainingSettings,
        seed: int,
        generator: torch.Generator,
    ) -> None:
        self.player = player
        self.cost_player = cost_player
        self.settings = settings
        self.phase = settings
        self.seed = seed
        self.name = ""
        """What is trained, such as "gail on Hopper-v5": a checkpoint of another name is refused."""
        self.iteration = 0
        self.env_steps = 0
        self._make_envs = make_envs
        self._generator = generator
        self._envs: VectorEnv[Any, Any, Any] | None = None
        self._sampler: Collector | None = None

    @property
    def policy(self) -> Policy:
        """The policy being trained."""
        return self.player.policy

    @property
    def finished(self) -> bool:
        """True when another iteration would exceed the budget of environment steps."""
        return self.env_steps + self.phase.batch_size > self.settings.env_steps

    @property
    def at_checkpoint(self) -> bool:
        """True where new environments are made in any case, so that the state can be saved."""
        return self._sampler is None and (self.iteration % self.phase.checkpoint_every == 0 or self.finished)

    def step(self) -> RoundReport:
        """Play one round.

        Raises:
            TrainingFailed: a number is not finite. The training cannot continue; its last checkpoint is unchanged.
        """
        if self._sampler is None:
            self._enter_phase()
            self._envs = self._make_envs((self.seed, self.iteration))
            self._sampler = EpisodeSampler(self._envs) if self.settings.whole_episodes else Sampler(self._envs)
        if self.settings.anneal_to != 1.0:
            now = pace(self.settings.anneal_to, self.env_steps, self.settings.env_steps)
            keep_pace(self.player, self.phase.policy, self.cost_player, now)
        try:
            report = play_round(self.player, self.cost_player, self._sampler, self.phase.batch_size, self._generator)
        except (NotFinite, InvalidTrajectories) as error:
            self.close()
            raise TrainingFailed(f"iteration {self.iteration + 1}: {error}") from error
        self.iteration += 1
        self.env_steps += report.batch.trajectories.num_steps
        if self.iteration % self.phase.checkpoint_every == 0 or self.finished:
            self.close()
        return report

    def _enter_phase(self) -> None:
        """Switch to the settings of this point; they change only where new environments are made."""
        self.phase = self.settings.at(self.env_steps)
        self.player.play_by(self.phase.policy)

    def close(self) -> None:
        """Close the environments; the next step makes new ones."""
        if self._envs is not None:
            self._envs.close()
        self._envs = self._sampler = None

    def save(self, path: StrPath) -> None:
        """Write a checkpoint, atomically. Only possible where `at_checkpoint`."""
        path = Path(path)
        if not self.at_checkpoint:
            raise RuntimeError(
                f"iteration {self.iteration} is no checkpoint: save at multiples of "
                f"{self.phase.checkpoint_every}, where environments are made anew"
            )
        content = io.BytesIO()
        torch.save(
            {
                "format": _FORMAT,
                "name": self.name,
                "iteration": self.iteration,
                "env_steps": self.env_steps,
                "seed": self.seed,
                "generator": self._generator.get_state(),
                "player": self.player.state_dict(),
                "cost_player": self.cost_player.state_dict(),
            },
            content,
        )
        write_bytes(path, content.getvalue())

    def load(self, path: StrPath) -> None:
        """Continue from a checkpoint; raise `InvalidCheckpoint` where it does not belong to this run."""
        path = Path(path)
        try:
            state = torch.load(path, weights_only=True)
        except FileNotFoundError:
            raise InvalidCheckpoint(f"{path}: there is no such checkpoint") from None
        except Exception as error:  # torch raises many kinds of errors for damaged files
            raise InvalidCheckpoint(f"{path}: not a readable checkpoint ({error})") from error
        missing = _FIELDS - set(state if isinstance(state, dict) else ())
        if missing:
            raise InvalidCheckpoint(f"{path}: not a checkpoint, it has no {', '.join(sorted(missing))}")
        if state["format"] != _FORMAT:
            raise InvalidCheckpoint(
                f"{path}: of format {state['format']!r}, written by another version of gail; this one reads {_FORMAT!r}"
            )
        if state["name"] != self.name:
            raise InvalidCheckpoint(f"{path}: belongs to {state['name'] or 'another run'}, this run is {self.name}")
        if state["seed"] != self.seed:
            raise InvalidCheckpoint(f"{path}: belongs to seed {state['seed']}, this run has seed {self.seed}")
        try:
            self.player.load_state_dict(state["player"])
            self.cost_player.load_state_dict(state["cost_player"])
            self._generator.set_state(state["generator"])
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidCheckpoint(f"{path}: does not fit this run's configuration ({error})") from error
        self.iteration, self.env_steps = state["iteration"], state["env_steps"]
        self.close()
        self._enter_phase()
