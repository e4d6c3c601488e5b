"""Maximisers of concave quadratics over the unit ball and over the simplex, for Newton's method on weights.

    max over u in W of   <q, u> - <u, H u> / 2,       H positive semidefinite, of moderate size.

Over the ball the maximiser is (H + nu)^-1 q with the least nu >= 0 that keeps it inside (Moré & Sorensen 1983);
over the simplex it is found by an active set method (Nocedal & Wright 2006, section 16.5).
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array

ROUNDING = 1e-14
"""Relative size below which eigenvalues, slopes and weights count as zero."""


def ball_maximum(slope: Array, curvature: Array) -> Array:
    """The maximiser over the unit ball of <slope, u> - <u, curvature u> / 2."""
    from scipy.optimize import brentq  # here, as the import takes a tenth of a second

    eigenvalues, vectors = np.linalg.eigh(curvature)
    target = vectors.T @ slope
    size = float(np.linalg.norm(slope))
    if size == 0.0:
        return np.zeros_like(slope)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    least = ROUNDING * (float(eigenvalues.max()) + size)

    def excess(log_shift: float) -> float:
        # The reciprocal length, as in Moré & Sorensen, is convex in the shift's logarithm and well scaled.
        return 1.0 - 1.0 / float(np.linalg.norm(target / (eigenvalues + np.exp(log_shift))))

    low, high = float(np.log(least)), float(np.log(size))
    if excess(low) <= 0.0:
        free = eigenvalues > least
        return np.asarray(vectors[:, free] @ (target[free] / eigenvalues[free]))
    shift = float(np.exp(brentq(excess, low, high + 1e-9, xtol=1e-15, rtol=1e-15)))
    inside = vectors @ (target / (eigenvalues + shift))
    return np.asarray(inside / np.linalg.norm(inside))


def simplex_maximum(weights: Array, slope: Array, curvature: Array) -> Array:
    """The u in the simplex that maximises <slope, u - weights> - <u - weights, curvature (u - weights)> / 2.

    `weights` lies in the simplex; the search starts there.
    """
    point, free = weights.copy(), weights > 0.0
    stiffest = float(abs(curvature).max())
    for _ in range(50 + 20 * point.size):
        gradient = slope - curvature @ (point - weights)
        # Rounding in the gradient: near the start it is that of the slope, however stiff the curvature is.
        scale = float(abs(slope).max()) + stiffest * float(abs(point - weights).max())
        index = np.flatnonzero(free)
        direction, bounded = _direction(gradient[index], curvature[np.ix_(index, index)], scale)
        shrinking = direction < 0.0
        if bounded and abs(direction).max() <= ROUNDING:
            outside = np.flatnonzero(~free)
            better = gradient[outside] - gradient[index].mean() if outside.size else np.zeros(1)
            if better.max() <= ROUNDING * scale:
                break
            free[outside[better.argmax()]] = True
            continue
        reach = -point[index[shrinking]] / direction[shrinking]
        step = 1.0 if bounded else np.inf
        blocked = reach.size > 0 and reach.min() <= step
        point[index] += (float(reach.min()) if blocked else step) * direction
        if blocked:
            leaving = index[shrinking][reach.argmin()]
            point[leaving], free[leaving] = 0.0, False
    point = np.maximum(point, 0.0)
    return point / float(point.sum())


def _direction(gradient: Array, curvature: Array, scale: float) -> tuple[Array, bool]:
    """The step to the maximum on the plane of constant sum, and True; without one, an ascent direction and False.

    `scale` is the size of the terms of the gradient.
    """
    size = gradient.size
    if size == 1:
        return np.zeros(1), True
    # An orthonormal basis of the vectors whose sum is zero.
    basis = np.linalg.qr(np.column_stack([np.ones(size), np.eye(size)[:, 1:]]))[0][:, 1:]
    eigenvalues, vectors = np.linalg.eigh(basis.T @ curvature @ basis)
    target = vectors.T @ (basis.T @ gradient)
    # Within the simplex a curvature far below the gradient's rounding has no effect.
    flat = eigenvalues <= max(ROUNDING * float(abs(curvature).max()), 0.01 * ROUNDING * scale)
    rising = flat & (abs(target) > ROUNDING * scale)
    if rising.any():
        return np.asarray(basis @ (vectors[:, rising] @ target[rising])), False
    return np.asarray(basis @ (vectors[:, ~flat] @ (target[~flat] / eigenvalues[~flat]))), True
