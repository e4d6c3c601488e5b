"""Costs linear in features give apprenticeship learning (Ho & Ermon 2016, Eq. 9-11).

For features F (S, A, K), read as costs, and gap(pi) = E_pi[F] - E_E[F],

    9   psi = indicator of {F w : w in W},    psi*(rho - rho_E) = max over w in W of <w, gap>
        W the unit l2 ball:  the l2 norm of the gap;        min over pi: feature expectation matching (FEM)
        W the simplex:       the largest signed gap;        min over pi: game-theoretic apprenticeship learning (GTAL)

The largest gap is negative at a learner that is better than the expert in every feature, and the minimum over
policies may be negative too. To check the sign, features in which a random learner is worse change their sign. This
needs a policy that changes every feature.

Each minimum over policies is checked from both sides: no random learner has a lower value, no random weights give a
higher bound, and the solution's own occupancy and cost leave no gap. Without entropy it is also the limit of the
algorithms of apprenticeship learning. LPAL agrees to rounding (Syed, Bowling & Schapire 2008). After T rounds, the
following are within the bounds of their rates: MWAL (Syed & Schapire 2007), lazily projected gradient steps on the
weights (Zinkevich 2004), and Abbeel & Ng's (2004) projections. The projections are Frank-Wolfe steps (1956) with line
search on half the squared gap, over the set of feature expectations. Its minimum is zero, so the gap never rises, and
after T steps it is at most 2 diameter / sqrt(T + 2), with the diameter of that set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import NonlinearConstraint, linprog, minimize

from gail.exact.algorithms.apprenticeship import (
    apprenticeship_lp,
    conditional_gradient,
    multiplicative_weights,
    projected_ascent,
    projected_regret_bound,
    regret_bound,
)
from gail.exact.imitation.matching import match_occupancy
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import causal_entropy, occupancy_of, policy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import FeatureClass, L2Ball, Simplex
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.occupancy_measures import random_policies
from gail.exact.statements.verdicts import ROUNDING, Verdicts

TOLERANCE = 1e-8
"""Tolerance of the structured solvers, relative to the largest possible gap."""

SUPREMUM_TOLERANCE = 1e-7
"""Tolerance of a supremum over weights found by a general solver for smooth programs."""

SHARES = (0.0, 1e-6, 1e-4, 1e-2, 0.1, 0.5, 1.0, 1.0)
"""Shares of a random learner, or of random weights, in mixtures with the optimum."""

ROUNDS = 40
"""Rounds of the iterative algorithms."""


def check_feature_classes(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    features: Array,
    entropy_weight: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """Statement 9 for both classes, without entropy and with lambda > 0; features (S, A, K).

    Tolerances are relative to the largest possible gap: the longest lifetime times the largest feature vector.
    Solutions: "ball", "simplex", "ball with entropy", "simplex with entropy".

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
        InvalidRegularizer: the features do not fit the process.
    """
    verdicts = Verdicts("Eq. 9-11", instance)
    expert = validate_occupancy(mdp, expert_occupancy)
    classes = {"ball": L2Ball(features), "simplex": Simplex(features)}
    unit = float(mdp.initial @ mdp.lifetime) * float(np.linalg.norm(features, axis=2).max()) or 1.0
    policies = random_policies(mdp, len(SHARES), rng)
    gaps = np.array([_gap(mdp, policy, policy_of(expert), features) for policy in policies])
    learners = [occupancy_of(mdp, policy) for policy in policies]
    _conjugates(verdicts, features, expert, learners, gaps / unit, unit, rng)
    _negative(verdicts, features, expert, learners[0], gaps[0], unit)
    solutions: dict[str, Solution] = {}
    for name, psi in classes.items():
        for weight, label in ((0.0, name), (entropy_weight, f"{name} with entropy")):
            solutions[label] = match_occupancy(mdp, expert, psi, weight)
            problem = Matching(mdp, expert, psi, weight)
            _minimum(verdicts, label, problem, psi, solutions[label], learners, gaps, unit, rng)
    _games(verdicts, mdp, features, expert, solutions, unit)
    return Verification(tuple(verdicts.certificates), solutions)


def _minimum(
    verdicts: Verdicts,
    label: str,
    problem: Matching,
    psi: FeatureClass,
    solution: Solution,
    learners: list[Array],
    gaps: Array,
    unit: float,
    rng: np.random.Generator,
) -> None:
    """Compare a solution with values of learners and bounds of costs, from near the solution to far from it."""
    mdp, expert, weight = problem.mdp, problem.expert, problem.entropy_weight
    scale, minimum = unit + weight * float(expert.sum()), solution.primal_value
    assert solution.cost is not None
    own = _gap(mdp, solution.policy, policy_of(expert), psi.features)
    drawn = _weights(psi, len(SHARES), rng)
    values, bounds = [], []
    for share, gap, rho, weights in zip(SHARES, gaps, learners, drawn, strict=True):
        entropy = causal_entropy((1.0 - share) * solution.occupancy + share * rho)
        values.append(psi.support((1.0 - share) * own + share * gap) - weight * entropy)
        cost = (1.0 - share) * solution.cost + share * (psi.features @ weights)
        bounds.append(solve_rl(mdp, cost, weight).dual_value - float(np.sum(expert * cost)))
    verdicts.solved(f"{label}: no gap", solution.gap / scale, TOLERANCE)
    verdicts.identity(f"{label}: the solution's policy attains the minimum", minimum / scale, values[0] / scale)
    claim = f"{label}: no learner has a lower value, near the optimum or not"
    verdicts.at_most(claim, minimum / scale, np.array(values) / scale, TOLERANCE)
    claim = f"{label}: no cost of the class gives a higher bound, near the optimum or not"
    verdicts.at_most(claim, np.array(bounds) / scale, minimum / scale, TOLERANCE)


def _gap(mdp: FiniteMDP, policy: Array, expert_policy: Array, features: Array) -> Array:
    """(K,) E_pi[F] - E_E[F], each by Bellman's equation instead of an occupancy."""
    learner, expert = (
        np.array([mdp.initial @ chain.values(charge) for charge in np.einsum("sa,sak->ks", one, features)])
        for one, chain in ((policy, Chain(mdp, policy)), (expert_policy, Chain(mdp, expert_policy)))
    )
    return np.asarray(learner - expert, dtype=np.float64)


