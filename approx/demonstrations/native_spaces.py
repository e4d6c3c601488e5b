"""From a task's own spaces to flat ones: the arrays of demonstrations, flattened as learners see the environment.

Learners see vectors of observations, with unit vectors for discrete parts, and integer actions from 0
(`gail.envs.wrappers.flat_spaces`). Other tools record the environment's own numbers: an element of Discrete(N) is one
integer, which may start at 1. With one row per step,

| space | native row | flat row |
|---|---|---|
| Box, MultiBinary | its numbers, row by row | the same |
| Discrete(N) | 1 integer | a unit vector of R^N |
| MultiDiscrete(N_1, ..., N_k) | k integers | k unit vectors side by side |
| Dict, Tuple | the rows of its parts side by side, in the order of the space | the same |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations

Array = NDArray[Any]
Space = gymnasium.Space[Any]


def in_flat_spaces(demonstrations: Demonstrations, observations: Space, actions: Space) -> Demonstrations:
    """Demonstrations in flat spaces, from those recorded in the task's own spaces.

    Observations that have the length of flat ones, and continuous actions, stay as they are.

    Raises:
        InvalidDemonstrations: an integer is outside its space.
    """
    if not demonstrations.provenance.native:
        return demonstrations
    batch, following = demonstrations.trajectories, demonstrations.next_observations
    flat = replace(
        batch,
        observations=_flat_if_native(observations, batch.observations, "observations"),
        final_observations=_flat_if_native(observations, batch.final_observations, "final_observations"),
        actions=flat_actions(actions, batch.actions, "actions"),
    )
    if following is not None:
        following = _flat_if_native(observations, following, "next_observations")
    return Demonstrations(flat, replace(demonstrations.provenance, native=False), following)


def _flat_if_native(space: Space, values: Array, name: str) -> Array:
    if values.shape[1] == spaces.flatdim(space) or values.shape[1] != _native_size(space):
        return values  # a length that fits neither is reported where the task's sizes are checked
    return flat_observations(space, values, name)


def flat_observations(space: Space, rows: Array, name: str) -> Array:
    """Observations in flat rows, from native ones, shape (T, native size).

    Raises:
        InvalidDemonstrations: a number is no integer, or outside its space; `name` is the field in the message.
    """
    parts = _subspaces(space)
    if parts:
        ends = np.cumsum([_native_size(part) for part in parts.values()])[:-1]
        columns = zip(parts.items(), np.split(rows, ends, axis=1), strict=True)
        return np.concatenate([flat_observations(part, own, f"{name}/{key}") for (key, part), own in columns], axis=1)
    if isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):
        choices, start = _choices(space)
        return _unit_vectors(_whole(rows, name) - start.ravel(), choices.ravel(), name)
    return rows


def flat_actions(space: Space, values: Array, name: str) -> Array:
    """Actions of a space as learners have them: (T, m) numbers, (T,) integers from 0, or (T, k) integers from 0."""
    rows = in_rows(values)
    if isinstance(space, spaces.Box) and space.dtype.kind == "f":
        return rows if values.dtype.kind == "f" else values
    choices, start = _choices(space)
    if rows.shape[1] != choices.size:
        return values  # reported where the task's sizes are checked
    chosen = _whole(rows, name) - start.ravel()
    _check_inside(chosen, choices.ravel(), name)
    return chosen[:, 0] if isinstance(space, spaces.Discrete) else chosen


def in_rows(values: Array) -> Array:
    """Values of any shape with one axis behind the first, row by row; there may be no rows."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def floating(values: Array) -> Array:
    """The numbers in floating point: single precision if that holds every value of the type."""
    if values.dtype.kind == "f":
        return values
    return values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)


def _subspaces(space: Space) -> Mapping[Any, Space]:
    if isinstance(space, spaces.Dict):
        return space.spaces
    return dict(enumerate(space.spaces)) if isinstance(space, spaces.Tuple) else {}


def _native_size(space: Space) -> int:
    """Numbers in a native observation, without unit vectors."""
    parts = _subspaces(space)
    if parts:
        return sum(_native_size(part) for part in parts.values())
    return int(np.prod(space.shape or (), dtype=np.int64))


def _choices(space: Space) -> tuple[Array, Array]:
    """Number of choices and least value of each integer."""
    if isinstance(space, spaces.Discrete):
        return np.array([space.n], dtype=np.int64), np.array([space.start], dtype=np.int64)
    if isinstance(space, spaces.MultiDiscrete):
        return np.asarray(space.nvec, dtype=np.int64), np.asarray(space.start, dtype=np.int64)
    if isinstance(space, spaces.MultiBinary):
        return np.full(space.shape or (), 2, dtype=np.int64), np.zeros(space.shape or (), dtype=np.int64)
    if isinstance(space, spaces.Box):
        low = space.low.astype(np.int64)
        return space.high.astype(np.int64) - low + 1, low
    raise InvalidDemonstrations(f"{space} has no integers")


def _whole(rows: Array, name: str) -> NDArray[np.int64]:
    whole = rows.astype(np.int64)
    odd = np.argwhere(whole != rows)
    if len(odd):
        step, entry = odd[0]
        raise InvalidDemonstrations(f"{name}[{step}, {entry}] is {rows[step, entry]}, where an integer is needed")
    return whole


def _check_inside(chosen: NDArray[np.int64], choices: Array, name: str) -> None:
    outside = np.argwhere((chosen < 0) | (chosen >= choices))
    if len(outside):
        step, entry = outside[0]
        raise InvalidDemonstrations(
            f"{name}[{step}, {entry}] is number {chosen[step, entry]} of the values of its space, which has "
            f"{choices[entry]}, from 0"
        )


def _unit_vectors(chosen: NDArray[np.int64], choices: Array, name: str) -> Array:
    _check_inside(chosen, choices, name)
    rows = np.zeros((len(chosen), int(choices.sum())), dtype=np.float32)
    np.put_along_axis(rows, chosen + np.cumsum(choices) - choices, 1.0, axis=1)
    return rows
