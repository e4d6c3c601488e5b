"""Environments with Box or Discrete spaces as learners need them: observations are vectors, actions vectors or 0..A-1.

Let an environment have observations in a box of shape (n1, ..., nk), or in a finite set {m, ..., m + N - 1}, and
likewise actions. Flattened, it has

- observations in R^n: a box is read row by row, n = n1 ⋯ nk; the i-th element of a finite set is the i-th unit vector
  of R^N (so every function on the set is linear in the observation);
- actions in a box with one axis, read in the same order, or in {0, ..., A - 1}.

The maps are one-to-one, so policies, occupancy measures and returns are those of the original.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray


class UnsupportedEnvironment(ValueError):
    """The environment exists, but its spaces or its time limit are of a kind that the learners here cannot use."""


def flattened(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """The environment with vector observations and flat actions; the same object if it has them already.

    Observations that are not floating-point numbers become float32; others keep their type.

    Raises:
        UnsupportedEnvironment: a space is neither Box nor Discrete, or actions are a box of integers.
    """
    name = env.spec.id if env.spec is not None else str(env)
    for kind, space in (("observations", env.observation_space), ("actions", env.action_space)):
        if not isinstance(space, (Box, Discrete)):
            raise UnsupportedEnvironment(f"{name}: its {kind} are {space}, but only Box and Discrete are supported")
    if isinstance(env.action_space, Box) and env.action_space.dtype.kind != "f":
        raise UnsupportedEnvironment(
            f"{name}: its actions are integers in {env.action_space}; declare them as Discrete, or as a Box of floats"
        )
    if not _is_vector(env.observation_space):
        env = _VectorObservations(env)
    if not _is_flat(env.action_space):
        env = _FlatActions(env)
    return env


def _is_vector(space: gymnasium.Space[Any]) -> bool:
    return isinstance(space, Box) and len(space.shape) == 1 and space.dtype.kind == "f"


def _is_flat(space: gymnasium.Space[Any]) -> bool:
    return space.start == 0 if isinstance(space, Discrete) else len(space.shape or ()) == 1


class _VectorObservations(gymnasium.ObservationWrapper[Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._original = env.observation_space
        if isinstance(self._original, Discrete):
            self.observation_space = Box(0.0, 1.0, (int(self._original.n),), np.float32)
        else:
            assert isinstance(self._original, Box)
            kind: Any = self._original.dtype if self._original.dtype.kind == "f" else np.float32
            low, high = (bound.ravel().astype(kind) for bound in (self._original.low, self._original.high))
            self.observation_space = Box(low, high, dtype=kind)

    def observation(self, observation: Any) -> NDArray[Any]:
        vector = observation
        if isinstance(self._original, Discrete):
            vector = np.arange(self._original.n) == observation - self._original.start
        return np.asarray(vector).ravel().astype(self.observation_space.dtype)


class _FlatActions(gymnasium.ActionWrapper[Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._original = env.action_space
        if isinstance(self._original, Discrete):
            self.action_space = Discrete(int(self._original.n))
        else:
            assert isinstance(self._original, Box)
            low, high = self._original.low.ravel(), self._original.high.ravel()
            kind: Any = self._original.dtype
            self.action_space = Box(low, high, dtype=kind)

    def action(self, action: Any) -> Any:
        if isinstance(self._original, Discrete):
            return self._original.start + action
        return np.reshape(action, self._original.shape or ())
