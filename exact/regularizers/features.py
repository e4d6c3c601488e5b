"""Costs linear in features: the classes of apprenticeship learning (Ho & Ermon 2016, Eq. 9-11).

    C = {F w : w in W},   psi = the indicator of C,   psi*(rho - rho_E) = max over w in W of <gap, w>,

where gap = F^T (rho - rho_E) is the difference of feature expectations. Features are read as costs: less is better.

| psi       | W                | psi*                            | at lambda = 0                          |
|-----------|------------------|---------------------------------|----------------------------------------|
| `L2Ball`  | the unit l2 ball | l2 norm of the gap              | feature matching (Abbeel & Ng 2004)    |
| `Simplex` | the simplex      | largest entry, perhaps negative | MWAL, LPAL (Syed & Schapire 2007, 2008) |

For unbounded weights see `linear_span.LinearSpan`.

If the class cannot express the expert's cost, the learner need not imitate the expert: psi* may be zero or negative
at occupancies that differ from the expert's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Array
from gail.exact.regularizers.protocols import InvalidRegularizer
from gail.exact.regularizers.weights import ball_maximum, simplex_maximum

SLACK = 1e-10
"""Relative deviation from the class, in cost and weights, that is treated as rounding."""


@dataclass(frozen=True, eq=False)
class FeatureClass(ABC):
    """The indicator of {F w : w in W}, for features F (S, A, k).

    Raises:
        InvalidRegularizer: the features are not a finite (S, A, k) array, or do not fit a cost that is given later.
    """

    features: Array = field(repr=False)

    def __post_init__(self) -> None:
        features = np.array(self.features, dtype=np.float64)
        if features.ndim != 3 or 0 in features.shape:
            raise InvalidRegularizer(f"features must have shape (states, actions, k), got {features.shape}")
        bad = np.argwhere(~np.isfinite(features))
        if bad.size:
            state, action, which = bad[0]
            raise InvalidRegularizer(
                f"feature {which} at state {state}, action {action} is {features[state, action, which]}; must be finite"
            )
        features.flags.writeable = False
        object.__setattr__(self, "features", features)

    @abstractmethod
    def support(self, gap: Array) -> float:
        """max over w in W of <gap, w>."""

    @abstractmethod
    def response(self, gap: Array) -> Array:
        """A w in W that attains the maximum."""

    @abstractmethod
    def contains(self, cost: Array) -> bool:
        """Whether coordinates (r,) of a cost in `_basis` are those of F w for some w in W."""

    @abstractmethod
    def nearby(self, weights: Array) -> Array:
        """A point of W near the given one."""

    def value(self, cost: Array, expert: Array) -> float:
        """0 if cost = F w for some w in W, up to 1e-10 in relative terms; else +inf."""
        self._fit(cost.shape)
        left = self._basis[0]
        flat = cost.ravel()
        coordinates = left.T @ flat
        scale = max(float(abs(self.features).max()), 1e-300)
        if abs(flat - left @ coordinates).max() > SLACK * scale:
            return np.inf
        return 0.0 if self.contains(coordinates) else np.inf

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """max over w of <gap, w>, and F w at its maximiser."""
        self._fit(rho.shape)
        gap = np.einsum("sak,sa->k", self.features, rho - rho_expert)
        return self.support(gap), self.features @ self.response(gap)

    def restricted(self, states: NDArray[np.bool_]) -> Self:
        """The features of some states."""
        self._fit((states.size, self.features.shape[1]))
        return type(self)(self.features[states])

    def repaired(self, cost: Array) -> Array:
        """F w for the w in W near the least-squares weights of the cost."""
        left, sizes, right = self._basis
        return self.features @ self.nearby(right.T @ ((left.T @ cost.ravel()) / sizes))

    def extended(self, cost: Array, states: NDArray[np.bool_]) -> Array:
        """F w on all states, with w fitted to a cost on some of them (S', A)."""
        left, sizes, right = self.restricted(states)._basis
        return self.features @ self.nearby(right.T @ ((left.T @ cost.ravel()) / sizes))

    @cached_property
    def _basis(self) -> tuple[Array, Array, Array]:
        """The singular value decomposition of F (S*A, k), reduced to its numerical rank r."""
        left, sizes, right = np.linalg.svd(self.features.reshape(-1, self.features.shape[2]), full_matrices=False)
        rank = int(np.sum(sizes > 1e-13 * sizes[0])) if sizes[0] > 0.0 else 0
        return left[:, :rank], sizes[:rank], right[:rank]

    def _fit(self, shape: tuple[int, ...]) -> None:
        if self.features.shape[:2] != shape:
            raise InvalidRegularizer(
                f"features of shape {self.features.shape} do not fit {shape[0]} states and {shape[1]} actions"
            )

    def _gap(self, cp: Any, rho: Any, expert: Array) -> Any:
        self._fit(expert.shape)
        flat = self.features.reshape(-1, self.features.shape[2])
        return flat.T @ cp.vec(rho - expert, order="C")


class L2Ball(FeatureClass):
    """W is the unit l2 ball: psi* is the distance of feature expectations (Eq. 10-11; Abbeel & Ng 2004)."""

    def support(self, gap: Array) -> float:
        """The l2 norm."""
        return float(np.linalg.norm(gap))

    def response(self, gap: Array) -> Array:
        """gap / |gap|; zero for a gap of zero, where every w attains the maximum."""
        length = self.support(gap)
        return gap / length if length > 0.0 else np.zeros_like(gap)

    def contains(self, cost: Array) -> bool:
        """Whether the shortest weights that give the cost have at most unit length."""
        return float(np.linalg.norm(cost / self._basis[1])) <= 1.0 + SLACK

    def nearby(self, weights: Array) -> Array:
        """Scaled into the ball."""
        return weights / max(1.0, float(np.linalg.norm(weights)))

    def start_weights(self) -> Array:
        """Zero."""
        return np.zeros(self.features.shape[2])

    def maximise(self, weights: Array, slope: Array, curvature: Array) -> Array:
        """The maximiser of the quadratic model over the ball."""
        return ball_maximum(slope + curvature @ weights, curvature)

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """One second-order cone."""
        return cp.norm2(self._gap(cp, rho, expert)), []


class Simplex(FeatureClass):
    """W is the simplex: psi* is the largest signed gap (Eq. 9; Syed & Schapire 2007). It can be negative."""

    def support(self, gap: Array) -> float:
        """The largest entry."""
        return float(gap.max())

    def response(self, gap: Array) -> Array:
        """All weight on the largest entry, the first of several."""
        weights = np.zeros_like(gap)
        weights[gap.argmax()] = 1.0
        return weights

    def contains(self, cost: Array) -> bool:
        """Whether nonnegative weights of sum one express the cost."""
        from scipy.optimize import nnls  # here, as the import takes a tenth of a second

        sizes, right = self._basis[1:]
        scale = float(sizes[0]) if sizes.size else 1.0
        count = self.features.shape[2]
        system = np.vstack([sizes[:, None] * right / scale, np.ones(count)])
        _, residual = nnls(system, np.append(cost / scale, 1.0), maxiter=30 * count)
        return bool(residual <= SLACK)

    def nearby(self, weights: Array) -> Array:
        """Clipped at zero and divided by the sum."""
        clipped = np.maximum(weights, 0.0)
        total = float(clipped.sum())
        return clipped / total if total > 0.0 else self.start_weights()

    def start_weights(self) -> Array:
        """Equal weights."""
        count = self.features.shape[2]
        return np.full(count, 1.0 / count)

    def maximise(self, weights: Array, slope: Array, curvature: Array) -> Array:
        """The maximiser of the quadratic model over the simplex."""
        return simplex_maximum(weights, slope, curvature)

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """A linear program."""
        return cp.max(self._gap(cp, rho, expert)), []
