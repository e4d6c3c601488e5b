"""EnvPool and Gymnasium agree: spaces, single steps from equal states, returns of whole episodes.

An observation from EnvPool determines the state of Gymnasium's environment, because the positions that it omits do
not affect the dynamics. So every step of EnvPool is repeated in Gymnasium from the same state.

The remaining differences have two causes; EnvPool's solver is not one of them. First, EnvPool 1.2.5 is built on MuJoCo
3.6.0. With this release every task agrees to 1e-9; other releases resolve contacts of Ant and the Humanoids a little
differently. Second, MuJoCo's body positions lag one substep behind after a step, but not after `set_state`. So rewards
for moving (Ant, Humanoid) can be compared only at the first step of an episode.
"""

import gymnasium
import mujoco
import numpy as np
import pytest
from scipy import stats

from gail.approx.evaluation import play_episodes
from gail.envs import TASKS, make_vector, vector
from gail.envs.task_ids import joined_id

EACH = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
CLASSIC = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0")
BY_RELEASE = ("Ant-v5", "Humanoid-v5", "HumanoidStandup-v5")
REWARDS_LAG = ("Ant-v5", "Humanoid-v5")
LONG = ("HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5", "HumanoidStandup-v5")
ONE_RELEASE = mujoco.__version__.startswith("3.6.")

pytest.importorskip("envpool")


def state_of(task, observation, model):
    """Joint positions and velocities, computed from an observation of a MuJoCo task; omitted positions are 0."""
    if task.id == "Reacher-v5":
        angles = np.arctan2(observation[2:4], observation[:2])
        return np.append(angles, observation[4:6]), np.append(observation[6:8], [0.0, 0.0])
    left_out = 2 if task.id in BY_RELEASE else 1
    positions, velocities = np.split(observation[: model.nq - left_out + model.nv], [model.nq - left_out])
    return np.append(np.zeros(left_out), positions), velocities


def put(env, task, observation):
    """Set an unwrapped environment to the state that the observation determines."""
    seen = observation.astype(np.float64)
    if task.id == "Acrobot-v1":
        env.state = np.array([np.arctan2(seen[1], seen[0]), np.arctan2(seen[3], seen[2]), *seen[4:]])
    elif task.id in CLASSIC:
        env.state = seen
    else:
        env.set_state(*state_of(task, seen, env.model))


def shows_its_state(task, observation):
    """False if the observation hides the state: Hopper and Walker2d clip velocities at 10."""
    return task.id not in ("Hopper-v5", "Walker2d-v5") or abs(observation[task.observation_size // 2 :]).max() < 10.0


def differences(task, steps, scale, **arguments):
    """|EnvPool - Gymnasium| of observations and rewards per step, and whether the step was an episode's first."""
    assert vector.runs_in_envpool(joined_id(task.id, arguments))
    pool, env = make_vector(joined_id(task.id, arguments), 1, 0), gymnasium.make(task.id, **arguments)
    rows, fresh = [], True
    env.reset(seed=0)
    env.action_space.seed(0)
    observation = pool.reset()[0][0].copy()
    while len(rows) < steps:
        action = env.action_space.sample()
        action = (scale * action).astype(np.float32) if task.continuous else action
        following, rewards, terminated, truncated, _ = pool.step(np.array([action]))
        if shows_its_state(task, observation):
            put(env.unwrapped, task, observation)
            expected, reward, ended, _, _ = env.unwrapped.step(action)
            if not truncated[0]:
                assert terminated[0] == ended
            rows.append((np.abs(following[0] - expected), abs(rewards[0] - reward), fresh))
            env.reset()  # classic environments warn if a step follows the end of an episode
        fresh = bool(terminated[0] or truncated[0])
        observation = (pool.step(np.array([action]))[0] if fresh else following)[0].copy()
    pool.close()
    env.close()
    observations, rewards, first = map(np.array, zip(*rows, strict=True))
    return observations, rewards, first


@EACH
def test_spaces_are_equal(task):
    pool, env = make_vector(task.id, 3, 0), gymnasium.make_vec(task.id, 3)
    assert pool.single_observation_space == env.single_observation_space
    assert pool.single_action_space == env.single_action_space
    assert pool.observation_space == env.observation_space
    assert pool.action_space == env.action_space
    pool.close()
    env.close()


@pytest.mark.parametrize("task", [t for t in TASKS.values() if t.id not in BY_RELEASE], ids=lambda task: task.id)
def test_single_steps_agree(task):
    observations, rewards, first = differences(task, 250, scale=0.5)
    assert first.sum() >= 1
    assert (first == 0).sum() > 100
    # Observations of the classic tasks are float32, and velocities there are below 32; so are all rewards.
    assert observations.max() < (4e-6 if task.id in CLASSIC else 1e-9)
    assert rewards.max() < 1e-6


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Hopper-v5", {"frame_skip": 2, "forward_reward_weight": 3, "ctrl_cost_weight": 0.5, "healthy_reward": 2.0}),
        ("Walker2d-v5", {"terminate_when_unhealthy": False, "healthy_reward": 0}),
        ("HalfCheetah-v5", {"frame_skip": 3, "forward_reward_weight": 0.5, "ctrl_cost_weight": 1}),
    ],
)
def test_single_steps_agree_with_shared_arguments(name, arguments):
    observations, rewards, _ = differences(TASKS[name], 150, 0.5, **arguments)
    assert observations.max() < 1e-9
    assert rewards.max() < 1e-5


