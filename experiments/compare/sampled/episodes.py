"""Episodes of an expert on states 0..S-1, drawn from its policy or read from a file.

An episode that is cut after T steps lacks the share gamma^T of its discounted mass. Episodes drawn here are so long
that this share is at most `LEFT_OUT`. For recordings it depends on their lengths. The share is reported in both cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations import load_demonstrations
from gail.envs import TabularVectorEnv
from gail.exact import FiniteMDP
from gail.experiments.errors import InvalidRequest

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LEFT_OUT = 1e-3
"""Largest share of the discounted mass that drawn episodes may lack."""


@dataclass(frozen=True, eq=False)
class Episodes:
    """K episodes with N steps in total; the steps are concatenated."""

    states: Indices
    """(N,) state of each step."""
    actions: Indices
    """(N,) action of each step."""
    lengths: Indices
    """(K,) steps of each episode, at least 1."""
    ended: NDArray[np.bool_]
    """(K,) True if the process terminated the episode, False if the episode was cut."""

    @property
    def count(self) -> int:
        """K."""
        return len(self.lengths)

    @property
    def times(self) -> Indices:
        """(N,) steps since the start of the episode."""
        firsts = np.cumsum(self.lengths) - self.lengths
        return np.arange(len(self.states)) - np.repeat(firsts, self.lengths)

    def left_out(self, discount: float) -> float:
        """The mean of gamma^T over the episodes; an episode that terminated counts as 0."""
        return float(np.where(self.ended, 0.0, discount ** self.lengths.astype(np.float64)).mean())

    def chosen(self, which: Indices) -> Episodes:
        """The episodes with these indices, in this order."""
        starts = np.cumsum(self.lengths) - self.lengths
        rows = np.concatenate([np.arange(starts[k], starts[k] + self.lengths[k]) for k in which])
        return Episodes(self.states[rows], self.actions[rows], self.lengths[which], self.ended[which])

    def continued(self, mdp: FiniteMDP, absorbing: int) -> Episodes:
        """The episodes, where terminated ones continue in the absorbing state for up to `horizon_for` steps in total.

        There the actions follow one another cyclically.
        """
        horizon = horizon_for(mdp.discount)
        states, actions, lengths = [], [], []
        starts = np.cumsum(self.lengths) - self.lengths
        for start, length, ended in zip(starts, self.lengths, self.ended, strict=True):
            rest = max(0, horizon - int(length)) if ended else 0
            states += [self.states[start : start + length], np.full(rest, absorbing)]
            actions += [self.actions[start : start + length], np.arange(rest) % mdp.num_actions]
            lengths.append(int(length) + rest)
        return Episodes(np.concatenate(states), np.concatenate(actions), np.array(lengths), np.zeros_like(self.ended))


def horizon_for(discount: float) -> int:
    """The least T with gamma^T <= `LEFT_OUT`, at least 1."""
    return 1 if discount == 0.0 else max(1, math.ceil(math.log(LEFT_OUT) / math.log(discount)))


def draw(mdp: FiniteMDP, policy: Array, count: int, rng: np.random.Generator) -> Episodes:
    """`count` episodes of a policy (S, A) in a process that never terminates, `horizon_for` steps each."""
    horizon = horizon_for(mdp.discount)
    envs = TabularVectorEnv(mdp, np.zeros(policy.shape), count, horizon=None)
    states, _ = envs.reset(seed=int(rng.integers(2**31)))
    cumulative = np.cumsum(policy, axis=1)
    cumulative /= cumulative[:, -1:]
    visited, taken = np.empty((count, horizon), dtype=np.int64), np.empty((count, horizon), dtype=np.int64)
    for step in range(horizon):
        actions = (cumulative[states] <= rng.random((count, 1))).sum(axis=1)
        visited[:, step], taken[:, step] = states, actions
        states = envs.step(actions)[0]
    return Episodes(visited.ravel(), taken.ravel(), np.full(count, horizon), np.zeros(count, dtype=bool))


def read(path: Path, mdp: FiniteMDP) -> Episodes:
    """Read recordings of a finite process from a file of demonstrations in any known format.

    Observations are states as numbers, shape (N, 1), or as unit vectors, shape (N, S).

    Raises:
        InvalidRequest: an observation or action is not one of the process, the process cannot produce an episode, or
            the file does not contain every step.
        InvalidDemonstrations: the file is not a file of demonstrations.
    """
    found = load_demonstrations(path)
    batch, states = found.trajectories, mdp.num_states
    if found.provenance.stride != 1:
        raise InvalidRequest(
            f"{path}: only every {found.provenance.stride}-th step was kept; whole episodes are needed"
        )
    rows = batch.observations
    if rows.shape[1] == 1:
        visited = rows[:, 0]
    elif rows.shape[1] == states and np.all((rows == 0.0) | (rows == 1.0)) and np.all(rows.sum(axis=1) == 1.0):
        visited = rows.argmax(axis=1)
    else:
        raise InvalidRequest(
            f"{path}: observations have {rows.shape[1]} entries; states are needed, as a number (1 entry) or as a unit "
            f"vector ({states} entries)"
        )
    _check(path, batch.place, "state", visited, states)
    if batch.actions.ndim != 1:
        raise InvalidRequest(f"{path}: actions have shape {batch.actions.shape}: one number per step is needed")
    _check(path, batch.place, "action", batch.actions, mdp.num_actions)
    lengths = batch.lengths.astype(np.int64)
    episodes = Episodes(visited.astype(np.int64), batch.actions.astype(np.int64), lengths, batch.terminated)
    _check_possible(path, batch.place, episodes, mdp)
    return episodes


def _check(path: Path, place: Callable[[int], str], name: str, values: NDArray[np.generic], count: int) -> None:
    numbers = np.asarray(values, dtype=np.float64)
    wrong = np.flatnonzero((numbers < 0) | (numbers >= count) | (numbers != np.floor(numbers)))
    if wrong.size:
        where = place(int(wrong[0]))
        raise InvalidRequest(f"{path}: {name} {numbers[wrong[0]]:g} at {where}: the process has 0 to {count - 1}")


def _check_possible(path: Path, place: Callable[[int], str], episodes: Episodes, mdp: FiniteMDP) -> None:
    """Check that the process can start every episode there, and make every transition in it."""
    states, actions = episodes.states, episodes.actions
    later = np.flatnonzero(episodes.times > 0)
    chances = mdp.initial[states]
    chances[later] = mdp.transitions[states[later - 1] * mdp.num_actions + actions[later - 1], states[later]]
    impossible = np.flatnonzero(chances <= 0.0)
    if not impossible.size:
        return
    first = int(impossible[0])
    what = f"{path}: state {states[first]} at {place(first)}"
    if episodes.times[first] == 0:
        raise InvalidRequest(f"{what}: no episode of the process begins there; recordings of this process are needed")
    raise InvalidRequest(
        f"{what}: the process does not lead there from state {states[first - 1]}, action {actions[first - 1]}; "
        "recordings of this process are needed"
    )
