"""Evaluation: the first episode of every copy, played to its end."""

import numpy as np
import pytest
from gymnasium.spaces import Box

from gail.approx.evaluation import Evaluation, deterministic, evaluate, play_episodes, stochastic, uniformly_random
from gail.approx.policies.spaces import SpaceSpec
from gail.envs import make_vector

ENDINGS = [
    [(3, "terminated"), (1, "terminated")],
    [(9, "truncated")],
    [(1, "both"), (5, "truncated")],
    [(4, "truncated"), (2, "terminated")],
]


def idle(observations):
    return np.zeros(len(observations), dtype=np.int64)


def test_each_copy_plays_its_first_episode_whole(counting_env):
    env = counting_env(ENDINGS)
    episodes = play_episodes(idle, env)
    assert episodes.lengths.tolist() == [3, 9, 1, 4]
    assert episodes.terminated.tolist() == [True, False, True, False]
    assert episodes.truncated.tolist() == [False, True, False, True]
    expected = [[copy, 0, t] for copy, length in enumerate((3, 9, 1, 4)) for t in range(length)]
    assert episodes.observations.tolist() == expected
    assert episodes.rewards.tolist() == [env.reward(*step) for step in expected]
    assert episodes.final_observations.tolist() == [[0, 0, 3], [1, 0, 9], [2, 0, 1], [3, 0, 4]]
    assert len(env.received) == 9  # no more steps than the longest episode has


def test_returns_do_not_favour_short_episodes(counting_env):
    # Half of the copies end after every step, yet only the first episode of each copy counts.
    env = counting_env([[(1, "terminated")], [(20, "terminated")]] * 5)
    result = evaluate(idle, env)
    assert result.lengths.tolist() == [1, 20] * 5
    assert result.returns.tolist() == [
        sum(env.reward(copy, 0, t) for t in range(n)) for copy, n in enumerate([1, 20] * 5)
    ]


def test_mean_and_deviation():
    result = Evaluation(np.array([1.0, 3.0]), np.array([1, 1]))
    assert (result.mean, result.std) == (2.0, 1.0)


def test_actions_are_recorded_as_executed(counting_env):
    box = Box(np.array([-1, -0.4], np.float32), np.array([1, 0.4], np.float32))
    env = counting_env([[(3, "terminated")]] * 2, box)
    drawn = np.array([[5.0, 0.1], [-0.5, -5.0]], np.float32)
    episodes = play_episodes(lambda observations: drawn, env)
    expected = np.clip(drawn, box.low, box.high)
    np.testing.assert_array_equal(env.received[0], expected)
    np.testing.assert_array_equal(episodes.actions, np.repeat(expected, 3, axis=0))


def test_the_ways_to_act(counting_env, make_policy, untouched_random_state):
    policy = make_policy(SpaceSpec(3, 2, None, None))
    observations = np.random.default_rng(0).normal(size=(50, 3))
    first, same, other = (stochastic(policy, seed)(observations) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()
    act = deterministic(policy)
    np.testing.assert_array_equal(act(observations), policy.act_deterministically(observations))
    repeated = stochastic(policy, 0)
    assert (repeated(observations) != repeated(observations)).any()  # the generator continues between calls


@pytest.mark.parametrize("task", ["CartPole-v1", "Hopper-v5"])
def test_random_play_is_decided_by_its_seeds(task):
    returns = []
    for seed in (0, 0, 1):
        envs = make_vector(task, 3, 7)
        returns.append(evaluate(uniformly_random(envs, seed), envs).returns)
        envs.close()
    np.testing.assert_array_equal(returns[0], returns[1])
    assert (returns[0] != returns[2]).any()


def test_random_play_is_uniform(counting_env):
    box = Box(np.array([-1, 0], np.float32), np.array([3, 0.4], np.float32))
    actions = uniformly_random(counting_env(ENDINGS, box), 0)(np.zeros((4000, 3)))
    assert actions.shape == (4000, 2)
    error = (box.high - box.low) / np.sqrt(12 * 4000)
    assert (np.abs(actions.mean(0) - (box.high + box.low) / 2) < 4 * error).all()


def test_the_same_seeds_give_the_same_evaluation(make_policy):
    policy = make_policy(SpaceSpec(11, 3, (-1.0,) * 3, (1.0,) * 3))
    results = []
    for _ in range(2):
        envs = make_vector("Hopper-v5", 3, 5)
        results.append(evaluate(stochastic(policy, 2), envs))
        envs.close()
    np.testing.assert_array_equal(results[0].returns, results[1].returns)
    np.testing.assert_array_equal(results[0].lengths, results[1].lengths)
