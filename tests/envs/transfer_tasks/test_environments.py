"""The environments of all transfer tasks: single and batched ones agree, seeds, autoreset, and what is refused."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from gail.envs import TRANSFER_TASKS, UnknownTask, find_task, make_gymnasium_vector, make_vector
from gail.envs.vector import runs_in_envpool

IDS = [*TRANSFER_TASKS, *TRANSFER_TASKS.values()]
TASKS = pytest.mark.parametrize("task_id", IDS)
SIZES = {"Maze": (2, 2, 100), "Ant": (27, 8, 500)}


def batched(task_id, copies, limit=None):
    more = {} if limit is None else {"max_episode_steps": limit}
    return gymnasium.make_vec(task_id, num_envs=copies, vectorization_mode="vector_entry_point", **more)


def actions_of(envs, steps, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (steps, *envs.action_space.shape)).astype(np.float32)


@TASKS
def test_tasks_are_found_by_their_ids(task_id):
    observation, action, horizon = SIZES["Maze" if "Maze" in task_id else "Ant"]
    task = find_task(task_id)
    assert (task.id, task.observation_size, task.action_size, task.horizon) == (task_id, observation, action, horizon)
    assert task.continuous and not runs_in_envpool(task_id)
    envs = make_vector(task_id, 3, 0)
    assert envs.spec.max_episode_steps == horizon
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert envs.reset()[0].shape == (3, observation)
    envs.close()


def test_a_misspelt_id_is_answered_by_the_nearest():
    with pytest.raises(UnknownTask, match="did you mean gail/PointMazeLeft-v0"):
        find_task("gail/PointMazeleft-v1")


def test_arguments_are_part_of_the_id():
    task = 'gail/DisabledAnt-v0{"contact_forces":true}'
    assert find_task(task).observation_size == 111
    assert make_vector(task, 2, 0).reset()[0].shape == (2, 111)


@TASKS
def test_the_single_environment_has_gymnasiums_interface(task_id):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(minimum|maximum) value is -?infinity")
        env = gymnasium.make(task_id)
        check_env(env.unwrapped, skip_render_check=True)


@TASKS
def test_single_and_batched_copies_take_the_same_way(task_id):
    """Over an episode's end, which the single environment needs a reset for."""
    envs = batched(task_id, 3, limit=40)
    singles = [gymnasium.make(task_id, max_episode_steps=40) for _ in range(3)]
    observations, _ = envs.reset(seed=5)
    for copy, env in enumerate(singles):
        np.testing.assert_array_equal(env.reset(seed=5 + copy)[0], observations[copy])
    over = False
    for actions in actions_of(envs, 60):
        batch = envs.step(actions)
        for copy, env in enumerate(singles):
            if over:
                np.testing.assert_array_equal(env.reset()[0], batch[0][copy])
                continue
            for one, several in zip(env.step(actions[copy])[:4], batch[:4], strict=True):
                np.testing.assert_array_equal(one, several[copy])
        over = batch[3].all()


@TASKS
def test_next_step_autoreset(task_id):
    """The step after an end ignores the action, has reward 0, and starts the next episode."""
    envs, other = batched(task_id, 2, limit=7), batched(task_id, 2, limit=7)
    first, _ = envs.reset(seed=0)
    other.reset(seed=0)
    for step, actions in enumerate(actions_of(envs, 24), start=1):
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        begins = step % 8 == 0
        assert not terminated.any()
        assert (truncated == (step % 8 == 7)).all()
        assert (rewards == 0.0).all() == begins
        ignored = other.step(np.zeros_like(actions) if begins else actions)[0]
        np.testing.assert_array_equal(ignored, observations)
        if begins:
            assert not np.array_equal(observations, first)
            assert np.abs(observations - first).max() < 1.0


