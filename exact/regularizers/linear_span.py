"""Costs linear in features with any weights: maximum causal entropy IRL (Ziebart, Bagnell & Dey 2010).

    psi = the indicator of {F w : w in R^k},     psi*(rho - rho_E) = 0 if F^T rho = F^T rho_E, else +inf.

Of all policies that match the expert's feature expectations, the learner has the greatest causal entropy. With one
feature per state-action pair psi is `Constant`: the learner matches the expert's occupancy. Only the span of the
features matters.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.regularizers.constant import EQUAL
from gail.exact.regularizers.features import SLACK, FeatureClass


class LinearSpan(FeatureClass):
    """W is all of R^k: psi* demands the expert's feature expectations (Ziebart, Bagnell & Dey 2010)."""

    requires_equality: ClassVar[bool] = True

    def value(self, cost: Array, expert: Array) -> float:
        """0 if cost = F w for some w, up to 1e-10 of the largest cost; else +inf."""
        self._fit(cost.shape)
        left, flat = self._basis[0], cost.ravel()
        outside = abs(flat - left @ (left.T @ flat)).max()
        return 0.0 if outside <= SLACK * abs(flat).max() else np.inf

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """0 where feature expectations are equal (to 1e-10 of the expert's mass at the largest entry), else +inf.

        At equality every w attains the supremum, and the zero cost is returned. Elsewhere no cost does, and the
        limit is returned: +-inf with the sign of F F^T (rho - rho_E), zero where that is zero.
        """
        self._fit(rho.shape)
        gap = np.einsum("sak,sa->k", self.features, rho - rho_expert)
        if np.all(abs(gap) <= EQUAL * rho_expert.sum() * self._largest):
            return 0.0, np.zeros_like(rho_expert)
        return np.inf, _unbounded(self.features @ gap)

    @cached_property
    def _largest(self) -> Array:
        return np.asarray(abs(self.features).max(axis=(0, 1)))

    def support(self, gap: Array) -> float:
        """0 for a gap of zero, else +inf."""
        return 0.0 if not gap.any() else np.inf

    def response(self, gap: Array) -> Array:
        """+-inf with the sign of the gap, zero where the gap is zero."""
        return _unbounded(gap)

    def contains(self, cost: Array) -> bool:
        """Always true: every vector of coordinates belongs to some weights."""
        return True

    def nearby(self, weights: Array) -> Array:
        """The same weights."""
        return weights

    def start_weights(self) -> Array:
        """Zero."""
        return np.zeros(self.features.shape[2])

    def maximise(self, weights: Array, slope: Array, curvature: Array) -> Array:
        """The maximiser of the quadratic model that is nearest to `weights`."""
        return weights + np.linalg.lstsq(curvature, slope, rcond=1e-14)[0]

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Zero, subject to equal feature expectations."""
        return cp.Constant(0.0), [self._gap(cp, rho, expert) == 0.0]


def _unbounded(direction: Array) -> Array:
    return np.where(direction == 0.0, 0.0, np.copysign(np.inf, direction))
