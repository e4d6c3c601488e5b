"""Corollary 3.2.1, expected failure: for an expert that never takes some action no optimal cost exists.

For constant psi the dual objective is d(c) = V_lambda(c) - <rho_E, c>, with supremum -lambda Hbar(rho_E). With the
expert mixed with the uniform policy, pi_eps = (1 - eps) pi_E + eps / A, the costs

    c_eps = -lambda log pi_eps          have V_lambda(c_eps) = 0, so        d(c_eps) = lambda <rho_E, log pi_eps>.

As eps -> 0 the gap to the supremum vanishes like eps, while the largest cost grows like -lambda log eps without bound:
the supremum is not attained (Ho & Ermon 2016, section 3, assume pi_E > 0 without stating it). Matching still has a
solution, the expert's occupancy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import policy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Constant
from gail.exact.solution import Status
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import ROUNDING, Verdicts

SHARES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
"""eps: the uniform policy's share in the mixtures."""


@dataclass(frozen=True, eq=False)
class UnattainedCurve:
    """Gap and largest cost along the maximising sequence c_eps.

    Attributes:
        shares: (N,) eps.
        gap: (N,) supremum minus dual objective, signed.
        largest_cost: (N,) over all pairs.
    """

    shares: Array
    gap: Array
    largest_cost: Array


def unattained_curve(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, entropy_weight: float, shares: ArrayLike = SHARES
) -> UnattainedCurve:
    """The maximising sequence of the module docstring, for shares (N,) in (0, 1] and lambda > 0."""
    problem = Matching(mdp, validate_occupancy(mdp, expert_occupancy), Constant(), entropy_weight)
    expert, supremum = policy_of(problem.expert), problem.primal(problem.expert)
    mixtures = np.asarray(shares, dtype=np.float64)
    gaps, largest = [], []
    for share in mixtures:
        cost = -entropy_weight * np.log((1.0 - share) * expert + share / mdp.num_actions)
        gaps.append(supremum - problem.dual(cost, np.zeros(mdp.num_states)))
        largest.append(float(cost.max()))
    return UnattainedCurve(mixtures, np.array(gaps), np.array(largest))


def check_unattained_dual(mdp: FiniteMDP, cost: ArrayLike, entropy_weight: float, instance: str) -> Verification:
    """Statement 7's expected failure, for policy iteration's deterministic expert at a cost (S, A); lambda > 0, A > 1.

    Solutions: "irl", "matching".

    Raises:
        InvalidCost, ValueError: as `solve_rl` and `solve_irl` do.
    """
    verdicts = Verdicts("No optimal cost for a deterministic expert", instance)
    expert = solve_rl(mdp, cost, entropy_weight=0.0).occupancy
    irl = solve_irl(mdp, expert, Constant(), entropy_weight)
    matching = match_occupancy(mdp, expert, Constant(), entropy_weight)
    verdicts.claim("the solver reports that none exists", float(irl.status is not Status.DUAL_NOT_ATTAINED), 0.0)
    verdicts.claim("the solver returns no cost", float(irl.cost is not None), 0.0)
    distance = float(abs(matching.occupancy - expert).sum() / expert.sum())
    verdicts.claim("matching still returns the expert's occupancy", distance, ROUNDING)
    curve = unattained_curve(mdp, expert, entropy_weight)
    unit = matching.problem.unit
    verdicts.at_most("the dual stays below its supremum", 0.0, curve.gap, ROUNDING, unit)
    mass = float(expert.sum())
    predicted = -entropy_weight * mass * np.log1p(-curve.shares * (1.0 - 1.0 / mdp.num_actions))
    verdicts.identity("the dual's gap vanishes like eps", curve.gap, predicted, ROUNDING)
    verdicts.differs("no eps attains it", float(curve.gap.min()), 1e-3 * entropy_weight * float(curve.shares.min()))
    endless = -entropy_weight * np.log(curve.shares / mdp.num_actions)
    verdicts.identity("costs grow like -lambda log eps", curve.largest_cost, endless, ROUNDING)
    return Verification(tuple(verdicts.certificates), {"irl": irl, "matching": matching})
