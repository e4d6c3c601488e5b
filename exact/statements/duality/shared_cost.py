"""Several experts with one cost (an extension of Ho & Ermon 2016, Proposition 3.2, to sums over processes).

21  For experts on processes that share a cost, the best cost's bound equals the least value over learners: no learners,
    one per process, have a lower value, and no other cost proves more. Experts on one process are matched as their mean
    is.

Checked for the given expert and one that is half as determined, on the process itself and on the process with another
start.
"""

from __future__ import annotations

import numpy as np

from gail.exact.imitation.matching import match_occupancy
from gail.exact.imitation.shared_cost.problem import SharedCostSolution
from gail.exact.imitation.shared_cost.search import solve_shared_irl
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Logistic
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-8

MANY_PAIRS = 600
"""Number of state-action pairs beyond which the dense Hessian makes the check slow."""

POINTS = 20


def check_shared_cost(
    mdp: FiniteMDP, expert: Array, entropy_weight: float, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 21 under psi_GA for an expert's occupancy measure (S, A) and lambda > 0.

    Returns no certificates beyond `MANY_PAIRS` state-action pairs.
    """
    verdicts = Verdicts("Several experts", instance)
    if expert.size > MANY_PAIRS:
        return verdicts.verification()
    start = np.where(mdp.reachable, rng.random(mdp.num_states), 0.0)
    elsewhere = FiniteMDP(mdp.transitions, start / start.sum(), mdp.discount, mdp.terminal)
    policy = policy_of(expert)
    mixed = 0.5 * policy + 0.5 / mdp.num_actions
    found = solve_shared_irl(
        [mdp, elsewhere], [expert, occupancy_of(elsewhere, mixed)], Logistic(), entropy_weight, weights=[2.0, 1.0]
    )
    unit = max(abs(found.primal_value), found.problem.unit)
    verdicts.solved("the common cost proves the learners' value", found.relative_gap, TOLERANCE)
    others = [_learners(found, rng) for _ in range(POINTS)]
    values = np.array([found.problem.primal(one) for one in others])
    verdicts.at_most("no learners have a lower value", found.primal_value / unit, values / unit, TOLERANCE)
    bounds = np.array([_bound(found, rng) for _ in range(POINTS)])
    verdicts.at_most("no cost proves more", bounds / unit, found.primal_value / unit, TOLERANCE)
    both = [expert, occupancy_of(mdp, mixed)]
    together = solve_shared_irl([mdp, mdp], both, Logistic(), entropy_weight)
    mean = match_occupancy(mdp, 0.5 * both[0] + 0.5 * both[1], Logistic(), entropy_weight)
    verdicts.identity(
        "experts on one process are matched as their mean is",
        together.primal_value / unit,
        mean.primal_value / unit,
        TOLERANCE,
    )
    return verdicts.verification()


def _learners(found: SharedCostSolution, rng: np.random.Generator) -> list[Array]:
    """Occupancy measures of policies at random distances from the solution's."""
    near, learners = rng.random(), []
    for mdp, policy in zip(found.problem.processes, found.policies, strict=True):
        noise = rng.dirichlet(np.full(mdp.num_actions, 0.3), size=mdp.num_states)
        learners.append(occupancy_of(mdp, near * policy + (1.0 - near) * noise))
    return learners


def _bound(found: SharedCostSolution, rng: np.random.Generator) -> float:
    """What another cost, at a random distance from the solution's, proves."""
    problem, psi = found.problem, Logistic()
    step = float(10.0 ** rng.uniform(-3.0, 0.0)) * rng.normal(size=found.cost.shape)
    cost = psi.move(found.cost, step)
    planned = [solve_rl(mdp, cost, problem.entropy_weight) for mdp in problem.processes]
    return problem.dual(cost, [one.values for one in planned if one.values is not None])