def _conjugates(
    verdicts: Verdicts,
    features: Array,
    expert: Array,
    learners: list[Array],
    gaps: Array,
    unit: float,
    rng: np.random.Generator,
) -> None:
    """psi* against its closed form and the supremum over weights, in units of the largest possible gap."""
    rows = (
        ("ball", L2Ball(features), "the l2 norm", np.sqrt(np.sum(gaps**2, axis=1)), _ball_supremum),
        ("simplex", Simplex(features), "the largest signed entry", np.sort(gaps, axis=1)[:, -1], _simplex_supremum),
    )
    for name, psi, what, closed, supremum in rows:
        found = [psi.conjugate(rho, expert) for rho in learners]
        values = np.array([value for value, _ in found]) / unit
        verdicts.identity(f"{name}: psi* is {what} of the feature gap", values, closed)
        claim = f"{name}: psi* is the supremum over weights"
        verdicts.identity(claim, values, [supremum(gap) for gap in gaps], SUPREMUM_TOLERANCE)
        attained = [float(np.sum((rho - expert) * cost)) for rho, (_, cost) in zip(learners, found, strict=True)]
        verdicts.identity(f"{name}: the returned cost attains psi*", np.array(attained) / unit, values)
        outside = sum(psi.value(cost, expert) != 0.0 for _, cost in found)
        verdicts.claim(f"{name}: the returned cost belongs to the class", float(outside), 0.0)
        tried = np.array(_weights(psi, 16, rng))
        verdicts.at_most(f"{name}: no weights give more than psi*", (gaps @ tried.T).max(axis=1), values)


