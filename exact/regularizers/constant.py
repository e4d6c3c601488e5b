"""No regularization: psi = 0, whose conjugate is the indicator of rho = rho_E (Corollary 3.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Array

EQUAL = 1e-10
"""Relative l1 distance up to which `Constant` treats two occupancies as equal."""


@dataclass(frozen=True)
class Constant:
    """psi = 0: no regularization. Its conjugate demands rho = rho_E (Corollary 3.2.1)."""

    needs_coverage: ClassVar[bool] = True
    requires_equality: ClassVar[bool] = True

    def value(self, cost: Array, expert: Array) -> float:
        """Zero for every cost."""
        return 0.0

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """0 where the occupancies are equal (to 1e-10 of the expert's mass, in l1), +inf elsewhere.

        At equality every cost attains the supremum, and the zero cost is returned. Elsewhere no cost does, and the
        limit is returned: +-inf with the sign of rho - rho_E, zero where the two are equal.
        """
        difference = rho - rho_expert
        if abs(difference).sum() <= EQUAL * rho_expert.sum():
            return 0.0, np.zeros_like(rho_expert)
        return np.inf, np.where(difference == 0.0, 0.0, np.copysign(np.inf, difference))

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """Zero and zero."""
        return np.zeros_like(cost), np.zeros_like(cost)

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The zero cost; all entries are free."""
        return np.zeros_like(expert), np.ones(expert.shape, dtype=np.bool_)

    def move(self, cost: Array, step: Array) -> Array:
        """cost + step: every cost is allowed."""
        return cost + step

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Zero, subject to rho = rho_E. The multipliers of this constraint are a cost (Ho & Ermon 2016, section 3)."""
        return cp.Constant(0.0), [rho == expert]
