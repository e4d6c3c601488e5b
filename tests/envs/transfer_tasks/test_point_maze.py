"""The maze: walls hold, the two tasks are mirror images, and the reward is that of the formula."""

import gymnasium
import numpy as np
import pytest

from gail.envs.transfer_tasks.point_maze import (
    BARRIER_HEIGHTS,
    CONTROL_COST,
    SPEED,
    TARGET,
    WIDTH,
    PointMazes,
)

SIDES = pytest.mark.parametrize("opening", ["left", "right"])


def begun(copies, opening, seed=0):
    maze = PointMazes(copies, opening)
    for copy in range(copies):
        maze.begin(copy, np.random.default_rng((seed, copy)))
    return maze


def anywhere(maze, copies, seed):
    """Positions over the whole box, outside the barrier."""
    positions = np.random.default_rng(seed).uniform(0, WIDTH, (4 * copies, 2))
    low, high = maze.barrier
    inside = (low <= positions[:, 0]) & (positions[:, 0] <= high)
    inside &= (BARRIER_HEIGHTS[0] <= positions[:, 1]) & (positions[:, 1] <= BARRIER_HEIGHTS[1])
    return positions[~inside][:copies]


def guided(positions, opening):
    """The action of one who knows the way around the barrier."""
    gap = 0.399 + 0.002 if opening == "right" else WIDTH - 0.401
    below, beside = positions[:, 1:] < BARRIER_HEIGHTS[0], positions[:, 1:] < BARRIER_HEIGHTS[1] + 1e-9
    aim = np.where(below, [gap, BARRIER_HEIGHTS[0]], np.where(beside, [gap, BARRIER_HEIGHTS[1] + 0.001], TARGET))
    return np.clip((aim - positions) / SPEED, -1, 1)


@SIDES
def test_no_step_ends_in_the_barrier_or_outside_the_box(opening):
    copies = 500
    maze, rng = begun(copies, opening), np.random.default_rng(1)
    maze.positions = anywhere(maze, copies, 2)
    low, high = maze.barrier
    for _ in range(300):
        # Each copy keeps its direction for long, so that it meets walls.
        maze.advance(np.sign(rng.normal(size=(copies, 2)).cumsum(axis=1)))
        x, y = maze.positions.T
        assert (maze.positions >= 0).all() and (maze.positions <= WIDTH).all()
        assert not ((low < x) & (x < high) & (BARRIER_HEIGHTS[0] < y) & (y < BARRIER_HEIGHTS[1])).any()


@SIDES
def test_the_barrier_is_passed_at_its_opening_only(opening):
    copies = 400
    maze, rng = begun(copies, opening), np.random.default_rng(3)
    low, high = maze.barrier
    for _ in range(400):
        before = maze.positions
        maze.advance(np.clip(rng.normal([0.1 if opening == "right" else -0.1, 0.4], 1.0, (copies, 2)), -1, 1))
        for old, new in zip(before, maze.positions, strict=True):
            # Below or beside it before, beside or above it after.
            if old[1] <= BARRIER_HEIGHTS[0] < new[1] or old[1] < BARRIER_HEIGHTS[1] <= new[1]:
                assert new[0] >= high if opening == "right" else new[0] <= low
    assert (maze.positions[:, 1] > BARRIER_HEIGHTS[1]).any()


def test_a_point_stops_at_a_wall_and_slides_along_it():
    maze = begun(3, "right")
    maze.positions = np.array([[0.3, 0.275], [0.405, 0.3], [0.595, 0.1]])
    maze.advance(np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]]))
    np.testing.assert_allclose(
        maze.positions, [[0.3 + SPEED, 0.28], [0.4, 0.3 + SPEED], [0.6, 0.1 - SPEED]], rtol=0, atol=1e-15
    )


def test_a_point_comes_back_from_above_as_it_went():
    maze = begun(2, "right")
    maze.positions = np.array([[0.2, 0.33], [0.45, 0.33]])
    for _ in range(3):
        maze.advance(np.array([[0.0, -1.0], [0.0, -1.0]]))
    np.testing.assert_allclose(maze.positions, [[0.2, 0.32], [0.45, 0.33 - 3 * SPEED]], rtol=0, atol=1e-15)


def test_one_maze_is_the_mirror_image_of_the_other():
    copies = 200
    right, left = begun(copies, "right"), begun(copies, "left")
    right.positions = anywhere(right, copies, 4)
    left.positions = np.stack([WIDTH - right.positions[:, 0], right.positions[:, 1]], axis=1)
    rng = np.random.default_rng(5)
    for _ in range(200):
        actions = np.clip(rng.normal([0.2, 0.2], 1.0, (copies, 2)), -1, 1)
        np.testing.assert_allclose(left.advance(actions * [-1, 1]), right.advance(actions), rtol=0, atol=1e-12)
        mirrored = np.stack([WIDTH - left.positions[:, 0], left.positions[:, 1]], axis=1)
        np.testing.assert_allclose(mirrored, right.positions, rtol=0, atol=1e-12)


def test_the_reward_is_that_of_the_state_and_the_action():
    maze = begun(1, "left")
    maze.positions = np.array([[0.3, 0.1]])
    assert maze.advance(np.array([[0.5, -1.0]]))[0] == pytest.approx(-0.4 - CONTROL_COST * 1.25, abs=1e-15)


@SIDES
def test_returns_of_the_shortest_way_and_of_pushing_against_the_barrier(opening):
    guide, stubborn, still = (begun(32, opening) for _ in range(3))
    returns = np.zeros(3)
    for step in range(100):
        returns += [
            guide.advance(guided(guide.positions, opening)).mean(),
            stubborn.advance(np.tile([0.0, 1.0], (32, 1))).mean(),
            still.advance(np.zeros((32, 2))).mean(),
        ]
        if step == 50:
            assert (np.linalg.norm(guide.positions - TARGET, axis=1) < 1e-9).all()
    assert -8.2 < returns[0] < -7.7
    assert -25 < returns[1] < -24
    assert -50 < returns[2] < -48


def test_starts_lie_near_the_middle_of_the_lower_wall():
    starts = begun(400, "left").positions
    assert (np.abs(starts[:, 0] - 0.3) <= 0.01).all() and np.ptp(starts[:, 0]) > 0.019
    assert (starts[:, 1] >= 0).all() and (starts[:, 1] <= 0.02).all() and np.ptp(starts[:, 1]) > 0.019


def test_an_opening_elsewhere_is_refused():
    with pytest.raises(ValueError, match="opening is 'top'"):
        gymnasium.make("gail/PointMazeLeft-v0", opening="top")


def test_the_picture_shows_the_opening_the_point_and_the_target():
    maze = begun(2, "left")
    maze.positions[1] = [0.1, 0.3]
    pictures = [maze.picture(copy).astype(int) for copy in range(2)]
    assert pictures[0].shape == (240, 240, 3)
    floor, barrier = pictures[0][119, 40], pictures[0][119, 200]
    assert (floor != barrier).any()
    np.testing.assert_array_equal(pictures[0][10, 10], floor)
    np.testing.assert_array_equal(pictures[1][119, 40], pictures[0][235, 120])  # the point, here and there
    assert (pictures[0][40, 120] != floor).any() and (pictures[0][40, 120] != pictures[0][235, 120]).any()
