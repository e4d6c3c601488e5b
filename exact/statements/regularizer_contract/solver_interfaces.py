"""Checks of the methods that a psi has for single solvers, against psi and psi* themselves.

| interface         | claim                                                                                       |
|-------------------|---------------------------------------------------------------------------------------------|
| `SmoothConjugate` | the elasticity is rho psi*'', and never negative                                            |
| `SmoothCosts`     | psi' and psi'' are psi's derivatives, psi'(c) = rho - rho_E at the best cost, moves stay inside |
| `LinearCosts`     | the support function is psi*; `maximise` returns weights that attain it                     |
| `BoundedCosts`    | the linear program over the bounds has the value psi*                                       |
| `ConicForm`       | the conic program at a fixed rho has the value psi*                                         |
| `Repairable`      | repaired costs are in the domain, and costs in the domain do not change                     |
| `restricted`      | states where both measures are zero can be left out                                         |
| `Separable`       | the least discriminator loss is -psi*, at the logits of the best cost                       |
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from scipy import sparse
from scipy.optimize import linprog, minimize_scalar

from gail.exact.process.arrays import Array
from gail.exact.regularizers import (
    BoundedCosts,
    ConicForm,
    LinearCosts,
    Regularizer,
    Repairable,
    Separable,
    SmoothConjugate,
    SmoothCosts,
    requires_equality,
    restricted,
)
from gail.exact.solution import BackendFailed
from gail.exact.statements.regularizer_contract.conjugacy import DIFFERENCES, ROUNDING, Pair
from gail.exact.statements.worst_case import WorstCases

STEP = 1e-5
"""Relative step of central differences of slopes."""

GENERAL = 1e-5
"""Relative tolerance of general solvers."""

SEARCHED = 1e-7
"""Relative tolerance of one-dimensional searches."""

FARTHEST_LOGIT = 12.0


def check_elasticity(findings: WorstCases, psi: SmoothConjugate, pair: Pair, rng: np.random.Generator) -> None:
    """rho times the derivative of the best cost in rho, entry by entry."""
    direction = pair.rho * rng.normal(size=pair.rho.shape)
    elasticity = psi.conjugate_elasticity(pair.rho, pair.expert)
    cost = psi.conjugate(pair.rho, pair.expert)[1]
    (_, above), (_, below) = (psi.conjugate(pair.rho + step * direction, pair.expert) for step in (STEP, -STEP))
    expected = elasticity * direction / pair.rho
    size = abs(cost) + abs(expected) + 1e-3
    apart = float(np.max(abs((above - below) / (2.0 * STEP) - expected) / size))
    findings.note("conjugate_elasticity is rho times the second derivative of psi*", apart, DIFFERENCES)
    findings.at_most("conjugate_elasticity is not negative", 0.0, float(elasticity.min()), 1.0, 0.0)


def check_derivatives(
    findings: WorstCases, psi: SmoothCosts, pair: Pair, costs: list[Array], rng: np.random.Generator
) -> None:
    """Slopes and curvatures in the cost, the condition of the best cost, the start, and moves."""
    for cost in costs:
        slope, curvature = psi.derivatives(cost, pair.expert)
        direction = 0.1 * abs(cost) * rng.normal(size=cost.shape)
        above, below = cost + STEP * direction, cost - STEP * direction
        ends = psi.value(above, pair.expert), psi.value(below, pair.expert)
        if not np.all(np.isfinite(ends)):
            continue  # at an end of the domain
        claimed = float(np.sum(slope * direction))
        unit = 1.0 + float(np.sum(abs(slope * direction))) + abs(psi.value(cost, pair.expert))
        claim = "derivatives' first result is psi's slope"
        findings.equal(claim, claimed, (ends[0] - ends[1]) / (2.0 * STEP), unit, DIFFERENCES)
        bend = (psi.derivatives(above, pair.expert)[0] - psi.derivatives(below, pair.expert)[0]) / (2.0 * STEP)
        size = 1e-3 * unit + abs(curvature * direction)
        apart = float(np.max(abs(bend - curvature * direction) / size))
        findings.note("derivatives' second result is psi's curvature", apart, DIFFERENCES)
        tiny = psi.move(cost, 1e-9 * direction)
        apart = float(np.max(abs(tiny - cost - 1e-9 * direction) / (1e-300 + abs(cost))))
        findings.note("move follows a small step", apart, 1e-13)
        # In a domain without upper end e^c may overflow; this is not a step out of the domain.
        far = psi.move(cost, np.clip(1e3 * direction, -100.0, 100.0))
        findings.note("move does not leave the domain", float(not np.isfinite(psi.value(far, pair.expert))), 0.0)
    value, best = psi.conjugate(pair.rho, pair.expert)
    if np.isfinite(value) and np.all(np.isfinite(best)):
        slope, _ = psi.derivatives(best, pair.expert)
        size = pair.rho + pair.expert + abs(slope)
        apart = float(np.max(abs(slope - (pair.rho - pair.expert)) / size))
        findings.note("psi'(c) = rho - rho_E at the cost that conjugate returns", apart, 1e-6)
    start, free = psi.start(pair.rho, pair.expert)
    inside = np.isfinite(psi.value(start, pair.expert)) and np.shape(free) == pair.rho.shape
    findings.note("start lies in the domain", float(not inside), 0.0)


def check_weights(findings: WorstCases, psi: LinearCosts, pair: Pair) -> None:
    """The support function at the feature expectations' gap, and the weights that attain it."""
    value = psi.conjugate(pair.rho, pair.expert)[0]
    gap = np.einsum("sak,sa->k", psi.features, pair.rho - pair.expert)
    if requires_equality(psi) and value == 0.0:
        return  # equal up to rounding; the support function of a span is zero only at an exact zero
    findings.equal("support at the gap of features is psi*", psi.support(gap), value, 1.0 + abs(value), ROUNDING)
    if np.isfinite(value):
        flat = 1e-6 * float(np.linalg.norm(gap)) * np.eye(gap.size)
        weights = psi.maximise(psi.start_weights(), gap, flat)
        inside = psi.value(psi.features @ weights, pair.expert) == 0.0
        findings.note("maximise returns weights of the class", float(not inside), 0.0)
        findings.equal("maximise attains the support", float(gap @ weights), value, 1.0 + abs(value), GENERAL)


