"""Samples of finite MDPs agree with the exact solution: occupancies, returns, endings, seeds."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs.finite import garnet
from gail.envs.gridworlds import DEMO_8X8, gridworld
from gail.envs.tabular import TabularEnv, TabularVectorEnv
from gail.exact.occupancy import occupancy_of
from gail.exact.process.finite_mdp import FiniteMDP

laws = settings(derandomize=True, deadline=None, max_examples=25)


def walking_task():
    task = gridworld("S.#\n.PG", slip=0.3, discount=0.8)
    return task.mdp, task.cost


def ending_task():
    """A random MDP whose states 1 and 4 may end the episode, with probabilities that depend on the action."""
    task = garnet(5, 3, 3, np.random.default_rng(3), discount=0.9)
    remaining = np.ones((5, 3))
    remaining[1], remaining[4] = [0.0, 0.5, 1.0], [0.9, 0.25, 0.4]
    dense = task.mdp.transitions.toarray().reshape(5, 3, 5) * remaining[:, :, None]
    terminal = np.isin(np.arange(5), [1, 4])
    return FiniteMDP(dense, task.mdp.initial, 0.9, terminal=terminal), task.cost


TASKS = pytest.mark.parametrize("make", [walking_task, ending_task])


def random_policy(mdp, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)


class LargestUniform(np.random.Generator):
    """A generator whose uniform numbers all equal the largest float below one."""

    def random(self, size):
        return np.full(size, 1 - 2.0**-53)


def sample_actions(policy, states, rng):
    cdf = np.cumsum(policy, axis=1)
    cdf[:, -1] = 1.0
    return (rng.random(len(states))[:, None] >= cdf[states]).sum(axis=1)


def discounted_sums(envs, mdp, policy, num_envs, horizon):
    """For the first episode of each copy: Σ γ^t 1(s_t, a_t), shape (n, S, A), and Σ γ^t reward_t, shape (n,)."""
    rng = np.random.default_rng(11)
    visits = np.zeros((num_envs, mdp.num_states, mdp.num_actions))
    returns = np.zeros(num_envs)
    alive = np.ones(num_envs, dtype=bool)
    states, _ = envs.reset(seed=5)
    for step in range(horizon):
        actions = sample_actions(policy, states, rng)
        weight = alive * mdp.discount**step
        visits[np.arange(num_envs), states, actions] += weight
        states, rewards, terminations, truncations, _ = envs.step(actions)
        returns += weight * rewards
        assert not truncations[alive].any()
        alive &= ~terminations
    return visits, returns


def assert_mean_is(samples, expected, bias):
    error = samples.std(axis=0) / np.sqrt(len(samples))
    assert (np.abs(samples.mean(axis=0) - expected) <= 5 * error + bias).all()


@TASKS
def test_the_vector_env_follows_the_occupancy_and_pays_the_cost(make):
    mdp, cost = make()
    policy, num_envs, horizon = random_policy(mdp), 20_000, 80
    envs = TabularVectorEnv(mdp, cost, num_envs, horizon=None)
    visits, returns = discounted_sums(envs, mdp, policy, num_envs, horizon)
    occupancy = occupancy_of(mdp, policy)
    left_out = mdp.discount**horizon / (1 - mdp.discount)
    assert_mean_is(visits, occupancy, left_out)
    assert_mean_is(returns, -(occupancy * cost).sum(), left_out * np.abs(cost).max())


@TASKS
def test_the_single_env_follows_the_occupancy(make):
    mdp, cost = make()
    policy, episodes, horizon = random_policy(mdp), 800, 40
    env, rng = TabularEnv(mdp, cost), np.random.default_rng(2)
    visits = np.zeros((episodes, mdp.num_states, mdp.num_actions))
    for episode in range(episodes):
        state, _ = env.reset(seed=None if episode else 9)
        for step in range(horizon):
            action = int(sample_actions(policy, np.array([state]), rng)[0])
            visits[episode, state, action] += mdp.discount**step
            state, _, terminated, truncated, _ = env.step(action)
            assert not truncated
            if terminated:
                break
    assert_mean_is(visits, occupancy_of(mdp, policy), mdp.discount**horizon / (1 - mdp.discount))


@TASKS
def test_successors_follow_their_rows(make):
    mdp, cost = make()
    num_envs = 200_000
    envs = TabularVectorEnv(mdp, cost, num_envs, horizon=None)
    states, _ = envs.reset(seed=0)
    assert_mean_is(np.eye(mdp.num_states)[states], mdp.initial, 1e-12)
    rng = np.random.default_rng(0)
    for _ in range(3):
        actions = rng.integers(mdp.num_actions, size=num_envs)
        after, _, terminated, _, _ = envs.step(actions)
        outcomes = np.eye(mdp.num_states + 1)[np.where(terminated, mdp.num_states, after)]
        rows = states * mdp.num_actions + actions
        for row in np.unique(rows):
            expected = mdp.transitions.toarray()[row]
            assert_mean_is(outcomes[rows == row], [*expected, 1 - expected.sum()], 1e-12)
        states, _ = envs.reset()


@laws
@given(st.integers(1, 12), st.integers(1, 3), st.data(), st.integers(0, 2**31))
def test_only_successors_of_the_row_are_reached(num_states, num_actions, data, seed):
    branching = data.draw(st.integers(1, num_states))
    task = garnet(num_states, num_actions, branching, np.random.default_rng(seed))
    envs = TabularVectorEnv(task.mdp, task.cost, 300, horizon=None)
    states, _ = envs.reset(seed=seed)
    actions = np.random.default_rng(seed).integers(num_actions, size=300)
    after, rewards, terminations, _, _ = envs.step(actions)
    assert (task.mdp.transitions.toarray()[states * num_actions + actions, after] > 0).all()
    np.testing.assert_array_equal(rewards, -task.cost[states, actions])
    assert not terminations.any()


@pytest.mark.parametrize("num_states", [1, 2, 20, 21, 47, 97])
def test_rounding_ends_no_episode(num_states):
    # Equal probabilities need not add up to one in floating point (twenty times 1/20 does not). In an MDP without
    # terminal states, the largest uniform number must still yield a start and a successor.
    uniform = np.full(num_states, 1 / num_states)
    mdp = FiniteMDP(np.tile(uniform, (num_states, 1, 1)), uniform, 0.9)
    envs = TabularVectorEnv(mdp, np.zeros((num_states, 1)), 2, horizon=None)
    envs.np_random = LargestUniform(np.random.PCG64(0))
    assert (envs.reset()[0] == num_states - 1).all()
    states, _, terminations, _, _ = envs.step([0, 0])
    assert (states == num_states - 1).all()
    assert not terminations.any()


def test_ending_pays_the_cost_and_repeats_the_state():
    mdp, cost = ending_task()
    envs = TabularVectorEnv(mdp, cost, 5000, horizon=None)
    states, _ = envs.reset(seed=1)
    actions = np.zeros(5000, dtype=int)
    after, rewards, terminations, truncations, _ = envs.step(actions)
    assert terminations[states == 1].all()  # action 0 in state 1 always ends the episode
    assert set(states[terminations]) == {1, 4}
    np.testing.assert_array_equal(after[terminations], states[terminations])
    np.testing.assert_array_equal(rewards, -cost[states, actions])
    assert not truncations.any()


def test_the_horizon_truncates_and_an_ended_episode_is_not_truncated():
    mdp, cost = ending_task()
    envs = TabularVectorEnv(mdp, cost, 4000, horizon=3)
    envs.reset(seed=1)
    rng, age = np.random.default_rng(0), np.zeros(4000, dtype=int)
    resetting = np.zeros(4000, dtype=bool)
    ended_on_time = 0
    for _ in range(12):
        _, _, terminations, truncations, _ = envs.step(rng.integers(3, size=4000))
        age = np.where(resetting, 0, age + 1)
        assert not (terminations & truncations).any()
        np.testing.assert_array_equal(truncations, (age == 3) & ~terminations)
        ended_on_time += (terminations & (age == 3)).sum()
        resetting = terminations | truncations
    assert ended_on_time > 0


def test_a_finished_copy_restarts_on_its_next_step():
    mdp, cost = ending_task()
    mdp = FiniteMDP(mdp.transitions, np.eye(5)[1], 0.9, terminal=mdp.terminal)  # every episode starts in state 1
    envs = TabularVectorEnv(mdp, cost + 1.0, 500, horizon=2)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    envs.reset(seed=0)
    _, _, terminations, truncations, _ = envs.step(np.ones(500, dtype=int))
    finished = terminations | truncations
    assert finished.any()
    assert not finished.all()
    states, rewards, terminations, truncations, infos = envs.step(np.zeros(500, dtype=int))
    np.testing.assert_array_equal(states[finished], 1)
    np.testing.assert_array_equal(rewards[finished], 0.0)
    assert (rewards[~finished] < 0).all()
    assert not (terminations | truncations)[finished].any()
    assert (terminations | truncations)[~finished].all()  # horizon 2
    assert infos == {}
    # Action 0 in state 1 always ends the episode, so the restarted copies are in state 1.
    assert envs.step(np.zeros(500, dtype=int))[2][finished].all()


@TASKS
def test_one_copy_walks_the_path_of_the_single_env(make):
    mdp, cost = make()
    env = gymnasium.wrappers.TimeLimit(TabularEnv(mdp, cost), max_episode_steps=7)
    envs = TabularVectorEnv(mdp, cost, 1, horizon=7)
    state, states = env.reset(seed=4)[0], envs.reset(seed=4)[0]
    finished = False
    for action in np.random.default_rng(0).integers(mdp.num_actions, size=200):
        states, rewards, terminations, truncations, _ = envs.step(np.array([action]))
        if finished:
            state, reward, terminated, truncated = env.reset()[0], 0.0, False, False
        else:
            state, reward, terminated, truncated, _ = env.step(int(action))
        # If an episode terminates at the time limit, Gymnasium reports both endings.
        truncated = truncated and not terminated
        assert (states[0], rewards[0], terminations[0], truncations[0]) == (
            state,
            reward,
            terminated,
            truncated,
        )
        finished = terminated or truncated


def test_seeds_decide_everything():
    mdp, cost = walking_task()

    def walk(seed):
        envs = TabularVectorEnv(mdp, cost, 50, horizon=5)
        path = [envs.reset(seed=seed)[0]]
        path += [envs.step(np.full(50, step % 4))[0] for step in range(12)]
        return np.array(path)

    np.testing.assert_array_equal(walk(3), walk(3))
    assert (walk(3) != walk(4)).any()


def test_observations_are_the_callers_own():
    mdp, cost = walking_task()
    envs, untouched = (TabularVectorEnv(mdp, cost, 8, horizon=4) for _ in range(2))
    envs.reset(seed=0)[0][:] = 3
    untouched.reset(seed=0)
    for _ in range(10):
        states = envs.step(np.ones(8, dtype=int))[0]
        np.testing.assert_array_equal(states, untouched.step(np.ones(8, dtype=int))[0])
        states[:] = 3


@TASKS
def test_gymnasium_accepts_the_single_env(make):
    check_env(TabularEnv(*make()), skip_render_check=True)


def test_observations_lie_in_the_space_and_gymnasium_can_wrap():
    task = gridworld(DEMO_8X8)
    envs = TabularVectorEnv(task.mdp, task.cost, 3, horizon=10)
    assert envs.single_observation_space == gymnasium.spaces.Discrete(task.mdp.num_states)
    assert envs.single_action_space == gymnasium.spaces.Discrete(4)
    wrapped = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
    states, _ = wrapped.reset(seed=0)
    assert states in envs.observation_space
    for _ in range(10):
        states, _, _, truncations, infos = wrapped.step(envs.action_space.sample())
        assert states in envs.observation_space
    assert truncations.all()
    np.testing.assert_array_equal(infos["episode"]["l"], 10)


def test_stepping_without_a_state_is_refused():
    mdp, cost = ending_task()
    mdp = FiniteMDP(mdp.transitions, np.eye(5)[1], 0.9, terminal=mdp.terminal)
    with pytest.raises(gymnasium.error.ResetNeeded):
        TabularVectorEnv(mdp, cost, 2, horizon=None).step([0, 0])
    env = TabularEnv(mdp, cost)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    env.reset(seed=0)
    assert env.step(0)[2]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)


@pytest.mark.parametrize("actions", [[0, -1], [0, 4], [0], [[0, 0]], [0.0, 1.0]])
def test_actions_outside_the_space_are_refused(actions):
    envs = TabularVectorEnv(*walking_task(), 2, horizon=None)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        envs.step(actions)


def test_bad_arguments_are_refused():
    mdp, cost = walking_task()
    with pytest.raises(ValueError, match="num_envs"):
        TabularVectorEnv(mdp, cost, 0, horizon=None)
    with pytest.raises(ValueError, match="horizon"):
        TabularVectorEnv(mdp, cost, 1, horizon=0)
    with pytest.raises(ValueError, match="shape"):
        TabularEnv(mdp, cost[:, :2])
    with pytest.raises(ValueError, match="reset_mask"):
        TabularVectorEnv(mdp, cost, 2, horizon=None).reset(options={"reset_mask": np.array([True, False])})
