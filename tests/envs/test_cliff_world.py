"""The cliff world: its published dynamics and costs, state by state."""

import numpy as np
import pytest

from gail.envs.cliff_world import cliff_world

UP_LEFT, UP_RIGHT, DOWN_LEFT, DOWN_RIGHT = range(4)


def outcome(task, row, column, action):
    """The distribution of the next cell, as {(row, column): probability}."""
    width = 7
    line = task.mdp.transitions[[(row * width + column) * 4 + action]]
    return {divmod(int(s), width): pytest.approx(p) for s, p in zip(line.indices, line.data, strict=True)}


def test_moves_are_diagonal_and_the_wind_blows_up():
    task = cliff_world()
    assert outcome(task, 3, 3, UP_LEFT) == {(2, 2): 0.7, (1, 2): 0.3}
    assert outcome(task, 3, 3, UP_RIGHT) == {(2, 4): 0.7, (1, 4): 0.3}
    assert outcome(task, 1, 3, DOWN_RIGHT) == {(2, 4): 0.7, (1, 4): 0.3}
    assert outcome(task, 1, 0, DOWN_LEFT) == {(2, 0): 0.7, (1, 0): 0.3}


def test_the_border_holds_row_and_column_apart():
    task = cliff_world()
    assert outcome(task, 0, 6, UP_RIGHT) == {(0, 6): 1.0}
    assert outcome(task, 1, 0, UP_LEFT) == {(0, 0): 1.0}
    assert outcome(task, 3, 6, DOWN_RIGHT) == {(3, 6): 1.0}
    assert outcome(task, 0, 3, DOWN_LEFT) == {(1, 2): 0.7, (0, 2): 0.3}


def test_prices_are_the_negated_rewards_of_cells():
    task = cliff_world()
    np.testing.assert_array_equal(task.cost[:, 0].reshape(4, 7)[0], [1, 10, 10, 10, 10, 10, -10])
    assert np.all(task.cost.reshape(4, 7, 4)[1:] == 1.0)
    assert np.all(task.cost == task.cost[:, :1])
    np.testing.assert_array_equal(task.mdp.initial, np.eye(28)[0])


def test_without_wind_moves_go_where_they_aim():
    assert outcome(cliff_world(wind=0.0), 3, 3, UP_LEFT) == {(2, 2): 1.0}


def test_what_is_refused():
    with pytest.raises(ValueError, match="3 columns and 2 rows, got 2 and 4"):
        cliff_world(2, 4)
    with pytest.raises(ValueError, match=r"probability, got 1\.5"):
        cliff_world(wind=1.5)
