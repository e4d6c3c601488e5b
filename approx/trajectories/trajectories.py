"""Trajectories: the batch type that samplers, learners and files share.

A batch holds K trajectories, stored flat and contiguous: N = sum of lengths steps, step after step.
Trajectory k has T_k actions and T_k + 1 observations; the first T_k are in `observations`, the last is row k
of `final_observations`. A demonstration of which every k-th step was kept has gaps: then `successors` holds the
observations after the kept steps, if they are known.

How a trajectory ended is always recorded. `terminated[k]`: the environment ended the episode, nothing follows.
`truncated[k]`: a time limit cut it. Neither: the batch ended during the episode. In the last two cases a value function
has to estimate the return that would have followed.

An expert's steps may carry `weights`: its mean of f is then sum_i w_i f(s_i, a_i) / sum_i w_i, everywhere. With w =
gamma^t (`gail.approx.trajectories.discounting`) that estimates the mean over its normalised discounted occupancy; with
one step for each pair, weighted by rho_E(s, a), it equals that mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class InvalidTrajectories(ValueError):
    """The arrays do not describe trajectories: the message names the array and the first offending entry."""


@dataclass(frozen=True)
class Trajectories:
    """K trajectories with N steps in all, stored flat; the module's docstring describes the layout."""

    observations: NDArray[np.floating]
    """Shape (N, observation size): the policy's observation before each action."""
    actions: NDArray[np.floating] | NDArray[np.integer]
    """Shape (N, action size), or (N,) integers for a finite action set."""
    rewards: NDArray[np.floating] | None
    """The environment's own reward, shape (N,), or None where it is unknown."""
    final_observations: NDArray[np.floating]
    """Shape (K, observation size): the observation after the last action of each trajectory."""
    lengths: NDArray[np.integer]
    """Number of steps of each trajectory, shape (K,), each at least 1."""
    terminated: NDArray[np.bool_]
    """Shape (K,): the environment ended the episode."""
    truncated: NDArray[np.bool_]
    """Shape (K,): a time limit ended it."""
    weights: NDArray[np.floating] | None = None
    """Weight of each step of an expert, shape (N,), at least 0, of any scale; None if all weights are equal. Steps of a
    learner have equal weights: samplers set none, and cost players read the expert's only."""
    successors: NDArray[np.floating] | None = None
    """The observation after each step, shape (N, observation size), where this is not the next row."""
    gaps: bool = False
    """Whether steps of a trajectory are missing, so that the next row is not the observation that followed."""

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)

    @property
    def num_steps(self) -> int:
        """N."""
        return int(self.observations.shape[0])

    @property
    def num_trajectories(self) -> int:
        """K."""
        return int(self.lengths.shape[0])

    @property
    def first_steps(self) -> NDArray[np.int64]:
        """Flat index of the first step of each trajectory, shape (K,)."""
        return np.append(0, self.last_steps[:-1] + 1)

    @property
    def last_steps(self) -> NDArray[np.int64]:
        """Flat index of the last step of each trajectory, shape (K,)."""
        return np.cumsum(self.lengths, dtype=np.int64) - 1

    @property
    def next_observations(self) -> NDArray[np.floating]:
        """The observation after each step, shape (N, observation size).

        Raises:
            InvalidTrajectories: steps are missing, and the observations after the others were not kept.
        """
        if self.successors is not None:
            return self.successors
        if self.gaps:
            raise InvalidTrajectories(
                "steps of these trajectories are missing, and the observations that followed the others were not kept"
            )
        following = np.empty_like(self.observations)
        following[:-1] = self.observations[1:]
        following[self.last_steps] = self.final_observations
        return following

    @property
    def terminated_steps(self) -> NDArray[np.bool_]:
        """Whether the environment ended the episode at each step, shape (N,); False at time limits and batch ends.

        Where steps are missing, the last one kept ended the episode only if the final observation followed it.
        """
        ended = np.zeros(self.num_steps, dtype=bool)
        last = self.last_steps
        ended[last] = self.terminated
        if self.gaps:
            ended[last] &= (self.next_observations[last] == self.final_observations).all(axis=1)
        return ended

    @property
    def returns(self) -> NDArray[np.float64]:
        """Undiscounted sum of the environment's rewards of each trajectory, shape (K,)."""
        if self.rewards is None:
            raise InvalidTrajectories("these trajectories carry no rewards, so they have no returns")
        return np.add.reduceat(self.rewards.astype(np.float64), self.first_steps)

    def place(self, step: int) -> str:
        """Where the flat index `step` lies, in words."""
        trajectory = int(np.searchsorted(self.last_steps, step))
        return f"step {step - int(self.first_steps[trajectory])} of trajectory {trajectory}"

    def first(self, count: int) -> Trajectories:
        """The first `count` trajectories."""
        if not 1 <= count <= self.num_trajectories:
            raise InvalidTrajectories(f"{count} trajectories asked for, but the data has {self.num_trajectories}")
        steps = int(self.lengths[:count].sum())
        return Trajectories(
            observations=self.observations[:steps],
            actions=self.actions[:steps],
            rewards=None if self.rewards is None else self.rewards[:steps],
            final_observations=self.final_observations[:count],
            lengths=self.lengths[:count],
            terminated=self.terminated[:count],
            truncated=self.truncated[:count],
            weights=None if self.weights is None else self.weights[:steps],
            successors=None if self.successors is None else self.successors[:steps],
            gaps=self.gaps,
        )


