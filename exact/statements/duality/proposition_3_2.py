"""Proposition 3.2 and Corollary 3.2.1, checked numerically on one instance.

    Proposition 3.2:   RL(IRL_psi(pi_E)) = argmin_rho -lambda Hbar(rho) + psi*(rho - rho_E)
    Corollary 3.2.1:   for constant psi the argmin is rho_E; where pi_E > 0 the dual optima are exactly
                       c = -lambda log pi_E + Phi(s) - gamma E[Phi(s') | s,a]

(Ho & Ermon 2016). The saddle function is L(rho, c) = -lambda Hbar(rho) - psi(c) + <rho - rho_E, c>.
"""

from __future__ import annotations

import contextlib

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import causal_entropy, occupancy_of, policy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import BoundedCosts, Constant, LinearCosts, Regularizer
from gail.exact.solution import BackendFailed, Solution, Status
from gail.exact.statements.certificates import Certificate, IndependentCheck, Premise, Verification, beyond, solved

TOLERANCE = 1e-9
"""Relative tolerance of the structured solvers' certificates."""

CONIC_TOLERANCE = 1e-5
"""Relative tolerance of the independent check: the accuracy of a general interior point solver."""

OCCUPANCY_TOLERANCE = 1e-7
"""Relative l1 tolerance between the routes' occupancies: where the objective is flat, a gap of the size of
rounding fixes the occupancy only to about the square root of rounding."""

COST_TOLERANCE = 1e-6
"""Tolerance on costs in units of lambda: costs of rarely visited pairs are determined to fewer digits."""

SADDLE_POINTS = 32
"""Random points on each side of the saddle inequalities."""


