"""Checks that psi* is the conjugate of psi, as `Regularizer` requires, on pairs of measures.

    psi*(rho - rho_E) >= <rho - rho_E, c> - psi(c)      for every cost c, with equality at the one returned,
    grad psi*         =  that cost,

and both functions are convex. The right side is concave in c, so a cost from which it rises in no direction is its
maximum. Trials between the returned cost and others of the domain therefore show whether a better cost exists, also
far away. Where psi* is +inf, the right side must grow without bound along the returned cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.regularizers import Regularizer, Repairable, Separable, needs_coverage, requires_equality
from gail.exact.statements.worst_case import WorstCases

ROUNDING = 1e-9
"""Relative tolerance of closed forms and sums."""

DIFFERENCES = 1e-5
"""Relative tolerance of central differences."""

LIMIT = 1e-5
"""Relative tolerance of a supremum that is approached by costs of size `FAR` but not attained."""

FAR, FARTHER = 1e6, 1e10
"""Sizes of costs that stand for infinite ones."""

STEP = 1e-6
"""Relative step of central differences."""

SHARES = (1.0, 0.1, 1e-3)
"""Shares of the way from the returned cost to another, at which trials lie."""

ENTRIES = 6
"""State-action pairs at which slopes are taken."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two measures (S, A): a learner's and an expert's."""

    rho: Array
    expert: Array

    def gain(self, psi: Regularizer, cost: Array) -> float:
        """<rho - rho_E, c> - psi(c): what a cost player maximises."""
        return float(np.sum((self.rho - self.expert) * cost)) - psi.value(cost, self.expert)

    def unit(self, value: float, cost: Array) -> float:
        """The scale of rounding in a gain: the masses, the value, and a share of the terms that cancel."""
        mass = float(np.sum(self.rho + self.expert))
        return mass + abs(value) + 1e-3 * float(np.sum((self.rho + self.expert) * abs(cost)))


def check_shapes(findings: WorstCases, psi: Regularizer, pair: Pair) -> bool:
    """That `conjugate` returns a number and a cost (S, A); all other checks need this."""
    answer = psi.conjugate(pair.rho, pair.expert)
    fits = isinstance(answer, tuple) and len(answer) == 2 and np.ndim(answer[0]) == 0
    fits = fits and np.shape(answer[1]) == pair.rho.shape
    findings.note("conjugate returns a number and a cost of the shape of the occupancies", float(not fits), 0.0)
    return fits


def domain_costs(psi: Regularizer, pairs: list[Pair], rng: np.random.Generator) -> list[Array]:
    """Costs (S, A) in psi's domain: the best responses to the pairs, and random costs that lie inside."""
    shape = pairs[0].rho.shape
    found = [psi.conjugate(pair.rho, pair.expert)[1] for pair in pairs]
    for size in (0.1, 1.0, 3.0):
        drawn = size * rng.normal(size=shape)
        found += [drawn, -abs(drawn), abs(drawn)]
        if isinstance(psi, Repairable):
            found.append(psi.repaired(drawn))
    if isinstance(psi, Separable):
        low, high = (np.clip(end, -3.0, 3.0) for end in psi.domain)
        found += [low + (high - low) * rng.uniform(0.02, 0.98, size=shape) for _ in range(3)]
    expert = pairs[0].expert
    return [cost for cost in found if np.all(np.isfinite(cost)) and psi.value(cost, expert) != np.inf]


def check_conjugacy(findings: WorstCases, psi: Regularizer, pairs: list[Pair], costs: list[Array]) -> None:
    """Fenchel-Young, with equality at the returned cost, and no better one near it."""
    findings.note("psi is finite at two costs or more", float(max(2 - len(costs), 0)), 0.0, found=len(costs))
    for pair in pairs:
        value, best = psi.conjugate(pair.rho, pair.expert)
        if value == np.inf:
            _runs_to_infinity(findings, psi, pair, best)
        for cost in costs:
            claim = "psi*(rho - rho_E) >= <rho - rho_E, c> - psi(c)"
            findings.at_most(claim, pair.gain(psi, cost), value, pair.unit(value, cost), ROUNDING)
        if value == np.inf:
            continue
        attained, unit = pair.gain(psi, best), pair.unit(value, best)
        claim = "psi*(rho - rho_E) = <rho - rho_E, c> - psi(c) at the cost that conjugate returns"
        findings.equal(claim, attained, value, unit, ROUNDING)
        for cost in [*costs, 1.5 * best, *_uphill(psi, pair, best)]:
            for share in SHARES:
                trial = best + share * (cost - best)
                claim = "no cost does better than the one that conjugate returns"
                findings.at_most(claim, pair.gain(psi, trial), attained, max(unit, pair.unit(value, trial)), ROUNDING)


