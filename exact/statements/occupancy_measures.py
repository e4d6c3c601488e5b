"""Occupancy measures (Ho & Ermon 2016, Proposition 3.1, Lemmas 3.1 and 3.2).

    1   pi <-> rho is one to one between policies and {rho >= 0 : flow rho = p0}, where rho(s) > 0
    2   Hbar is strictly concave on that polytope, and H(pi) = Hbar(rho_pi)
    3   L(pi, c) = -lambda H(pi) + E_pi[c] = -lambda Hbar(rho_pi) + <rho_pi, c> = Lbar(rho_pi, c)

Strict concavity is checked at midpoints. The midpoint gap of two occupancies is half the sum over both of
sum_s rho(s) KL(pi(.|s), pi_mid(.|s)). Pinsker's inequality bounds it below by the policies' distance, and two
occupancies in the polytope with the same policy are equal. H(pi) and L(pi, c) are evaluated by Bellman's equation,
Hbar and Lbar by sums over rho. The two sides solve different systems: I - gamma P_pi and its transpose.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr

from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import causal_entropy, flow_residual, occupancy_of, policy_of
from gail.exact.planning.linear_program import solve_occupancy_lp
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.verdicts import ROUNDING, Verdicts

PAIRS = 12
"""Random policies, or pairs of them, per check."""

MAX_STEPS = 20_000
"""Maximum number of terms of the defining sum; a bound on the remaining tail is subtracted."""

DISTINCT = 1e-6
"""Relative l1 distance above which two occupancies must show a positive midpoint gap; the gap is of second order."""


def check_proposition_3_1(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 1: round trips both ways, flow, mass, and the defining sum of discounted visits; discount at most 1."""
    verdicts = Verdicts("Proposition 3.1", instance)
    policies = random_policies(mdp, PAIRS, rng)
    occupancies = [occupancy_of(mdp, policy) for policy in policies]
    mass = float(mdp.initial @ mdp.lifetime)
    residual = max(float(abs(flow_residual(mdp, rho)).max()) for rho in occupancies)
    verdicts.claim("rho_pi satisfies the flow constraints", residual / mass, ROUNDING)
    verdicts.at_most("rho_pi is nonnegative", [-rho.min() for rho in occupancies], 0.0)
    verdicts.at_most("the mass is at most the longest lifetime", [rho.sum() for rho in occupancies], mass)
    if not mdp.terminal.any():
        verdicts.identity("the mass is 1/(1-gamma) where no episode ends", [rho.sum() for rho in occupancies], mass)
    back = 0.0
    for policy, rho in zip(policies, occupancies, strict=True):
        visited = rho.sum(axis=1) > 0.0
        back = max(back, float(abs(policy_of(rho) - policy)[visited].max()))
    verdicts.claim("pi -> rho -> pi returns pi, where rho(s) > 0", back, ROUNDING)
    forth = []
    for shares in rng.dirichlet(np.ones(len(occupancies)), size=PAIRS):
        # Points of the polytope not computed from a policy: mixtures, and the optimal vertex for a random cost.
        mixture = np.tensordot(shares, occupancies, axes=1)
        forth.append(_distance(occupancy_of(mdp, policy_of(mixture)), mixture))
    vertex = _vertex(mdp, rng)
    forth.append(_distance(occupancy_of(mdp, policy_of(vertex)), vertex))
    verdicts.claim("rho -> pi -> rho returns rho, at mixtures and a vertex", max(forth), 10 * ROUNDING)
    verdicts.claim("rho_pi is the discounted sum of visits", _series_violation(mdp, policies[0]), ROUNDING)
    return verdicts.verification()


