"""Sizes and bounds of an environment's spaces, and the encoding of state-action pairs as vectors.

Observations are vectors. Actions are of one of three kinds:

| space | an action | encoded for cost players |
|---|---|---|
| Box with one axis | m numbers | m numbers |
| Discrete(n) | one integer, 0 <= a < n | unit vector of R^n |
| MultiDiscrete(n_1, ..., n_k) | k integers, 0 <= a_i < n_i | unit vectors one after the other, in R^(n_1 + ... + n_k) |

A Gaussian policy's actions are unbounded; the environment's box is bounded. Log-probabilities are those of the policy's
own action. The environment and the cost player get the *executed* action, clipped to the box, for learner and expert
alike: unclipped actions could distinguish the two by differences that have no effect. Demonstrations may hold either
kind; they are clipped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor


class UnsupportedSpace(ValueError):
    """The environment's observation or action space is of a kind that the learners here cannot use."""


@dataclass(frozen=True)
class SpaceSpec:
    """Sizes and bounds of observations and actions."""

    observation_size: int
    """Length of an observation vector."""
    action_size: int
    """Length of an encoded action: dimension of a continuous one, number of discrete ones, or their sum over parts."""
    action_low: tuple[float, ...] | None
    """Lower bounds of a continuous action; None for others."""
    action_high: tuple[float, ...] | None
    """Upper bounds of a continuous action; None for others."""
    action_choices: tuple[int, ...] | None = None
    """Number of choices of each part of an action of several integers; None for others."""

    @classmethod
    def of(cls, observation_space: gymnasium.Space[Any], action_space: gymnasium.Space[Any]) -> SpaceSpec:
        """Read the spaces of a single environment; raise `UnsupportedSpace` where they do not fit."""
        if not isinstance(observation_space, spaces.Box) or len(observation_space.shape) != 1:
            raise UnsupportedSpace(f"observations must be vectors (a Box with one axis), not {observation_space}")
        size = observation_space.shape[0]
        if isinstance(action_space, spaces.Discrete):
            if action_space.start != 0:
                raise UnsupportedSpace(f"discrete actions must start at 0, not at {action_space.start}")
            return cls(size, int(action_space.n), None, None)
        if isinstance(action_space, spaces.Box) and len(action_space.shape) == 1:
            low, high = action_space.low.astype(float), action_space.high.astype(float)
            return cls(size, action_space.shape[0], tuple(low.tolist()), tuple(high.tolist()))
        if isinstance(action_space, spaces.MultiDiscrete) and action_space.nvec.ndim == 1:
            if action_space.start.any():
                raise UnsupportedSpace(f"the parts of an action must start at 0, not at {action_space.start.tolist()}")
            choices = tuple(action_space.nvec.tolist())
            return cls(size, sum(choices), None, None, choices)
        raise UnsupportedSpace(f"actions must be Discrete, or MultiDiscrete or a Box with one axis, not {action_space}")

    @property
    def continuous(self) -> bool:
        """True for a box of actions."""
        return self.action_low is not None

    @property
    def actions_in_words(self) -> str:
        """The actions, for messages and tables."""
        if self.action_choices is not None:
            return f"{len(self.action_choices)} integers with {', '.join(map(str, self.action_choices))} choices"
        return f"{self.action_size} numbers" if self.continuous else f"one integer with {self.action_size} choices"

    @property
    def pair_size(self) -> int:
        """Length of an encoded state-action pair."""
        return self.observation_size + self.action_size

    def executed(self, actions: NDArray[Any]) -> NDArray[Any]:
        """The action that the environment receives: clipped to the box, or the discrete action itself."""
        if self.action_low is None or self.action_high is None:
            return actions
        clipped: NDArray[Any] = np.clip(actions, np.asarray(self.action_low), np.asarray(self.action_high))
        return clipped

    def encode_pairs(self, observations: NDArray[Any], actions: NDArray[Any]) -> Tensor:
        """Encode state-action pairs as float64 vectors, shape (N, pair_size): discrete actions one-hot."""
        executed = self.executed(actions)
        if self.action_choices is not None:
            first_entries = np.cumsum((0, *self.action_choices[:-1]))
            chosen, executed = executed.astype(np.int64) + first_entries, np.zeros((len(actions), self.action_size))
            np.put_along_axis(executed, chosen, 1.0, axis=1)
        elif not self.continuous:
            executed = np.eye(self.action_size)[executed.astype(np.int64)]
        return torch.from_numpy(np.concatenate([observations, executed], axis=1, dtype=np.float64))