def check_bounds(findings: WorstCases, psi: BoundedCosts, pair: Pair) -> None:
    """max of <rho - rho_E, c> over the bounds, less psi's constant, by linear programming."""
    value = psi.conjugate(pair.rho, pair.expert)[0]
    matrix, lengths = psi.bounds(*pair.rho.shape)
    difference = (pair.rho - pair.expert).ravel()
    result = linprog(
        np.append(-difference, np.zeros(matrix.shape[1] - difference.size)),
        A_ub=cast(Any, sparse.vstack([matrix, -matrix])),
        b_ub=np.append(lengths, lengths),
        bounds=(None, None),
        method="highs",
    )
    constant = psi.value(np.full(pair.rho.shape, psi.center), pair.expert)
    # An unbounded program has no value.
    most = np.inf if result.fun is None else psi.center * float(difference.sum()) - float(result.fun) - constant
    claim = "the linear program over bounds has the value psi*"
    findings.independent_check(claim, most, value, _unit(pair, value), GENERAL)


def check_conic(findings: WorstCases, psi: ConicForm, pair: Pair) -> None:
    """The conic form, solved at a fixed rho."""
    from gail.exact.imitation.conic import conjugate_by_cvxpy  # importing CVXPY takes longer than most checks

    value = psi.conjugate(pair.rho, pair.expert)[0]
    with contextlib.suppress(BackendFailed):  # a solver's failure is no evidence against psi
        stated = conjugate_by_cvxpy(psi, pair.rho, pair.expert)
        findings.independent_check("the conic form is psi*", stated, value, _unit(pair, value), GENERAL)


