"""Cost regularizers psi: which imitation algorithm the saddle point is.

IRL_psi maximises -psi(c) + min_pi (-lambda H(pi) + E_pi[c]) - E_E[c] over costs; its dual side compares the
learner with the expert through the convex conjugate psi*(d) = sup_c <d, c> - psi(c), d = rho - rho_E
(Ho & Ermon 2016, Eq. 4 and Proposition 3.2). A psi is any object with

    value(cost, expert)              psi(c), +inf outside its domain;
    conjugate(rho, rho_expert)       (psi*(rho - rho_E), the cost that attains it).

`conjugate` takes the two occupancies apart because psi may depend on the expert. The returned cost is the
gradient of psi* in rho and the cost player's best response. Where the supremum is only approached, entries of
that cost are -inf or +inf: the limit of a maximising sequence.

Solvers that need more ask for it by protocol: `SmoothConjugate` (matching in occupancy space) and
`SmoothCosts` (ascent in cost space). A surrogate psi (Proposition A.1) comes from a decreasing convex loss
phi of a logit g:

    psi*(rho - rho_E) = - min_g sum rho phi(g) + rho_E phi(-g),        c = -phi(g),

and gives sampled training its `discriminator_loss` and `cost`, on whatever arrays those come in.

| psi        | psi(c)                                        | psi*(rho - rho_E)                  |
|------------|-----------------------------------------------|------------------------------------|
| `Constant` | 0                                             | 0 if rho = rho_E, else +inf        |
| `Logistic` | sum rho_E g(c), g(x) = -x - log(1-e^x), x < 0 | sum rho log D + rho_E log(1-D)     |

Label: D = sigmoid(g) = rho / (rho + rho_E) is the probability that a pair came from the learner; c = log D <
0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray
from scipy.special import rel_entr

from gail.exact.mdp import Array

EQUAL = 1e-10
"""Relative l1 distance up to which `Constant` takes two occupancies as equal."""

NEGLIGIBLE = 1e-150
"""How near zero `Logistic` lets a cost of its open domain come, so that its square does not underflow."""


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
        """(S, A) rho times the second derivative of psi* in rho: bounded where rho vanishes."""


@runtime_checkable
class SmoothCosts(Regularizer, Protocol):
    """A psi that is a sum over entries, twice differentiable inside an open domain of costs."""

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """First and second derivatives of psi, entry by entry."""

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """A cost inside the domain that answers a learner's rho > 0, and the mask of entries to optimise.

        The others are optimal as they are.
        """

    def move(self, cost: Array, step: Array) -> Array:
        """The cost moved by `step` to first order, along a path that does not leave the domain."""


@dataclass(frozen=True)
class Constant:
    """psi = 0: no regularization. Its conjugate demands rho = rho_E (Corollary 3.2.1)."""

    def value(self, cost: Array, expert: Array) -> float:
        """Zero for every cost."""
        return 0.0

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """0 where the occupancies are equal (to 1e-10 of the expert's mass, in l1), +inf elsewhere.

        At equality every cost attains the supremum, and zero is returned; elsewhere costs run to infinity
        along the difference, which is what is returned.
        """
        difference = rho - rho_expert
        if abs(difference).sum() <= EQUAL * rho_expert.sum():
            return 0.0, np.zeros_like(rho_expert)
        return np.inf, np.where(difference == 0.0, 0.0, np.copysign(np.inf, difference))

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """Zero and zero."""
        return np.zeros_like(cost), np.zeros_like(cost)

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The zero cost, all of it free."""
        return np.zeros_like(expert), np.ones(expert.shape, dtype=np.bool_)

    def move(self, cost: Array, step: Array) -> Array:
        """cost + step: every cost is allowed."""
        return cost + step


@dataclass(frozen=True)
class Logistic:
    """psi_GA of generative adversarial imitation: phi(g) = log(1 + e^-g) (Eq. 13-14, Corollary A.1.1).

    psi*(rho - rho_E) = sup over D in (0,1) of sum rho log D + rho_E log(1-D), which for two measures of mass
    m is 2m (JSD - log 2) of their normalisations, in natural logarithms.
    """

    def value(self, cost: Array, expert: Array) -> float:
        """Sum of rho_E g(c), +inf unless c < 0 where rho_E > 0 and c <= 0 elsewhere."""
        seen = expert > 0.0
        if np.any(cost[seen] >= 0.0) or np.any(cost[~seen] > 0.0):
            return np.inf
        return float(np.sum(expert[seen] * (-cost[seen] - _log1mexp(cost[seen]))))

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """sum rho log D + rho_E log(1-D) and c = log D at D = rho / (rho + rho_E), with 0 log 0 = 0.

        c = 0 where rho_E = 0 (the supremum over c < 0 lies on the closure of the domain; if rho = 0 as well,
        any c <= 0 attains it). c = -inf where rho = 0 < rho_E: there the supremum is not attained, D -> 0.
        """
        both = rho + rho_expert
        value = float(np.sum(rel_entr(rho, both)) + np.sum(rel_entr(rho_expert, both)))
        with np.errstate(divide="ignore", over="ignore"):
            ratio = np.divide(rho_expert, rho, out=np.zeros_like(both), where=rho_expert > 0.0)
        return value, -np.log1p(ratio)

    def conjugate_elasticity(self, rho: Array, rho_expert: Array) -> Array:
        """rho_E / (rho + rho_E); zero where rho_E = 0, where psi* is linear."""
        return np.divide(rho_expert, rho + rho_expert, out=np.zeros_like(rho), where=rho_expert > 0.0)

    def derivatives(self, cost: Array, expert: Array) -> tuple[Array, Array]:
        """rho_E (1/(e^-c - 1) - 1) and rho_E e^c / (1 - e^c)^2; zero where rho_E = 0."""
        seen = expert > 0.0
        gradient, curvature = np.zeros_like(cost), np.zeros_like(cost)
        with np.errstate(over="ignore"):
            odds = np.expm1(-cost[seen])  # (1-D)/D
        gradient[seen] = expert[seen] * (1.0 / odds - 1.0)
        curvature[seen] = expert[seen] / (odds * -np.expm1(cost[seen]))
        return gradient, curvature

    def start(self, rho: Array, expert: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The best response log D to rho, free where rho_E > 0; zero, which is optimal, elsewhere."""
        seen = expert > 0.0
        return np.where(seen, np.minimum(self.conjugate(rho, expert)[1], -NEGLIGIBLE), 0.0), seen

    def move(self, cost: Array, step: Array) -> Array:
        """cost + step, entries that would come near zero or beyond stopping at a hundredth of what they were."""
        return np.where(cost < 0.0, np.minimum(cost + step, np.minimum(0.01 * cost, -NEGLIGIBLE)), cost)

    def discriminator_loss(
        self,
        logit_learner: Any,
        logit_expert: Any,
        weights_learner: Any = None,
        weights_expert: Any = None,
    ) -> Any:
        """mean phi(g) over the learner's logits plus mean phi(-g) over the expert's.

        A side with weights (same shape as its logits) contributes sum w * phi instead of a mean, so that a
        table of logits weighted by two occupancies has the least loss -psi*(rho - rho_E). Works on numpy
        arrays and torch tensors of any shape alike, finite for every finite logit; returns a scalar array.
        """
        return _total(_softplus(-logit_learner), weights_learner) + _total(_softplus(logit_expert), weights_expert)

    def cost(self, logit: Any) -> Any:
        """c = -phi(g) = log sigmoid(g), elementwise, on numpy arrays and torch tensors alike."""
        return -_softplus(-logit)


def _softplus(x: Any) -> Any:
    """log(1 + e^x) without overflow."""
    xp = array_namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def _total(losses: Any, weights: Any) -> Any:
    xp = array_namespace(losses)
    return xp.mean(losses) if weights is None else xp.sum(weights * losses)


def _log1mexp(x: Array) -> Array:
    """log(1 - e^x) for x < 0, accurate at both ends (Maechler 2012)."""
    near = x > -np.log(2.0)
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1.0))), np.log1p(-np.exp(np.where(near, -1.0, x))))
