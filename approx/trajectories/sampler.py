"""Sampling: runs a policy in a vector environment and returns flat `Trajectories`.

Environments follow next-step autoreset (see `gymnasium.vector.AutoresetMode.NEXT_STEP`): the step after an
episode's end only resets, its action is ignored and its reward is 0. Such steps are dropped. Episodes that
are still going on when a batch is full continue in the next batch; they are cut, not ended.

Copies that start together stay in phase once their episodes last until the time limit, so each batch would contain one
phase of the episode only. So first episodes are cut too: that of copy i of n at age (i+1) H / n for a time limit of H
steps. From then on the ages of the copies are spread evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories

TRUE_REWARD = "true_reward"
"""Key of `info` with the environment's own reward, where the reward of a step is another one."""


@dataclass(frozen=True)
class Batch:
    """One batch of experience."""

    trajectories: Trajectories
    episode_returns: NDArray[np.float64]
    """Sums of the environment's own reward of the episodes that ended in this batch, only for display. Where another
    reward is in its place, the environment's own is `info[TRUE_REWARD]`."""
    episode_lengths: NDArray[np.int64]
    """Their numbers of steps."""


class Collector(Protocol):
    """Draws batches of experience."""

    def collect(self, policy: Policy, steps: int, generator: torch.Generator) -> Batch:
        """At least `steps` environment steps of `policy`."""


class Sampler:
    """Draws batches from a vector environment, keeping track of the episodes that are under way."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self._envs = envs
        self._spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
        self._observations, _ = envs.reset()
        self._dropped = np.zeros(envs.num_envs, dtype=bool)  # the next step of these belongs to no episode
        self._stale = np.zeros(envs.num_envs, dtype=bool)  # these are reset after it
        self._returns = np.zeros(envs.num_envs)
        self._lengths = np.zeros(envs.num_envs, dtype=np.int64)
        self._cut_at = _spread_ages(envs)

    def collect(self, policy: Policy, steps: int, generator: torch.Generator) -> Batch:
        """Run `policy` for at least `steps` environment steps, in whole rounds of all environments."""
        rounds = Rounds()
        returns: list[float] = []
        lengths: list[int] = []
        taken = 0
        while taken < steps:
            taken += self._round(policy, generator, rounds, returns, lengths)
        rounds.observations.append(self._observations)
        return Batch(
            rounds.flatten(),
            np.asarray(returns, dtype=np.float64),
            np.asarray(lengths, dtype=np.int64),
        )

    def _round(
        self,
        policy: Policy,
        generator: torch.Generator,
        rounds: Rounds,
        returns: list[float],
        lengths: list[int],
    ) -> int:
        """Step all environments once; return the number of real steps."""
        real = ~self._dropped
        actions = policy.act(self._observations, generator)
        following, rewards, terminated, truncated, info = self._envs.step(
            self._spec.executed(actions).astype(self._envs.single_action_space.dtype, copy=False)
        )
        ended = (terminated | truncated) & real
        if self._stale.any():
            following, _ = self._envs.reset(options={"reset_mask": self._stale})
        rounds.observations.append(self._observations)
        rounds.actions.append(actions)
        rounds.rewards.append(rewards)
        rounds.real.append(real)
        rounds.terminated.append(terminated & real)
        # Gymnasium may set both flags. The episode has terminated then, and no later return has to be estimated.
        rounds.truncated.append(truncated & ~terminated & real)
        self._returns += np.where(real, info.get(TRUE_REWARD, rewards), 0.0)
        self._lengths += real
        # A cut copy takes one more step, dropped like a reset step, after which it is reset.
        self._stale = real & ~ended & (self._lengths == self._cut_at)
        rounds.cut.append(self._stale)
        over = ended | self._stale
        if over.any():
            returns.extend(self._returns[ended].tolist())
            lengths.extend(self._lengths[ended].tolist())
            self._returns[over] = 0.0
            self._lengths[over] = 0
            self._cut_at[over] = _NEVER
        self._observations, self._dropped = following, over
        return int(real.sum())


_NEVER = -1


def _spread_ages(envs: VectorEnv[Any, Any, Any]) -> NDArray[np.int64]:
    """Age at which each copy's first episode is cut, shape (B,); `_NEVER` without a known time limit."""
    horizon = getattr(envs.spec, "max_episode_steps", None)
    if horizon is None or horizon < 1:
        return np.full(envs.num_envs, _NEVER)
    shares = np.arange(1, envs.num_envs + 1) / envs.num_envs
    ages: NDArray[np.int64] = np.ceil(horizon * shares).astype(np.int64)
    return ages


class Rounds:
    """Arrays of T rounds of B environments, collected row by row."""

    def __init__(self) -> None:
        self.observations: list[NDArray[Any]] = []
        self.actions: list[NDArray[Any]] = []
        self.rewards: list[NDArray[Any]] = []
        self.real: list[NDArray[np.bool_]] = []
        self.terminated: list[NDArray[np.bool_]] = []
        self.truncated: list[NDArray[np.bool_]] = []
        self.cut: list[NDArray[np.bool_]] = []

    def flatten(self) -> Trajectories:
        """Order the real steps by environment, then time; a trajectory ends with its episode or the batch."""
        observations = np.stack(self.observations, axis=1)  # (B, T + 1, size): row t + 1 follows step t
        real = np.stack(self.real, axis=1)
        terminated = np.stack(self.terminated, axis=1)
        truncated = np.stack(self.truncated, axis=1)
        last = terminated | truncated | np.stack(self.cut, axis=1)
        last[:, -1] |= real[:, -1]
        ends = np.flatnonzero(last[real])
        return Trajectories(
            observations=observations[:, :-1][real],
            actions=np.stack(self.actions, axis=1)[real],
            rewards=np.stack(self.rewards, axis=1)[real].astype(np.float64),
            final_observations=observations[:, 1:][last],
            lengths=np.diff(ends, prepend=-1),
            terminated=terminated[last],
            truncated=truncated[last],
        )
