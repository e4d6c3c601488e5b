"""Separable psi: psi(c) = sum rho_E g(c), for a convex g on an interval T.

Both the surrogates of Proposition A.1 and the f-divergences have this form. With the best response x(t) to an
occupancy ratio t = rho / rho_E, where g'(x) = t - 1,

    psi*(rho - rho_E) = sum rho_E ((t - 1) x(t) - g(x(t))).

Where rho_E = 0, psi is the indicator of the closure of T, so the entry of psi* is rho sup T: zero if sup T = 0, +inf
if sup T = +inf and rho > 0. The best response there is sup T, finite or not. One exception: where rho = rho_E = 0 and
sup T = +inf, every cost attains the supremum, and x(1) is returned.

Sampled training solves the same problem with logits g of D = rho / (rho + rho_E), the probability that a pair came
from the learner: it minimises sum rho learner_loss(g) + rho_E expert_loss(g), and c = -learner_loss(g).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from gail.exact.process.arrays import Array


class Separable(ABC):
    """psi(c) = sum rho_E g(c) with c in T; a subclass gives g, T, the conjugate's entries and two losses."""

    domain: ClassVar[tuple[float, float]]
    """The ends of T."""

    limit: ClassVar[float] = np.inf
    """Logits are clipped to [-limit, limit]. A clipped logit has zero gradient."""

    unit_cost: ClassVar[float]
    """x(1), the best response where learner and expert are equal."""

    @property
    def needs_coverage(self) -> bool:
        """Whether costs run to +inf at pairs that the expert never takes."""
        return self.domain[1] == np.inf

    @abstractmethod
    def penalty(self, cost: Array) -> Array:
        """g, elementwise, at costs in the closure of T; +inf at ends that T lacks."""

    @abstractmethod
    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """The conjugate's entries and the best responses, elementwise, where expert > 0."""

    @abstractmethod
    def learner_loss(self, logit: Any) -> Any:
        """The loss of a logit on a learner's pair, equal to -c; any array library."""

    @abstractmethod
    def expert_loss(self, logit: Any) -> Any:
        """The loss of a logit on an expert's pair; any array library."""

    def value(self, cost: Array, expert: Array) -> float:
        """Sum of rho_E g(c), +inf unless c is in T where rho_E > 0 and in its closure elsewhere."""
        low, high = self.domain
        if not np.all((cost >= low) & (cost <= high)):
            return np.inf
        seen = expert > 0.0
        return float(np.sum(expert[seen] * self.penalty(cost[seen])))

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """psi* and the best response; for rho_E = 0 see the module docstring."""
        seen, top = rho_expert > 0.0, self.domain[1]
        cost = np.full(rho_expert.shape, top)
        entries, cost[seen] = self.answer(rho[seen], rho_expert[seen])
        beyond = rho[~seen]
        if np.isfinite(top):
            return float(np.sum(entries) + top * np.sum(beyond)), cost
        cost[~seen] = np.where(beyond > 0.0, np.inf, self.unit_cost)
        return np.inf if np.any(beyond > 0.0) else float(np.sum(entries)), cost

    def discriminator_loss(
        self,
        logit_learner: Any,
        logit_expert: Any,
        weights_learner: Any = None,
        weights_expert: Any = None,
    ) -> Any:
        """Mean loss of the learner's logits plus mean loss of the expert's.

        A side with weights (same shape as its logits) contributes sum w * loss instead of a mean. With
        the two occupancies as weights, the least loss over tables of logits is -psi*(rho - rho_E). Works on numpy
        arrays and torch tensors of any shape alike; returns a scalar array.
        """
        learner, expert = self.learner_loss(self._clip(logit_learner)), self.expert_loss(self._clip(logit_expert))
        return _total(learner, weights_learner) + _total(expert, weights_expert)

    def cost(self, logit: Any) -> Any:
        """c = -learner_loss(g), elementwise, on numpy arrays and torch tensors alike."""
        return -self.learner_loss(self._clip(logit))

    def _clip(self, logit: Any) -> Any:
        if self.limit == np.inf:
            return logit
        return array_namespace(logit).clip(logit, -self.limit, self.limit)


class SmoothSeparable(Separable):
    """A `Separable` whose g and psi* are both smooth."""

    nearest: ClassVar[float] = 1e-150
    """Least distance of costs from a finite sup T (which is zero): its powers must not underflow."""

    @abstractmethod
    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """g' and g'', elementwise, inside T."""

    @abstractmethod
    def elasticity(self, rho: Array, expert: Array) -> Array:
        """rho times the derivative of the best response in rho, elementwise, where expert > 0."""

    def conjugate_elasticity(self, rho: Array, rho_expert: Array) -> Array:
        """rho psi*'': zero where rho_E = 0, where psi* is linear."""
        seen, elasticity = rho_expert > 0.0, np.zeros_like(rho)
        elasticity[seen] = self.elasticity(rho[seen], rho_expert[seen])
        return elasticity

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """rho_E g'(c) and rho_E g''(c); zero where rho_E = 0."""
        seen = expert > 0.0
        gradient, curvature = np.zeros_like(cost), np.zeros_like(cost)
        with np.errstate(over="ignore"):
            slope, bend = self.slopes(cost[seen])
        gradient[seen], curvature[seen] = expert[seen] * slope, expert[seen] * bend
        return gradient, curvature

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The best response to rho, free where rho_E > 0; the other entries are optimal."""
        seen, top = expert > 0.0, self.domain[1]
        cost = self.conjugate(rho, expert)[1]
        if np.isfinite(top):
            cost = np.where(seen, np.minimum(cost, top - self.nearest), top)
        return cost, seen

    def move(self, cost: Array, step: Array) -> Array:
        """cost + step; each entry keeps at least 1 % of its distance to either end of T."""
        low, high = self.domain
        moved = cost + step
        if np.isfinite(high):
            moved = np.minimum(moved, high - np.maximum(0.01 * (high - cost), self.nearest))
        if np.isfinite(low):
            moved = np.maximum(moved, low + 0.01 * (cost - low))
        return np.where(cost < high, moved, cost)


def _total(losses: Any, weights: Any) -> Any:
    xp = array_namespace(losses)
    return xp.mean(losses) if weights is None else xp.sum(weights * losses)