def check_gradient(findings: WorstCases, psi: Regularizer, pairs: list[Pair], rng: np.random.Generator) -> None:
    """The returned cost against central differences of psi*, pair by pair, along directions that keep the mass."""
    for pair in pairs:
        rho, expert = pair.rho, pair.expert
        value, cost = psi.conjugate(rho, expert)
        for entry in rng.choice(rho.size, size=min(ENTRIES, rho.size), replace=False):
            direction = -rho * (rho.ravel()[entry] / rho.sum())
            direction.ravel()[entry] += rho.ravel()[entry]
            above, below = (psi.conjugate(rho + step * direction, expert)[0] for step in (STEP, -STEP))
            if not np.all(np.isfinite([value, above, below])):
                continue
            claimed, size = float(np.sum(cost * direction)), float(np.sum(abs(cost * direction)))
            state, action = np.unravel_index(entry, rho.shape)
            where = {"state": float(state), "action": float(action)}
            claim = "the cost that conjugate returns is the gradient of psi* in rho"
            findings.equal(
                claim, claimed, (above - below) / (2.0 * STEP), size + 0.1 * abs(value), DIFFERENCES, **where
            )


def check_convexity(
    findings: WorstCases, psi: Regularizer, pairs: list[Pair], costs: list[Array], rng: np.random.Generator
) -> None:
    """Along segments between costs, and between learners of the same expert and mass."""
    for pair, next_pair in zip(pairs, pairs[1:] + pairs[:1], strict=True):
        expert = pair.expert
        other = next_pair.rho * (pair.rho.sum() / next_pair.rho.sum())
        share = rng.random()
        ends = psi.conjugate(pair.rho, expert)[0], psi.conjugate(other, expert)[0]
        mixed = psi.conjugate(share * pair.rho + (1.0 - share) * other, expert)[0]
        _below_chord(findings, "psi* is convex", share, ends, mixed)
        if len(costs) > 1:
            one, two = (costs[index] for index in rng.choice(len(costs), size=2, replace=False))
            ends = psi.value(one, expert), psi.value(two, expert)
            _below_chord(findings, "psi is convex", share, ends, psi.value(share * one + (1.0 - share) * two, expert))


def check_zeros(findings: WorstCases, psi: Regularizer, pairs: list[Pair]) -> None:
    """Pairs with zeros, where the supremum may not be attained; and whether `needs_coverage` is right there."""
    for pair in pairs:
        value, cost = psi.conjugate(pair.rho, pair.expert)
        if np.isfinite(value):
            near = np.clip(cost, -FAR, FAR)
            unit = pair.unit(value, np.where(np.isfinite(cost), cost, 0.0))
            claim = "where occupancies have zeros, the cost that conjugate returns approaches psi*"
            findings.equal(claim, pair.gain(psi, near), value, unit, LIMIT)
        elif value == np.inf:
            _runs_to_infinity(findings, psi, pair, cost)
        if (pair.expert == 0.0).any() and not requires_equality(psi):
            everywhere = np.where(pair.rho > 0.0, pair.rho, pair.expert.max())
            everywhere *= pair.expert.sum() / everywhere.sum()
            infinite = psi.conjugate(everywhere, pair.expert)[0] == np.inf
            claim = "needs_coverage says whether psi* is +inf at learners that go where the expert never does"
            findings.note(claim, float(infinite != needs_coverage(psi)), 0.0)


def _uphill(psi: Regularizer, pair: Pair, cost: Array) -> list[Array]:
    """Costs of a class in the direction of the gain's linear part."""
    if not isinstance(psi, Repairable):
        return []
    return [psi.repaired(cost + size * (pair.rho - pair.expert)) for size in (0.1, 1.0, 10.0)]


def _below_chord(findings: WorstCases, claim: str, share: float, ends: tuple[float, float], mixed: float) -> None:
    if np.all(np.isfinite(ends)):
        chord = share * ends[0] + (1.0 - share) * ends[1]
        findings.at_most(claim, mixed, chord, 1.0 + sum(map(abs, ends)), ROUNDING)


def _runs_to_infinity(findings: WorstCases, psi: Regularizer, pair: Pair, cost: Array) -> None:
    """Along the infinite entries of the returned cost, or along rho - rho_E, gains grow without bound."""

    def gain(size: float) -> float:
        trials = [np.clip(cost, -size, size)]
        if isinstance(psi, Repairable):
            trials.append(psi.repaired(size * (pair.rho - pair.expert)))
        return max(pair.gain(psi, trial) for trial in trials)

    unbounded = np.isinf(cost)
    least = float(np.sum(np.maximum(pair.rho, pair.expert)[unbounded]))
    grown = gain(FARTHER) - gain(FAR)
    short = 0.0 if unbounded.any() and grown >= min(least, 1.0) else 1.0
    findings.note("where psi* is +inf, gains grow without bound along the returned cost", short, 0.0, grown=grown)
