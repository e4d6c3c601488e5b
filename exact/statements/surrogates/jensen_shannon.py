"""Closed forms of psi_GA* and of the other surrogates (Ho & Ermon 2016, Corollary A.1.1, Eq. 13-14).

Let rho and rho_E have masses m and m_E, n = m + m_E, p = rho / m, q = rho_E / m_E. The logistic loss gives

    12  psi_GA*(rho - rho_E) = sup over D in (0,1) of E_pi[log D] + E_E[log(1-D)] = n (JSD_w(p, q) - h(w)),
        D = rho / (rho + rho_E),     c = log D < 0,     g(x) = -x - log(1 - e^x),

with w = m / n, h(w) = -w log w - (1-w) log(1-w), and JSD_w = H(w p + (1-w) q) - w H(p) - (1-w) H(q). Where no
episode ends by itself m = m_E = 1/(1-gamma), w = 1/2, and this is (2/(1-gamma)) (JSD - log 2). It is minus the least
loss of a discriminator. The loss of another one, D', is larger by sum (rho + rho_E) KL(D, D') of label distributions.

All closed forms of -R_phi, for any masses:

| phi                | -R_phi                                                                      |
|--------------------|-----------------------------------------------------------------------------|
| log(1 + e^-x)      | n (JSD_w - h(w))                                                            |
| e^-x               | 2 sqrt(m m_E) (H^2 - 1),   H^2 = sum (sqrt p - sqrt q)^2 / 2                |
| (1-x)^2 on [-1, 1] | sum (rho - rho_E)^2 / (rho + rho_E) - n                                     |
| 1-x on [-1, 1]     | sum abs(rho - rho_E) - n                                                    |
| e^-x - x           | m KL(p, q) + m_E KL(q, p) + (m - m_E) log(m / m_E) - n                      |

The Jensen-Shannon divergence bounds total variation, TV(p, q) <= sqrt(2 JSD(p, q)), by Pinsker's inequality of p and
of q against their mean.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import jensenshannon
from scipy.special import entr, expit, log_expit, rel_entr
from scipy.stats import entropy

from gail.exact.occupancy import occupancy_of, policy_of, validate_occupancy
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Exponential, Hinge, Jeffreys, Logistic, Surrogate, TruncatedQuadratic
from gail.exact.statements.certificates import Verification
from gail.exact.statements.occupancy_measures import random_policies
from gail.exact.statements.verdicts import Verdicts

LEARNERS = 8
"""Number of random learners, and of learners at decreasing distance from the expert."""

LOGITS = np.linspace(-30.0, 30.0, 241)
"""Logits of D at which g is compared."""

NOISE = (1e-3, 1e-1, 1.0, 5.0)
"""Sizes of the changes of the optimal logits that make other discriminators."""

Divergence = Callable[[Array, Array], float]


def check_jensen_shannon(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 12 and the table of -R_phi, at random learners and at decreasing distance from the expert.

    Both sides are sums of logarithms over all pairs, so identities hold to rounding, relative to the masses.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
    """
    verdicts = Verdicts("Corollary A.1.1", instance)
    expert = validate_occupancy(mdp, expert_occupancy)
    policy = policy_of(expert)
    # Exactly the actions that the expert takes, so that Jeffreys' divergence is finite.
    noise = np.where(policy > 0.0, rng.uniform(0.1, 1.0, policy.shape), 0.0)
    noise /= noise.sum(axis=1, keepdims=True)
    shares = np.geomspace(1e-3, 1.0, LEARNERS)
    near = [occupancy_of(mdp, (1.0 - share) * policy + share * noise) for share in shares]
    learners = near + [occupancy_of(mdp, other) for other in random_policies(mdp, LEARNERS, rng)]
    _table(verdicts, learners, near, expert)
    _equal_masses(verdicts, mdp, learners, expert)
    _variation(verdicts, learners, expert)
    _discriminators(verdicts, learners, expert, rng)
    _penalty(verdicts)
    return verdicts.verification()


def _table(verdicts: Verdicts, learners: list[Array], near: list[Array], expert: Array) -> None:
    rows: tuple[tuple[str, Surrogate, Divergence, list[Array]], ...] = (
        ("logistic: Jensen-Shannon", Logistic(), _weighted_jensen_shannon, learners),
        ("exponential: Hellinger", Exponential(), _hellinger, learners),
        ("truncated quadratic: triangular discrimination", TruncatedQuadratic(), _triangular, learners),
        ("hinge: total variation", Hinge(), _variation_distance, learners),
        ("Jeffreys' divergence", Jeffreys(), _jeffreys, near),
    )
    for name, psi, divergence, points in rows:
        left = [psi.conjugate(rho, expert)[0] for rho in points]
        verdicts.identity(f"-R_phi, {name}", left, [divergence(rho, expert) for rho in points])


