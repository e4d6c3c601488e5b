"""The surrogate family (Ho & Ermon 2016, Proposition A.1), evaluated numerically from phi alone.

For phi convex and strictly decreasing on a range of logits symmetric about zero, let T = -phi(range) and

    psi_phi(c) = sum rho_E g_phi(c),     g_phi(x) = -x + phi(-phi^-1(-x)) on T, +inf elsewhere;     then

    11  psi_phi*(rho - rho_E) = sup over c in T of <rho - rho_E, c> - psi_phi(c)
                              = - min over logits of sum rho phi(g) + rho_E phi(-g) = -R_phi(rho, rho_E).

Both sides are evaluated numerically, entry by entry and each in its own variable: the risk by a golden section
over the logit g, the conjugate by one over the cost c, with phi inverted by bisection. Neither uses T, g_phi or
the best response in closed form. Where rho_E = 0, psi_phi is the indicator of the closure of T, so the ends of T
count there; a term with weight zero is zero, also if it multiplies an infinity.

Entries are homogeneous, rho_E f(rho / rho_E). So the claim is also checked on a ladder of ratios, zeros included, of
which a given process may have only some.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import occupancy_of, validate_occupancy
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Surrogate
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.occupancy_measures import random_policies
from gail.exact.statements.verdicts import ROUNDING, Verdicts

TOLERANCE = 1e-12
"""Relative tolerance of numerical minima: values are flat there, so searches resolve them to rounding."""

LEARNERS = 4
"""Random learners, one of each kind; two of them never take some actions."""

SAMPLE = 200
"""Pairs of the process at which the entries themselves are compared."""

LADDER = tuple(10.0 ** np.arange(-12.0, 12.5, 0.5))
"""Ratios rho / rho_E."""

FARTHEST = 700.0
"""End of searches over an unlimited range; the exponential of a larger number would overflow."""

BISECTIONS, SECTIONS = 64, 90
"""Halvings, and golden sections, that reduce an interval of 1400 to rounding."""

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def check_surrogate_family(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, psi: Surrogate, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 11 for one surrogate, at random learners, for an expert with zeros, and on a ladder of ratios.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
    """
    verdicts = Verdicts(f"Proposition A.1, {type(psi).__name__}", instance)
    expert = validate_occupancy(mdp, expert_occupancy)
    every_other = np.arange(expert.size).reshape(expert.shape) % 2 == 0
    gapped = np.where(every_other | (expert == expert.max()), expert, 0.0)
    _assumptions(verdicts, psi)
    ladder = (np.array([*LADDER, 0.0, 1.0, 0.0]), np.array([*np.ones(len(LADDER)), 1.0, 0.0, 0.0]))
    _entries(verdicts, psi, *ladder, "on a ladder of ratios")
    learners = [occupancy_of(mdp, policy) for policy in random_policies(mdp, LEARNERS, rng)]
    drawn = rng.integers(expert.size, size=(LEARNERS, SAMPLE // LEARNERS))
    rho = np.concatenate([learner.ravel()[draw] for learner, draw in zip(learners, drawn, strict=True)])
    _entries(verdicts, psi, rho, expert.ravel()[drawn.ravel()], "at pairs of the process")
    for label, other in (("", expert), (", for an expert with zeros", gapped)):
        pairs = [(learner, other) for learner in (*learners, other)]
        _same(
            verdicts,
            f"psi* is minus the least risk, at random learners{label}",
            [psi.conjugate(*pair)[0] for pair in pairs],
            [-np.sum(least_risk(psi, *pair)) for pair in pairs],
            np.array([one.sum() + two.sum() for one, two in pairs]),
        )
        _values(verdicts, psi, other, label, rng)
    return verdicts.verification()


def least_risk(psi: Surrogate, rho: Array, expert: Array) -> Array:
    """min over logits of rho phi(g) + rho_E phi(-g), entry by entry; -inf where it has no minimum."""

    def risk(logit: Array) -> Array:
        return _times(rho, psi.phi(logit)) + _times(expert, psi.phi(-logit))

    far = np.full_like(rho, min(psi.limit, FARTHEST))
    inside = -_golden_maximum(lambda logit: -risk(logit), -far, far)
    end = np.full_like(rho, psi.limit)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.fmin(inside, np.fmin(risk(-end), risk(end)))


def numeric_conjugate(psi: Surrogate, rho: Array, expert: Array) -> Array:
    """sup over c in the closure of T of (rho - rho_E) c - rho_E g_phi(c), entry by entry, from phi alone."""
    ends, far = np.full_like(rho, psi.limit), np.full_like(rho, FARTHEST)
    low, high = (np.full_like(rho, end) for end in domain_ends(psi))

    def gain(cost: Array) -> Array:
        # (rho - rho_E) c - rho_E g_phi(c), in which -rho_E c cancels.
        return rho * cost - _times(expert, psi.phi(-inverse_phi(psi, -cost)))

    if np.isfinite(low).all():
        inside = _golden_maximum(gain, low, high)
    elif np.isfinite(high).all():
        inside = _golden_maximum(lambda y: gain(high - np.exp(y)), -far, far)
    else:
        inside = _golden_maximum(lambda y: gain(np.sinh(y)), -far, far)
    with np.errstate(over="ignore", invalid="ignore"):
        bottom = _times(rho, low) - _times(expert, psi.phi(ends))
        top = _times(rho, high) - _times(expert, psi.phi(-ends))
    return np.fmax(inside, np.fmax(bottom, top))


def domain_ends(psi: Surrogate) -> tuple[float, float]:
    """The ends of T = -phi(range of logits)."""
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = -psi.phi(np.array([-psi.limit, psi.limit]))
    return float(low), float(high)


def inverse_phi(psi: Surrogate, loss: Array) -> Array:
    """phi^-1, by bisection; beyond the range of phi, the nearer end of the logits."""
    stretch = np.sinh if psi.limit == np.inf else np.positive
    low = np.full_like(loss, -min(psi.limit, FARTHEST))
    high = -low
    with np.errstate(over="ignore"):
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            right = psi.phi(stretch(middle)) > loss
            low, high = np.where(right, middle, low), np.where(right, high, middle)
    return np.asarray(stretch(0.5 * (low + high)))


def _golden_maximum(gain: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """The largest value of a quasi-concave function on an interval, entry by entry."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    with np.errstate(over="ignore", invalid="ignore"):
        at_left, at_right = gain(left), gain(right)
        best = np.fmax(at_left, at_right)
        for _ in range(SECTIONS):
            rising = at_right > at_left
            low, high = np.where(rising, left, low), np.where(rising, high, right)
            fresh = np.where(rising, low + GOLDEN * (high - low), high - GOLDEN * (high - low))
            value = gain(fresh)
            left, right = np.where(rising, right, fresh), np.where(rising, fresh, left)
            at_left, at_right = np.where(rising, at_right, value), np.where(rising, value, at_left)
            best = np.fmax(best, value)
    return best


def _times(weight: Array, factor: Array) -> Array:
    """The product, zero where the weight is zero."""
    with np.errstate(invalid="ignore"):
        return np.where(weight == 0.0, 0.0, weight * factor)


def _assumptions(verdicts: Verdicts, psi: Surrogate) -> None:
    """The proposition's assumptions on phi, and T."""
    far = min(psi.limit, 30.0)
    loss = psi.phi(np.linspace(-far, far, 601))
    verdicts.claim("phi strictly decreases", beyond(float(np.diff(loss).max())), 0.0)
    bends = np.diff(loss, 2) / np.maximum(abs(loss[1:-1]), 1.0)
    verdicts.claim("phi is convex", beyond(-float(bends.min())), ROUNDING)
    verdicts.claim("T = -phi(range of logits)", float(psi.domain != domain_ends(psi)), 0.0)


def _entries(verdicts: Verdicts, psi: Surrogate, rho: Array, expert: Array, where: str) -> None:
    closed = [psi.conjugate(rho[i : i + 1], expert[i : i + 1])[0] for i in range(rho.size)]
    units = np.where(rho + expert > 0.0, rho + expert, 1.0)
    risk, conjugate = -least_risk(psi, rho, expert), numeric_conjugate(psi, rho, expert)
    _same(verdicts, f"psi* is minus the least risk, {where}", closed, risk, units)
    _same(verdicts, f"psi* is the numeric conjugate of psi_phi, {where}", closed, conjugate, units)


def _same(verdicts: Verdicts, claim: str, left: ArrayLike, right: ArrayLike, units: Array) -> None:
    """Both sides are equal in their units, and infinite at the same entries."""
    one, other = np.asarray(left) / units, np.asarray(right) / units
    finite = np.isfinite(one) & np.isfinite(other)
    apart = float(np.sum(~finite & (one != other)))
    verdicts.claim(f"{claim}: infinite together", apart, 0.0, infinite=float(np.sum(~finite)))
    verdicts.identity(claim, one[finite], other[finite], TOLERANCE)


def _values(verdicts: Verdicts, psi: Surrogate, expert: Array, label: str, rng: np.random.Generator) -> None:
    """psi itself: inside T, at its ends, and beyond."""
    logit = rng.uniform(-1.0, 1.0, expert.shape) if psi.limit < np.inf else 3.0 * rng.normal(size=expert.shape)
    logit = np.clip(logit, -psi.limit, psi.limit)
    cost = -psi.phi(logit)
    entries = expert * (psi.phi(-inverse_phi(psi, -cost)) - cost)
    unit = np.array([max(float(abs(entries).sum()), 1.0)])
    _same(verdicts, f"psi is sum rho_E g_phi in T{label}", [psi.value(cost, expert)], [entries.sum()], unit)
    wrong, (low, high) = 0, domain_ends(psi)
    beyond_ends = [end + way for end, way in ((low, -1e-6), (high, 1e-6)) if np.isfinite(end)]
    for outside in (*beyond_ends, np.nan):
        for place in {int(expert.argmax()), int(expert.argmin())}:
            changed = cost.copy()
            changed.ravel()[place] = outside
            wrong += psi.value(changed, expert) != np.inf
    verdicts.claim(f"psi is infinite outside T, also where rho_E = 0{label}", float(wrong), 0.0)
    if np.isfinite(high):
        closure = np.where(expert > 0.0, cost, high)
        violation = float(not np.isfinite(psi.value(closure, expert)))
        verdicts.claim(f"psi is finite on the closure of T where rho_E = 0{label}", violation, 0.0)
        top = np.full_like(expert, high)
        open_end = psi.limit == np.inf
        seen = bool((expert > 0.0).any())
        violation = float(np.isinf(psi.value(top, expert)) != (open_end and seen))
        verdicts.claim(f"psi is infinite at an end that T lacks, where rho_E > 0{label}", violation, 0.0)
