"""Constrained problems and their multipliers (Altman 1999, chapters 3 and 4).

19  RL(c) and matching under <rho, d> <= b: the bound of some multiplier y >= 0 is attained, the constraint is met, and
    y (<rho, d> - b) = 0. No policy that meets the constraint has a lower value, and no multiplier has a higher bound.
    The optimal value v(b) is convex and -y is its slope: v(b') >= v(b) - y (b' - b) for every other limit b'.

Checked for a random cost d in [0, 1], with the limit halfway between its least expected value and its value at the
optimum without a constraint, so that the constraint binds wherever these differ.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gail.exact.constrained.constraints import Constraints
from gail.exact.constrained.matching import match_constrained
from gail.exact.constrained.planning import solve_constrained_rl
from gail.exact.constrained.solution import ConstrainedSolution
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import occupancy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Planning
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Logistic
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-7
"""Relative tolerance: constraints are met to 1e-8 of their unit, and HiGHS stops at violations of 1e-10."""

BINDING = 1e-6
"""Difference of expected costs, relative to the mass, from which the constraint is checked."""

POLICIES = 20

SHIFTS = (-0.5, 0.5, 2.0)
"""Other limits, as multiples of the room between the limit and the least expected cost."""


def check_constrained_duality(
    mdp: FiniteMDP, cost: Array, expert: Array, entropy_weight: float, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 19 for a cost (S, A), an expert's occupancy measure (S, A) and lambda > 0.

    Returns no certificates for a problem whose optimum cannot be constrained, because all policies have the same
    expected cost d.
    """
    verdicts = Verdicts("Constraints", instance)
    further, size = rng.random(cost.shape), float(abs(cost).max()) or 1.0
    scaled = cost / size  # HiGHS stops at violations of a fixed size

    def planned(weight: float) -> Callable[[Constraints], ConstrainedSolution]:
        return lambda constraints: solve_constrained_rl(mdp, scaled, constraints, weight)

    _check(verdicts, "RL, lambda = 0", further, solve_rl(mdp, scaled, 0.0), planned(0.0), rng)
    _check(verdicts, "RL", further, solve_rl(mdp, scaled, entropy_weight), planned(entropy_weight), rng)
    free = match_occupancy(mdp, expert, Logistic(), entropy_weight)
    _check(
        verdicts,
        "matching",
        further,
        free,
        lambda constraints: match_constrained(mdp, expert, Logistic(), constraints, entropy_weight),
        rng,
    )
    return verdicts.verification()


def _check(
    verdicts: Verdicts,
    label: str,
    further: Array,
    free: Solution,
    solve: Callable[[Constraints], ConstrainedSolution],
    rng: np.random.Generator,
) -> None:
    mdp, mass = free.problem.mdp, float(free.occupancy.sum())
    modest = solve_rl(mdp, further, entropy_weight=0.0)
    least, most = modest.primal_value, float(np.sum(free.occupancy * further))
    room = 0.5 * (most - least)
    if room <= BINDING * mass:
        return
    found = solve(Constraints(further, least + room))
    multiplier, unit = float(found.multipliers[0]), max(abs(found.primal_value), found.problem.unit) or 1.0
    verdicts.solved(f"{label}: the multiplier's bound is attained", found.relative_gap, TOLERANCE)
    excess = float(found.constraints.excess(found.occupancy)[0])
    verdicts.at_most(f"{label}: the constraint is met", excess, 0.0, TOLERANCE, scale=mass)
    verdicts.at_most(f"{label}: the multiplier is not negative", 0.0, multiplier, 0.0)
    verdicts.claim(f"{label}: complementary slackness", multiplier * abs(excess) / unit, TOLERANCE)
    verdicts.at_most(
        f"{label}: no policy that meets the constraint has a lower value",
        found.primal_value / unit,
        np.array(_values_within(found, modest.occupancy, rng)) / unit,
        TOLERANCE,
    )
    bounds = np.array([_bound(found, share * multiplier) for share in (0.0, 0.5, 0.9, 1.1, 2.0)])
    verdicts.at_most(f"{label}: no multiplier has a higher bound", bounds / unit, found.primal_value / unit, TOLERANCE)
    others = [solve(Constraints(further, least + (1.0 + shift) * room)) for shift in SHIFTS]
    tangent = found.primal_value - multiplier * room * np.array(SHIFTS)
    values = np.array([other.primal_value for other in others])
    verdicts.at_most(f"{label}: -y is the slope of the value in the limit", tangent / unit, values / unit, TOLERANCE)


def _values_within(found: ConstrainedSolution, modest: Array, rng: np.random.Generator) -> list[float]:
    """Values at occupancy measures that meet the constraint: random ones, mixed with one of least expected cost d."""
    mdp, values = found.problem.mdp, []
    for _ in range(POLICIES):
        rho = occupancy_of(mdp, rng.dirichlet(np.full(mdp.num_actions, 0.3), size=mdp.num_states))
        rho = 0.5 * found.occupancy + 0.5 * rho if rng.random() < 0.5 else rho
        over, under = (float(found.constraints.excess(one)[0]) for one in (rho, modest))
        share = over / (over - under) if over > 0.0 else 0.0
        values.append(found.problem.primal((1.0 - share) * rho + share * modest))
    return values


def _bound(found: ConstrainedSolution, multiplier: float) -> float:
    """The bound of another multiplier: the Lagrangian solved anew for planning, and at the same cost c otherwise."""
    problem, constraints = found.problem, found.constraints
    tilt = constraints.tilt(np.array([multiplier]))
    paid = float(constraints.limits[0]) * multiplier
    if isinstance(problem, Planning):
        return solve_rl(problem.mdp, problem.cost + tilt, problem.entropy_weight).dual_value - paid
    assert found.lagrangian.cost is not None
    response = found.lagrangian.cost - constraints.tilt(found.multipliers)
    planned = solve_rl(problem.mdp, response + tilt, problem.entropy_weight)
    return (
        planned.dual_value
        - problem.psi.value(response, problem.expert)
        - float(np.sum(problem.expert * response))
        - paid
    )
