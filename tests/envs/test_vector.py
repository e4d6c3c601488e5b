"""Vector environments: one interface, the same autoreset rule, and seeds that do not overlap."""

import subprocess
import sys

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gail.envs import TASKS, UnknownTask, make_gymnasium_vector, make_vector, vector

BACKENDS = pytest.mark.parametrize("backend", ["envpool", "gymnasium"])


@pytest.fixture
def make(monkeypatch):
    """Make environments with the given backend, and close them after the test."""
    made = []

    def build(backend, *args, **kwargs):
        if backend == "gymnasium":
            monkeypatch.setattr(vector, "_envpool_or_none", lambda: None)
        made.append(make_vector(*args, **kwargs))
        return made[-1]

    yield build
    for envs in made:
        envs.close()


@BACKENDS
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_spaces_are_those_of_the_table(make, backend, task):
    envs = make(backend, task.id, 2, 0)
    assert envs.num_envs == 2
    assert envs.single_observation_space.shape == (task.observation_size,)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    observations, _ = envs.reset()
    assert observations.shape == (2, task.observation_size)


def play(envs, steps, seed):
    rng = np.random.default_rng(seed)
    observations, _ = envs.reset()
    record = [np.array(observations)]
    for _ in range(steps):
        observations, rewards, terminated, truncated, _ = envs.step(
            rng.uniform(-1, 1, size=envs.action_space.shape).astype(envs.action_space.dtype)
        )
        record += [np.array(observations), np.array(rewards), np.array(terminated), np.array(truncated)]
    return record


@BACKENDS
def test_the_same_seed_gives_the_same_episodes_and_another_seed_others(make, backend):
    first, again = (play(make(backend, "Hopper-v5", 3, (5, 7)), 60, seed=1) for _ in range(2))
    other = play(make(backend, "Hopper-v5", 3, (5, 8)), 60, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@BACKENDS
def test_neighbouring_seeds_share_no_copy(make, backend):
    starts = [make(backend, "Hopper-v5", 4, seed).reset()[0] for seed in range(3)]
    rows = {row.tobytes() for start in starts for row in np.asarray(start)}
    assert len(rows) == 12


@BACKENDS
def test_next_step_autoreset(make, backend):
    """The step after an end ignores the action, has reward 0, and starts the next episode."""
    envs = make(backend, "Hopper-v5", 1, 0)
    envs.reset()
    ended = False
    for _ in range(1000):
        action = np.ones(envs.action_space.shape, envs.action_space.dtype)
        observation, reward, terminated, truncated, _ = envs.step(action)
        if ended:
            assert reward[0] == 0.0
            assert not (terminated[0] or truncated[0])
            assert observation[0, 0] > 1.2  # upright: the height after a reset
            return
        ended = bool(terminated[0] or truncated[0])
        if ended:
            # The last observation shows the fall: the hopper is too low or leans too far.
            assert observation[0, 0] < 0.7 or abs(observation[0, 1]) > 0.2
    pytest.fail("full throttle did not make the hopper fall")


@BACKENDS
@pytest.mark.parametrize("seed", [7, (7, 1)])
@pytest.mark.parametrize("task", ["Hopper-v5", "CartPole-v1"])
def test_a_reset_with_a_seed_is_a_new_beginning(make, backend, task, seed):
    """The steps and the seed before the reset have no effect after it."""
    new, used = make(backend, task, 3, seed), make(backend, task, 3, 1)
    action = np.ones(new.action_space.shape, new.action_space.dtype)
    used.reset()
    for _ in range(25):
        used.step(action)
    np.testing.assert_array_equal(used.reset(seed=seed)[0], new.reset()[0])
    for _ in range(40):
        for one, other in zip(used.step(action)[:4], new.step(action)[:4], strict=True):
            np.testing.assert_array_equal(one, other)


@BACKENDS
def test_a_reset_without_a_seed_begins_other_episodes(make, backend):
    envs = make(backend, "Hopper-v5", 3, 0)
    assert not np.array_equal(envs.reset()[0], envs.reset()[0])


@BACKENDS
@pytest.mark.parametrize("task", ["Hopper-v5", "CartPole-v1"])
def test_types_are_gymnasiums(make, backend, task):
    envs = make(backend, task, 2, 0)
    observations, _ = envs.reset()
    assert observations in envs.observation_space
    _, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)


