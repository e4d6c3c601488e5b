"""The minimiser of generative adversarial imitation is unique (Ho & Ermon 2016, Eq. 15-16).

    13  F(rho) = -lambda Hbar(rho) + J(rho),   J = psi_GA*(rho - rho_E) = sum rho log D + rho_E log(1 - D)

Let rho* be optimal for lambda > 0, with policy pi* and discriminator D*. J is homogeneous in both occupancies, and
pi* > 0 makes the optimality conditions equations, so for every occupancy rho

    F(rho) - F(rho*) = lambda sum rho log(pi / pi*) + sum (rho + rho_E) KL(D, D*),

which is zero only at rho*: the minimiser is unique. The same identity with the midpoint of two occupancies in place of
rho* gives strict convexity.

At lambda = 0, with m and m_E the masses on the pairs that the expert takes, and d the l1 distance there,

    J(rho) - J(rho_E) >= d^2 / (2 (m + m_E)) - (m - m_E) log 2.

If no policy stays on those pairs longer than the expert, in particular if no episode ends by itself, the minimum is
J(rho_E) = -2 m_E log 2, attained only at rho_E. If some policy stays for L > m_E, the expert is *not* the minimiser:
each further step lowers J by up to log 2. The minimum is then lower by at most (L - m_E) log 2, and at least by the
gain of a step from rho_E towards that policy.

For lambda > 0 the minimiser is not the expert either; see `entropy_bias`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import occupancy_of, policy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Logistic
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.occupancy_measures import random_policies
from gail.exact.statements.surrogates.entropy_bias import claim_bias
from gail.exact.statements.verdicts import ROUNDING, Verdicts

TOLERANCE = 1e-8
"""Relative tolerance of minima: the gap up to which the solvers call their results optimal."""

POINTS = 12
"""Random learners, and learners between the optimum and them."""

DISTINCT = 1e-6
"""Relative l1 distance above which values must differ; the difference is of second order."""


def check_uniqueness_and_bias(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, entropy_weight: float, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 13 for one lambda > 0 and for lambda = 0; solutions "matching", "irl", "without entropy".

    The last one exists only if no policy outlives the expert; only then does the statement hold as printed.

    Raises:
        InvalidOccupancy, ValueError: as `solve_irl` does.
        NotOptimal: as `bias_curve` does.
    """
    verdicts = Verdicts("Eq. 15-16", instance)
    expert = validate_occupancy(mdp, expert_occupancy)
    matching = match_occupancy(mdp, expert, Logistic(), entropy_weight)
    irl = solve_irl(mdp, expert, Logistic(), entropy_weight)
    learners = [occupancy_of(mdp, policy) for policy in random_policies(mdp, POINTS, rng)]
    problem = Matching(mdp, expert, Logistic(), entropy_weight)
    apart = _distance(irl.occupancy, matching.occupancy)
    verdicts.claim("both routes give the same occupancy", apart, TOLERANCE)
    for name, solution in (("matching", matching), ("irl", irl)):
        verdicts.solved(f"{name}: no gap", solution.relative_gap, TOLERANCE)
        _unique(verdicts, name, problem, solution, learners)
    _strictly_convex(verdicts, problem, learners)
    plain = _without_entropy(verdicts, mdp, expert, learners)
    claim_bias(verdicts, mdp, expert, entropy_weight)
    return Verification(tuple(verdicts.certificates), {"matching": matching, "irl": irl, **plain})


def excess(problem: Matching, rho: Array, log_policy: Array, cost: Array) -> float:
    """lambda sum rho log(pi / pi*) + sum (rho + rho_E) KL(D, D*), given log pi* and c* = log D*, all (S, A)."""
    seen, met = problem.expert > 0.0, rho > 0.0
    surprise = np.where(met, np.log(policy_of(rho), out=np.zeros_like(rho), where=met) - log_policy, 0.0)
    both = rho + problem.expert
    # Where 1 - D underflows, the weight rho_E of its logarithm is just as small.
    others = np.maximum(-np.expm1(cost[seen]), np.finfo(np.float64).tiny)
    labels = rel_entr(rho[seen], both[seen] * np.exp(cost[seen])).sum()
    labels += rel_entr(problem.expert[seen], both[seen] * others).sum()
    return float(problem.entropy_weight * np.sum(rho * surprise) + labels)


