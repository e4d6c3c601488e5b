"""Maximum causal entropy IRL with features: a cost learned on one map and used on another.

Run it: python examples/05_transfer_a_cost.py
"""

import numpy as np

from gail.envs import gridworld
from gail.exact import match_occupancy, regularizers, solve_rl
from gail.exact.process.finite_horizon import at_every_step, time_expanded

HORIZON = 30
SCHOOL = """
S....
.###.
..P..
.#...
...#G
"""
ELSEWHERE = """
..P...S.
.##.#...
.....P..
.P.#....
G..#....
"""


def features(task) -> np.ndarray:
    """(S, A, 3): walking, being in a pit, being at the goal; the same meaning on every map."""
    rows, columns = task.layout.cells.T
    pit, goal = task.layout.pits[rows, columns], task.layout.goals[rows, columns]
    kinds = np.stack([~pit & ~goal, pit, goal], axis=1).astype(float)
    return np.repeat(kinds[:, None, :], 4, axis=1)


# The expert walks for 30 steps; each costs 1 on the floor and 4 in a pit, and nothing at the goal.
school = gridworld(SCHOOL, slip=0.1, discount=0.9)
prices = np.array([1.0, 4.0, 0.0])
steps = time_expanded(school.mdp, HORIZON)
known = at_every_step(features(school), HORIZON)
expert = solve_rl(steps, known @ prices, entropy_weight=1.0).require_optimal()

learned = match_occupancy(steps, expert.occupancy, regularizers.LinearSpan(known), 1.0).require_optimal(1e-8)
weights = np.linalg.lstsq(known.reshape(-1, 3), learned.cost.ravel(), rcond=None)[0]
# Costs are known up to a constant here, because every episode lasts 30 steps.
print("prices relative to the goal's:   true", prices - prices[2], "  learned", np.round(weights - weights[2], 6))
assert np.allclose(weights - weights[2], prices, atol=1e-6)

elsewhere = gridworld(ELSEWHERE, slip=0.1, discount=0.9)
steps = time_expanded(elsewhere.mdp, HORIZON)
there = at_every_step(features(elsewhere), HORIZON)
best = solve_rl(steps, there @ prices, entropy_weight=0.0).require_optimal()
taught = solve_rl(steps, there @ weights, entropy_weight=0.0).require_optimal()
lost = np.sum(taught.occupancy * (there @ prices)) / best.primal_value - 1.0
print(f"on the other map the learned cost's policy pays {lost:.1e} more than the best")
assert abs(lost) <= 1e-6
