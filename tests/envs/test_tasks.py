"""The task table agrees with the environments."""

import gymnasium
import pytest

from gail.envs import TASKS, UnknownTask, find_task

SEVERAL = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


@SEVERAL
def test_sizes_and_horizon_are_those_of_the_environment(task):
    env = gymnasium.make(task.id)
    try:
        assert env.observation_space.shape == (task.observation_size,)
        continuous = isinstance(env.action_space, gymnasium.spaces.Box)
        assert continuous == task.continuous
        assert task.action_size == (env.action_space.shape[0] if continuous else env.action_space.n)
        assert env.spec.max_episode_steps == task.horizon
    finally:
        env.close()


@SEVERAL
def test_the_protocol_is_consistent(task):
    assert list(task.dataset_sizes) == sorted(set(task.dataset_sizes))
    assert task.dataset_sizes[-1] <= task.full_trajectories
    assert task.horizon // task.subsample in range(40, 101)  # about 50 pairs of each full trajectory


def test_the_papers_budgets():
    budgets = {name: task.paper_interactions for name, task in TASKS.items()}
    assert budgets.pop("HumanoidStandup-v5") is None  # the only task that is not in the paper
    assert len(budgets) == 9
    for name, task in TASKS.items():
        if name in budgets:
            assert budgets[name] == task.paper_iterations * task.paper_batch
    assert budgets["Hopper-v5"] == 25_000_000
    assert budgets["Humanoid-v5"] == 75_000_000


def test_unknown_tasks_are_named_with_the_nearest_known_one():
    with pytest.raises(UnknownTask, match=r"'halfcheeta-v5'.*did you mean HalfCheetah-v5"):
        find_task("halfcheeta-v5")
    with pytest.raises(UnknownTask, match="known tasks are CartPole-v1"):
        find_task("")
