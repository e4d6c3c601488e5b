"""The methods that every psi must have, and further methods that some solvers need.

    value(cost, expert)              psi(c), +inf outside its domain;
    conjugate(rho, rho_expert)       (psi*(rho - rho_E), the cost that attains it).

`conjugate` takes rho and rho_E, not their difference, because psi may depend on the expert. The returned cost is the
gradient of psi* in rho and the cost player's best response. Where the supremum is not attained, entries of
that cost are -inf or +inf: the limit of a maximising sequence.

Solvers that need more methods test for a protocol, never for a class. So one new class is enough for a new psi:

| protocol          | psi is                                            | solved by                               |
|-------------------|---------------------------------------------------|-----------------------------------------|
| `SmoothConjugate` | separable with a smooth conjugate                 | Newton's method on occupancies          |
| `SmoothCosts`     | separable and smooth inside its domain            | Newton's method on costs                |
| `LinearCosts`     | the indicator of {F w : w in W}, W small          | Newton's method on weights              |
| `BoundedCosts`    | the indicator of {c : abs(B (c - c0)) <= l}       | an interior point method                |
| `ConicForm`       | conic-representable                               | CVXPY (`method="conic"`)                |

A psi that holds arrays over states also has `restricted(states)`, which returns psi on a subset of the states.
"""

from __future__ import annotations

from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gail.exact.process.arrays import Array, Sparse


class InvalidRegularizer(ValueError):
    """psi is ill defined or does not fit the process; the message names the shapes or the first wrong entry."""


class Regularizer(Protocol):
    """A closed proper convex function of the cost (S, A), possibly depending on the expert's occupancy."""

    def value(self, cost: Array, expert: Array) -> float:
        """psi(c), +inf outside the domain."""

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """psi*(rho - rho_E) and the cost (S, A) that attains it."""


@runtime_checkable
class SmoothConjugate(Regularizer, Protocol):
    """A psi whose conjugate is a sum over entries, twice differentiable for rho > 0."""

    def conjugate_elasticity(self, rho: Array, rho_expert: Array) -> Array:
        """(S, A) rho times the second derivative of psi* in rho, finite for rho > 0."""


@runtime_checkable
class SmoothCosts(Regularizer, Protocol):
    """A psi that is a sum over entries, twice differentiable inside an open domain of costs."""

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """First and second derivatives of psi, entry by entry."""

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """A start inside the domain for a learner's rho > 0, and the mask of entries to optimise.

        Entries outside the mask are already optimal.
        """

    def move(self, cost: Array, step: Array) -> Array:
        """A cost inside the domain that is cost + step to first order."""


@runtime_checkable
class LinearCosts(Regularizer, Protocol):
    """The indicator of {F w : w in W}: costs linear in a few weights."""

    @property
    def features(self) -> Array:
        """F, (S, A, k)."""

    def support(self, gap: Array) -> float:
        """max over w in W of <gap, w>, for a feature expectation gap (k,)."""

    def start_weights(self) -> Array:
        """A point (k,) of W, in its relative interior."""

    def maximise(self, weights: Array, slope: Array, curvature: Array) -> Array:
        """The w in W that maximises <slope, w - weights> - <w - weights, curvature (w - weights)> / 2.

        `weights` (k,) lies in W and `curvature` (k, k) is positive semidefinite.
        """


@runtime_checkable
class BoundedCosts(Regularizer, Protocol):
    """A constant on {c : some h has abs(B (c - c0, h)) <= l}, and +inf elsewhere.

    The columns of B are the S*A pairs followed by any number of hidden variables h.
    """

    def bounds(self, states: int, actions: int) -> tuple[Sparse, Array]:
        """B, sparse (m, S*A + hidden), and l > 0, (m,)."""

    @property
    def center(self) -> float:
        """c0, the same for all pairs."""


@runtime_checkable
class ConicForm(Regularizer, Protocol):
    """A psi whose conjugate can be stated as a disciplined convex program."""

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """psi*(rho - rho_E) as a CVXPY expression, and the constraints that belong to it.

        `cp` is the module `cvxpy`, passed in so that no psi has to import it; `rho` is a CVXPY expression (S, A).
        """


@runtime_checkable
class Repairable(Regularizer, Protocol):
    """A psi that can move a cost that rounding put outside its domain back into it."""

    def repaired(self, cost: Array) -> Array:
        """A cost in the domain near the given one (S, A); the given one itself if it is in the domain."""


def restricted(psi: Regularizer, states: NDArray[np.bool_]) -> Regularizer:
    """psi for the process on the states of a mask (S,); psi itself if it holds no arrays over states."""
    restrict = getattr(psi, "restricted", None)
    return psi if restrict is None else cast(Regularizer, restrict(states))


def needs_coverage(psi: Regularizer) -> bool:
    """Whether psi has an optimal cost only for experts that take every action of every reachable state."""
    return bool(getattr(psi, "needs_coverage", False))


def requires_equality(psi: Regularizer) -> bool:
    """Whether psi* is 0 where rho, or its features, equal the expert's and +inf elsewhere: rounding then matters."""
    return bool(getattr(psi, "requires_equality", False))


def identity(size: int) -> Sparse:
    """The identity as a sparse matrix."""
    return cast(Sparse, sparse.csr_array(sparse.eye_array(size)))


def validate_regularizer(psi: Regularizer) -> None:
    """Check that psi is an instance with methods `value` and `conjugate`.

    Raises:
        TypeError: psi is a class, or lacks one of the methods.
    """
    if isinstance(psi, type):
        raise TypeError(f"psi must be an instance: {psi.__name__}()")
    if not (callable(getattr(psi, "value", None)) and callable(getattr(psi, "conjugate", None))):
        raise TypeError(f"psi must be an instance such as Logistic(), got {type(psi).__name__}")
