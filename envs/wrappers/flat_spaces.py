"""Environments whose spaces flatten to numbers, as learners need them: observations are vectors, actions are flat.

Observations, flattened to R^n. Composite spaces are flattened part after part, in the order of the space (Gymnasium
sorts the keys of a plain dictionary):

| space | entries |
|---|---|
| Box of any shape and type | its numbers, row by row |
| Discrete(N) from any start | the unit vector of the element in R^N |
| MultiDiscrete(N_1, ..., N_k) | k unit vectors, one after the other |
| MultiBinary | its bits |
| Dict, Tuple | the entries of its parts |

So every function of a discrete component is linear in the observation. Actions:

| space | flattened |
|---|---|
| Box of floats, any shape | a Box with one axis, read row by row |
| Discrete(N) from any start | Discrete(N), from 0 |
| MultiDiscrete of any shape and start, MultiBinary, bounded Box of integers | MultiDiscrete with one axis, from 0 |

The maps are one-to-one, so policies, occupancy measures and returns are those of the original. Images are refused:
learners here have no convolutional networks.
"""

from __future__ import annotations

from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete
from numpy.typing import NDArray

LEAST_IMAGE = 8
"""Bytes from 0 to 255 whose first two axes both have at least this length are taken for an image."""

MAX_NUMBERS = 100_000
"""Longest vector of observations, and largest number of choices of one integer action."""


class UnsupportedEnvironment(ValueError):
    """The environment exists, but its spaces or its time limit are of a kind that the learners here cannot use."""


def flattened(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """The environment with vector observations and flat actions; the same object if it has them already.

    Observations that are not floating-point numbers become float32; others keep their type.

    Raises:
        UnsupportedEnvironment: a space has other parts than those of the tables, an image, or too many numbers.
    """
    name = env.spec.id if env.spec is not None else str(env)
    _check_observations(name, env.observation_space)
    _check_actions(name, env.action_space)
    if not _is_vector(env.observation_space):
        env = _VectorObservations(env)
    if not _is_flat(env.action_space):
        env = _FlatActions(env)
    return env


def _check_observations(name: str, space: gymnasium.Space[Any]) -> None:
    for part in _parts(space):
        if not isinstance(part, (Box, Discrete, MultiDiscrete, MultiBinary)):
            raise UnsupportedEnvironment(
                f"{name}: its observations hold {part}; supported are Box, Discrete, MultiDiscrete, MultiBinary, and "
                "Dict and Tuple of these"
            )
        if _is_image(part):
            raise UnsupportedEnvironment(
                f"{name}: its observations hold images of shape {part.shape}, and the networks here take vectors; "
                "wrap the environment so that it returns features, or few numbers: "
                "gymnasium.wrappers.ResizeObservation, then FlattenObservation"
            )
    size = spaces.flatdim(space)
    if not 1 <= size <= MAX_NUMBERS:
        raise UnsupportedEnvironment(
            f"{name}: an observation flattens to {size:,} numbers; 1 to {MAX_NUMBERS:,} are supported"
        )


def _check_actions(name: str, space: gymnasium.Space[Any]) -> None:
    if isinstance(space, Box) and space.dtype.kind != "f" and not space.is_bounded():
        raise UnsupportedEnvironment(
            f"{name}: its actions are unbounded integers in {space}; declare bounds, or a Box of floats"
        )
    if not isinstance(space, (Box, Discrete, MultiDiscrete, MultiBinary)):
        raise UnsupportedEnvironment(
            f"{name}: its actions are {space}; supported are Box, Discrete, MultiDiscrete and MultiBinary"
        )
    choices = _choices(space)
    most = spaces.flatdim(space) if choices is None else int(choices.max(initial=0))
    if not 1 <= most <= MAX_NUMBERS:
        raise UnsupportedEnvironment(
            f"{name}: its actions are {space}; 1 to {MAX_NUMBERS:,} numbers, or choices per integer, are supported"
        )


def _parts(space: gymnasium.Space[Any]) -> list[gymnasium.Space[Any]]:
    """The leaves of a space, in order."""
    if isinstance(space, spaces.Dict):
        return [leaf for part in space.spaces.values() for leaf in _parts(part)]
    if isinstance(space, spaces.Tuple):
        return [leaf for part in space.spaces for leaf in _parts(part)]
    return [space]


def _is_image(space: gymnasium.Space[Any]) -> bool:
    if not isinstance(space, Box) or space.dtype != np.uint8 or len(space.shape) not in (2, 3):
        return False
    return min(space.shape[:2]) >= LEAST_IMAGE and bool((space.low == 0).all() and (space.high == 255).all())


def _is_vector(space: gymnasium.Space[Any]) -> bool:
    return isinstance(space, Box) and len(space.shape) == 1 and space.dtype.kind == "f"


def _is_flat(space: gymnasium.Space[Any]) -> bool:
    if isinstance(space, Discrete):
        return bool(space.start == 0)
    if isinstance(space, MultiDiscrete):
        return space.nvec.ndim == 1 and not space.start.any()
    return isinstance(space, Box) and space.dtype.kind == "f" and len(space.shape) == 1


def _choices(space: gymnasium.Space[Any]) -> NDArray[np.int64] | None:
    """Choices of each integer of an action, in the action's shape; None for a Box of floats."""
    if isinstance(space, Discrete):
        return np.array(space.n, dtype=np.int64)
    if isinstance(space, MultiDiscrete):
        return np.asarray(space.nvec, dtype=np.int64)
    if isinstance(space, MultiBinary):
        return np.full(space.shape or (), 2, dtype=np.int64)
    assert isinstance(space, Box)
    if space.dtype.kind == "f":
        return None
    counts: NDArray[np.int64] = space.high.astype(np.int64) - space.low.astype(np.int64) + 1
    return counts


def _start(space: gymnasium.Space[Any]) -> Any:
    """The least value of each integer of an action."""
    if isinstance(space, (Discrete, MultiDiscrete)):
        return space.start
    return space.low if isinstance(space, Box) else 0


class _VectorObservations(gymnasium.ObservationWrapper[Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._original = env.observation_space
        flat = cast(Box, spaces.flatten_space(self._original))
        kind: Any = flat.dtype if flat.dtype.kind == "f" else np.dtype(np.float32)
        self.observation_space = Box(flat.low.astype(kind), flat.high.astype(kind), dtype=kind)

    def observation(self, observation: Any) -> NDArray[Any]:
        return np.asarray(spaces.flatten(self._original, observation)).astype(self.observation_space.dtype)


class _FlatActions(gymnasium.ActionWrapper[Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._original: Any = env.action_space
        choices = _choices(self._original)
        if choices is None:
            box = cast(Box, env.action_space)
            kind: Any = box.dtype
            self.action_space = Box(box.low.ravel(), box.high.ravel(), dtype=kind)
        elif isinstance(self._original, Discrete):
            self.action_space = Discrete(int(self._original.n))
        else:
            self.action_space = MultiDiscrete(choices.ravel())

    def action(self, action: Any) -> Any:
        if isinstance(self._original, Discrete):
            return self._original.start + action
        shaped = np.reshape(action, self._original.shape or ())
        if isinstance(self.action_space, MultiDiscrete):
            return np.asarray(shaped + _start(self._original), dtype=self._original.dtype)
        return shaped
