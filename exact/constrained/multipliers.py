"""Newton's method on the multipliers of constraints, for lambda > 0.

    max over y >= 0 of   phi(y) = min_rho (F(rho) + <rho, sum_i y_i d_i>) - <b, y>

is concave and smooth, with the gradient <rho_y, d_i> - b_i at the minimiser rho_y, and a Hessian of size (m, m). The
quadratic model is maximised over y >= 0 exactly, as a nonnegative least squares problem, and a line search towards its
maximiser ensures a sufficient increase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from gail.exact.process.arrays import Array

Found = TypeVar("Found")

MAX_ITERATIONS = 200

SETTLED = 1e-13
"""Violation of the optimality conditions, in scaled units, that is rounding."""

ROUNDING = 1e-12
"""Predicted increase of phi, relative to its value, that is rounding."""

MAX_STALLS = 3
"""Steps of that size that may fail to halve the violation."""

RIDGE = 1e-14
"""Least curvature of a direction, relative to the largest: constraints may depend on each other."""


@dataclass(frozen=True, eq=False)
class At(Generic[Found]):
    """phi at multipliers (m,): value, gradient (m,), minus the Hessian (m, m), and the Lagrangian's solution."""

    value: float
    gradient: Array
    curvature: Array
    found: Found


def maximising_multipliers(
    evaluate: Callable[[Array, Found | None], At[Found]], start: Array, scale: float
) -> tuple[Array, At[Found]]:
    """The maximiser over y >= 0 and phi there.

    `evaluate` takes y and the solution at nearby multipliers. Multipliers are in units in which a constraint's excess
    is of order one; `scale` is the size of phi.
    """
    y, at = start, evaluate(start, None)
    best, least, stalls = (y, at), np.inf, 0
    for _ in range(MAX_ITERATIONS):
        violation = _violation(y, at, scale)
        stalls = 0 if violation <= 0.5 * least else stalls + 1
        if violation < least:
            best, least = (y, at), violation
        if violation <= SETTLED:
            break
        # Where policies are nearly deterministic, phi has almost no curvature: the model's maximum may be far away.
        step = _model_maximum(y, at) - y
        longest = scale + float(y.max())
        target = y + step * min(1.0, longest / max(float(abs(step).max()), 1e-300))
        predicted = float(at.gradient @ (target - y))
        resolved = predicted > ROUNDING * max(scale, abs(at.value))
        if not resolved and stalls >= MAX_STALLS:
            break
        share = 1.0
        while share > 1e-10:
            trial = y + share * (target - y)
            there = evaluate(trial, at.found)
            if not resolved or there.value >= at.value + 1e-4 * share * predicted:
                break
            share *= 0.5
        y, at = trial, there
    return best


def _violation(y: Array, at: At[Found], scale: float) -> float:
    """Excess of a constraint, or y_i times the slack of constraint i over the size of phi, whichever is larger."""
    slack = float(np.max(y * abs(at.gradient))) / scale if scale > 0.0 else 0.0
    return max(float(np.max(at.gradient)), slack)


def _model_maximum(y: Array, at: At[Found]) -> Array:
    """The z >= 0 that maximises <g, z - y> - <z - y, M (z - y)> / 2."""
    from scipy.optimize import nnls  # here, as the import takes a tenth of a second

    sizes = np.sqrt(np.maximum(np.diagonal(at.curvature), RIDGE * max(float(at.curvature.max()), 1e-300)))
    eigenvalues, vectors = np.linalg.eigh(at.curvature / np.outer(sizes, sizes))
    roots = np.sqrt(np.maximum(eigenvalues, RIDGE))
    wanted = vectors.T @ ((at.gradient + at.curvature @ y) / sizes) / roots
    return np.asarray(nnls(roots[:, None] * vectors.T, wanted)[0] / sizes)
