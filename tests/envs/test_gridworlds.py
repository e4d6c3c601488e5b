"""Gridworlds: the dynamics of the map, the order of its states, and refused arguments."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs.gridworlds import ACTIONS, DEMO_8X8, MOVES, GridLayout, InvalidMap, gridworld

UP, RIGHT, DOWN, LEFT = range(4)
SMALL = ("#S.#", "..PG")


def dense(task):
    """P(s'|s,a) as an (S, A, S) array."""
    mdp = task.mdp
    return mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)


@st.composite
def maps(draw):
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    cells = draw(st.lists(st.sampled_from("...#SGP"), min_size=height * width, max_size=height * width))
    cells[draw(st.integers(0, height * width - 1))] = "S"
    return tuple("".join(cells[row * width : (row + 1) * width]) for row in range(height))


laws = settings(derandomize=True, deadline=None, max_examples=60)
slips = st.sampled_from([0.0, 0.1, 0.5, 1.0])


def test_the_actions_are_up_right_down_left():
    assert ACTIONS == ("up", "right", "down", "left")
    np.testing.assert_array_equal(MOVES, [[-1, 0], [0, 1], [1, 0], [0, -1]])


@pytest.mark.parametrize(
    ("action", "aimed", "sides"), [(UP, 1, (3, 5)), (RIGHT, 5, (1, 7)), (DOWN, 7, (3, 5)), (LEFT, 3, (1, 7))]
)
def test_a_move_slips_to_both_sides_and_never_back(action, aimed, sides):
    expected = np.zeros(9)
    expected[aimed] = 0.8
    expected[list(sides)] = 0.1
    transitions = dense(gridworld("...\n.S.\n...", slip=0.2))
    np.testing.assert_allclose(transitions[4, action], expected, atol=1e-15)


