"""Regularizers that act on each state-action pair alone: a quadratic penalty, and costs bounded by one.

| psi         | psi(c)                            | psi*(rho - rho_E)                                     |
|-------------|-----------------------------------|-------------------------------------------------------|
| `Quadratic` | weight/2 sum c^2                  | sum (rho - rho_E)^2 / (2 weight)                      |
| `LInfBall`  | 0 if abs(c) <= 1 everywhere       | sum abs(rho - rho_E): twice m times total variation   |

for measures of mass m. (Syed & Schapire 2007 play against bounded costs; for the general correspondence of a
cost class with an integral probability metric see Müller 1997.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Array, Sparse
from gail.exact.regularizers.protocols import InvalidRegularizer, identity


@dataclass(frozen=True)
class Quadratic:
    """psi(c) = weight/2 sum c^2, with the best response c = (rho - rho_E) / weight.

    Raises:
        InvalidRegularizer: the weight is not positive and finite.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.weight < np.inf:
            raise InvalidRegularizer(f"the weight must be positive and finite, got {self.weight}")

    def value(self, cost: Array, expert: Array) -> float:
        """weight/2 sum c^2."""
        return 0.5 * self.weight * float(np.sum(cost**2))

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """sum (rho - rho_E)^2 / (2 weight) and (rho - rho_E) / weight."""
        difference = rho - rho_expert
        return float(np.sum(difference**2)) / (2.0 * self.weight), difference / self.weight

    def conjugate_elasticity(self, rho: Array, rho_expert: Array) -> Array:
        """rho / weight."""
        return rho / self.weight

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """weight c and weight."""
        return self.weight * cost, np.full_like(cost, self.weight)

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The best response; all entries are free."""
        return self.conjugate(rho, expert)[1], np.ones(expert.shape, dtype=np.bool_)

    def move(self, cost: Array, step: Array) -> Array:
        """cost + step: every cost is allowed."""
        return cost + step

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """A sum of squares."""
        return cp.sum_squares(rho - expert) / (2.0 * self.weight), []


@dataclass(frozen=True)
class LInfBall:
    """The indicator of costs bounded by 1 in absolute value: total variation.

    The best response is sign(rho - rho_E). Where rho = rho_E every cost in [-1, 1] attains the supremum, and zero
    is returned.
    """

    center: ClassVar[float] = 0.0

    def value(self, cost: Array, expert: Array) -> float:
        """0 if abs(c) <= 1 everywhere, else +inf."""
        return 0.0 if np.all(abs(cost) <= 1.0) else np.inf

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """The l1 distance and sign(rho - rho_E)."""
        difference = rho - rho_expert
        return float(np.sum(abs(difference))), np.sign(difference)

    def bounds(self, states: int, actions: int) -> tuple[Sparse, Array]:
        """abs(c) <= 1."""
        return identity(states * actions), np.ones(states * actions)

    def repaired(self, cost: Array) -> Array:
        """Clipped to [-1, 1]."""
        return np.clip(cost, -1.0, 1.0)

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """A linear program."""
        return cp.sum(cp.abs(rho - expert)), []
