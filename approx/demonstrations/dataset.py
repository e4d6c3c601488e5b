"""Demonstrations = trajectories + provenance.

The paper's protocol (Ho & Ermon 2016, section 6): record full episodes of a stochastic expert, take the
first n, and keep every k-th step of each from a random offset, so that the learner sees sparse state-action
pairs (about 50 from an episode of 1000 steps). With whole trajectories behavioural cloning is already a
strong competitor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gail.approx.spaces import SpaceSpec
from gail.approx.trajectories import Trajectories


class InvalidDemonstrations(ValueError):
    """Demonstrations are malformed or do not fit the task; the message says what, where and the value."""


@dataclass(frozen=True)
class Provenance:
    """Where demonstrations come from."""

    task: str
    """Id of the environment in which they were recorded."""
    source: str
    """Who acted, and how it was recorded, in words."""
    stride: int = 1
    """Every stride-th step was kept."""
    episode_returns: tuple[float, ...] | None = None
    """Undiscounted return of each full episode, in the environment's own reward, where known."""


@dataclass(frozen=True)
class Demonstrations:
    """Trajectories of an expert. Actions are as executed: inside the action space."""

    trajectories: Trajectories
    provenance: Provenance

    def __post_init__(self) -> None:
        returns = self.provenance.episode_returns
        if returns is not None and len(returns) != self.trajectories.num_trajectories:
            raise InvalidDemonstrations(
                f"the provenance lists {len(returns)} episode returns, "
                f"but there are {self.trajectories.num_trajectories} trajectories"
            )

    def first(self, count: int) -> Demonstrations:
        """The first `count` trajectories, as the paper takes them."""
        available = self.trajectories.num_trajectories
        if not 1 <= count <= available:
            raise InvalidDemonstrations(
                f"{count} demonstrations asked for, but {self.provenance.task} has {available} "
                f"({self.provenance.source}): choose 1 to {available}"
            )
        returns = self.provenance.episode_returns
        kept = None if returns is None else returns[:count]
        return Demonstrations(self.trajectories.first(count), replace(self.provenance, episode_returns=kept))

    def subsample(self, stride: int, seed: int) -> Demonstrations:
        """Keep every `stride`-th step of each trajectory, from a random offset in [0, stride).

        Rewards are left out: a part of them is not a return. Final observations stay those of the full
        episodes.
        """
        if stride < 1:
            raise InvalidDemonstrations(f"the stride is {stride}: it must be at least 1")
        full = self.trajectories
        rng = np.random.default_rng(seed)
        kept = [
            np.arange(first + rng.integers(min(stride, last - first + 1)), last + 1, stride)
            for first, last in zip(full.first_steps, full.last_steps, strict=True)
        ]
        rows = np.concatenate(kept)
        sparse = Trajectories(
            observations=full.observations[rows],
            actions=full.actions[rows],
            rewards=None,
            final_observations=full.final_observations,
            lengths=np.array([len(part) for part in kept]),
            terminated=full.terminated,
            truncated=full.truncated,
        )
        return Demonstrations(sparse, replace(self.provenance, stride=self.provenance.stride * stride))

    def check_task(self, task: str) -> None:
        """Raise `InvalidDemonstrations` if these were recorded in another task."""
        if self.provenance.task != task:
            raise InvalidDemonstrations(f"these demonstrations were recorded in {self.provenance.task}, not in {task}")

    def check_fits(self, spec: SpaceSpec) -> None:
        """Raise `InvalidDemonstrations` naming the first thing that does not fit the task's spaces."""
        batch = self.trajectories
        if batch.observations.shape[1] != spec.observation_size:
            raise InvalidDemonstrations(
                f"demonstrated observations have {batch.observations.shape[1]} entries, "
                f"the task's have {spec.observation_size}"
            )
        if not np.issubdtype(batch.observations.dtype, np.floating):
            raise InvalidDemonstrations(
                f"demonstrated observations are of type {batch.observations.dtype}: floating point is needed"
            )
        if spec.continuous:
            self._check_box(spec)
        else:
            self._check_discrete(spec)

    def _check_box(self, spec: SpaceSpec) -> None:
        actions = self.trajectories.actions
        if not np.issubdtype(actions.dtype, np.floating):
            raise InvalidDemonstrations(
                f"demonstrated actions are of type {actions.dtype}: "
                "this task's actions are continuous, floating point is needed"
            )
        if actions.ndim != 2 or actions.shape[1] != spec.action_size:
            raise InvalidDemonstrations(
                f"demonstrated actions have shape {actions.shape}: (steps, {spec.action_size}) is needed"
            )
        low, high = np.asarray(spec.action_low), np.asarray(spec.action_high)
        # float32 storage of a bound may round it outwards by half a unit in the last place
        slack = 1e-6 * np.maximum(1.0, np.abs(actions))
        outside = np.argwhere((actions < low - slack) | (actions > high + slack))
        if outside.size:
            step, entry = (int(i) for i in outside[0])
            raise InvalidDemonstrations(
                f"demonstrated action {entry} at step {step} is {actions[step, entry]:g}, outside the task's "
                f"bounds [{low[entry]:g}, {high[entry]:g}] ({len(outside)} such entries in all); "
                "record the action that the environment executed"
            )

    def _check_discrete(self, spec: SpaceSpec) -> None:
        actions = self.trajectories.actions
        if not np.issubdtype(actions.dtype, np.integer) or actions.ndim != 1:
            raise InvalidDemonstrations(
                f"demonstrated actions have type {actions.dtype} and shape {actions.shape}: "
                "this task's actions are integers, one per step"
            )
        outside = np.flatnonzero((actions < 0) | (actions >= spec.action_size))
        if outside.size:
            step = int(outside[0])
            raise InvalidDemonstrations(
                f"demonstrated action at step {step} is {actions[step]}: "
                f"this task's actions are 0 to {spec.action_size - 1}"
            )