def check_lemma_3_1(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 2: midpoint gaps of random pairs, against closed form and Pinsker's bound; H(pi) = Hbar(rho_pi)."""
    verdicts = Verdicts("Lemma 3.1", instance)
    policies = random_policies(mdp, 2 * PAIRS, rng)
    occupancies = [occupancy_of(mdp, policy) for policy in policies]
    entropies = [causal_entropy(rho) for rho in occupancies]
    by_values = [_discounted(mdp, policy, entr(policy).sum(axis=1)) for policy in policies]
    verdicts.identity("H(pi) = Hbar(rho_pi)", by_values, entropies)
    gaps, closed, pinsker, equal = [], [], [], []
    scale = 1.0 + max(abs(entropy) for entropy in entropies)
    for first, second in zip(range(0, 2 * PAIRS, 2), range(1, 2 * PAIRS, 2), strict=True):
        one, other = occupancies[first], occupancies[second]
        middle = 0.5 * (one + other)
        mixed = policy_of(middle)
        gaps.append(causal_entropy(middle) - 0.5 * (entropies[first] + entropies[second]))
        parts = [(rho.sum(axis=1), policy_of(rho)) for rho in (one, other)]
        # Divergences of occupancies, in which states without visits have weight zero.
        mixtures = [(rho, rho.sum(axis=1, keepdims=True) * mixed) for rho in (one, other)]
        closed.append(0.5 * sum(float(rel_entr(rho, product).sum()) for rho, product in mixtures))
        pinsker.append(0.25 * sum(float(visits @ abs(pi - mixed).sum(axis=1) ** 2) for visits, pi in parts))
        equal.append(_distance(one, other) <= DISTINCT)
    verdicts.identity("the midpoint gap is the mean divergence from the mixture", gaps, closed)
    verdicts.at_most("the midpoint gap is at least Pinsker's bound", pinsker, gaps, scale=scale)
    flat = sum(gap <= 0.0 and not same for gap, same in zip(gaps, equal, strict=True))
    numbers = {"pairs": float(PAIRS), "equal_pairs": float(sum(equal)), "least_gap": min(gaps)}
    verdicts.claim("midpoint gaps are positive unless the occupancies are equal", float(flat), 0.0, **numbers)
    return verdicts.verification()


def check_lemma_3_2(mdp: FiniteMDP, entropy_weight: float, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 3: L(pi, c) = Lbar(rho_pi, c), Lbar(rho, c) = L(pi_rho, c) at random policies, mixtures and costs."""
    verdicts = Verdicts("Lemma 3.2", instance)
    policies = random_policies(mdp, PAIRS, rng)
    occupancies = [occupancy_of(mdp, policy) for policy in policies]
    mixtures = [np.tensordot(shares, occupancies, axes=1) for shares in rng.dirichlet(np.ones(PAIRS), size=PAIRS)]
    costs = rng.normal(size=(PAIRS, mdp.num_states, mdp.num_actions))

    def by_policy(policy: Array, cost: Array) -> float:
        charge = (policy * cost).sum(axis=1) - entropy_weight * entr(policy).sum(axis=1)
        return _discounted(mdp, policy, charge)

    def by_occupancy(rho: Array, cost: Array) -> float:
        return float(np.sum(rho * cost)) - entropy_weight * causal_entropy(rho)

    verdicts.identity(
        "L(pi, c) = Lbar(rho_pi, c)",
        [by_policy(policy, cost) for policy, cost in zip(policies, costs, strict=True)],
        [by_occupancy(rho, cost) for rho, cost in zip(occupancies, costs, strict=True)],
    )
    verdicts.identity(
        "Lbar(rho, c) = L(pi_rho, c)",
        [by_occupancy(rho, cost) for rho, cost in zip(mixtures, costs, strict=True)],
        [by_policy(policy_of(rho), cost) for rho, cost in zip(mixtures, costs, strict=True)],
    )
    return verdicts.verification()


def random_policies(mdp: FiniteMDP, count: int, rng: np.random.Generator) -> list[Array]:
    """Policies (S, A) of four kinds in turn: mixed, sharp, with actions of probability zero, deterministic."""
    policies = []
    for index in range(count):
        policy = rng.dirichlet(np.full(mdp.num_actions, (1.0, 0.1)[index % 2]), size=mdp.num_states)
        if index % 4 >= 2:
            ranks = policy.argsort(axis=1).argsort(axis=1)
            kept = 1 if index % 4 == 3 else (mdp.num_actions + 1) // 2
            policy = np.where(ranks >= mdp.num_actions - kept, np.maximum(policy, 1e-3), 0.0)
        policies.append(policy / policy.sum(axis=1, keepdims=True))
    return policies


def _discounted(mdp: FiniteMDP, policy: Array, charge: Array) -> float:
    """Expected discounted sum of a per-state charge (S,), by Bellman's equation."""
    return float(mdp.initial @ Chain(mdp, policy).values(charge))


def _vertex(mdp: FiniteMDP, rng: np.random.Generator) -> Array:
    """A vertex of the flow polytope: the linear program's solution for a random cost."""
    return solve_occupancy_lp(mdp, rng.normal(size=(mdp.num_states, mdp.num_actions))).occupancy


def _series_violation(mdp: FiniteMDP, policy: Array) -> float:
    """Relative distance of sum_{t<T} gamma^t Pr(s_t, a_t) from rho, less the largest mass of later steps."""
    chain, visits = mdp.discounted_chain(policy).T, mdp.initial
    total = np.zeros_like(visits)
    longest = float(mdp.initial @ mdp.lifetime)
    for _ in range(MAX_STEPS):
        total = total + visits
        visits = np.asarray(chain @ visits)
        if float(visits.sum()) * longest <= 1e-14:
            break
    rho = occupancy_of(mdp, policy)
    tail = float(visits @ mdp.lifetime)
    return beyond(float(abs(rho - total[:, None] * policy).sum()) - tail) / longest


def _distance(one: Array, other: Array) -> float:
    """l1 distance relative to the mass."""
    return float(abs(one - other).sum() / other.sum())
