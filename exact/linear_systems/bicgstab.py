"""Stabilised bi-conjugate gradients (van der Vorst 1992), for an operator given by its action."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gail.exact.process.arrays import Array


def bicgstab(operator: Callable[[Array], Array], right: Array, enough: float, steps: int) -> Array:
    """x with |right - operator(x)| <= enough in the recursive residual; else the iterate with the least residual.

    At most `steps` steps are taken; the iteration may break down before. Vectors are updated in place: with a million
    entries, new memory costs more time than the arithmetic.
    """
    solution, residual, search = np.zeros_like(right), right.copy(), right.copy()
    best, best_size = solution.copy(), float(np.linalg.norm(right))
    scratch = np.empty_like(right)
    along = float(right @ residual)
    for _ in range(steps):
        if best_size <= enough:
            break
        image = operator(search)
        across = float(right @ image)
        if across == 0.0 or along == 0.0:
            break
        step = along / across
        residual -= np.multiply(step, image, out=scratch)
        turned = operator(residual)
        length = float(turned @ turned)
        damping = float(turned @ residual) / length if length > 0.0 else 0.0
        solution += np.multiply(step, search, out=scratch)
        solution += np.multiply(damping, residual, out=scratch)
        residual -= np.multiply(damping, turned, out=scratch)
        size = float(np.linalg.norm(residual))
        if not np.isfinite(size):
            break
        if size < best_size:
            best_size = size
            np.copyto(best, solution)
        last, along = along, float(right @ residual)
        if damping == 0.0:
            break
        search -= np.multiply(damping, image, out=scratch)
        search *= (along / last) * (step / damping)
        search += residual
    return best
