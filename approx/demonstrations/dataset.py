"""Demonstrations = trajectories + provenance.

The paper's protocol (Ho & Ermon 2016, section 6): record full episodes of a stochastic expert, take the
first n, and keep every k-th step of each from a random offset, so that the learner sees sparse state-action
pairs (about 50 from an episode of 1000 steps). With whole trajectories behavioural cloning is already a
strong competitor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.action_bounds import OutsideBounds, outside_bounds
from gail.approx.demonstrations.errors import InvalidDemonstrations
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories, first_not_finite


@dataclass(frozen=True)
class Provenance:
    """Where demonstrations come from."""

    task: str | None
    """Id of the environment of the recording; None if the file does not name it."""
    source: str
    """The policy that acted, and how it was recorded, as text."""
    stride: int = 1
    """Every stride-th step was kept."""
    episode_returns: tuple[float, ...] | None = None
    """Undiscounted return of each full episode, in the environment's own reward, where known."""
    notes: tuple[str, ...] = ()
    """What the file lacks, and what the reader assumed instead, in sentences; not stored again."""
    native: bool = False
    """Whether the arrays hold numbers of the task's own spaces (`native_spaces`), as other tools record them."""


@dataclass(frozen=True)
class Demonstrations:
    """Trajectories of an expert. Actions are stored as recorded and may lie outside the action space."""

    trajectories: Trajectories
    provenance: Provenance
    next_observations: NDArray[np.floating] | None = None
    """Shape (N, observation size): the observation after each step, needed if it differs from the next row."""

    def __post_init__(self) -> None:
        if self.provenance.episode_returns is not None:
            self._check_returns(self.provenance.episode_returns)
        if self.next_observations is not None:
            self._check_next(self.next_observations)

    def _check_returns(self, returns: tuple[float, ...]) -> None:
        if len(returns) != self.trajectories.num_trajectories:
            raise InvalidDemonstrations(
                f"the provenance lists {len(returns)} episode returns, "
                f"but there are {self.trajectories.num_trajectories} trajectories"
            )
        odd = np.flatnonzero(~np.isfinite(returns))
        if odd.size:
            raise InvalidDemonstrations(f"episode_returns: the return of episode {odd[0]} is {returns[odd[0]]}")

    def _check_next(self, following: NDArray[np.floating]) -> None:
        wanted = self.trajectories.observations.shape
        if following.shape != wanted:
            raise InvalidDemonstrations(f"next_observations has shape {following.shape}: {wanted} is needed")
        place = first_not_finite(following)
        if place is not None:
            step, entry = place
            raise InvalidDemonstrations(
                f"next_observations[{step}, {entry}] is {following[step, entry]} "
                f"({self.trajectories.place(step)}): every entry must be finite"
            )

    @property
    def whole(self) -> bool:
        """True if the steps of each trajectory are consecutive: the successor of each row is the next row."""
        return self.provenance.stride == 1 and self.next_observations is None

    @property
    def returns(self) -> NDArray[np.float64] | None:
        """Undiscounted return of each full episode, shape (K,): as recorded, else the sum of its rewards, else None."""
        if self.provenance.episode_returns is not None:
            return np.asarray(self.provenance.episode_returns)
        if self.trajectories.rewards is None or self.provenance.stride != 1:
            return None
        return self.trajectories.returns

    @property
    def has_next(self) -> bool:
        """Whether the observation after each step is known."""
        return self.whole or self.next_observations is not None

    def following(self) -> NDArray[np.floating]:
        """The observation after each step, shape (N, observation size).

        Raises:
            InvalidDemonstrations: subsampling dropped the next observations.
        """
        if self.next_observations is not None:
            return self.next_observations
        if not self.whole:
            raise InvalidDemonstrations("subsampling dropped the next observations: subsample with keep_next=True")
        return self.trajectories.next_observations

    def batch(self) -> Trajectories:
        """The steps as a cost player gets them: with the observations that followed them, where these are known."""
        if self.whole:
            return self.trajectories
        return replace(self.trajectories, successors=self.next_observations, gaps=True)

    def first(self, count: int) -> Demonstrations:
        """The first `count` trajectories, as the paper takes them."""
        available = self.trajectories.num_trajectories
        if not 1 <= count <= available:
            raise InvalidDemonstrations(
                f"{count} demonstrations asked for, but {self.provenance.task or 'the file'} has {available} "
                f"({self.provenance.source}): choose 1 to {available}"
            )
        returns = self.provenance.episode_returns
        kept = None if returns is None else returns[:count]
        batch = self.trajectories.first(count)
        following = None if self.next_observations is None else self.next_observations[: batch.num_steps]
        return Demonstrations(batch, replace(self.provenance, episode_returns=kept), following)

    def subsample(self, stride: int, seed: int, *, keep_next: bool = False) -> Demonstrations:
        """Keep every `stride`-th step of each trajectory, from a random offset in [0, stride).

        Rewards are dropped, because a partial sum is not a return. Final observations and returns are those of
        the full episodes. With `keep_next`, the observation after each kept step is kept too.
        """
        if stride < 1:
            raise InvalidDemonstrations(f"the stride is {stride}: it must be at least 1")
        keep_next = keep_next and not (stride == 1 and self.whole)
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
            weights=None if full.weights is None else full.weights[rows],
        )
        returns = self.returns
        provenance = replace(
            self.provenance,
            stride=self.provenance.stride * stride,
            episode_returns=None if returns is None else tuple(returns.tolist()),
        )
        return Demonstrations(sparse, provenance, self._following(rows) if keep_next else None)

    def _following(self, rows: NDArray[np.integer]) -> NDArray[np.floating]:
        """The observations after the steps `rows`, without building the array for all steps."""
        if not self.whole:
            kept: NDArray[np.floating] = self.following()[rows]
            return kept
        full = self.trajectories
        following: NDArray[np.floating] = full.observations[np.minimum(rows + 1, full.num_steps - 1)]
        last = np.isin(rows, full.last_steps)
        following[last] = full.final_observations[np.searchsorted(full.last_steps, rows[last])]
        return following

    def check_task(self, task: str) -> None:
        """Raise `InvalidDemonstrations` if the recorded task is another one.

        The part `module:` of `module:Name-v0` is ignored, because recordings do not store it. So are the environment's
        arguments behind the name, unless the recording names some.
        """
        recorded = self.provenance.task
        if recorded is not None and "{" not in recorded:
            task = task.partition("{")[0]
        if recorded is not None and recorded.rpartition(":")[2] != task.rpartition(":")[2]:
            raise InvalidDemonstrations(f"these demonstrations were recorded in {self.provenance.task}, not in {task}")

    def outside_bounds(self, spec: SpaceSpec) -> OutsideBounds | None:
        """A summary of the continuous actions outside the task's box, which the environment clips.

        None without any, or if actions have another size than the task's.
        """
        actions = self.trajectories.actions
        comparable = spec.continuous and actions.shape[1:] == (spec.action_size,)
        return outside_bounds(actions, spec) if comparable else None

    def check_fits(self, spec: SpaceSpec) -> None:
        """Raise `InvalidDemonstrations` naming the first field that does not fit the task's spaces.

        Continuous actions outside the task's box are accepted; see `outside_bounds`.
        """
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
            _check_box(batch.actions, spec)
        else:
            _check_discrete(batch, spec)


