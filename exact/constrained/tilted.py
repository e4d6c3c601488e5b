"""psi* plus a linear function of the occupancy measure.

    psi_t(c) = psi(c - t) - <rho_E, t>,        psi_t*(rho - rho_E) = psi*(rho - rho_E) + <rho, t>,

for a tilt t (S, A): the supremum over c of <rho - rho_E, c> - psi(c - t) + <rho_E, t> is attained at c + t, with c the
best response under psi. So matching with costs added to the objective is matching under another psi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Array
from gail.exact.regularizers import Regularizer, SmoothConjugate, SmoothCosts, needs_coverage, restricted


@dataclass(frozen=True, eq=False)
class Tilted:
    """psi_t for a psi with a smooth separable conjugate."""

    psi: Regularizer
    tilt: Array

    @property
    def needs_coverage(self) -> bool:
        """As for psi."""
        return needs_coverage(self.psi)

    def value(self, cost: Array, expert: Array) -> float:
        """psi(c - t) - <rho_E, t>."""
        return self.psi.value(self._own(cost, expert > 0.0), expert) - float(np.sum(expert * self.tilt))

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """psi*(rho - rho_E) + <rho, t>, and the best response plus t."""
        value, cost = self.psi.conjugate(rho, rho_expert)
        return value + float(np.sum(rho * self.tilt)), cost + self.tilt

    def conjugate_elasticity(self, rho: Array, rho_expert: Array) -> Array:
        """As for psi: the tilt is linear."""
        assert isinstance(self.psi, SmoothConjugate)
        return self.psi.conjugate_elasticity(rho, rho_expert)

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """Those of psi at c - t."""
        assert isinstance(self.psi, SmoothCosts)
        return self.psi.derivatives(self._own(cost, expert > 0.0), expert)

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """psi's start plus t."""
        assert isinstance(self.psi, SmoothCosts)
        cost, free = self.psi.start(rho, expert)
        return cost + self.tilt, free

    def move(self, cost: Array, step: Array) -> Array:
        """A cost inside the shifted domain."""
        assert isinstance(self.psi, SmoothCosts)
        return self.psi.move(self._own(cost, None), step) + self.tilt

    def restricted(self, states: NDArray[np.bool_]) -> Tilted:
        """The same on the states of a mask."""
        return Tilted(restricted(self.psi, states), self.tilt[states])

    def _own(self, cost: Array, inside: NDArray[np.bool_] | None) -> Array:
        """c - t. At an end of psi's domain, rounding in c = end + t must not put it outside.

        Entries of a mask (S, A) are kept inside the domain: psi may be infinite at its ends where the expert goes.
        """
        own: Array = cost - self.tilt
        rounding = 4.0 * float(np.finfo(np.float64).eps) * (abs(cost) + abs(self.tilt))
        for end, inwards in zip(getattr(self.psi, "domain", ()), (1.0, -1.0), strict=False):
            if np.isfinite(end):
                near = abs(own - end) <= rounding
                own = np.where(near, end, own)
                if inside is not None:
                    own = np.where(near & inside, end + inwards * np.maximum(rounding, 1e-300), own)
        return own