def _ball_supremum(gap: Array) -> float:
    size = float(abs(gap).max())
    if size == 0.0:
        return 0.0

    def loss(weights: Array) -> float:
        return -float(gap @ weights) / size

    def slope(weights: Array) -> Array:
        return -gap / size

    def squared(weights: Array) -> Array:
        return np.array([weights @ weights])

    result = minimize(
        loss,
        np.full(gap.size, 0.1),
        jac=slope,
        constraints=NonlinearConstraint(squared, -np.inf, 1.0, jac=lambda weights: 2.0 * weights[None]),
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return -size * float(result.fun)


def _simplex_supremum(gap: Array) -> float:
    result = linprog(-gap, A_eq=np.ones((1, gap.size)), b_eq=[1.0], bounds=(0.0, None), method="highs")
    return -float(np.asarray(result.fun, dtype=np.float64))


def _weights(psi: FeatureClass, count: int, rng: np.random.Generator) -> Array:
    """(count, K) random weights of the class."""
    if isinstance(psi, Simplex):
        return rng.dirichlet(np.ones(psi.features.shape[2]), size=count)
    drawn = rng.normal(size=(count, psi.features.shape[2]))
    lengths = rng.random((count, 1)) ** (1.0 / drawn.shape[1])
    return np.asarray(drawn * lengths / np.linalg.norm(drawn, axis=1, keepdims=True))


def _negative(verdicts: Verdicts, features: Array, expert: Array, learner: Array, gap: Array, unit: float) -> None:
    """psi* with the signs of the features changed so that the learner is better in each, if it differs in each."""
    least = float(abs(gap).min())
    if least <= ROUNDING * unit:
        return
    turned = -np.sign(gap) * features
    signed, _ = Simplex(turned).conjugate(learner, expert)
    length, _ = L2Ball(turned).conjugate(learner, expert)
    claim = "simplex: psi* is negative at a learner that is better in every feature"
    verdicts.identity(claim, signed / unit, -least / unit)
    verdicts.differs("simplex: psi* at the better learner is below zero", -signed, 0.5 * least)
    verdicts.identity("ball: psi* does not depend on the sign", length / unit, np.linalg.norm(gap) / unit)


def _games(
    verdicts: Verdicts,
    mdp: FiniteMDP,
    features: Array,
    expert: Array,
    solutions: dict[str, Solution],
    unit: float,
) -> None:
    """The algorithms of apprenticeship learning against the minima without entropy and their bounds."""
    ball, simplex = (Matching(mdp, expert, psi, 0.0) for psi in (L2Ball(features), Simplex(features)))
    ascent = projected_ascent(ball, features, ROUNDS, evaluate_every=ROUNDS)
    weights = multiplicative_weights(simplex, features, ROUNDS, evaluate_every=ROUNDS)
    matching = conditional_gradient(ball, ROUNDS)
    program = apprenticeship_lp(simplex, features).primal_value
    verdicts.identity("simplex: LPAL solves GTAL", program / unit, solutions["simplex"].primal_value / unit, TOLERANCE)
    diameter = 2.0 * unit
    rate = 2.0 * diameter / np.sqrt(ROUNDS + 2.0)
    rows = (
        ("ball: FEM by projections", matching, "ball", rate),
        ("ball: FEM by gradients of the weights", ascent, "ball", projected_regret_bound(ball, features, ROUNDS)),
        ("simplex: GTAL by MWAL", weights, "simplex", regret_bound(simplex, features, ROUNDS)),
    )
    for name, run, label, bound in rows:
        minimum = solutions[label].primal_value
        reached = float(run.primal[-1])
        verdicts.at_most(f"{name} is not below the minimum", minimum / unit, reached / unit, TOLERANCE)
        verdicts.at_most(f"{name} is above the minimum by at most its bound", (reached - minimum) / unit, bound / unit)
        verdicts.at_most(f"{name} gives no bound above the minimum", run.dual.max() / unit, minimum / unit, TOLERANCE)
    rises = float(np.diff(matching.primal).max()) / unit
    verdicts.at_most("ball: FEM by projections never rises", rises, 0.0)
