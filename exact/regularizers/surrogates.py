"""The surrogate family of Proposition A.1 (Ho & Ermon 2016): a decreasing convex loss phi of a logit defines psi.

    psi*(rho - rho_E) = -R_phi = - min_g sum rho phi(g) + rho_E phi(-g),        c = -phi(g),
    psi(c) = sum rho_E g(c),   g(x) = -x + phi(-phi^-1(-x)),   x in T = -phi(range of logits).

| psi                  | phi(x)             | T         | g(x)                 | -R_phi, entry by entry       |
|----------------------|--------------------|-----------|----------------------|------------------------------|
| `Logistic`           | log(1 + e^-x)      | (-inf, 0) | -x - log(1 - e^x)    | Jensen-Shannon: `Logistic`   |
| `Exponential`        | e^-x               | (-inf, 0) | -x - 1/x             | -2 sqrt(rho rho_E)           |
| `TruncatedQuadratic` | (1-x)^2 on [-1, 1] | [-4, 0]   | 4 - 2x - 4 sqrt(-x)  | -4 rho rho_E / (rho + rho_E) |
| `Hinge`              | 1-x on [-1, 1]     | [-2, 0]   | 2                    | -2 min(rho, rho_E)           |
| `Jeffreys`           | e^-x - x           | R         | u + 1/u, u = W(e^-x) | see `Jeffreys`               |

W is Lambert's function. For occupancies of the same mass m these are, in the order of the table, with the
normalised p = rho / m: 2m (JSD - log 2); 2m (H^2 - 1) with Hellinger's H^2 = sum (sqrt p - sqrt p_E)^2 / 2; the
triangular discrimination sum (rho-rho_E)^2 / (rho+rho_E) minus 2m; the l1 distance minus 2m; and
Jeffreys' divergence KL(rho, rho_E) + KL(rho_E, rho) minus 2m. (Correspondence of losses and divergences: Nguyen,
Wainwright & Jordan 2009.)

R_phi is symmetric in its two occupancies; for asymmetric divergences see `divergences`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from array_api_compat import array_namespace
from scipy.special import rel_entr, wrightomega

from gail.exact.process.arrays import Array, Sparse
from gail.exact.regularizers.protocols import identity
from gail.exact.regularizers.separable import Separable, SmoothSeparable


class Surrogate(Separable):
    """A `Separable` given by phi: the two losses are phi(g) and phi(-g)."""

    @abstractmethod
    def phi(self, logit: Any) -> Any:
        """The surrogate loss, elementwise, on any array library."""

    def learner_loss(self, logit: Any) -> Any:
        """phi(g)."""
        return self.phi(logit)

    def expert_loss(self, logit: Any) -> Any:
        """phi(-g)."""
        return self.phi(-logit)


@dataclass(frozen=True)
class Logistic(Surrogate, SmoothSeparable):
    """psi_GA of generative adversarial imitation: phi(g) = log(1 + e^-g) (Eq. 13-14, Corollary A.1.1).

    psi*(rho - rho_E) = sup over D in (0,1) of sum rho log D + rho_E log(1-D), which for two measures of mass
    m is 2m (JSD - log 2) of their normalisations, in natural logarithms. D = sigmoid(g) = rho / (rho + rho_E)
    is the probability that a pair came from the learner; c = log D < 0, 0 where rho_E = 0, and -inf where
    rho = 0 < rho_E: there the supremum is not attained, D -> 0.
    """

    domain: ClassVar = (-np.inf, 0.0)
    unit_cost: ClassVar = -float(np.log(2.0))

    def phi(self, logit: Any) -> Any:
        """log(1 + e^-g) without overflow."""
        xp = array_namespace(logit)
        return xp.logaddexp(-logit, xp.zeros_like(logit))

    def penalty(self, cost: Array) -> Array:
        """-x - log(1 - e^x)."""
        inside = np.minimum(cost, -np.finfo(np.float64).tiny)
        return np.where(cost < 0.0, -inside - _log1mexp(inside), np.inf)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """rho log D + rho_E log(1 - D) with 0 log 0 = 0, and log D."""
        both = rho + expert
        with np.errstate(divide="ignore", over="ignore"):
            cost = -np.log1p(expert / rho)
        return rel_entr(rho, both) + rel_entr(expert, both), cost

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """1 - D = rho_E / (rho + rho_E)."""
        return expert / (rho + expert)

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """1/(e^-x - 1) - 1 and e^x / (1 - e^x)^2."""
        odds = np.expm1(-cost)  # (1-D)/D
        return 1.0 / odds - 1.0, 1.0 / (odds * -np.expm1(cost))

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Exponential cones at the pairs that the expert takes; other pairs contribute zero."""
        seen = np.nonzero(expert > 0.0)
        both = rho[seen] + expert[seen]
        return cp.sum(cp.rel_entr(rho[seen], both)) + cp.sum(cp.rel_entr(expert[seen], both)), []