@pytest.mark.parametrize("scale", [0.0, 0.05])
def test_starts_are_spread_as_asked_for(scale):
    task = joined_id("Hopper-v5", {"reset_noise_scale": scale})
    starts = [make(task, 200, 0).reset()[0] for make in (make_vector, vector.make_gymnasium_vector)]
    spreads = [np.ptp(start, axis=0) for start in starts]
    np.testing.assert_allclose(*spreads, rtol=0.1, atol=1e-12)
    assert spreads[0].max() == pytest.approx(2 * scale, rel=0.05)


@pytest.mark.parametrize(
    "arguments", [{"frame_skip": 2.5}, {"healthy_reward": True}, {"xml_file": "a.xml"}, {"num_threads": 1}, {"none": 1}]
)
def test_other_arguments_are_gymnasiums(arguments):
    assert not vector.runs_in_envpool(joined_id("Hopper-v5", arguments))
    assert not vector.runs_in_envpool(joined_id("HalfCheetah-v5", {"healthy_reward": 1.0}))  # it has none


@pytest.mark.parametrize("name", BY_RELEASE)
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_single_steps_agree_up_to_contacts(name, scale):
    task = TASKS[name]
    observations, rewards, first = differences(task, 250, scale)
    joints = observations[:, : 27 if name == "Ant-v5" else 45]  # positions and velocities; then masses and forces
    if ONE_RELEASE:
        assert observations.max() < 1e-8
    assert np.median(joints) < 1e-5
    assert np.median(joints.max(axis=1)) < 1e-4
    assert rewards[first].max() < 1e-4
    assert np.median(rewards) < (1e-3 if name in REWARDS_LAG else 1e-5)


def fixed_policy(task):
    """A policy whose returns vary with the start, so that comparing their distributions is a real test."""
    if task.id == "CartPole-v1":
        return lambda seen: (seen[:, 2] > 0).astype(np.int64)
    if task.id == "Acrobot-v1":
        return lambda seen: 2 * (seen[:, 5] > 0).astype(np.int64)
    if task.id == "MountainCar-v0":
        return lambda seen: 2 * (seen[:, 1] > 0).astype(np.int64)
    weights = np.random.default_rng(0).normal(size=(task.observation_size, task.action_size))
    scale = 0.4 if "Humanoid" in task.id else 1.0
    return lambda seen: scale * np.tanh(0.3 * np.clip(seen, -5, 5) @ weights / np.sqrt(task.observation_size))


def play(task, episodes):
    """Returns and lengths of the given number of episodes."""
    envs, batches = make_vector(task.id, 10, 1, threads=2), []
    for _ in range(episodes // 10):
        batches.append(play_episodes(fixed_policy(task), envs))
    envs.close()
    return [np.concatenate([getattr(batch, name) for batch in batches]) for name in ("returns", "lengths")]


@pytest.mark.parametrize(
    "task",
    [pytest.param(task, marks=pytest.mark.slow if task.id in LONG else ()) for task in TASKS.values()],
    ids=TASKS,
)
def test_whole_episodes_have_one_distribution(task, monkeypatch):
    in_pool = play(task, 100)
    monkeypatch.setattr(vector, "_envpool_or_none", lambda: None)
    in_gymnasium = play(task, 100)
    assert len(set(in_pool[0])) > 10
    for left, right in zip(in_pool, in_gymnasium, strict=True):
        assert stats.ks_2samp(left, right).pvalue > 1e-3