def _check_shapes(batch: Trajectories) -> None:
    if batch.observations.ndim != 2:
        raise InvalidTrajectories(
            f"observations have shape {batch.observations.shape}: two axes are needed (steps, observation size)"
        )
    if batch.lengths.ndim != 1:
        raise InvalidTrajectories(f"lengths has shape {batch.lengths.shape}: one axis is needed")
    steps, size = batch.observations.shape
    trajectories = batch.lengths.shape[0]
    if trajectories == 0 or steps == 0:
        raise InvalidTrajectories(f"the data is empty: {trajectories} trajectories, {steps} steps")
    expected = {"actions": steps, "final_observations": trajectories, "terminated": trajectories}
    expected |= {"truncated": trajectories}
    expected |= {name: steps for name in ("rewards", "weights", "successors") if getattr(batch, name) is not None}
    for name, rows in expected.items():
        found = getattr(batch, name).shape
        if not found or found[0] != rows:
            raise InvalidTrajectories(f"{name} has shape {found}: {rows} rows are needed")
        if name in ("rewards", "weights", "terminated", "truncated") and len(found) != 1:
            raise InvalidTrajectories(f"{name} has shape {found}: ({rows},) is needed")
    if batch.successors is not None and batch.successors.shape[1:] != (size,):
        raise InvalidTrajectories(f"successors has shape {batch.successors.shape}: ({steps}, {size}) is needed")
    if batch.final_observations.shape[1:] != (size,):
        raise InvalidTrajectories(
            f"final_observations has shape {batch.final_observations.shape}: ({trajectories}, {size}) is needed"
        )
    # The maximum is checked too: a sum of huge lengths may overflow.
    if batch.lengths.min() < 1 or batch.lengths.max() > steps or int(batch.lengths.sum()) != steps:
        raise InvalidTrajectories(
            f"lengths must be at least 1 and sum to the number of steps: their minimum is "
            f"{batch.lengths.min()}, their sum {batch.lengths.sum()}, and there are {steps} steps"
        )


def _check_values(batch: Trajectories) -> None:
    for name in ("observations", "actions", "rewards", "final_observations", "weights", "successors"):
        values = getattr(batch, name)
        place = None if values is None else first_not_finite(values)
        if place is None:
            continue
        where = f"the end of trajectory {place[0]}" if name == "final_observations" else batch.place(place[0])
        raise InvalidTrajectories(f"{name}{list(place)} is {values[place]} ({where}): every entry must be finite")
    if (batch.terminated & batch.truncated).any():
        k = int(np.flatnonzero(batch.terminated & batch.truncated)[0])
        raise InvalidTrajectories(f"trajectory {k} is both terminated and truncated: it can only be one")
    if batch.weights is not None:
        _check_weights(batch, batch.weights)


def _check_weights(batch: Trajectories, weights: NDArray[np.floating]) -> None:
    if weights.min() < 0.0:
        step = int(np.flatnonzero(weights < 0.0)[0])
        raise InvalidTrajectories(
            f"weights[{step}] is {weights[step]} ({batch.place(step)}): every weight must be at least 0"
        )
    with np.errstate(over="ignore"):
        total = float(weights.sum(dtype=np.float64))
    if not 0.0 < total < np.inf:
        raise InvalidTrajectories(f"the weights sum to {total}: a positive, finite sum is needed")


_CHUNK = 1 << 16


def first_not_finite(values: NDArray[Any]) -> tuple[int, ...] | None:
    """Index of the first infinite or undefined entry, if any; needs no second array of that size."""
    for start in range(0, len(values), _CHUNK):
        finite = np.isfinite(values[start : start + _CHUNK])
        if not finite.all():
            first, *rest = (int(i) for i in np.argwhere(~finite)[0])
            return (start + first, *rest)
    return None
