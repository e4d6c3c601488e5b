"""Sampling in whole episodes, as the paper's implementation does.

Every copy starts a new episode whenever one has ended, until the finished episodes have the requested number of steps.
Episodes under way are then played to their ends. So a batch holds no cut episode and more steps than requested, and it
contains short and long episodes with the probability with which they were started.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv

from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.sampler import TRUE_REWARD, Batch, Rounds


class EpisodeSampler:
    """Draws batches of whole episodes from a vector environment with next-step autoreset."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self._envs = envs
        self._spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)

    def collect(self, policy: Policy, steps: int, generator: torch.Generator) -> Batch:
        """Play whole episodes with `policy`, of at least `steps` environment steps together."""
        rounds = Rounds()
        observations, _ = self._envs.reset()
        copies = self._envs.num_envs
        playing, resetting = np.ones(copies, dtype=bool), np.zeros(copies, dtype=bool)
        gained, ages = np.zeros(copies), np.zeros(copies, dtype=np.int64)
        returns: list[float] = []
        lengths: list[int] = []
        while playing.any():
            actions = policy.act(observations, generator)
            following, rewards, terminated, truncated, info = self._envs.step(
                self._spec.executed(actions).astype(self._envs.single_action_space.dtype, copy=False)
            )
            real = playing & ~resetting
            ended = (terminated | truncated) & real
            rounds.observations.append(observations)
            rounds.actions.append(actions)
            rounds.rewards.append(rewards)
            rounds.real.append(real)
            rounds.terminated.append(terminated & real)
            rounds.truncated.append(truncated & ~terminated & real)
            rounds.cut.append(np.zeros(copies, dtype=bool))
            gained += np.where(real, info.get(TRUE_REWARD, rewards), 0.0)
            ages += real
            returns.extend(gained[ended].tolist())
            lengths.extend(ages[ended].tolist())
            gained[ended], ages[ended] = 0.0, 0
            resetting = ended
            if sum(lengths) >= steps:
                playing &= ages > 0
            observations = following
        rounds.observations.append(observations)
        return Batch(rounds.flatten(), np.asarray(returns), np.asarray(lengths, dtype=np.int64))
