"""The wrapper replaces states by feature vectors and changes nothing else."""

import gymnasium
import numpy as np
import pytest

from gail.envs import StateFeatures, TabularVectorEnv, garnet

TASK = garnet(5, 2, 3, np.random.default_rng(0), discount=0.9)
COORDINATES = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [-1.5, 0.0], [-1.5, 1.0]])


def copies():
    return TabularVectorEnv(TASK.mdp, TASK.cost, 40, horizon=3)


@pytest.mark.parametrize("table", [np.eye(5), COORDINATES, COORDINATES[:, :1].tolist()])
def test_each_state_is_its_row_and_all_else_is_as_it_was(table):
    plain, envs = copies(), StateFeatures(copies(), table)
    rows = np.array(table)
    states, observations = plain.reset(seed=3)[0], envs.reset(seed=3)[0]
    np.testing.assert_array_equal(observations, rows[states])
    for step in range(8):
        states, *expected = plain.step(np.full(40, step % 2))
        observations, *found = envs.step(np.full(40, step % 2))
        np.testing.assert_array_equal(observations, rows[states])
        assert observations in envs.observation_space
        for one, other in zip(found[:3], expected[:3], strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_space_is_the_smallest_box_around_the_rows():
    space = StateFeatures(copies(), COORDINATES).single_observation_space
    assert space == gymnasium.spaces.Box(np.array([-1.5, 0.0]), np.array([0.0, 2.0]), dtype=np.float64)


def test_the_table_is_the_wrappers_own():
    table = np.eye(5)
    envs = StateFeatures(copies(), table)
    table[:] = 7.0
    assert envs.reset(seed=0)[0].max() == 1.0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.eye(4), r"shape \(4, 4\): a row for each of the 5 states"),
        (np.arange(5), r"shape \(5,\)"),
        (np.zeros((5, 0)), r"shape \(5, 0\)"),
        (np.where(np.eye(5) > 0, np.nan, 1.0)[:, 2:], r"table\[2, 0\] is nan"),
    ],
)
def test_tables_of_another_kind_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        StateFeatures(copies(), table)


def test_vectors_are_no_states():
    with pytest.raises(ValueError, match="must be states"):
        StateFeatures(StateFeatures(copies(), np.eye(5)), np.eye(5))
