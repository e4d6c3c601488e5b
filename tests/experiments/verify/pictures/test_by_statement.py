"""Pictures: every statement with a picture draws one, and maps hatch the states that no policy visits."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gail.exact import FiniteMDP, solve_rl
from gail.experiments.reports.figures import cost_map, discriminator_map, occupancy_maps, png
from gail.experiments.verify.instances import Instance, demo_gridworld, named
from gail.experiments.verify.pictures.by_statement import ILLUSTRATIONS
from gail.experiments.verify.psi_choices import CHOICES
from gail.experiments.verify.statement import Trial
from gail.experiments.verify.statements import statements_for


def hatched(figure) -> int:
    return sum(patch.get_hatch() is not None for axis in figure.axes for patch in axis.patches)


@pytest.fixture
def close():
    yield
    plt.close("all")


@pytest.mark.parametrize("one", ILLUSTRATIONS, ids=lambda one: one.name)
@pytest.mark.usefixtures("close")
def test_every_picture_is_drawn_on_an_instance_without_and_with_ends(one):
    trials = [Trial(named(name, 1.0, 0.9), 1.0, np.random.default_rng(0)) for name in ("chain", "frozenlake")]
    for chosen in (trials, trials[:1], trials[1:]):
        assert any(axis.has_data() for axis in one.draw(chosen).axes)


@pytest.mark.parametrize("name", ["occupancy-measures", "planning"])
@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("close")
def test_a_process_without_choices_is_drawn_without_a_warning(name):
    mdp, cost = FiniteMDP(np.ones((1, 1, 1)), [1.0], 0.9), np.array([[0.5]])
    only = Instance("one of each", mdp, solve_rl(mdp, cost, 1.0).occupancy, cost, None)
    (one,) = (one for one in ILLUSTRATIONS if one.name == name)
    png(one.draw([Trial(only, 1.0, np.random.default_rng(0))]))


def test_pictures_show_statements_that_exist_and_every_one_but_those_of_the_two_routes():
    numbers = {statement.name: statement.number for statement in statements_for(CHOICES)}
    shown = set().union(*(one.shows for one in ILLUSTRATIONS))
    assert shown <= set(numbers)
    assert {numbers[name] for name in shown} == set(range(1, 19)) - {6}


@pytest.mark.usefixtures("close")
def test_maps_hatch_what_nobody_visits():
    world = demo_gridworld(1.0, 0.95)
    expert = solve_rl(world.mdp, world.cost, entropy_weight=0.0)
    visited = expert.occupancy > 0.0
    assert 0 < visited.sum() < visited.size
    assert hatched(cost_map(world.layout, world.cost, visited, "cost")) == np.sum(~visited)
    assert hatched(discriminator_map(world.layout, 0.5 * visited, visited, "D")) == np.sum(~visited)
    unvisited = int(np.sum(~visited.any(axis=1)))
    assert unvisited > 0
    maps = occupancy_maps(world.layout, {"expert": expert.occupancy}, {"expert": expert.policy})
    assert hatched(maps) == unvisited


@pytest.mark.usefixtures("close")
def test_what_is_not_visited_does_not_stretch_the_scale_of_costs():
    world = demo_gridworld(1.0, 0.95)
    visited = np.ones(world.cost.shape, dtype=bool)
    visited[3, 1] = False
    cost = np.where(visited, world.cost, 1e6)
    norms = [cost_map(world.layout, one, visited, "cost").axes[1].get_ylim() for one in (cost, world.cost)]
    assert norms[0] == norms[1]