def _unique(verdicts: Verdicts, name: str, problem: Matching, solution: Solution, learners: list[Array]) -> None:
    """The value at every learner, from the optimum's policy and discriminator."""
    assert solution.cost is not None
    assert solution.values is not None
    # The soft-optimal policy in logarithms, so that its probabilities do not underflow.
    log_policy = (problem.mdp.flow_adjoint(solution.values) - solution.cost) / problem.entropy_weight
    near = [
        (1.0 - share) * solution.occupancy + share * rho
        for share, rho in zip(np.geomspace(1e-3, 0.5, len(learners)), learners, strict=True)
    ]
    points = [*near, *learners]
    values = np.array([problem.primal(rho) for rho in points])
    above = np.array([excess(problem, rho, log_policy, solution.cost) for rho in points])
    claim = f"{name}: F(rho) - F(rho*) is the divergence of policies and labels"
    verdicts.identity(claim, values, solution.primal_value + above, TOLERANCE)
    apart = np.array([_distance(rho, solution.occupancy) > DISTINCT for rho in points])
    flat = float(np.sum(apart & ~(above > 0.0)))
    numbers = {"least": float(above[apart].min(initial=np.inf)), "points": float(apart.sum())}
    verdicts.claim(f"{name}: the divergence is positive at every other occupancy", flat, 0.0, **numbers)


def _strictly_convex(verdicts: Verdicts, problem: Matching, learners: list[Array]) -> None:
    gaps, closed, flat = [], [], 0
    for one, other in zip(learners[::2], learners[1::2], strict=True):
        middle = 0.5 * (one + other)
        with np.errstate(divide="ignore"):
            log_policy, cost = np.log(policy_of(middle)), problem.psi.conjugate(middle, problem.expert)[1]
        gaps.append(0.5 * (problem.primal(one) + problem.primal(other)) - problem.primal(middle))
        closed.append(0.5 * sum(excess(problem, rho, log_policy, cost) for rho in (one, other)))
        flat += gaps[-1] <= 0.0 and _distance(one, other) > DISTINCT
    verdicts.identity("the midpoint gap is the mean divergence from the midpoint", gaps, closed)
    verdicts.claim("midpoint gaps are positive", float(flat), 0.0, least=min(gaps), pairs=len(gaps))


def _without_entropy(verdicts: Verdicts, mdp: FiniteMDP, expert: Array, learners: list[Array]) -> dict[str, Solution]:
    problem, seen, mass = Matching(mdp, expert, Logistic(), 0.0), expert > 0.0, float(expert.sum())
    at_expert = problem.primal(expert)
    verdicts.identity("lambda = 0: the expert's value is -2 log 2 times its mass", at_expert, -2.0 * mass * np.log(2.0))
    longest = solve_rl(mdp, np.where(seen, -1.0, 0.0), entropy_weight=0.0).occupancy
    further = float(longest[seen].sum()) - mass
    step, gain = _step(longest[seen], expert[seen])
    others = [*learners, longest, expert + step * (longest - expert)]
    above = np.array([problem.primal(rho) for rho in others]) - at_expert
    stays = np.array([float(rho[seen].sum()) - mass for rho in others])
    distances = np.array([float(abs(rho - expert)[seen].sum()) for rho in others])
    least = distances**2 / (2.0 * (stays + 2.0 * mass)) - stays * np.log(2.0)
    claim = "lambda = 0: J(rho) - J(rho_E) is at least the squared distance, minus log 2 per further step"
    verdicts.at_most(claim, least, above, scale=mass)
    if further > ROUNDING * mass:
        claim = "lambda = 0: a step towards a policy that outlives the expert is better than the expert"
        verdicts.at_most(claim, above[-1], -gain, scale=mass)
        claim = "lambda = 0: no occupancy is better by more than log 2 per further step"
        verdicts.at_most(claim, -above, further * np.log(2.0), scale=mass)
        return {}
    plain = match_occupancy(mdp, expert, Logistic(), 0.0)
    verdicts.solved("lambda = 0: the minimum has no gap", plain.relative_gap, TOLERANCE)
    verdicts.identity("lambda = 0: the minimum is the expert's value", plain.primal_value, at_expert, TOLERANCE)
    verdicts.claim("lambda = 0: the minimum is attained at the expert", _distance(plain.occupancy, expert), TOLERANCE)
    same = sum(value <= 0.0 and _distance(rho, expert) > DISTINCT for value, rho in zip(above, others, strict=True))
    verdicts.claim("lambda = 0: every other occupancy has a larger value", float(same), 0.0)
    return {"without entropy": plain}


def _step(longest: Array, expert: Array) -> tuple[float, float]:
    """A step from rho_E towards another occupancy, as a share of the way on the expert's pairs, and its gain in J.

    The gain is a lower bound, since up to half the way J'' <= (4/3) d^2 / rho_E, entry by entry.
    """
    change = longest - expert
    slope = float(change.sum()) * float(np.log(2.0))
    with np.errstate(over="ignore"):
        curvature = float(np.sum(change**2 / expert)) * 4.0 / 3.0
    if slope <= 0.0:
        return 0.0, 0.0
    step = min(0.5, slope / curvature)
    return step, 0.5 * slope * step if step < 0.5 else 0.5 * slope - curvature / 8.0


def _distance(one: Array, other: Array) -> float:
    """l1 distance relative to the mass."""
    return float(abs(one - other).sum() / other.sum())