def check_repairs(findings: WorstCases, psi: Repairable, pair: Pair, rng: np.random.Generator) -> None:
    """Drawn costs of several sizes, repaired once and twice."""
    for size in (0.1, 1.0, 10.0):
        cost = psi.repaired(size * rng.normal(size=pair.rho.shape))
        outside = not np.isfinite(psi.value(cost, pair.expert))
        findings.note("repaired costs are in the domain", float(outside), 0.0)
        moved = float(np.max(abs(psi.repaired(cost) - cost))) / (1.0 + float(np.max(abs(cost))))
        findings.note("repaired does not change costs in the domain", moved, ROUNDING)


def check_restriction(findings: WorstCases, psi: Regularizer, pair: Pair) -> None:
    """The first state left out, where neither measure has mass there."""
    states = np.ones(pair.rho.shape[0], dtype=np.bool_)
    states[0] = False
    rho, expert = pair.rho.copy(), pair.expert.copy()
    rho[0], expert[0] = 0.0, 0.0
    rho *= expert.sum() / rho.sum()
    value = psi.conjugate(rho, expert)[0]
    small = restricted(psi, states).conjugate(rho[states], expert[states])[0]
    claim = "restricted is psi on fewer states, where neither measure has mass on the others"
    findings.equal(claim, small, value, _unit(Pair(rho, expert), value), ROUNDING)


def check_losses(
    findings: WorstCases, psi: Separable, pair: Pair, tensor: Callable[[Array], Any] | None, rng: np.random.Generator
) -> None:
    """The discriminator's loss, minimised entry by entry over the logit, and on tensors."""
    even = psi.conjugate(pair.expert, pair.expert)[1]
    findings.note("unit_cost is the best cost where rho = rho_E", float(np.max(abs(even - psi.unit_cost))), ROUNDING)
    value = psi.conjugate(pair.rho, pair.expert)[0]
    reach = min(psi.limit, FARTHEST_LOGIT)
    least, found = 0.0, np.empty(pair.rho.shape)
    for index in np.ndindex(pair.rho.shape):
        weights = pair.rho[index], pair.expert[index]
        best = minimize_scalar(
            lambda logit, weights=weights: float(_loss(psi, logit, weights)),
            bounds=(-reach, reach),
            method="bounded",
            options={"xatol": 1e-9},
        )
        least, found[index] = least + float(best.fun), float(psi.cost(np.array([best.x]))[0])
    unit = _unit(pair, value)
    findings.equal("the least discriminator loss is -psi*", least, -value, unit, SEARCHED)
    findings.equal("the cost of the best logits attains psi*", pair.gain(psi, found), value, unit, SEARCHED)
    logits = rng.normal(size=pair.rho.shape)
    reached = float(psi.discriminator_loss(logits, logits, pair.rho, pair.expert))
    findings.at_most("no logits have a lower loss than -psi*", -value, reached, unit, ROUNDING)
    means = psi.discriminator_loss(logits, 2.0 * logits)
    weighed = np.full(logits.shape, 1.0 / logits.size)
    same = float(psi.discriminator_loss(logits, 2.0 * logits, weighed, weighed))
    findings.equal("without weights the loss is the sum of two means", float(means), same, 1.0 + abs(same), ROUNDING)
    if tensor is not None:
        arrays = logits, 2.0 * logits, pair.rho, pair.expert
        tensors = [tensor(array) for array in arrays]
        for count in (2, 4):
            here, there = (float(psi.discriminator_loss(*given[:count])) for given in (arrays, tensors))
            findings.equal("the losses of tensors and arrays are equal", there, here, 1.0 + abs(here), ROUNDING)
        cost = np.asarray(psi.cost(tensors[0]))
        apart = float(np.max(abs(cost - psi.cost(logits)) / (1.0 + abs(cost))))
        findings.note("the costs of tensors and arrays are equal", apart, ROUNDING)


def _loss(psi: Separable, logit: float, weights: tuple[float, float]) -> Any:
    logits = np.array([logit])
    return psi.discriminator_loss(logits, logits, *(np.array([weight]) for weight in weights))


def _unit(pair: Pair, value: float) -> float:
    return float(np.sum(pair.rho + pair.expert)) + (abs(value) if np.isfinite(value) else 0.0)
