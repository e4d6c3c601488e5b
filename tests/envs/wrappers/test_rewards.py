"""Another reward: what the function is given, at which steps, and what is refused."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gail.envs import RewardFailed, make_vector, with_reward


class Counting(gymnasium.Env):
    """Observes (episode, step); terminates after `steps` steps; its own reward is the step's number."""

    observation_space = gymnasium.spaces.Box(0, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, steps):
        self.steps, self.episode, self.step_number = steps, -1, 0

    def seen(self):
        return np.array([self.episode, self.step_number], dtype=np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.step_number = self.episode + 1, 0
        return self.seen(), {}

    def step(self, action):
        self.step_number += 1
        return self.seen(), float(self.step_number), self.step_number == self.steps, False, {"own": 1}


def counting(*steps, limit=None):
    def make(number):
        env = Counting(number)
        return env if limit is None else gymnasium.wrappers.TimeLimit(env, limit)

    return SyncVectorEnv(
        [lambda number=number: make(number) for number in steps], autoreset_mode=AutoresetMode.NEXT_STEP
    )


class Recorder:
    """Pays 10 times the step before, and keeps what it is given."""

    def __init__(self):
        self.given = []

    def __call__(self, observations, actions, next_observations, terminated):
        self.given.append((observations.copy(), actions.copy(), next_observations.copy(), terminated.copy()))
        return 10 * observations[:, 1] + actions[:, 0] + 100 * terminated


def test_the_function_sees_transitions_in_the_order_of_the_copies():
    envs = with_reward(counting(9, 9), recorder := Recorder())
    envs.reset(seed=0)
    for step in range(4):
        action = np.array([[0.25], [-0.5]], np.float32)
        _, rewards, _, _, info = envs.step(action)
        np.testing.assert_array_equal(rewards, 10 * step + action[:, 0])
        np.testing.assert_array_equal(info["true_reward"], [step + 1, step + 1])
        assert info["_true_reward"].all() and (info["own"] == 1).all()
        before, seen_action, after, terminated = recorder.given[-1]
        np.testing.assert_array_equal(before, [[0, step], [0, step]])
        np.testing.assert_array_equal(after, [[0, step + 1], [0, step + 1]])
        np.testing.assert_array_equal(seen_action, action)
        assert not terminated.any()
    assert rewards.dtype == np.float64


def test_a_step_that_begins_an_episode_is_no_transition():
    envs = with_reward(counting(2, 3), recorder := Recorder())
    envs.reset(seed=0)
    paid, real = [], []
    for _ in range(7):
        _, rewards, _, _, info = envs.step(np.zeros((2, 1), np.float32))
        paid.append(rewards.tolist())
        real.append(info["_true_reward"].tolist())
    # Copy 0 terminates at steps 2 and 5, copy 1 at steps 3 and 7; the next steps only begin episodes.
    assert paid == [[0, 0], [110, 10], [0, 120], [0, 0], [110, 0], [0, 10], [0, 120]]
    assert real == [[True, True], [True, True], [False, True], [True, False], [True, True], [False, True], [True, True]]
    for before, _, after, _ in recorder.given:
        np.testing.assert_array_equal(before[:, 0], after[:, 0])  # of one episode
        np.testing.assert_array_equal(before[:, 1] + 1, after[:, 1])


def test_a_time_limit_is_not_a_termination():
    envs = with_reward(counting(5, limit=2), recorder := Recorder())
    envs.reset(seed=0)
    flags = [envs.step(np.zeros((1, 1), np.float32))[2:4] for _ in range(2)]
    assert [bool(flag[0]) for flag in flags[1]] == [False, True]
    assert not recorder.given[1][3].any()
    np.testing.assert_array_equal(recorder.given[1][2], [[0, 2]])


def test_nothing_is_asked_if_all_copies_begin():
    envs = with_reward(counting(1, 1), recorder := Recorder())
    envs.reset(seed=0)
    for _ in range(4):
        envs.step(np.zeros((2, 1), np.float32))
    assert len(recorder.given) == 2


def test_after_a_reset_of_some_copies_their_next_step_starts_there():
    envs = with_reward(counting(2, 9, 9), recorder := Recorder())
    envs.reset(seed=0)
    for _ in range(2):
        envs.step(np.zeros((3, 1), np.float32))
    envs.reset(options={"reset_mask": np.array([True, True, False])})  # copy 0 has just ended
    _, rewards, _, _, _ = envs.step(np.zeros((3, 1), np.float32))
    np.testing.assert_array_equal(recorder.given[-1][0], [[1, 0], [1, 0], [0, 2]])
    np.testing.assert_array_equal(rewards, [0, 0, 20])


def test_a_full_reset_forgets_ends():
    envs = with_reward(counting(1), recorder := Recorder())
    envs.reset(seed=0)
    envs.step(np.zeros((1, 1), np.float32))
    envs.reset(seed=0)
    envs.step(np.zeros((1, 1), np.float32))
    assert len(recorder.given) == 2


def test_the_own_reward_as_a_function_changes_nothing():
    """The maze's reward is a function of position and action."""

    def formula(observations, actions, next_observations, terminated):
        distance = np.linalg.norm(observations - [0.3, 0.5], axis=1)
        return -distance - 0.001 * np.square(actions.astype(np.float64)).sum(axis=1)

    envs = with_reward(make_vector("gail/PointMazeLeft-v0", 3, 0), formula)
    assert envs.spec.max_episode_steps == 100
    envs.reset()
    rng = np.random.default_rng(0)
    for _ in range(220):
        _, rewards, _, _, info = envs.step(rng.uniform(-1, 1, (3, 2)).astype(np.float32))
        np.testing.assert_allclose(rewards, info["true_reward"], rtol=0, atol=1e-12)


def test_bad_rewards_are_named_with_their_step():
    def late(observations, actions, next_observations, terminated):
        return np.where(observations[:, 1] >= 2, np.nan, 0.0)

    envs = with_reward(counting(9, 9), late)
    envs.reset(seed=0)
    envs.step(np.zeros((2, 1), np.float32))
    envs.step(np.zeros((2, 1), np.float32))
    with pytest.raises(RewardFailed, match=r"step 3: .* is nan, from \[0\. 2\.\] with action \[0\.\] to \[0\. 3\.\]"):
        envs.step(np.zeros((2, 1), np.float32))
    envs = with_reward(counting(9, 9), lambda *transitions: np.zeros((2, 1)))
    envs.reset(seed=0)
    with pytest.raises(RewardFailed, match=r"step 1: the rewards have shape \(2, 1\), \(2,\) is needed"):
        envs.step(np.zeros((2, 1), np.float32))
