"""What each cost regularizer imitates: the exact imitator of every psi on a gridworld, against the expert.

Run it: python examples/03_which_regularizer.py
"""

import numpy as np

from gail.envs import gridworld
from gail.exact import match_occupancy, regularizers, solve_rl

MAP = """
S...#...
....#...
..P.....
#.####.#
..P.....
....#..G
"""

WEIGHT = 0.2  # of the imitator's causal entropy; it makes actions random where psi does not determine them

task = gridworld(MAP, slip=0.1, discount=0.95)
expert = solve_rl(task.mdp, task.cost, entropy_weight=0.5).require_optimal()
features = np.random.default_rng(0).normal(size=(*task.cost.shape, 3))

library = {
    "Constant": regularizers.Constant(),
    "L2Ball of 3 random features": regularizers.L2Ball(features),
    "Simplex of 3 random features": regularizers.Simplex(features),
    "LInfBall (total variation)": regularizers.LInfBall(),
    "Quadratic": regularizers.Quadratic(1.0),
    "Logistic (GAIL)": regularizers.Logistic(),
    "Exponential (Hellinger)": regularizers.Exponential(),
    "TruncatedQuadratic (triangular)": regularizers.TruncatedQuadratic(),
    "Jeffreys": regularizers.Jeffreys(),
    "ReverseKL": regularizers.ReverseKL(),
    "ForwardKL": regularizers.ForwardKL(),
}

print(f"{'psi':34}{'relative gap':>14}{'total variation':>17}{'extra cost':>12}")
distances = {}
for name, psi in library.items():
    imitator = match_occupancy(task.mdp, expert.occupancy, psi, WEIGHT).require_optimal(1e-8)
    distances[name] = 0.5 * np.abs(imitator.occupancy - expert.occupancy).sum() / expert.occupancy.sum()
    extra = round(np.sum((imitator.occupancy - expert.occupancy) * task.cost), 4) + 0.0
    print(f"{name:34}{imitator.relative_gap:14.1e}{distances[name]:17.4f}{extra:12.4f}")

# Constant psi returns the expert; a few features are too few for imitation; divergences are in between.
assert distances["Constant"] <= 1e-9
assert min(distances["L2Ball of 3 random features"], distances["Simplex of 3 random features"]) >= 0.1
assert all(distances[name] <= 0.1 for name in ("Logistic (GAIL)", "ReverseKL", "ForwardKL", "Jeffreys"))
