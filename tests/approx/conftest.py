"""Tiny worlds for the tests of sampled imitation."""

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec

torch.set_num_threads(1)

POISON = -1e6
"""Reward of the steps that only reset. It is so low that any code that counts one fails its test."""


class CountingEnv(VectorEnv):
    """A vector environment that observes (copy, episode, time), with next-step autoreset and scripted endings.

    Args:
        endings: per copy, the (length, ending) of its episodes, cycled; an ending is "terminated", "truncated"
            or "both".
        action_space: of one copy.
    """

    def __init__(self, endings, action_space=None):
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.num_envs = len(endings)
        self.endings = endings
        self.single_observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (3,), np.float64)
        self.single_action_space = action_space or gymnasium.spaces.Discrete(2)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.received = []

    @staticmethod
    def reward(copy, episode, time):
        """Reward of the step that starts at `time`; no other step has the same reward."""
        return 100.0 * copy + 10.0 * episode + time + 1.0

    def reset(self, *, seed=None, options=None):
        self.episode = np.zeros(self.num_envs, dtype=int)
        self.time = np.zeros(self.num_envs, dtype=int)
        self.over = np.zeros(self.num_envs, dtype=bool)
        return self._observe(), {}

    def step(self, actions):
        self.received.append(np.array(actions))
        rewards = np.full(self.num_envs, POISON)
        terminated, truncated = np.zeros((2, self.num_envs), dtype=bool)
        for copy in range(self.num_envs):
            if self.over[copy]:
                self.episode[copy] += 1
                self.time[copy], self.over[copy] = 0, False
                continue
            rewards[copy] = self.reward(copy, self.episode[copy], self.time[copy])
            self.time[copy] += 1
            length, ending = self.ending(copy, self.episode[copy])
            if self.time[copy] == length:
                self.over[copy] = True
                terminated[copy] = ending in ("terminated", "both")
                truncated[copy] = ending in ("truncated", "both")
        return self._observe(), rewards, terminated, truncated, {}

    def ending(self, copy, episode):
        return self.endings[copy][episode % len(self.endings[copy])]

    def _observe(self):
        return np.stack([np.arange(self.num_envs), self.episode, self.time], axis=1).astype(float)


@pytest.fixture
def counting_env():
    return CountingEnv


@pytest.fixture
def box_spec():
    return SpaceSpec(3, 2, (-1.0, -0.4), (1.0, 0.4))


@pytest.fixture
def discrete_spec():
    return SpaceSpec(3, 4, None, None)


@pytest.fixture
def product_spec():
    return SpaceSpec(3, 5, None, None, (3, 2))


def random_policy(spec, hidden=(8, 8), seed=0):
    """A policy whose parameters are all random: the zero output layer of a new policy would hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    policy = Policy(spec, PolicySettings(hidden=hidden), generator)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.normal_(0.0, 0.5, generator=generator)
    policy.moments.update(torch.randn(50, spec.observation_size, generator=generator) * 2.0 + 1.0)
    return policy


@pytest.fixture
def make_policy():
    return random_policy


@pytest.fixture
def untouched_random_state():
    """Fails a test that draws from the global generators of torch or numpy."""
    before_torch, before_numpy = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    yield
    assert torch.equal(torch.get_rng_state(), before_torch)
    after = np.random.get_state()  # noqa: NPY002
    assert after[2:] == before_numpy[2:]
    np.testing.assert_array_equal(after[1], before_numpy[1])