@BACKENDS
def test_observations_are_the_callers_own(make, backend):
    envs, untouched = (make(backend, "Hopper-v5", 2, 0) for _ in range(2))
    mine, kept = envs.reset()[0], untouched.reset()[0]
    for _ in range(5):
        mine[:] = 0.0
        mine = envs.step(np.ones((2, 3)))[0]
        before, kept = kept.copy(), untouched.step(np.ones((2, 3)))[0]
        np.testing.assert_array_equal(mine, kept)
        assert (before != kept).any()


@pytest.mark.filterwarnings("ignore:.*precision lowered:UserWarning")
@pytest.mark.parametrize("task", ["Hopper-v5", "CartPole-v1"])
def test_a_fall_at_the_time_limit(task):
    """If a fall coincides with the time limit, EnvPool reports only truncation; Gymnasium reports both."""
    envpool = pytest.importorskip("envpool")

    def last_step(limit):
        pool = envpool.make(task, env_type="gymnasium", num_envs=1, seed=0, max_episode_steps=limit)
        pool.reset()
        action = np.ones((1, *pool.action_space.shape), dtype=pool.action_space.dtype)
        for step in range(1, limit + 1):
            _, _, terminated, truncated, _ = pool.step(action)
            if terminated[0] or truncated[0]:
                return step, bool(terminated[0]), bool(truncated[0])

    fall, terminated, truncated = last_step(400)
    assert (terminated, truncated) == (True, False)
    assert last_step(fall) == (fall, False, True)
    assert last_step(fall + 1) == (fall, True, False)


def test_global_generators_are_left_alone():
    """Run in a new process, because the first import of EnvPool draws from the global generators."""
    script = """if True:
        import random, numpy as np
        from gail.envs import make_vector
        before = random.getstate(), str(np.random.get_state())
        make_vector("CartPole-v1", 2, 0).reset()
        assert (random.getstate(), str(np.random.get_state())) == before
    """
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_seed_for_some_copies_is_refused(make):
    envs = make("envpool", "Hopper-v5", 2, 0)
    envs.reset()
    with pytest.raises(ValueError, match="reset_mask"):
        envs.reset(seed=1, options={"reset_mask": np.array([True, False])})


def test_gymnasiums_own_simulator_can_be_asked_for():
    pytest.importorskip("envpool")
    assert vector.runs_in_envpool("Hopper-v5") and not vector.runs_in_envpool("FrozenLake-v1")
    envs = make_gymnasium_vector("Hopper-v5", 2, 3)
    pool = make_vector("Hopper-v5", 2, 3)
    assert isinstance(envs.unwrapped, SyncVectorEnv) and not isinstance(pool.unwrapped, SyncVectorEnv)
    first, _ = envs.reset()
    again, _ = envs.reset(seed=3)
    np.testing.assert_array_equal(first, again)
    envs.close()
    pool.close()
    with pytest.raises(ValueError, match="num_envs is 0"):
        make_gymnasium_vector("Hopper-v5", 0, 0)


def test_what_mujoco_says_of_gymnasiums_models_is_not_repeated(tmp_path, monkeypatch, capfd):
    mujoco = pytest.importorskip("mujoco")
    monkeypatch.chdir(tmp_path)
    make_gymnasium_vector("HalfCheetah-v5", 2, 0).close()
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert mujoco.get_mju_user_warning() is None


def test_bad_requests_are_named():
    with pytest.raises(UnknownTask, match="Pong"):
        make_vector("Pong", 1, 0)
    with pytest.raises(ValueError, match="num_envs is 0"):
        make_vector("Hopper-v5", 0, 0)


@BACKENDS
def test_some_copies_can_be_reset_while_the_others_go_on(make, backend):
    envs = make(backend, "Hopper-v5", 3, 0)
    envs.reset()
    before = [envs.step(np.zeros((3, 3)))[0] for _ in range(5)][-1].copy()
    after, _ = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert after.shape == before.shape
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    assert not np.array_equal(after[1], before[1])
    assert envs.spec.max_episode_steps == 1000
