"""If an environment fails, the error names the environment, the step and the cause."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box

from gail.envs import EnvironmentFailed
from gail.envs.wrappers.failures import ReportFailures


class Failing(gymnasium.Env):
    """Fails at its third step in the given way."""

    observation_space, action_space = Box(-1, 1, (2,)), Box(-1, 1, (1,))

    def __init__(self, way):
        self.way, self.taken = way, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if self.way == "reset":
            raise OSError("no licence")
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.taken += 1
        observation, reward = np.zeros(2, np.float32), 0.0
        if self.taken == 3:
            if self.way == "raise":
                raise KeyError("sensor 7")
            observation = {"nan": np.array([np.nan, 0.0]), "shape": np.zeros(3)}.get(self.way, observation)
            reward = np.inf if self.way == "reward" else reward
        return observation, reward, False, False, {}


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (
            "raise",
            r"step 1 of an episode \(3 in all\): step raised KeyError: 'sensor 7' \(test_failures.py, line \d+\)",
        ),
        ("nan", r"\(3 in all\): the observation is \[nan, 0.0\], which is not finite"),
        ("shape", r"\(3 in all\): the observation has shape \(3,\), its space has \(2,\)"),
        ("reward", r"\(3 in all\): the reward is inf"),
        ("reset", r"reset raised OSError: no licence"),
    ],
)
def test_a_failure_is_one_sentence(way, said):
    env = ReportFailures(Failing(way))
    with pytest.raises(EnvironmentFailed, match=said):
        env.reset(seed=0)
        env.step(np.zeros(1))
        env.step(np.zeros(1))
        env.reset()
        env.step(np.zeros(1))


def test_a_sound_environment_is_left_as_it_is():
    env, plain = ReportFailures(gymnasium.make("Pendulum-v1")), gymnasium.make("Pendulum-v1")
    np.testing.assert_array_equal(env.reset(seed=0)[0], plain.reset(seed=0)[0])
    action = np.array([0.5], np.float32)
    for one, other in zip(env.step(action), plain.step(action), strict=True):
        np.testing.assert_array_equal(one, other)