@dataclass(frozen=True)
class Exponential(Surrogate, SmoothSeparable):
    """phi(g) = e^-g: Hellinger's distance. c = -sqrt(rho_E / rho), -inf where rho = 0 < rho_E."""

    domain: ClassVar = (-np.inf, 0.0)
    unit_cost: ClassVar = -1.0
    nearest: ClassVar = 1e-100

    def phi(self, logit: Any) -> Any:
        """e^-g."""
        return array_namespace(logit).exp(-logit)

    def penalty(self, cost: Array) -> Array:
        """-x - 1/x."""
        with np.errstate(divide="ignore"):
            return -cost + 1.0 / abs(cost)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """-2 sqrt(rho rho_E) and -sqrt(rho_E / rho)."""
        with np.errstate(divide="ignore", over="ignore"):
            return -2.0 * np.sqrt(rho) * np.sqrt(expert), -np.sqrt(expert / rho)

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """sqrt(rho_E / rho) / 2."""
        ratio: Array = np.sqrt(expert) / np.sqrt(rho)
        return 0.5 * ratio

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """1/x^2 - 1 and -2/x^3."""
        return 1.0 / cost**2 - 1.0, -2.0 / cost**3

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Second-order cones."""
        seen = np.nonzero(expert > 0.0)
        return -2.0 * cp.sum(cp.multiply(np.sqrt(expert[seen]), cp.sqrt(rho[seen]))), []


@dataclass(frozen=True)
class TruncatedQuadratic(Surrogate, SmoothSeparable):
    """phi(g) = (1-g)^2 on [-1, 1]: triangular discrimination. c = -4 (rho_E / (rho + rho_E))^2."""

    domain: ClassVar = (-4.0, 0.0)
    limit: ClassVar = 1.0
    unit_cost: ClassVar = -1.0
    nearest: ClassVar = 1e-100

    def phi(self, logit: Any) -> Any:
        """(1 - g)^2."""
        return (1.0 - logit) ** 2

    def penalty(self, cost: Array) -> Array:
        """4 - 2x - 4 sqrt(-x)."""
        return 4.0 - 2.0 * cost - 4.0 * np.sqrt(-cost)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """-4 rho rho_E / (rho + rho_E) and -4 (rho_E / (rho + rho_E))^2."""
        share = expert / (rho + expert)
        return -4.0 * rho * share, -4.0 * share**2

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """8 rho rho_E^2 / (rho + rho_E)^3."""
        both = rho + expert
        return 8.0 * (rho / both) * (expert / both) ** 2

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """2 / sqrt(-x) - 2 and (-x)^(-3/2)."""
        root = np.sqrt(-cost)
        return 2.0 / root - 2.0, 1.0 / root**3

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """4 rho_E^2 / (rho + rho_E) - 4 rho_E, second-order cones."""
        seen = np.nonzero(expert > 0.0)
        inverse = cp.inv_pos(rho[seen] / expert[seen] + 1.0)
        return 4.0 * cp.sum(cp.multiply(expert[seen], inverse)) - 4.0 * float(expert.sum()), []


@dataclass(frozen=True)
class Hinge(Surrogate):
    """phi(g) = 1 - g on [-1, 1]: total variation. c = 0 where rho > rho_E and -2 where rho < rho_E.

    Where they are equal every c in [-2, 0] attains the supremum, and -1 is returned. If no episode ends, this is
    `LInfBall` up to constants. For different masses, psi* = l1 distance - mass of rho - mass of rho_E.
    """

    domain: ClassVar = (-2.0, 0.0)
    limit: ClassVar = 1.0
    unit_cost: ClassVar = -1.0
    center: ClassVar[float] = -1.0

    def phi(self, logit: Any) -> Any:
        """1 - g."""
        return 1.0 - logit

    def penalty(self, cost: Array) -> Array:
        """2."""
        return np.full_like(cost, 2.0)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """-2 min(rho, rho_E) and sign(rho - rho_E) - 1."""
        return -2.0 * np.minimum(rho, expert), np.sign(rho - expert) - 1.0

    def bounds(self, states: int, actions: int) -> tuple[Sparse, Array]:
        """abs(c + 1) <= 1."""
        return identity(states * actions), np.ones(states * actions)

    def repaired(self, cost: Array) -> Array:
        """Clipped to [-2, 0]."""
        return np.clip(cost, -2.0, 0.0)

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """A linear program."""
        return -2.0 * cp.sum(cp.minimum(rho, expert)), []


@dataclass(frozen=True)
class Jeffreys(Surrogate, SmoothSeparable):
    """phi(g) = e^-g - g: Jeffreys' divergence. c = log(rho / rho_E) - rho_E / rho.

    -R_phi = sum (rho - rho_E) log(rho / rho_E) - rho - rho_E.

    It is infinite unless rho and rho_E have the same support: the best cost is +inf where only rho_E is zero, and
    -inf where only rho is zero.
    """

    domain: ClassVar = (-np.inf, np.inf)
    unit_cost: ClassVar = -1.0

    def phi(self, logit: Any) -> Any:
        """e^-g - g."""
        return array_namespace(logit).exp(-logit) - logit

    def penalty(self, cost: Array) -> Array:
        """u + 1/u with u = W(e^-x)."""
        with np.errstate(over="ignore", divide="ignore"):
            u = wrightomega(-cost)
            return np.asarray(u + 1.0 / u, dtype=np.float64)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """(rho - rho_E) log(rho / rho_E) - rho - rho_E and log(rho / rho_E) - rho_E / rho."""
        with np.errstate(divide="ignore", over="ignore"):
            log_ratio = np.log(rho) - np.log(expert)
            return (rho - expert) * log_ratio - rho - expert, log_ratio - expert / rho

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """1 + rho_E / rho."""
        return 1.0 + expert / rho

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """1/u - 1 and 1 / (u (1 + u)) with u = W(e^-x)."""
        u = np.asarray(wrightomega(-cost), dtype=np.float64)
        with np.errstate(divide="ignore"):
            return 1.0 / u - 1.0, 1.0 / (u * (1.0 + u))

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Exponential cones on the expert's support, and rho = 0 off it."""
        seen, unseen = np.nonzero(expert > 0.0), np.nonzero(expert == 0.0)
        both = cp.rel_entr(rho[seen], expert[seen]) + cp.rel_entr(expert[seen], rho[seen])
        off = [rho[unseen] == 0.0] if unseen[0].size else []
        return cp.sum(both) - cp.sum(rho[seen]) - float(expert.sum()), off


def _log1mexp(x: Array) -> Array:
    """log(1 - e^x) for x < 0, accurate at both ends (Maechler 2012)."""
    near = x > -np.log(2.0)
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1.0))), np.log1p(-np.exp(np.where(near, -1.0, x))))