def _check_box(actions: NDArray[Any], spec: SpaceSpec) -> None:
    if not np.issubdtype(actions.dtype, np.floating):
        raise InvalidDemonstrations(
            f"demonstrated actions are of type {actions.dtype}: "
            "this task's actions are continuous, floating point is needed"
        )
    if actions.ndim != 2 or actions.shape[1] != spec.action_size:
        raise InvalidDemonstrations(
            f"demonstrated actions have shape {actions.shape}: (steps, {spec.action_size}) is needed"
        )


def _check_discrete(batch: Trajectories, spec: SpaceSpec) -> None:
    actions, choices = batch.actions, spec.action_choices
    wanted = () if choices is None else (len(choices),)
    if not np.issubdtype(actions.dtype, np.integer) or actions.shape[1:] != wanted:
        raise InvalidDemonstrations(
            f"demonstrated actions have type {actions.dtype} and shape {actions.shape}: "
            f"this task's actions are integers, {wanted[0] if wanted else 'one'} per step"
        )
    most = np.asarray(spec.action_size if choices is None else choices) - 1
    outside = (actions < 0) | (actions > most)
    if outside.any():
        step, *part = (int(i) for i in np.argwhere(outside)[0])
        raise InvalidDemonstrations(
            f"demonstrated action at step {step} is {actions[step]} ({batch.place(step)}): "
            f"this task's actions are 0 to {most[tuple(part)]}"
        )