@TASKS
def test_the_same_entropy_gives_the_same_episodes_and_neighbours_share_no_copy(task_id):
    def play(seed):
        envs = make_vector(task_id, 3, seed)
        return [envs.reset()[0], *(envs.step(actions)[0] for actions in actions_of(envs, 20))]

    np.testing.assert_array_equal(play((5, 7)), play((5, 7)))
    starts = np.concatenate([play(seed)[0] for seed in (0, 1, (5, 7))])
    assert len(np.unique(starts, axis=0)) == 9


@TASKS
def test_a_reset_with_a_seed_is_a_new_beginning_and_one_without_is_not(task_id):
    new, used = make_gymnasium_vector(task_id, 2, 7), make_vector(task_id, 2, 1)
    used.reset()
    for actions in actions_of(used, 12):
        used.step(actions)
    np.testing.assert_array_equal(used.reset(seed=7)[0], first := new.reset()[0])
    assert not np.array_equal(used.reset()[0], first)


@TASKS
def test_some_copies_can_be_reset_while_the_others_go_on(task_id):
    envs, undisturbed = batched(task_id, 3, limit=30), batched(task_id, 3, limit=30)
    envs.reset(seed=0)
    undisturbed.reset(seed=0)
    for step, actions in enumerate(actions_of(envs, 45)):
        before, *_, truncated, _ = envs.step(actions)
        expected = undisturbed.step(actions)[0]
        if step == 10:
            after, _ = envs.reset(options={"reset_mask": np.array([False, True, False])})
            assert not np.array_equal(after[1], before[1])
            before = after
        assert truncated.tolist() == [step == 29, step == 40, step == 29]
        np.testing.assert_array_equal(before[[0, 2]], expected[[0, 2]])


@TASKS
def test_observations_are_the_callers_own(task_id):
    envs, untouched = batched(task_id, 2), batched(task_id, 2)
    mine, _ = envs.reset(seed=0)
    kept, _ = untouched.reset(seed=0)
    for actions in actions_of(envs, 5):
        mine[:] = 0.0
        before = kept.copy()
        mine, following = envs.step(actions)[0], untouched.step(actions)[0]
        np.testing.assert_array_equal(before, kept)
        np.testing.assert_array_equal(mine, kept := following)


@TASKS
def test_actions_beyond_the_bounds_act_as_the_nearest_within(task_id):
    one, other = batched(task_id, 2), batched(task_id, 2)
    one.reset(seed=0)
    other.reset(seed=0)
    for actions in actions_of(one, 10):
        for left, right in zip(one.step(3 * actions)[:2], other.step(np.clip(3 * actions, -1, 1))[:2], strict=True):
            np.testing.assert_array_equal(left, right)


def test_bad_requests_are_named():
    maze = "gail/PointMazeLeft-v0"
    with pytest.raises(ValueError, match="num_envs is 0"):
        make_vector(maze, 0, 0)
    with pytest.raises(ValueError, match="max_episode_steps 0"):
        batched(maze, 1, limit=0)
    envs = batched(maze, 2)
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.step(np.zeros((2, 2)))
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(seed=[3, None])
    with pytest.raises(ValueError, match="3 seeds for 2 copies"):
        envs.reset(seed=[3, 4, 5])
    with pytest.raises(ValueError, match="cannot be combined with a reset_mask"):
        envs.reset(seed=1, options={"reset_mask": np.array([True, False])})
    with pytest.raises(ValueError, match=r"reset_mask has shape \(3,\)"):
        envs.reset(options={"reset_mask": np.zeros(3, bool)})
    with pytest.raises(ValueError, match=r"actions have shape \(3, 2\): \(2, 2\) is needed"):
        envs.step(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"the action of copy 1 is \[nan, 0.0\]"):
        envs.step(np.array([[0.0, 0.0], [np.nan, 0.0]]))
    with pytest.raises(ValueError, match="'human'"):
        gymnasium.make(maze, render_mode="human")
    with pytest.raises(gymnasium.error.ResetNeeded):
        gymnasium.make(maze).unwrapped.step(np.zeros(2))


def test_a_picture_is_drawn_if_asked_for():
    env = gymnasium.make("gail/PointMazeRight-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (240, 240, 3)
    assert env.metadata["render_fps"] == 20