def check_proposition_3_2(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """Statement 6: both routes to the imitator's occupancy, a conic solver, the saddle inequalities; lambda > 0.

    Solutions: "irl" (the dual route), "matching" (the primal route), "conic" unless the conic solver fails. Where no
    optimal cost exists (status DUAL_NOT_ATTAINED) only the claims about the primal side are made.

    Raises:
        InvalidOccupancy, ValueError, TypeError: as `solve_irl` and `match_occupancy` do.
    """
    irl = solve_irl(mdp, expert_occupancy, psi, entropy_weight)
    matching = match_occupancy(mdp, expert_occupancy, psi, entropy_weight)
    solutions = {"irl": irl, "matching": matching}
    name = f"Proposition 3.2, psi {type(psi).__name__}"
    certificates: list[Certificate] = [Premise(f"{name}: the primal route is optimal", instance, *_proven(matching))]
    # A general solver may fail where the structured ones do not; this is no evidence against the proposition.
    with contextlib.suppress(BackendFailed):
        conic = match_occupancy(mdp, expert_occupancy, psi, entropy_weight, method="conic")
        solutions["conic"] = conic
        certificates += _second_opinion(name, instance, conic, matching)
    if irl.status is not Status.DUAL_NOT_ATTAINED:
        certificates += _both_routes(name, instance, irl, matching)
        worst = _saddle_violation(irl, rng) / _magnitude(matching)
        statement = f"{name}: L(rho*, c) <= L(rho*, c*) <= L(rho, c*) at random (rho, c)"
        certificates.append(Certificate(statement, instance, worst, TOLERANCE, {"points": 4 * SADDLE_POINTS}))
    return Verification(tuple(certificates), solutions)


def check_corollary_3_2_1(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    entropy_weight: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """Constant psi: the imitator is the expert, and the optimal costs are -lambda log pi_E up to shaping; lambda > 0.

    Solutions: "irl", and "conic" unless the conic solver fails. If the solver finds that no optimal cost exists, one
    claim replaces those about costs: the expert never takes some action of a reachable state.

    Raises:
        InvalidOccupancy, ValueError: as `solve_irl` does.
    """
    irl = solve_irl(mdp, expert_occupancy, Constant(), entropy_weight)
    assert isinstance(irl.problem, Matching)
    expert = irl.problem.expert
    solutions = {"irl": irl}
    name = "Corollary 3.2.1"
    certificates: list[Certificate] = [
        Premise(f"{name}: the dual route is optimal", instance, *_proven(irl)),
        Certificate(f"{name}: rho = rho_E", instance, _difference(irl, expert), TOLERANCE, _values(irl)),
    ]
    with contextlib.suppress(BackendFailed):
        conic = match_occupancy(mdp, expert_occupancy, Constant(), entropy_weight, method="conic")
        solutions["conic"] = conic
        claim, apart = f"{name}: rho = rho_E by the conic program", _difference(conic, expert)
        if apart <= CONIC_TOLERANCE or conic.status is not Status.BACKEND_INACCURATE:
            certificates.append(IndependentCheck(claim, instance, apart, CONIC_TOLERANCE, _values(conic)))
    part = Reachable(mdp)
    if irl.cost is None:
        never = int(np.sum(part.restrict(expert) == 0.0))
        statement = f"{name}: no optimal cost exists, because some action is never taken"
        certificates.append(Certificate(statement, instance, float(never == 0), 0.0, {"pairs_never_taken": never}))
        return Verification(tuple(certificates), solutions)
    surprise = -entropy_weight * np.log(part.restrict(policy_of(expert)))
    unexplained = _beyond_shaping(part.mdp, part.restrict(irl.cost) - surprise, part.restrict(expert))
    potential = rng.normal(size=part.mdp.num_states)
    shaped = solve_rl(part.mdp, surprise + part.mdp.flow_adjoint(potential), entropy_weight)
    certificates += [
        Certificate(
            f"{name}: the optimal cost found is -lambda log pi_E + shaping",
            instance,
            unexplained / entropy_weight,
            COST_TOLERANCE,
            {"largest_cost": float(abs(irl.cost).max())},
        ),
        Certificate(
            f"{name}: -lambda log pi_E + any shaping is optimal",
            instance,
            _difference(shaped, part.restrict(expert)),
            TOLERANCE,
            {"shaping": float(abs(potential).max())},
        ),
    ]
    return Verification(tuple(certificates), solutions)


def _proven(solution: Solution) -> tuple[float, float, dict[str, float]]:
    """Violation, tolerance and numbers of a route's own status."""
    proven = solution.status in (Status.OPTIMAL, Status.DUAL_NOT_ATTAINED)
    return float(not proven), 0.0, _values(solution)


def _second_opinion(name: str, instance: str, conic: Solution, matching: Solution) -> list[Certificate]:
    """Compare the conic program's solution with the primal route, to the accuracy of the conic solver.

    If the backend reports its result as inaccurate, a different occupancy is no evidence.
    """
    distance, excess = _difference(conic, matching.occupancy), conic.primal_value - matching.primal_value
    numbers, one_sided = {"occupancy_difference": distance, **_values(conic)}, False
    if not np.isfinite(conic.primal_value):  # psi* is infinite at the solution, even if it is near the imitator
        if distance > CONIC_TOLERANCE and conic.status is Status.BACKEND_INACCURATE:
            return []
        claim, violation = "the conic program has the same solution", distance
    elif conic.status is Status.OPTIMAL:
        claim, violation = "the conic program has the same optimum", abs(excess) / _magnitude(matching)
    else:  # the backend is inaccurate, by the certificate's gap; its solution still bounds the optimum
        claim, violation, one_sided = "the conic program finds no lower value", beyond(-excess), True
        violation /= _magnitude(matching)
    return [IndependentCheck(f"{name}: {claim}", instance, violation, CONIC_TOLERANCE, numbers, one_sided)]


def _both_routes(name: str, instance: str, irl: Solution, matching: Solution) -> list[Certificate]:
    """Each route is optimal by its own certificate and by the other's, and both give the same occupancy.

    For classes of costs both routes are the same method, so they are not compared.
    """
    magnitude = _magnitude(matching)
    crossed = {
        "irl_primal_minus_matching_dual": irl.primal_value - matching.dual_value,
        "matching_primal_minus_irl_dual": matching.primal_value - irl.dual_value,
    }
    certificates = [
        claim
        for route, solution in (("primal", matching), ("dual", irl))
        for claim in solved(
            f"{name}: the {route} route has no gap", instance, solution.relative_gap, TOLERANCE, _values(solution)
        )
    ]
    assert isinstance(irl.problem, Matching)
    if not isinstance(irl.problem.psi, LinearCosts | BoundedCosts):
        compared = [
            ("each route's bound certifies the other", max(crossed.values()) / magnitude, TOLERANCE, crossed),
            ("no bound exceeds a value", -min(crossed.values()) / magnitude, TOLERANCE, crossed),
            ("both routes give the same occupancy", _difference(irl, matching.occupancy), OCCUPANCY_TOLERANCE, {}),
        ]
        certificates += [
            Certificate(f"{name}: {claim}", instance, beyond(violation), tolerance, numbers)
            for claim, violation, tolerance, numbers in compared
        ]
    return certificates


def _saddle_violation(saddle: Solution, rng: np.random.Generator) -> float:
    """Largest violation of L(rho*, c) <= L(rho*, c*) <= L(rho, c*) at random policies and costs."""
    problem, cost, rho = saddle.problem, saddle.cost, saddle.occupancy
    assert isinstance(problem, Matching)
    assert cost is not None

    def value(occupancy: Array, trial: Array) -> float:
        regret = float(np.sum((occupancy - problem.expert) * trial)) - problem.psi.value(trial, problem.expert)
        return regret - problem.entropy_weight * causal_entropy(occupancy)

    centre, worst = value(rho, cost), 0.0
    for scale in np.geomspace(1e-3, 1.0, SADDLE_POINTS):
        noise = rng.dirichlet(np.ones(problem.mdp.num_actions), size=problem.mdp.num_states)
        learner = occupancy_of(problem.mdp, (1.0 - scale) * saddle.policy + scale * noise)
        worst = max(worst, centre - value(learner, cost))
        # Factors keep signs, so the cost stays in domains such as c < 0; the sum covers domains with both signs.
        change = scale * rng.normal(size=cost.shape)
        for trial in (cost * np.exp(change), cost * np.exp(-change), cost + change):
            worst = max(worst, value(rho, trial) - centre)
    return worst


def _beyond_shaping(mdp: FiniteMDP, cost: Array, expert: Array) -> float:
    """Root mean square, weighted by the expert's visits, of the part of a cost (S, A) that is no potential shaping.

    Weighted, because rarely visited pairs hardly determine a dual optimum: where rho_E(s, a) is 1e-13, the cost can
    move by 1e-3 before the objective changes in its last digit.
    """
    flow, weights = mdp.flow_matrix, expert.ravel()
    normal = sparse.csc_array(flow @ sparse.diags_array(weights) @ flow.T)
    potential = splu(normal).solve(np.asarray(flow @ (weights * cost.ravel())))
    rest = cost - mdp.flow_adjoint(potential)
    return float(np.sqrt(np.sum(expert * rest**2) / expert.sum()))


def _difference(solution: Solution, occupancy: Array) -> float:
    """l1 distance of occupancies relative to the total mass."""
    return float(abs(solution.occupancy - occupancy).sum() / occupancy.sum())


def _magnitude(solution: Solution) -> float:
    return max(abs(solution.primal_value), solution.problem.unit)


def _values(solution: Solution) -> dict[str, float]:
    return {
        "primal": solution.primal_value,
        "dual": solution.dual_value,
        "gap": solution.gap,
        "relative_gap": solution.relative_gap,
    }
