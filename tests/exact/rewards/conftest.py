"""Processes on which rewards are learned, and experts for them."""

from __future__ import annotations

import numpy as np
import pytest

from gail.exact import FiniteMDP


def random_dynamics(rng, states=16, actions=4, discount=0.9):
    """Fu et al.'s table: random transitions from a fixed start."""
    return FiniteMDP(rng.dirichlet(np.ones(states), size=(states, actions)), 0, discount)


def square_map(side=4, discount=0.9):
    """Moves in four directions; a wall keeps the state, so that one class links all states."""
    moves = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    transitions = np.zeros((side, side, 4, side, side))
    for row, column, action in np.ndindex(side, side, 4):
        down, right = moves[action]
        transitions[row, column, action, np.clip(row + down, 0, side - 1), np.clip(column + right, 0, side - 1)] = 1.0
    return FiniteMDP(transitions.reshape(side * side, 4, side * side), 0, discount)


def ending(rng, states=6, actions=3):
    """Random transitions; from the state 1 an episode may end, with a chance that depends on the action."""
    transitions = rng.dirichlet(np.ones(states), size=(states, actions))
    transitions[1] *= np.array([0.2, 0.6, 1.0])[:, None]
    return FiniteMDP(transitions, 0, 0.9, [1])


@pytest.fixture(scope="session")
def processes():
    """The three builders by name."""
    return {"random": random_dynamics, "map": square_map, "ending": ending}
