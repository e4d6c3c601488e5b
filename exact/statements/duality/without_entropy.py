"""Proposition 3.2 (Ho & Ermon 2016) at lambda = 0, where only one inclusion holds.

    argmin over rho of psi*(rho - rho_E)   is contained in   RL(c*) = argmin over rho of <rho, c*>

for a cost c* that attains the saddle point. Without entropy a cost can have many optimal policies; the imitators are
among them. The inclusion is strict already for constant psi: c = 0 is an optimal cost, and RL(0) is every policy,
but only the expert's occupancy matches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import occupancy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Constant, Regularizer
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-8
"""Relative tolerance; without entropy optima lie at corners of the flow polytope, and solvers leave larger gaps."""

VISIBLE = 1e-3
"""Least l1 distance, relative to the mass, at which two occupancies count as different."""


def check_without_entropy(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, psi: Regularizer, instance: str, rng: np.random.Generator
) -> Verification:
    """The inclusion, for any psi; for constant psi and more than one action, also that it is strict.

    Solutions: "matching".

    Raises:
        InvalidOccupancy, TypeError: as `match_occupancy` does.
    """
    verdicts = Verdicts(f"Proposition 3.2 without entropy, psi {type(psi).__name__}", instance)
    matching = match_occupancy(mdp, expert_occupancy, psi, 0.0)
    values = {"primal": matching.primal_value, "dual": matching.dual_value}
    verdicts.solved("no gap", matching.relative_gap, TOLERANCE, **values)
    if matching.cost is not None:
        planned = solve_rl(mdp, matching.cost, entropy_weight=0.0)
        spent = float(np.sum(matching.occupancy * matching.cost))
        scale = float(np.sum(matching.occupancy * abs(matching.cost)) + np.sum(planned.occupancy * abs(matching.cost)))
        regret = beyond(spent - planned.primal_value) / max(scale, matching.problem.unit)
        verdicts.claim("the imitator is optimal for its cost", regret, TOLERANCE, spent=spent)
    if isinstance(psi, Constant) and mdp.num_actions > 1:
        _strict(verdicts, Matching(mdp, validate_occupancy(mdp, expert_occupancy), psi, 0.0), rng)
    return Verification(tuple(verdicts.certificates), {"matching": matching})


def _strict(verdicts: Verdicts, problem: Matching, rng: np.random.Generator) -> None:
    """A policy that is optimal for the optimal cost c = 0, but is no imitator."""
    mdp, expert = problem.mdp, problem.expert
    nothing = np.zeros_like(expert)
    bound = problem.dual(nothing, np.zeros(mdp.num_states))
    verdicts.identity("the zero cost is optimal", bound, problem.primal(expert))
    other = occupancy_of(mdp, rng.dirichlet(np.ones(mdp.num_actions), size=mdp.num_states))
    verdicts.differs(
        "another policy, optimal for zero cost, has another occupancy",
        float(abs(other - expert).sum() / expert.sum()),
        VISIBLE,
    )
    verdicts.claim("the other policy does not match the expert", float(np.isfinite(problem.primal(other))), 0.0)
