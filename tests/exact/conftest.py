"""Instances that every test of the exact engine draws from.

`FiniteMDP` is registered with hypothesis, so a test writes `@given(mdp=..., seed=SEEDS)` and gets random processes:
deterministic and branching, with unreachable, absorbing and terminal states, one state, one action, discounts from
0 to 0.999. Arrays on them come from a seed through the session's fixtures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from gail.exact import FiniteMDP


def build(states: int, actions: int, branches: int, discount: float, features: frozenset[str], seed: int) -> FiniteMDP:
    rng = np.random.default_rng(seed)
    transitions = np.zeros((states, actions, states))
    for row in transitions.reshape(-1, states):
        ways = rng.choice(states, min(branches, states), replace=False)
        row[ways] = rng.dirichlet(np.ones(ways.size))
    initial = rng.dirichlet(np.ones(states))
    terminal = np.zeros(states, dtype=bool)
    if "absorbing" in features:
        transitions[-1] = 0.0
        transitions[-1, :, -1] = 1.0
    if "terminal" in features:
        terminal[0] = True
        transitions[0] *= rng.choice([0.0, 0.5], size=(actions, 1))
    if "unreachable" in features and states > 1:
        transitions[0, :, 0] += transitions[0, :, 1]
        transitions[:, :, 0] += np.where(np.arange(states)[:, None] > 0, transitions[:, :, 1], 0.0)
        transitions[:, :, 1] = 0.0
        initial[0] += initial[1]
        initial[1] = 0.0
    return FiniteMDP(transitions, initial, discount, terminal)


st.register_type_strategy(
    FiniteMDP,
    st.builds(
        build,
        states=st.integers(1, 8),
        actions=st.integers(1, 4),
        branches=st.integers(1, 3),
        discount=st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999]),
        features=st.frozensets(st.sampled_from(["absorbing", "terminal", "unreachable"])),
        seed=st.integers(0, 2**32 - 1),
    ),
)


@pytest.fixture(scope="session")
def random_policy() -> Callable[[FiniteMDP, int], np.ndarray]:
    """A policy that takes every action."""

    def draw(mdp: FiniteMDP, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)

    return draw


@pytest.fixture(scope="session")
def random_cost() -> Callable[[FiniteMDP, int], np.ndarray]:
    def draw(mdp: FiniteMDP, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions))

    return draw


@pytest.fixture(scope="session")
def gridworld() -> FiniteMDP:
    """8 x 8 cells; a move goes astray to either side with probability 0.1; the start is a corner."""
    side, moves = 8, [(-1, 0), (0, 1), (1, 0), (0, -1)]
    transitions = np.zeros((side * side, 4, side * side))
    for row, column, action in np.ndindex(side, side, 4):
        for turn, probability in ((0, 0.8), (1, 0.1), (-1, 0.1)):
            down, right = moves[(action + turn) % 4]
            there = np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1)
            transitions[row * side + column, action, there] += probability
    return FiniteMDP(transitions, np.eye(side * side)[0], 0.95)


@pytest.fixture(scope="session")
def goal_cost(gridworld: FiniteMDP) -> np.ndarray:
    """One per step, except in the corner opposite to the start."""
    cost = np.ones((gridworld.num_states, gridworld.num_actions))
    cost[-1] = 0.0
    return cost
