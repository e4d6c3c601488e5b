"""f-divergences: psi(c) = sum rho_E (f*(c) - c), whose conjugate is D_f(rho, rho_E) = sum rho_E f(rho / rho_E).

f is convex on (0, inf), f* its conjugate; the best response is c = f'(rho / rho_E). The symmetric `surrogates`
cannot give the two Kullback-Leibler divergences; these psi do (Nowozin, Cseke & Tomioka 2016; Ghasemipour, Zemel &
Gu 2020 for imitation).

| psi         | f(t)    | f*(c)         | domain  | D_f              | c                       |
|-------------|---------|---------------|---------|------------------|-------------------------|
| `ReverseKL` | t log t | e^(c-1)       | R       | KL(rho, rho_E)   | 1 + log(rho / rho_E)    |
| `ForwardKL` | -log t  | -1 - log(-c)  | c < 0   | KL(rho_E, rho)   | -rho_E / rho            |

KL of unnormalised measures is sum rho log(rho / rho_E), without further terms. Where rho_E = 0 an entry of
D_f is rho times the slope of f at infinity: +inf for `ReverseKL`, 0 for `ForwardKL`. Where rho = 0 < rho_E it is
rho_E f(0): 0 with the cost -inf for `ReverseKL`, +inf for `ForwardKL`.

Sampled training: with the logit g = log(rho / rho_E) of D, the learner's loss is -f'(e^g) and the expert's
f*(f'(e^g)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from array_api_compat import array_namespace
from scipy.special import rel_entr

from gail.exact.process.arrays import Array
from gail.exact.regularizers.separable import SmoothSeparable


@dataclass(frozen=True)
class ReverseKL(SmoothSeparable):
    """f(t) = t log t: KL(rho, rho_E), infinite if the learner takes a pair that the expert never takes."""

    domain: ClassVar = (-np.inf, np.inf)
    unit_cost: ClassVar = 1.0

    def penalty(self, cost: Array) -> Array:
        """e^(x-1) - x."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(cost - 1.0) - cost)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """rho log(rho / rho_E) and 1 + log(rho / rho_E)."""
        with np.errstate(divide="ignore"):
            return rel_entr(rho, expert), 1.0 + np.log(rho) - np.log(expert)

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """1."""
        return np.ones_like(rho)

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """e^(x-1) - 1 and e^(x-1)."""
        return np.expm1(cost - 1.0), np.exp(cost - 1.0)

    def learner_loss(self, logit: Any) -> Any:
        """-1 - g."""
        return -1.0 - logit

    def expert_loss(self, logit: Any) -> Any:
        """e^g."""
        return array_namespace(logit).exp(logit)

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Exponential cones on the expert's support, and rho = 0 off it."""
        seen, unseen = np.nonzero(expert > 0.0), np.nonzero(expert == 0.0)
        off = [rho[unseen] == 0.0] if unseen[0].size else []
        return cp.sum(cp.rel_entr(rho[seen], expert[seen])), off


@dataclass(frozen=True)
class ForwardKL(SmoothSeparable):
    """f(t) = -log t: KL(rho_E, rho), infinite if the learner never takes a pair that the expert takes."""

    domain: ClassVar = (-np.inf, 0.0)
    unit_cost: ClassVar = -1.0

    def penalty(self, cost: Array) -> Array:
        """-1 - log(-x) - x."""
        with np.errstate(divide="ignore"):
            return np.asarray(-1.0 - np.log(-cost) - cost)

    def answer(self, rho: Array, expert: Array) -> tuple[Array, Array]:
        """rho_E log(rho_E / rho) and -rho_E / rho."""
        with np.errstate(divide="ignore", over="ignore"):
            return rel_entr(expert, rho), -expert / rho

    def elasticity(self, rho: Array, expert: Array) -> Array:
        """rho_E / rho."""
        return expert / rho

    def slopes(self, cost: Array) -> tuple[Array, Array]:
        """-1/x - 1 and 1/x^2."""
        return -1.0 / cost - 1.0, 1.0 / cost**2

    def learner_loss(self, logit: Any) -> Any:
        """e^-g."""
        return array_namespace(logit).exp(-logit)

    def expert_loss(self, logit: Any) -> Any:
        """g - 1."""
        return logit - 1.0

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """Exponential cones at the pairs that the expert takes."""
        seen = np.nonzero(expert > 0.0)
        return cp.sum(cp.rel_entr(expert[seen], rho[seen])), []
