"""Compounding error: the loss of cloning grows with the square of the horizon, that of matching linearly.

    18  costs in [0,1], effective horizon 1/(1-gamma):
        cloning    eps = E_{s ~ p_E} TV(pi(.|s), pi_E(.|s)),                loss <= eps / (1-gamma)^2
        matching   eps = TV of normalised state-action occupancies,         loss <= eps / (1-gamma)
        and eps T^2, eps T over T steps without discount; TV <= sqrt(2 JSD) bounds the second eps by psi_GA's objective

(Ross & Bagnell 2010; Xu, Li & Yu 2020). The two eps are different quantities, so the bounds alone do not separate
the algorithms. A family of processes does, if it has states from which the expert recovers. `recovery_family` is a
minimal one. Its states are "on" and "off" the track, and being off costs 1. In both states the action "keep" leads
onto the track and "stray" off it. The expert always keeps. A learner that strays with probability eps at "on", the
only state in the data, and keeps with probability k at "off", where there are no data, has

    loss = gamma eps / ((1-gamma) (1 - gamma (1 - k) + gamma eps)).

Cloning's error is eps for every k, so cloning may end at k = 0, where the loss is of order eps/(1-gamma)^2. Any
divergence of occupancies decreases with k, so matching ends at k = 1, where the loss is of order eps/(1-gamma).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.process.arrays import Array
from gail.exact.process.finite_horizon import at_every_step, time_expanded
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Logistic
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import ROUNDING, Verdicts

PAIRS = 24
"""Random learners per bound, from near the expert to unrelated."""

HORIZONS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
"""Effective horizons 1/(1-gamma) of the family's curves."""

MISTAKE = 1e-3
"""The family's eps: below 1/256, so that every horizon is in the quadratic regime."""


@dataclass(frozen=True, eq=False)
class RecoveryFamily:
    """One member of the family: its process, cost, and expert.

    State 0 is on the track, 1 off it; action 0 keeps, 1 strays.
    """

    mdp: FiniteMDP
    cost: Array
    expert: Array

    def learner(self, mistake: float, recovery: float) -> Array:
        """(2, 2) the policy that strays with probability `mistake` on the track and keeps with `recovery` off it."""
        return np.array([[1.0 - mistake, mistake], [recovery, 1.0 - recovery]])

    def loss(self, policy: Array) -> float:
        """Expected cost minus the expert's."""
        return float(np.sum((occupancy_of(self.mdp, policy) - occupancy_of(self.mdp, self.expert)) * self.cost))


@dataclass(frozen=True, eq=False)
class CompoundingCurves:
    """Exact losses of the two learners against the horizon, for one probability of a mistake on the track.

    Attributes:
        horizons: (N,) effective horizons 1/(1-gamma).
        mistake: eps.
        cloning: (N,) loss of the clone that never recovers.
        matching: (N,) loss of the matcher, which recovers at once.
        cloning_bound, matching_bound: (N,) eps/(1-gamma)^2 and eps/(1-gamma), each with its algorithm's own eps.
    """

    horizons: Array
    mistake: float
    cloning: Array
    matching: Array
    cloning_bound: Array
    matching_bound: Array


def recovery_family(discount: float) -> RecoveryFamily:
    """The two-state process of the module docstring."""
    keep, stray = [1.0, 0.0], [0.0, 1.0]
    mdp = FiniteMDP([[keep, stray], [keep, stray]], [1.0, 0.0], discount)
    return RecoveryFamily(mdp, np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))


def compounding_curves(horizons: ArrayLike = HORIZONS, mistake: float = MISTAKE) -> CompoundingCurves:
    """The losses over effective horizons (N,), each at least one."""
    lengths = np.asarray(horizons, dtype=np.float64)
    rows = []
    for length in lengths:
        member = recovery_family(1.0 - 1.0 / length)
        clone, matcher = member.learner(mistake, 0.0), member.learner(mistake, 1.0)
        own = matching_error(member.mdp, occupancy_of(member.mdp, matcher), occupancy_of(member.mdp, member.expert))
        rows.append((member.loss(clone), member.loss(matcher), mistake * length**2, own * length))
    cloning, matching, cloning_bound, matching_bound = np.array(rows).T
    return CompoundingCurves(lengths, mistake, cloning, matching, cloning_bound, matching_bound)


def cloning_error(mdp: FiniteMDP, policy: Array, expert_occupancy: Array) -> float:
    """E_{s ~ p_E} TV(pi, pi_E), with p_E the expert's normalised state occupancy."""
    visits = expert_occupancy.sum(axis=1) / _longest(mdp)
    return float(visits @ (0.5 * abs(policy - policy_of(expert_occupancy)).sum(axis=1)))


def matching_error(mdp: FiniteMDP, occupancy: Array, expert_occupancy: Array) -> float:
    """TV of normalised occupancies; mass lost when episodes end early counts as one further state."""
    difference = occupancy - expert_occupancy
    return 0.5 * (float(abs(difference).sum()) + abs(float(difference.sum()))) / _longest(mdp)


