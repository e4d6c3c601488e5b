"""Evaluation: exactly one whole episode per environment copy.

Running a pool until some number of episodes has *ended* would favour short episodes, which end first. Here
every copy plays its first episode to its end, however long that takes, so that returns are an unbiased
sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gail.approx.policies import Policy
from gail.approx.spaces import SpaceSpec
from gail.approx.trajectories import Trajectories

Act = Callable[[NDArray[Any]], NDArray[Any]]
"""Observations of all copies -> one action each."""


@dataclass(frozen=True)
class Evaluation:
    """Returns of independent episodes."""

    returns: NDArray[np.float64]
    """Undiscounted sum of the environment's reward per episode."""
    lengths: NDArray[np.int64]
    """Steps per episode."""

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def std(self) -> float:
        """Standard deviation of the return between episodes."""
        return float(self.returns.std())


def play_episodes(act: Act, envs: VectorEnv[Any, Any, Any]) -> Trajectories:
    """Play one episode in each copy of `envs` with `act`; actions are recorded as executed."""
    spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    observations, _ = envs.reset()
    steps: list[tuple[NDArray[Any], ...]] = []
    alive = np.ones(envs.num_envs, dtype=bool)
    finals = np.zeros_like(observations)
    terminated_at, truncated_at = np.zeros_like(alive), np.zeros_like(alive)
    while alive.any():
        actions = spec.executed(act(observations))
        following, rewards, terminated, truncated, _ = envs.step(
            actions.astype(envs.single_action_space.dtype, copy=False)
        )
        steps.append((observations, actions, rewards, alive.copy()))
        ended = alive & (terminated | truncated)
        finals[ended] = following[ended]
        terminated_at |= ended & terminated
        truncated_at |= ended & ~terminated
        alive &= ~ended
        observations = following
    played = np.stack([step[3] for step in steps], axis=1)
    seen, done, gained = (np.stack([step[i] for step in steps], axis=1)[played] for i in range(3))
    return Trajectories(
        observations=seen,
        actions=done,
        rewards=gained.astype(np.float64),
        final_observations=finals,
        lengths=played.sum(axis=1),
        terminated=terminated_at,
        truncated=truncated_at,
    )


def evaluate(act: Act, envs: VectorEnv[Any, Any, Any]) -> Evaluation:
    """Returns of one episode in each copy of `envs`."""
    episodes = play_episodes(act, envs)
    return Evaluation(episodes.returns, episodes.lengths.astype(np.int64))


def stochastic(policy: Policy, seed: int) -> Act:
    """Act by sampling from the policy."""
    generator = torch.Generator().manual_seed(seed)
    return lambda observations: policy.act(observations, generator)


def deterministic(policy: Policy) -> Act:
    """Act by the policy's mode."""
    return policy.act_deterministically


def uniformly_random(envs: VectorEnv[Any, Any, Any], seed: int) -> Act:
    """Act by sampling the action space uniformly."""
    envs.single_action_space.seed(seed)
    space = envs.single_action_space
    return lambda observations: np.stack([space.sample() for _ in range(observations.shape[0])])