def _equal_masses(verdicts: Verdicts, mdp: FiniteMDP, learners: list[Array], expert: Array) -> None:
    """The statement as printed, which holds if no episode ends by itself."""
    if mdp.terminal.any():
        return
    length = float(mdp.initial @ mdp.lifetime)
    left = [Logistic().conjugate(rho, expert)[0] for rho in learners]
    right = [2.0 * length * (_jensen_shannon(rho, expert) - np.log(2.0)) for rho in learners]
    verdicts.identity("psi_GA* = (2/(1-gamma)) (JSD - log 2), where no episode ends", left, right)
    verdicts.identity(
        "at the expert psi_GA* = -2 log 2/(1-gamma), where no episode ends",
        Logistic().conjugate(expert, expert)[0],
        -2.0 * np.log(2.0) * length,
    )


def _variation(verdicts: Verdicts, learners: list[Array], expert: Array) -> None:
    variation = np.array([0.5 * abs(rho / rho.sum() - expert / expert.sum()).sum() for rho in learners])
    divergence = np.array([_jensen_shannon(rho, expert) for rho in learners])
    verdicts.at_most("TV <= sqrt(2 JSD)", variation**2, 2.0 * divergence)


def _discriminators(verdicts: Verdicts, learners: list[Array], expert: Array, rng: np.random.Generator) -> None:
    psi = Logistic()
    costs, logs, positive, lost, promised, least = [], [], 0, [], [], []
    for rho in learners:
        value, cost = psi.conjugate(rho, expert)
        met = rho > 0.0
        costs.append(cost[met])
        logs.append(np.log(rho[met]) - np.log(rho[met] + expert[met]))
        # log D underflows to zero where rho_E / rho is below the least double.
        positive += int(np.sum(cost[met & (expert > 1e-300 * rho)] >= 0.0))
        # Pairs that only one of the two takes have zero loss in the limit of infinite logits.
        both = met & (expert > 0.0)
        one, other = rho[both], expert[both]
        best = np.log(one) - np.log(other)
        least.append((-float(psi.discriminator_loss(best, best, one, other)), value))
        for size in NOISE:
            logit = best + size * rng.normal(size=best.shape)
            lost.append(float(psi.discriminator_loss(logit, logit, one, other)) + value)
            promised.append(_label_divergence(one, other, logit))
    verdicts.identity("c = log D, D = rho / (rho + rho_E)", np.concatenate(costs), np.concatenate(logs))
    verdicts.claim("c < 0 where the expert goes", float(positive), 0.0)
    verdicts.identity("psi_GA* is minus the loss of the best D", *np.transpose(least))
    verdicts.identity("the loss of any other D is larger by the divergence of labels", lost, promised)


def _penalty(verdicts: Verdicts) -> None:
    psi, cost = Logistic(), log_expit(LOGITS)
    found = psi.penalty(cost)
    verdicts.identity("g(log D) = -log D - log(1-D)", found, -cost - log_expit(-LOGITS))
    # -phi^-1(-x) for phi(x) = log(1 + e^-x)
    through_phi = psi.phi(np.log(np.expm1(-cost)))
    verdicts.identity("g(x) = -x + phi(-phi^-1(-x))", found, -cost + through_phi)
    outside = psi.penalty(np.array([0.0, 1e-9, 1.0]))
    verdicts.claim("g is infinite at x >= 0", float(np.sum(outside != np.inf)), 0.0)


def _label_divergence(rho: Array, expert: Array, logit: Array) -> float:
    """sum (rho + rho_E) KL(D, sigmoid(g)) of the labels "learner" and "expert" at each pair."""
    learner, other = rel_entr(rho, (rho + expert) * expit(logit)), rel_entr(expert, (rho + expert) * expit(-logit))
    return float(np.sum(learner + other))


def _jensen_shannon(rho: Array, expert: Array) -> float:
    """JSD of the normalised measures, in natural logarithms."""
    return float(jensenshannon(rho.ravel(), expert.ravel())) ** 2


def _weighted_jensen_shannon(rho: Array, expert: Array) -> float:
    mass, other = float(rho.sum()), float(expert.sum())
    both = mass + other
    share = mass / both
    mixture = entropy((rho + expert).ravel())
    divergence = mixture - share * entropy(rho.ravel()) - (1.0 - share) * entropy(expert.ravel())
    return float(both * (divergence - entr(share) - entr(1.0 - share)))


def _hellinger(rho: Array, expert: Array) -> float:
    mass, other = float(rho.sum()), float(expert.sum())
    squared = 0.5 * float(np.sum((np.sqrt(rho / mass) - np.sqrt(expert / other)) ** 2))
    return 2.0 * float(np.sqrt(mass * other)) * (squared - 1.0)


def _triangular(rho: Array, expert: Array) -> float:
    both = rho + expert
    some = both > 0.0
    return float(np.sum((rho - expert)[some] ** 2 / both[some]) - both.sum())


def _variation_distance(rho: Array, expert: Array) -> float:
    return float(abs(rho - expert).sum() - rho.sum() - expert.sum())


def _jeffreys(rho: Array, expert: Array) -> float:
    mass, other = float(rho.sum()), float(expert.sum())
    met = (rho > 0.0) | (expert > 0.0)
    one, two = rho[met], expert[met]
    both_ways = mass * entropy(one, two) + other * entropy(two, one)
    return float(both_ways + (mass - other) * np.log(mass / other) - mass - other)
