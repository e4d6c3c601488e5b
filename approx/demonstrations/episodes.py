"""Episodes of any file, copied one after the other into flat arrays that are allocated once.

For every format, a reader makes a `Recording`, which gives the lengths of all episodes and reads episode k on request,
k = 0, 1, ... Memory holds the flat arrays and one episode, so a large file needs its size in memory only once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.errors import BrokenEpisode, InvalidDemonstrations
from gail.approx.demonstrations.native_spaces import floating, in_rows
from gail.approx.trajectories.trajectories import Trajectories, first_not_finite
from gail.exact.process.memory import require_memory

Array = NDArray[Any]


@dataclass(frozen=True)
class Episode:
    """T steps of one episode, as a file stores them; `join` checks them."""

    observations: Array
    """Shape (T, ...): one observation per step, of any shape."""
    final_observation: Array
    """Shape (...): the observation after the last action."""
    actions: Array
    """Shape (T, ...), or (T,)."""
    rewards: Array | None
    """Shape (T,)."""
    terminated: bool
    """The environment ended the episode."""
    truncated: bool
    """A time limit ended it."""
    next_observations: Array | None = None
    """Shape (T, ...); None if the file has none."""


@dataclass(frozen=True)
class Recording:
    """The episodes of a file, to be read in their order."""

    count: int
    """Number of episodes."""
    length: Callable[[int], int]
    """Number of steps of an episode."""
    read: Callable[[int], Episode]
    """An episode by its number; called once for each, in ascending order."""
    provenance: Provenance
    """Where they come from; if it lists returns, those of all episodes."""
    separate: bool = False
    """Whether an episode can still be read after another one failed to be read."""


def join(recording: Recording, broken: list[str] | None = None) -> Demonstrations:
    """Join the episodes of a recording into demonstrations.

    Next observations are kept only if they differ from the next rows.

    Args:
        recording: the episodes.
        broken: None to raise at the first broken episode; a list to leave such episodes out, and to append for each
            one a sentence that names it and its fault.

    Raises:
        BrokenEpisode: an episode is malformed, or its fields have other types or shapes than those of the first one;
            the message names it and the field.
        InvalidDemonstrations: there are no episodes, or all are broken.
    """
    if not recording.count:
        raise InvalidDemonstrations("the data is empty: 0 episodes")
    lengths: dict[int, int] = {}
    for k in range(recording.count):
        with _left_out_if_broken(broken):
            length = recording.length(k)
            if length < 0:  # a damaged file may have no row at all, not even the final observation
                raise InvalidDemonstrations(f"episode {k} has no rows")
            lengths[k] = length
    flat: _Flat | None = None
    for k, length in lengths.items():
        with _left_out_if_broken(broken if recording.separate else None):
            episode = recording.read(k)
            with _left_out_if_broken(broken):
                checked = _checked(episode, k, length)
                if broken is not None:
                    _check_finite(checked, k)
                flat = _Flat(checked, k, list(lengths.values())) if flat is None else flat
                flat.put(k, checked)
    if flat is None:
        raise InvalidDemonstrations(f"all {recording.count} episodes are broken; the first: {(broken or [''])[0]}")
    provenance, listed = recording.provenance, recording.provenance.episode_returns
    if listed is not None:
        provenance = replace(provenance, episode_returns=tuple(listed[k] for k in flat.kept))
    return Demonstrations(flat.trajectories(), provenance, flat.following)


@contextmanager
def _left_out_if_broken(broken: list[str] | None) -> Iterator[None]:
    try:
        yield
    except InvalidDemonstrations as error:
        if broken is None:
            raise BrokenEpisode(str(error)) from error
        broken.append(str(error))


def _check_finite(episode: Episode, k: int) -> None:
    for name in ("observations", "final_observation", "actions", "rewards", "next_observations"):
        values = getattr(episode, name)
        place = None if values is None else first_not_finite(values)
        if place is not None:
            raise InvalidDemonstrations(f"episode {k}: {name}{list(place)} is {values[place]}, which is not finite")


class _Flat:
    """Arrays of all episodes, filled from the first to the last."""

    def __init__(self, first: Episode, k: int, lengths: Sequence[int]) -> None:
        self.kept: list[int] = []
        self._first, self._lengths = k, np.asarray(lengths, dtype=np.int64)
        steps, episodes = int(self._lengths.sum()), len(lengths)
        observation, action = first.observations, first.actions
        fields = (observation, action, first.rewards, first.next_observations)
        row = sum(values.itemsize * math.prod(values.shape[1:]) for values in fields if values is not None)
        require_memory(float(row) * steps, f"demonstrations of {steps:,} steps")
        self._observations = np.empty((steps, *observation.shape[1:]), observation.dtype)
        self._actions = np.empty((steps, *action.shape[1:]), action.dtype)
        self._rewards = None if first.rewards is None else np.empty(steps, first.rewards.dtype)
        self._finals = np.empty((episodes, *observation.shape[1:]), observation.dtype)
        self._terminated, self._truncated = np.zeros((2, episodes), dtype=bool)
        has_next = first.next_observations is not None
        self._following = np.empty_like(self._observations) if has_next else None
        self._consecutive = True
        self._step = 0

    def put(self, k: int, episode: Episode) -> None:
        """Copy episode k into its place."""
        rows, place = slice(self._step, self._step + len(episode.observations)), len(self.kept)
        self._fill(self._observations, rows, episode.observations, k, "observations")
        self._fill(self._actions, rows, episode.actions, k, "actions")
        self._fill(self._rewards, rows, episode.rewards, k, "rewards")
        self._fill(self._following, rows, episode.next_observations, k, "next observations")
        self._fill(self._finals, slice(place, place + 1), episode.final_observation[None], k, "final observation")
        self._terminated[place], self._truncated[place] = episode.terminated, episode.truncated
        self._lengths[place] = len(episode.observations)
        self._step = rows.stop
        self.kept.append(k)
        if episode.next_observations is not None:
            self._consecutive &= np.array_equal(episode.next_observations[:-1], episode.observations[1:])

    @property
    def following(self) -> Array | None:
        """Next observations; None if they are the next rows."""
        return None if self._consecutive or self._following is None else self._following[: self._step]

    def trajectories(self) -> Trajectories:
        """The trajectories of all episodes that were put."""
        episodes = len(self.kept)
        return Trajectories(
            observations=self._observations[: self._step],
            actions=self._actions[: self._step],
            rewards=None if self._rewards is None else self._rewards[: self._step],
            final_observations=self._finals[:episodes],
            lengths=self._lengths[:episodes],
            terminated=self._terminated[:episodes],
            truncated=self._truncated[:episodes],
        )

    def _fill(self, target: Array | None, rows: slice, values: Array | None, k: int, name: str) -> None:
        first = f"episode {self._first}"
        if (target is None) != (values is None):
            raise InvalidDemonstrations(f"episode {k} has {'no ' if values is None else ''}{name}, unlike {first}")
        if target is None or values is None:
            return
        if values.dtype != target.dtype or values.shape[1:] != target.shape[1:]:
            raise InvalidDemonstrations(
                f"episode {k} has {name} of type {values.dtype} and row shape {values.shape[1:]}, {first} has "
                f"{target.dtype} and {target.shape[1:]}: episodes of one task are needed"
            )
        target[rows] = values


def _checked(episode: Episode, k: int, length: int) -> Episode:
    """The episode with actions and rewards in their usual shape, after a check of every field."""
    where = f"episode {k}"
    observations = _usual_observations(episode.observations, f"{where}: observations")
    _rows(observations, length, f"{where}: observations")
    final = _usual_observations(np.asarray(episode.final_observation)[None], f"{where}: final observation")[0]
    actions = _usual_actions(episode.actions, f"{where}: actions")
    _rows(actions, length, f"{where}: actions")
    rewards = following = None
    if episode.rewards is not None:
        rewards = _usual_rewards(episode.rewards, f"{where}: rewards")
        _rows(rewards, length, f"{where}: rewards")
    if episode.next_observations is not None:
        following = _usual_observations(episode.next_observations, f"{where}: next observations")
        _rows(following, length, f"{where}: next observations")
    # A file may set both flags. The episode has terminated then, and no later return has to be estimated.
    truncated = episode.truncated and not episode.terminated
    return Episode(observations, final, actions, rewards, episode.terminated, truncated, following)


_KINDS = {"f": "floating point", "i": "integer", "u": "unsigned integer", "b": "bool"}


def numbers(values: Any, kinds: str, axes: int, what: str) -> Array:
    """`values`, after a check: an array of `axes` axes, of a type in `kinds` with at most 64 bits."""
    if not isinstance(values, np.ndarray):
        raise InvalidDemonstrations(f"{what}: a {type(values).__name__} where an array is needed")
    if values.dtype.kind not in kinds or values.dtype.itemsize > 8:
        wanted = ", ".join(_KINDS[kind] for kind in kinds)
        raise InvalidDemonstrations(f"{what} is of type {values.dtype}: {wanted} of at most 64 bits is needed")
    if values.ndim != axes:
        raise InvalidDemonstrations(f"{what} has shape {values.shape}: {axes} axes are needed")
    return values


def flags(values: Any, what: str) -> NDArray[np.bool_]:
    """An array of bools, shape (T,), from bools or from the numbers 0 and 1."""
    if isinstance(values, np.ndarray) and values.shape[1:] == (1,):
        values = values[:, 0]
    found = numbers(values, "biuf", 1, what)
    odd = np.flatnonzero((found != 0) & (found != 1))
    if odd.size:
        raise InvalidDemonstrations(f"{what}: entry {odd[0]} is {found[odd[0]]}, where 0 or 1 is needed")
    return found.astype(bool)


def last_step(values: Any, what: str) -> bool:
    """The last of an episode's flags, one per step; no earlier flag may be set."""
    found = flags(values, what)
    if found[:-1].any():
        raise InvalidDemonstrations(
            f"{what} is set at step {int(found.argmax())} of {len(found)}: only the last may be"
        )
    return bool(found[-1:].any())


