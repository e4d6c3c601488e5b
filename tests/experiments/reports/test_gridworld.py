"""Pictures of gridworlds for notebooks: their content, and refused arguments."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from gail.envs import gridworld
from gail.exact import solve_rl
from gail.experiments import plot_gridworld


@pytest.fixture
def task():
    return gridworld("S..#\n..P.\n...G", discount=0.95)


def test_values_are_colours_and_policies_arrows(task, tmp_path):
    solution = solve_rl(task.mdp, task.cost)
    figure = plot_gridworld(task.layout, solution.values, solution.policy, title="soft-optimal", label="V")
    axis, bar = figure.axes
    assert axis.get_title() == "soft-optimal"
    assert bar.get_ylabel() == "V"
    shown = axis.images[0].get_array()
    np.testing.assert_array_equal(shown[~task.layout.walls], solution.values)
    assert len(axis.collections) == 4  # one set of arrows per move
    figure.savefig(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 2_000


def test_either_may_be_left_out(task):
    assert len(plot_gridworld(task.layout).axes) == 1
    assert len(plot_gridworld(task.layout, np.arange(task.layout.num_states)).axes) == 2


@pytest.mark.parametrize(
    ("values", "policy", "message"),
    [
        (np.zeros(3), None, "11 states"),
        (np.zeros((11, 2)), None, "one number per state"),
        (None, np.zeros((11, 3)), r"\(11, 4\) is needed"),
    ],
)
def test_what_does_not_fit_is_refused(task, values, policy, message):
    with pytest.raises(ValueError, match=message):
        plot_gridworld(task.layout, values, policy)
