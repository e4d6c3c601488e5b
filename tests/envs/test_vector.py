"""Vector environments: one interface, one autoreset semantics, seeds that do not overlap."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from gail.envs import TASKS, UnknownTask, make_vector, vector

BACKENDS = pytest.mark.parametrize("backend", ["envpool", "gymnasium"])


@pytest.fixture
def make(monkeypatch):
    """Make environments with a backend of the test's choice; close them at the end."""
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
    """The step after an end ignores the action, pays nothing, and starts the next episode."""
    envs = make(backend, "Hopper-v5", 1, 0)
    envs.reset()
    ended = False
    for _ in range(1000):
        action = np.ones(envs.action_space.shape, envs.action_space.dtype)
        observation, reward, terminated, truncated, _ = envs.step(action)
        if ended:
            assert reward[0] == 0.0
            assert not (terminated[0] or truncated[0])
            assert observation[0, 0] > 1.2  # upright again: the reset state's height
            return
        ended = bool(terminated[0] or truncated[0])
        if ended:
            # The true last observation of a fall: too low, or leaning too far.
            assert observation[0, 0] < 0.7 or abs(observation[0, 1]) > 0.2
    pytest.fail("full throttle did not make the hopper fall")


def test_backends_compute_the_same_dynamics(make):
    """From one state, the same actions lead to the same observations and rewards."""
    pool = make("envpool", "Hopper-v5", 1, 3)
    start = np.array(pool.reset()[0][0])
    envs = make("gymnasium", "Hopper-v5", 1, 3)
    envs.reset()
    hopper = envs.envs[0].unwrapped
    hopper.set_state(np.concatenate([[0.0], start[:5]]), start[5:])
    rng = np.random.default_rng(0)
    for _ in range(8):
        action = rng.uniform(-1, 1, size=(1, 3))
        left, right = pool.step(action), envs.step(action.astype(np.float32))
        np.testing.assert_allclose(left[0], right[0], atol=1e-5)
        np.testing.assert_allclose(left[1], right[1], atol=1e-4)


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
