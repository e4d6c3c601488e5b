"""Numerical checks of a psi's formulas, before any solver uses them.

A user-defined psi (`gail.exact.regularizers.protocols`) has several formulas that must be consistent. With a wrong sign
in one of them, solvers stop at a gap that does not close. `check_regularizer` names the wrong formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gail.exact.process.arrays import Array, validate_count
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
    validate_regularizer,
)
from gail.exact.statements.certificates import Verification
from gail.exact.statements.regularizer_contract import solver_interfaces as interfaces
from gail.exact.statements.regularizer_contract.conjugacy import (
    Pair,
    check_conjugacy,
    check_convexity,
    check_gradient,
    check_shapes,
    check_zeros,
    domain_costs,
)
from gail.exact.statements.worst_case import WorstCases

PAIRS = 4
"""Pairs of measures of each kind."""

CONIC_PAIRS = 2
"""Pairs at which general solvers are run."""


def check_regularizer(
    psi: Regularizer,
    states: int,
    actions: int,
    rng: np.random.Generator,
    *,
    tensor: Callable[[Array], Any] | None = None,
) -> Verification:
    """Check a psi for processes of this size, with every interface that it has (`conjugacy`, `solver_interfaces`).

    Each claim is one certificate, with the worst of its trials: the numbers compared are `left` and `right`, or
    `smaller` and `larger`. `tensor` converts arrays to another library's tensors, such as `torch.tensor`; if it is
    given, losses and costs of arrays and tensors are compared.

    Raises:
        TypeError: psi is no instance of a regularizer, a size is no whole number, or `rng` is no random generator.
        ValueError: a size is below one.
        Exception: whatever psi's own methods raise.
    """
    validate_regularizer(psi)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator such as numpy.random.default_rng(0), got {rng!r}")
    shape = (states, actions) = (validate_count("states", states), validate_count("actions", actions))
    findings = WorstCases(type(psi).__name__, f"{states} states, {actions} actions")
    same = [_drawn(shape, rng, spread=1.0, same_mass=True) for _ in range(PAIRS)]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if not check_shapes(findings, psi, same[0]):
            return findings.verification()
        pairs = same + [_drawn(shape, rng, spread=2.0, same_mass=False) for _ in range(PAIRS)]
        costs = domain_costs(psi, pairs, rng)
        equal = [Pair(pair.expert, pair.expert) for pair in pairs[:1]]
        check_conjugacy(findings, psi, pairs + equal, costs)
        check_convexity(findings, psi, pairs, costs, rng)
        if not requires_equality(psi):
            check_gradient(findings, psi, pairs, rng)
        check_zeros(findings, psi, [_with_zeros(pair, rng) for pair in same])
        for pair in pairs:
            _check_interfaces(findings, psi, pair, costs, tensor, rng)
        longer = [Pair(pair.expert * (1.0 + rng.random(shape)), pair.expert) for pair in pairs[:1]]
        for pair in same[:CONIC_PAIRS] + equal + longer:
            if isinstance(psi, BoundedCosts):
                interfaces.check_bounds(findings, psi, pair)
            if isinstance(psi, ConicForm):
                interfaces.check_conic(findings, psi, pair)
    return findings.verification()


def _check_interfaces(
    findings: WorstCases,
    psi: Regularizer,
    pair: Pair,
    costs: list[Array],
    tensor: Callable[[Array], Any] | None,
    rng: np.random.Generator,
) -> None:
    if isinstance(psi, SmoothConjugate):
        interfaces.check_elasticity(findings, psi, pair, rng)
    if isinstance(psi, SmoothCosts):
        interfaces.check_derivatives(findings, psi, pair, costs, rng)
    if isinstance(psi, LinearCosts):
        interfaces.check_weights(findings, psi, pair)
    if isinstance(psi, Repairable):
        interfaces.check_repairs(findings, psi, pair, rng)
    if isinstance(psi, Separable):
        interfaces.check_losses(findings, psi, pair, tensor, rng)
    if pair.rho.shape[0] > 1:
        interfaces.check_restriction(findings, psi, pair)


def _drawn(shape: tuple[int, int], rng: np.random.Generator, *, spread: float, same_mass: bool) -> Pair:
    """Random positive measures; they need not be occupancies, because psi does not depend on the flow."""
    rho, expert = np.exp(spread * rng.normal(size=(2, *shape)))
    return Pair(rho * (expert.sum() / rho.sum()) if same_mass else rho, expert)


def _with_zeros(pair: Pair, rng: np.random.Generator) -> Pair:
    """The pair with one entry where only the learner is zero, one where only the expert is, and one where both are."""
    rho, expert = pair.rho.copy(), pair.expert.copy()
    entries = rng.permutation(rho.size)[: rho.size - 1]
    for entry, arrays in zip(entries, ((rho,), (expert,), (rho, expert)), strict=False):
        for array in arrays:
            array.ravel()[entry] = 0.0
    return Pair(rho * (expert.sum() / rho.sum()) if rho.any() else expert, expert)
