"""Scaling the cost class by alpha is dividing the entropy weight by alpha (Ho & Ermon 2016, the remark under Eq. 11).

For C = {F w : w in W}, the class alpha C = {alpha F w} has psi*_alpha = alpha psi*, so

    -lambda Hbar + psi*_alpha  =  alpha (-(lambda/alpha) Hbar + psi*):

both problems have the same minimiser, and their values have the ratio alpha. In particular, lambda = 1 with the class
alpha C is the same problem as lambda = 1/alpha with C.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.dual_bound import with_dual_bound
from gail.exact.imitation.linear_costs.feature_matching import match_features
from gail.exact.occupancy import occupancy_of, validate_occupancy
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import L2Ball, LinearCosts, Simplex
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import ROUNDING, Verdicts

POINTS = 12
"""Random occupancies at which the two objectives are compared."""

TOLERANCE = 1e-8
"""Relative tolerance of the minimisers' values."""


def check_class_scaling(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    features: Array,
    entropy_weight: float,
    alpha: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """The remark for both feature classes; features (S, A, K), lambda > 0, alpha > 0.

    Solutions: "ball scaled", "ball weighted", "simplex scaled", "simplex weighted".

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
    """
    verdicts = Verdicts("Scaling the cost class", instance)
    expert = validate_occupancy(mdp, expert_occupancy)
    shape = (mdp.num_states, mdp.num_actions)
    points = [occupancy_of(mdp, rng.dirichlet(np.ones(shape[1]), size=shape[0])) for _ in range(POINTS)]
    solutions: dict[str, Solution] = {}
    for name, family in (("ball", L2Ball), ("simplex", Simplex)):
        scaled = Matching(mdp, expert, family(alpha * features), entropy_weight)
        weighted = Matching(mdp, expert, family(features), entropy_weight / alpha)
        verdicts.identity(
            f"{name}: the objectives are in the ratio alpha",
            [scaled.primal(rho) for rho in points],
            [alpha * weighted.primal(rho) for rho in points],
            ROUNDING,
        )
        one, other = (_solve(problem) for problem in (scaled, weighted))
        for label, solution in (("scaled", one), ("weighted", other)):
            verdicts.solved(f"{name} {label}: no gap", solution.relative_gap, TOLERANCE)
        verdicts.identity(
            f"{name}: the minima are in the ratio alpha", one.primal_value, alpha * other.primal_value, TOLERANCE
        )
        # The bound of one problem certifies the minimiser of the other.
        claim = f"{name}: the minimiser of one solves the other"
        verdicts.at_most(claim, scaled.primal(other.occupancy), one.dual_value, TOLERANCE)
        solutions[f"{name} scaled"], solutions[f"{name} weighted"] = one, other
    return Verification(tuple(verdicts.certificates), solutions)


def _solve(problem: Matching) -> Solution:
    assert isinstance(problem.psi, LinearCosts)
    policy, cost = match_features(problem, problem.psi, [])
    return with_dual_bound(problem, policy, cost, tolerance=TOLERANCE)
