"""Evaluation: exactly one whole episode per environment copy.

Counting the first episodes that *end* in a pool would favour short episodes, because they end first. Here every copy
plays its first episode to its end, so that returns are an unbiased sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories

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
    steps: list[_Round] = []
    finals: NDArray[Any] | None = None
    terminated_at, truncated_at = (np.zeros(envs.num_envs, dtype=bool) for _ in range(2))
    for step in _rounds(act, envs):
        steps.append(step)
        ended = step.alive & (step.terminated | step.truncated)
        finals = np.zeros_like(step.following) if finals is None else finals
        finals[ended] = step.following[ended]
        terminated_at |= ended & step.terminated
        truncated_at |= ended & ~step.terminated
    assert finals is not None
    played = np.stack([step.alive for step in steps], axis=1)
    return Trajectories(
        observations=np.stack([step.observations for step in steps], axis=1)[played],
        actions=np.stack([step.actions for step in steps], axis=1)[played],
        rewards=np.stack([step.rewards for step in steps], axis=1)[played].astype(np.float64),
        final_observations=finals,
        lengths=played.sum(axis=1),
        terminated=terminated_at,
        truncated=truncated_at,
    )


def evaluate(act: Act, envs: VectorEnv[Any, Any, Any]) -> Evaluation:
    """Returns of one episode in each copy of `envs`. Steps are not stored, to save memory."""
    returns, lengths = np.zeros(envs.num_envs), np.zeros(envs.num_envs, dtype=np.int64)
    for step in _rounds(act, envs):
        returns += np.where(step.alive, step.rewards, 0.0)
        lengths += step.alive
    return Evaluation(returns, lengths)


@dataclass(frozen=True)
class _Round:
    """One step of all copies; those whose first episode is over are not `alive`."""

    observations: NDArray[Any]
    actions: NDArray[Any]
    rewards: NDArray[Any]
    following: NDArray[Any]
    alive: NDArray[np.bool_]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


def _rounds(act: Act, envs: VectorEnv[Any, Any, Any]) -> Iterator[_Round]:
    """Step all copies until the first episode of each has ended."""
    spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    observations, _ = envs.reset()
    alive = np.ones(envs.num_envs, dtype=bool)
    while alive.any():
        actions = spec.executed(act(observations))
        following, rewards, terminated, truncated, _ = envs.step(
            actions.astype(envs.single_action_space.dtype, copy=False)
        )
        yield _Round(observations, actions, rewards, following, alive.copy(), terminated, truncated)
        alive &= ~(terminated | truncated)
        observations = following


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