def check_compounding_error(
    mdp: FiniteMDP, cost: ArrayLike, expert_occupancy: ArrayLike, horizon: int, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 18's bounds at random learners, discounted and over `horizon` steps, for one cost (S, A) in [0,1].

    Raises:
        ValueError: a cost outside [0, 1].
    """
    costs = np.asarray(cost, dtype=np.float64)
    if costs.min() < 0.0 or costs.max() > 1.0:
        raise ValueError(f"costs must lie in [0, 1], got [{costs.min():.6g}, {costs.max():.6g}]")
    verdicts = Verdicts("Compounding error", instance)
    expert = policy_of(np.asarray(expert_occupancy, dtype=np.float64))
    _bounds(verdicts, mdp, costs, expert, "discounted", rng)
    finite = time_expanded(mdp, horizon)
    _bounds(verdicts, finite, at_every_step(costs, horizon), at_every_step(expert, horizon), f"{horizon} steps", rng)
    return verdicts.verification()


def check_recovery_family(instance: str) -> Verification:
    """Statement 18's separation: the family's exact losses, and each algorithm's error as recovery varies."""
    verdicts = Verdicts("Compounding error, recovery", instance)
    curves = compounding_curves()
    horizons, eps = curves.horizons, curves.mistake
    gamma = 1.0 - 1.0 / horizons
    verdicts.identity(
        "cloning loses gamma eps / ((1-gamma) (1-gamma+gamma eps))",
        curves.cloning,
        gamma * eps * horizons / (1.0 - gamma + gamma * eps),
    )
    verdicts.identity(
        "matching loses gamma eps / ((1-gamma) (1+gamma eps))",
        curves.matching,
        gamma * eps * horizons / (1.0 + gamma * eps),
    )
    verdicts.at_most("cloning obeys its bound", curves.cloning, curves.cloning_bound)
    verdicts.at_most("matching obeys its bound", curves.matching, curves.matching_bound)
    claim = "cloning compounds: its loss is at least gamma/2 eps/(1-gamma)^2 while eps <= 1-gamma"
    verdicts.at_most(claim, 0.5 * gamma * curves.cloning_bound, curves.cloning)
    verdicts.at_most("matching does not compound: its loss is at most eps/(1-gamma)", curves.matching, eps * horizons)
    member = recovery_family(1.0 - 1.0 / 32.0)
    rho_expert = occupancy_of(member.mdp, member.expert)
    learners = [member.learner(eps, recovery) for recovery in np.linspace(0.0, 1.0, 11)]
    errors = [cloning_error(member.mdp, learner, rho_expert) for learner in learners]
    verdicts.identity("cloning's error is eps whether or not the learner recovers", errors, eps)
    objectives = [Logistic().conjugate(occupancy_of(member.mdp, learner), rho_expert)[0] for learner in learners]
    falls = -np.diff(objectives)
    verdicts.differs("psi_GA falls as recovery becomes more probable", float(falls.min()), ROUNDING)
    return verdicts.verification()


def _bounds(
    verdicts: Verdicts, mdp: FiniteMDP, cost: Array, expert: Array, label: str, rng: np.random.Generator
) -> None:
    """Both bounds; the effective horizon H is the longest lifetime, 1/(1-gamma) or T."""
    length = float(mdp.lifetime.max())
    rho_expert = occupancy_of(mdp, expert)
    losses, cloning, matching, jensen_shannon = [], [], [], []
    for distance in np.geomspace(1e-4, 1.0, PAIRS):
        noise = rng.dirichlet(np.full(mdp.num_actions, 0.3), size=mdp.num_states)
        policy = (1.0 - distance) * expert + distance * noise
        rho = occupancy_of(mdp, policy)
        losses.append(float(np.sum((rho - rho_expert) * cost)))
        cloning.append(cloning_error(mdp, policy, rho_expert) * _longest(mdp) * length)
        matching.append(matching_error(mdp, rho, rho_expert) * _longest(mdp))
        if not mdp.terminal.any():
            objective, _ = Logistic().conjugate(rho, rho_expert)
            jensen_shannon.append((matching[-1] / length, objective / (2.0 * length) + np.log(2.0)))
    verdicts.at_most(f"cloning loses at most eps H^2, {label}", losses, cloning)
    verdicts.at_most(f"matching loses at most eps H, {label}", losses, matching)
    if jensen_shannon:
        variation, divergence = np.array(jensen_shannon).T
        verdicts.at_most(f"TV^2 <= 2 JSD, {label}", variation**2, 2.0 * divergence)


def _longest(mdp: FiniteMDP) -> float:
    """Mass of an occupancy whose episodes never end early: 1/(1-gamma), or the longest episode."""
    return float(mdp.initial @ mdp.lifetime)
