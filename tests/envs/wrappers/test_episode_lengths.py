"""Episodes of one length: only the horizon ends them, and no reward is lost or added."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env

from gail.envs import AbsorbingStates, FixedHorizon, TabularEnv, UnsupportedEnvironment, find_task, garnet, make_vector
from gail.exact import FiniteMDP


class Countdown(gymnasium.Env):
    """Pays t at step t. Terminates after `length` steps, or, if `cut`, truncates there without a registered limit."""

    observation_space = Box(np.float32([1.0, -2.0]), np.float32([30.0, 2.0]))
    action_space = Discrete(2)

    def __init__(self, length=5, cut=False):
        self.length, self.cut, self.time = length, cut, 0

    def _seen(self):
        return np.array([1 + self.time, self.np_random.uniform(-1, 1)], dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return self._seen(), {"began": True}

    def step(self, action):
        assert self.time < self.length, "stepped after its end"
        self.time += 1
        over = self.time == self.length
        return self._seen(), float(self.time), over and not self.cut, over and self.cut, {"time": self.time}


def play(env, policy=lambda env: env.action_space.sample(), seed=0):
    """Observations, rewards, terminated and truncated flags of one episode, played until a flag is set."""
    env.action_space.seed(seed)
    observations, steps = [env.reset(seed=seed)[0]], []
    while True:
        observation, *rest, _ = env.step(policy(env))
        observations.append(observation)
        steps.append(rest)
        if rest[1] or rest[2]:
            return observations, *map(list, zip(*steps, strict=True))


@pytest.mark.parametrize("length", [1, 4, 8, 9, 30])
@pytest.mark.parametrize("wrap", [lambda env: FixedHorizon(env, 9), lambda env: AbsorbingStates(FixedHorizon(env, 9))])
def test_every_episode_lasts_the_horizon_and_is_cut_there(wrap, length):
    env = wrap(Countdown(length))
    for seed in range(3):
        _, rewards, terminated, truncated = play(env, seed=seed)
        assert truncated == [False] * 8 + [True]
        assert not any(terminated)
        assert rewards == [float(t) if t <= length else 0.0 for t in range(1, 10)]


def test_the_last_observation_is_repeated():
    observations, *_ = play(FixedHorizon(Countdown(4), 9))
    assert [o[0] for o in observations] == [1, 2, 3, 4, 5, 5, 5, 5, 5, 5]
    assert all((o == observations[4]).all() for o in observations[4:])
    observations[4][:] = observations[6][:] = 0.0
    assert (observations[5] != 0.0).all() and (observations[7] != 0.0).all()  # each observation is a separate array


def test_the_absorbing_state_is_told_by_its_indicator_alone():
    plain, *_ = play(FixedHorizon(Countdown(4), 9))
    env = AbsorbingStates(FixedHorizon(Countdown(4), 9))
    for _ in range(2):  # a reset clears the absorbing state
        observations, *_ = play(env)
        for before, now in zip(plain[:4], observations[:4], strict=True):
            np.testing.assert_array_equal(now, [*before, 0.0])
        for now in observations[4:]:
            np.testing.assert_array_equal(now, [0.0, 0.0, 1.0])
        assert all(now in env.observation_space for now in observations)
        assert {now.dtype for now in observations} == {np.dtype(np.float32)}


def test_an_episode_that_lasts_until_the_horizon_never_sees_the_absorbing_state():
    observations, *_ = play(AbsorbingStates(FixedHorizon(Countdown(30), 9)))
    assert [o[-1] for o in observations] == [0.0] * 10


def ending_mdp(states=6):
    """An MDP in which action 1 in state 2 ends the episode with probability one half."""
    task = garnet(states, 2, 3, np.random.default_rng(0), discount=0.9)
    remaining = np.ones((states, 2))
    remaining[2, 1] = 0.5
    dense = task.mdp.transitions.toarray().reshape(states, 2, states) * remaining[:, :, None]
    return FiniteMDP(dense, task.mdp.initial, 0.9, terminal=np.arange(states) == 2), task.cost


def test_finite_sets_of_observations_get_one_more_element():
    env = AbsorbingStates(FixedHorizon(TabularEnv(*ending_mdp()), 60))
    assert env.observation_space == Discrete(7)
    observations, rewards, *_ = play(env)
    first = observations.index(6)
    assert 0 < first < 60
    assert set(observations[first:]) == {6}
    assert set(rewards[first:]) == {0.0}
    assert all(reward < 0 for reward in rewards[:first])


def test_returns_are_those_of_the_original():
    for seed in range(20):
        original = play(gymnasium.make("CartPole-v1"), seed=seed)
        fixed = play(AbsorbingStates(FixedHorizon(gymnasium.make("CartPole-v1"))), seed=seed)
        assert len(original[1]) < len(fixed[1]) == 500
        assert sum(original[1]) == sum(fixed[1])


@pytest.mark.filterwarnings("ignore::UserWarning")  # the checker's advice about wrappers and infinite bounds
@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCarContinuous-v0", "FrozenLake-v1", "Hopper-v5"])
@pytest.mark.parametrize("horizon", [None, 13])
def test_gymnasium_accepts_both(name, horizon):
    for wrap in (FixedHorizon, lambda env, horizon: AbsorbingStates(FixedHorizon(env, horizon))):
        env = wrap(gymnasium.make(name, disable_env_checker=True), horizon)
        assert env.spec.max_episode_steps == (horizon or gymnasium.spec(name).max_episode_steps)
        again = env.spec.make(disable_env_checker=True)
        assert again.observation_space == env.observation_space
        left, right = play(env), play(again)
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)
        assert len(left[1]) == env.spec.max_episode_steps
        again.close()
        check_env(env, skip_render_check=True)


def test_a_registration_can_ask_for_both():
    name = "AbsorbingCartPole-v0"
    gymnasium.register(
        name,
        entry_point="gymnasium.envs.classic_control.cartpole:CartPoleEnv",
        max_episode_steps=40,
        additional_wrappers=(FixedHorizon.wrapper_spec(horizon=None), AbsorbingStates.wrapper_spec()),
    )
    try:
        assert (find_task(name).observation_size, find_task(name).horizon) == (5, 40)
        envs = make_vector(name, 20, 0)
        envs.reset()
        for step in range(1, 41):
            observations, _, terminated, truncated, _ = envs.step(np.ones(20, dtype=int))
            assert not terminated.any()
            assert (truncated == (step == 40)).all()
        np.testing.assert_array_equal(observations, [[0, 0, 0, 0, 1]] * 20)
        envs.close()
    finally:
        del gymnasium.registry[name]


@pytest.mark.parametrize("horizon", [0, -1, 501])
def test_a_horizon_that_the_environment_cannot_have_is_refused(horizon):
    with pytest.raises(ValueError, match=f"horizon is {horizon}: .*CartPole.* allows 1 to 500"):
        FixedHorizon(gymnasium.make("CartPole-v1"), horizon)
    with pytest.raises(ValueError, match="no time limit of its own: give the horizon"):
        FixedHorizon(Countdown())


def test_an_episode_cut_before_the_horizon_is_no_absorbed_one():
    env = FixedHorizon(Countdown(4, cut=True), 9)
    with pytest.raises(RuntimeError, match="truncated its episode after 4 steps"):
        play(env)
    assert len(play(FixedHorizon(Countdown(4, cut=True), 4))[1]) == 4


def test_steps_outside_an_episode_are_refused():
    env = FixedHorizon(Countdown(2), 3)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    play(env)
    with pytest.raises(gymnasium.error.ResetNeeded, match="3 steps"):
        env.step(0)


def test_images_are_to_be_flattened_first():
    env = gymnasium.wrappers.ReshapeObservation(gymnasium.make("CartPole-v1"), (2, 2))
    with pytest.raises(UnsupportedEnvironment, match="flatten them first"):
        AbsorbingStates(FixedHorizon(env))
    flat = AbsorbingStates(FixedHorizon(gymnasium.wrappers.FlattenObservation(env)))
    assert flat.observation_space.shape == (5,)