def listed_returns(values: Any, episodes: int, what: str) -> NDArray[np.float64]:
    """The return of each episode as listed in a file, shape (K,), after a check."""
    found = numbers(values, "fiu", 1, what)
    if len(found) != episodes:
        raise InvalidDemonstrations(f"{what} has {len(found)} entries, but there are {episodes} episodes")
    odd = np.flatnonzero(~np.isfinite(found))
    if odd.size:
        raise InvalidDemonstrations(f"{what}: the return of episode {odd[0]} is {found[odd[0]]}")
    return found.astype(np.float64)


def _rows(values: Array, length: int, what: str) -> None:
    if len(values) != length:
        raise InvalidDemonstrations(f"{what} has {len(values)} rows where {length} are needed")


def _usual_observations(observations: Any, what: str) -> Array:
    """Observations as floating-point numbers (T, d), those of several axes row by row."""
    return floating(_in_rows(observations, "fiub", what))


def _usual_actions(actions: Any, what: str) -> Array:
    """Actions as integers (T,) or (T, k), or floating-point numbers (T, m), those of several axes row by row."""
    rows = _in_rows(actions, "fiub", what)
    if rows.dtype.kind == "f":
        return rows
    integers = rows.astype(np.int64) if rows.dtype.kind == "b" else rows
    return integers[:, 0] if rows.shape[1] == 1 else integers


def _in_rows(values: Any, kinds: str, what: str) -> Array:
    found = numbers(values, kinds, max(1, np.ndim(values)), what)
    return in_rows(found)


def _usual_rewards(rewards: Any, what: str) -> Array:
    if isinstance(rewards, np.ndarray) and rewards.ndim == 2 and rewards.shape[1] == 1:
        rewards = rewards[:, 0]
    found = numbers(rewards, "fiu", 1, what)
    return found if found.dtype.kind == "f" else found.astype(np.float64)
