"""Processes and true rewards on which the statements about rewards are checked."""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP

STATES, ACTIONS, DISCOUNT = 16, 4, 0.9
"""The table of Fu, Luo & Levine (2018); the discount is ours."""


def random_dynamics(rng: np.random.Generator) -> FiniteMDP:
    """Random transitions between `STATES` states from the start 0."""
    return FiniteMDP(rng.dirichlet(np.ones(STATES), size=(STATES, ACTIONS)), 0, DISCOUNT)


def ring(states: int, discount: float, *, stays: bool = False) -> FiniteMDP:
    """Moves to both sides; if `stays`, the first action does not move."""
    steps = (0 if stays else -1, 1)
    rows = [[np.eye(states)[(state + step) % states] for step in steps] for state in range(states)]
    return FiniteMDP(rows, 0, discount)


def mild_reward(mdp: FiniteMDP, rng: np.random.Generator, *, state_only: bool = True) -> Array:
    """A random reward, (S,) or (S, A), for which soft-optimal experts take every action with a visible probability.

    Its expected sums are about one, without the entropy of up to log A that each step brings: where episodes can end,
    that entropy alone would make experts avoid the end at all costs.
    """
    shape = (mdp.num_states,) if state_only else (mdp.num_states, mdp.num_actions)
    return np.asarray(rng.normal(size=shape) / float(mdp.lifetime.max()) - np.log(mdp.num_actions))