def test_moves_into_walls_and_borders_stay():
    transitions = dense(gridworld(["S.", "#."], slip=0.2))
    np.testing.assert_allclose(transitions[0, UP], [0.9, 0.1, 0.0], atol=1e-15)
    np.testing.assert_allclose(transitions[0, DOWN], [0.9, 0.1, 0.0], atol=1e-15)
    np.testing.assert_allclose(transitions[0, LEFT], [1.0, 0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(transitions[2, LEFT], [0.0, 0.1, 0.9], atol=1e-15)


def test_no_slip_stores_one_successor_for_each_action():
    task = gridworld("...\n.S.\n...", slip=0.0)
    assert task.mdp.transitions.nnz == 9 * 4


@laws
@given(maps(), slips)
def test_rows_are_distributions_over_the_cell_and_its_neighbours(rows, slip):
    task = gridworld(rows, slip=slip)
    transitions = dense(task)
    np.testing.assert_allclose(transitions.sum(axis=2), 1.0, atol=1e-14)
    start, _, end = np.nonzero(transitions)
    cells = task.layout.cells
    assert (np.abs(cells[start] - cells[end]).sum(axis=1) <= 1).all()


@laws
@given(maps(), slips)
def test_turning_the_map_turns_the_dynamics(rows, slip):
    # A quarter turn clockwise maps "up" to "right", "right" to "down", and so on.
    turned = tuple("".join(column) for column in zip(*rows[::-1], strict=True))
    task, turned_task = gridworld(rows, slip=slip), gridworld(turned, slip=slip)
    row, column = task.layout.cells.T
    image = turned_task.layout.states[column, len(rows) - 1 - row]
    moved = dense(turned_task)[image][:, [RIGHT, DOWN, LEFT, UP]][:, :, image]
    np.testing.assert_allclose(moved, dense(task), atol=1e-15)
    np.testing.assert_allclose(turned_task.mdp.initial[image], task.mdp.initial, atol=1e-15)
    np.testing.assert_array_equal(turned_task.cost[image], task.cost)


@laws
@given(maps(), slips)
def test_every_occupancy_has_mass_one_over_one_minus_discount(rows, slip):
    task = gridworld(rows, slip=slip, discount=0.9)
    under_uniform = dense(task).mean(axis=1)
    flow = np.eye(task.mdp.num_states) - 0.9 * under_uniform.T
    assert np.linalg.solve(flow, task.mdp.initial).sum() == pytest.approx(10.0, rel=1e-10)


def test_goals_and_pits_absorb():
    task = gridworld(SMALL, slip=0.3)
    for mask in (task.layout.goals, task.layout.pits):
        (state,) = task.layout.states[mask]
        np.testing.assert_array_equal(dense(task)[state, :, state], 1.0)


def test_the_cost_is_the_price_of_the_cell():
    task = gridworld(SMALL, step_cost=0.5, pit_cost=7.0, goal_cost=-1.0)
    np.testing.assert_array_equal(task.cost, np.repeat([[0.5], [0.5], [0.5], [0.5], [7.0], [-1.0]], 4, axis=1))


def test_starts_share_the_initial_mass():
    task = gridworld("S.S\n.GS", discount=0.5)
    np.testing.assert_allclose(task.mdp.initial, [1 / 3, 0, 1 / 3, 0, 0, 1 / 3])
    assert task.mdp.discount == 0.5


def test_states_are_in_reading_order():
    layout = GridLayout(SMALL)
    assert layout.shape == (2, 4)
    assert layout.num_states == 6
    np.testing.assert_array_equal(layout.cells, [[0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [1, 3]])
    np.testing.assert_array_equal(layout.states, [[-1, 0, 1, -1], [2, 3, 4, 5]])


@laws
@given(maps())
def test_masks_and_states_partition_the_map(rows):
    layout = GridLayout(rows)
    np.testing.assert_array_equal(layout.walls, layout.states < 0)
    np.testing.assert_array_equal(layout.states[tuple(layout.cells.T)], np.arange(layout.num_states))
    for mask, character in (
        (layout.starts, "S"),
        (layout.goals, "G"),
        (layout.pits, "P"),
        (layout.walls, "#"),
    ):
        np.testing.assert_array_equal(mask, [[cell == character for cell in row] for row in rows])
    np.testing.assert_array_equal(layout.of_state(layout.starts), layout.starts[tuple(layout.cells.T)])


def test_values_are_laid_out_with_nan_on_walls():
    layout = GridLayout(SMALL)
    np.testing.assert_array_equal(layout.on_grid(range(6)), [[np.nan, 0, 1, np.nan], [2, 3, 4, 5]])
    policy = np.arange(24.0).reshape(6, 4)
    grid = layout.on_grid(policy)
    assert grid.shape == (2, 4, 4)
    np.testing.assert_array_equal(grid[1, 2], policy[4])
    assert np.isnan(grid[0, 0]).all()


@pytest.mark.parametrize("shape", [(), (5,), (2, 6)])
def test_values_of_another_length_are_refused(shape):
    with pytest.raises(ValueError, match="6 states"):
        GridLayout(SMALL).on_grid(np.zeros(shape))


def test_a_layout_is_a_value():
    assert GridLayout(SMALL) == GridLayout(SMALL)
    assert len({GridLayout(SMALL), GridLayout(SMALL)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        GridLayout(SMALL).rows = ("S",)
    with pytest.raises(ValueError, match="read-only"):
        GridLayout(SMALL).walls[0, 0] = False


def test_indented_text_and_rows_are_the_same_map():
    text = """
        #S.#
        ..PG
    """
    assert gridworld(text).layout == gridworld(SMALL).layout


@pytest.mark.parametrize(
    ("bad_map", "message"),
    [
        ("", "empty"),
        ([], "empty"),
        ([""], "empty"),
        ("S..\n..\n...", "row 1 has 2 columns, but row 0 has 3"),
        ("S..\n..x\ny..", r"row 1, column 2: 'x'"),
        ("S. \n...", r"row 0, column 2: ' '"),
        ("###\n###", "no free cell: all 6"),
        ("...\n.G.", "no start 'S'"),
    ],
)
def test_bad_maps_are_refused_with_the_place(bad_map, message):
    with pytest.raises(InvalidMap, match=message):
        gridworld(bad_map)


@pytest.mark.parametrize("slip", [-0.01, 1.01, float("nan")])
def test_slip_must_be_a_probability(slip):
    with pytest.raises(ValueError, match="slip"):
        gridworld("SG", slip=slip)


def test_costs_must_be_finite():
    with pytest.raises(ValueError, match="state 1, action 0 is inf"):
        gridworld("SP", pit_cost=float("inf"))


def test_the_demo_map_costs_what_its_shortest_path_costs():
    task = gridworld(DEMO_8X8, slip=0.0, discount=0.9)
    assert task.layout.shape == (8, 8)
    assert [task.layout.starts.sum(), task.layout.goals.sum(), task.layout.pits.sum()] == [1, 1, 2]
    value = np.zeros(task.mdp.num_states)
    for _ in range(400):
        value = (task.cost + 0.9 * dense(task) @ value).min(axis=1)
    steps = 14  # the start and the goal are opposite corners, and no wall forces a detour
    assert value @ task.mdp.initial == pytest.approx((1 - 0.9**steps) / (1 - 0.9), rel=1e-12)


def test_a_large_map_stays_sparse():
    side = 300
    rows = ["S" + "." * (side - 1)] + ["." * side] * (side - 1)
    task = gridworld(rows)
    assert task.mdp.num_states == side**2
    assert task.mdp.transitions.nnz <= 3 * 4 * side**2
