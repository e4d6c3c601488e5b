"""Proposition 3.2 on a gridworld: inverse reinforcement learning, then reinforcement learning, is matching.

Run it: python examples/01_verify_a_proposition.py
"""

import numpy as np

from gail.envs import gridworld
from gail.exact import match_occupancy, solve_irl, solve_rl
from gail.exact import regularizers as psi

MAP = """
S..#....
..P#.##.
.#......
...#.P.G
"""

task = gridworld(MAP, slip=0.1, discount=0.95)
expert = solve_rl(task.mdp, task.cost, entropy_weight=0.5).require_optimal()

for regularizer in (psi.Constant(), psi.Logistic()):
    # The dual route: find a cost, then the policy that is optimal for it.
    irl = solve_irl(task.mdp, expert.occupancy, regularizer, entropy_weight=0.5).require_optimal()
    dual_route = solve_rl(task.mdp, irl.cost, entropy_weight=0.5).require_optimal()
    # The primal route: match occupancy measures directly, without a cost.
    primal_route = match_occupancy(task.mdp, expert.occupancy, regularizer, entropy_weight=0.5).require_optimal()

    difference = np.abs(dual_route.occupancy - primal_route.occupancy).sum() / expert.occupancy.sum()
    distance = np.abs(primal_route.occupancy - expert.occupancy).sum() / expert.occupancy.sum()
    print(f"psi {type(regularizer).__name__}:")
    print(f"  dual route     gap {irl.gap:+.1e}")
    print(f"  primal route   gap {primal_route.gap:+.1e}")
    print(f"  they differ by {difference:.1e} of the mass; the imitator is {distance:.1e} from the expert")
    assert difference <= 1e-9
    if isinstance(regularizer, psi.Constant):
        assert distance <= 1e-9  # Corollary 3.2.1
