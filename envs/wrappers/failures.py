"""Failures of an environment as one sentence: which environment, at which step, what happened.

A user's own environment may raise, return an observation of another shape, or a number that is not finite. Without this
check such a failure appears later, as an error of the learner.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box


class EnvironmentFailed(RuntimeError):
    """An environment raised, or returned what its spaces do not allow; the message has the step and the value."""


class ReportFailures(gymnasium.Wrapper[Any, Any, Any, Any]):
    """The same environment; its failures become `EnvironmentFailed`."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._name = env.spec.id if env.spec is not None else str(env)
        self._taken, self._elapsed = 0, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self._elapsed = 0
        try:
            observation, info = self.env.reset(seed=seed, options=options)
        except Exception as error:
            raise self._failed(f"reset raised {_in_words(error)}") from error
        self._check("observation", observation)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take one step."""
        self._taken, self._elapsed = self._taken + 1, self._elapsed + 1
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
        except Exception as error:
            raise self._failed(f"step raised {_in_words(error)}, for the action {action}") from error
        self._check("observation", observation)
        if not np.isfinite(float(reward)):
            raise self._failed(f"the reward is {reward}")
        return observation, reward, terminated, truncated, info

    def _check(self, name: str, observation: Any) -> None:
        space = self.env.observation_space
        if not isinstance(space, Box):
            return
        if np.shape(observation) != space.shape:
            raise self._failed(f"the {name} has shape {np.shape(observation)}, its space has {space.shape}")
        if not np.isfinite(observation).all():
            raise self._failed(f"the {name} is {np.asarray(observation).tolist()}, which is not finite")

    def _failed(self, what: str) -> EnvironmentFailed:
        return EnvironmentFailed(f"{self._name}, step {self._elapsed} of an episode ({self._taken} in all): {what}")


def _in_words(error: Exception) -> str:
    """The exception, and the line that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said} ({Path(last.filename).name}, line {last.lineno})"
