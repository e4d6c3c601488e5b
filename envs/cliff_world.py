"""The cliff world of the `seals` diagnostic tasks (Gleave et al. 2020), version 0.2.1.

    S C C C C C G      S: start, -1       ^ ^ ^
    . . . . . . .      C: cliff, -10      wind
    . . . . . . .      G: goal, +10
    . . . . . . .      .: -1

The map shows rewards; costs are their negatives. They are paid for every step spent in a cell; no cell ends the
episode. The four actions move diagonally, up-left, up-right, down-left and down-right in this order, and the wind
carries a move one row further up. Row and column are each clipped to the map. The original runs for a fixed number of
steps: see `gail.exact.process.finite_horizon`.
"""

from __future__ import annotations

import numpy as np

from gail.envs.finite import FiniteTask
from gail.exact.process.finite_mdp import FiniteMDP

DIAGONALS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
"""Rows down and columns right of each action."""

GOAL, CLIFF, ELSEWHERE = -10.0, 10.0, 1.0
"""Costs of a step."""


def cliff_world(width: int = 7, height: int = 4, *, wind: float = 0.3, discount: float = 0.99) -> FiniteTask[None]:
    """The task on height x width cells in reading order, with wind of this probability.

    Raises:
        ValueError: fewer than 3 columns or 2 rows, or a probability outside [0, 1].
    """
    if width < 3 or height < 2:
        raise ValueError(f"a cliff world needs at least 3 columns and 2 rows, got {width} and {height}")
    if not 0.0 <= wind <= 1.0:
        raise ValueError(f"wind must be a probability, got {wind}")
    row, column = np.divmod(np.arange(height * width), width)
    transitions = np.zeros((height * width, len(DIAGONALS), height * width))
    for action, (down, right) in enumerate(DIAGONALS):
        there = np.clip(column + right, 0, width - 1)
        for blown, probability in ((1, wind), (0, 1.0 - wind)):
            target = np.clip(row + down - blown, 0, height - 1) * width + there
            # At the border, moves with and without wind may end in the same cell.
            transitions[np.arange(height * width), action, target] += probability
    cost = np.full(height * width, ELSEWHERE)
    cost[1 : width - 1], cost[width - 1] = CLIFF, GOAL
    initial = np.eye(height * width)[0]
    return FiniteTask(FiniteMDP(transitions, initial, discount), np.repeat(cost[:, None], len(DIAGONALS), axis=1), None)
