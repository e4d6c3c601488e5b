"""The same imitation problem solved exactly and from samples, and the parts of the distance between the two.

Run it: python examples/08_exact_beside_sampled.py
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: its idle threads must not spin

from dataclasses import replace

from gail.envs import gridworld
from gail.exact import regularizers, solve_rl
from gail.experiments.compare import EXACT, QUICK, Algorithm, Architecture, compare, pose
from gail.experiments.verify.instances import Instance

MAP = """
S..
.#.
..G
"""

task = gridworld(MAP, slip=0.1, discount=0.85)
expert = solve_rl(task.mdp, task.cost, entropy_weight=0.5).require_optimal()
instance = Instance("a small map", task.mdp, expert.occupancy, task.cost, task.layout)
problem = pose(instance, regularizers.Logistic(), entropy_weight=0.1)

# From 4 demonstrations, from 64, and from the expert's occupancy itself.
found = compare(problem, [Algorithm.BC, Algorithm.GAIL], [4, 64, EXACT], seeds=[0])

optimum = found.yardsticks[Algorithm.GAIL].optimum
print(f"exact optimum {optimum.primal_value:.6f}, certified to a relative gap of {optimum.relative_gap:.0e}\n")
print(f"{'':6}{'learner':9}{'demonstrations':16}{'J - J*':>8}{'TV to optimum':>15}")
errors: dict[str, float] = {}
for row in sorted(found.rows, key=lambda row: row.cell.name):
    cell, measured = row.cell, row.measures
    name = f"{cell.algorithm.value:6}{cell.architecture.value:9}"
    print(f"{name}{cell.size:16}{measured.excess:8.4f}{measured.variation_optimum:15.4f}")
    assert measured.excess >= -1e-9  # no policy is better than the exact optimum
    if cell.algorithm is Algorithm.GAIL and cell.architecture is Architecture.TABLE:
        errors[cell.size] = measured.variation_optimum

print("\nGAIL's gap, part by part (they add up; a part may be negative):")
for one in found.gap_parts:
    parts = ", ".join(f"{part.value} {value:+.4f}" for part, value in one.parts.items())
    print(f"  {one.size or 'exact':>5}, seed {one.seed}: {parts}")
for one in found.verdicts:
    print(f"\n{one.sentence}")
assert found.reached
assert errors["exact"] < errors["4"]

# Leave the discount out of the sampled visits, as is common practice: the comparison shows the error.
careless = replace(QUICK, table=replace(QUICK.table, restarts=False))
(verdict,) = compare(problem, [Algorithm.GAIL], [EXACT], seeds=[0], preset=careless).verdicts
print(f"\nWithout restarts: {verdict.sentence}")
assert not verdict.reached
