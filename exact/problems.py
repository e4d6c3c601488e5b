"""The two problems over occupancy measures, each with its primal value and its dual bound.

    Planning, RL(c):     min over rho in the flow polytope of  -lambda Hbar(rho) + <rho, c>
    Matching:            min over rho in the flow polytope of  -lambda Hbar(rho) + psi*(rho - rho_E)

Dual of planning: maximise <p0, V> over V <= T V (`gail.exact.planning.bellman`). Dual of matching (Ho & Ermon 2016,
Proposition 3.2), which is the objective of inverse reinforcement learning:

    max over costs c of  -psi(c) + min_rho (-lambda Hbar(rho) + <rho, c>) - <rho_E, c>.

Both dual bounds are evaluated from the pair (c, V) alone, so they hold whichever solver computed the pair.

Rounding. A gap is a difference of sums, and rounding is what remains of it at a solution. In units of eps = 2.2e-16,
with L the longest expected discounted duration of an episode (1/(1-gamma) if none ends), h the values without their
constant where no episode ends, and V otherwise, and g the constant per step, the terms are

    L (max |h| + |g|)                           the Bellman residual, charged at every step of the bound;
    sum (rho + rho_E) |c| + |psi(c)| + |psi*|   the sums themselves;
    M T * largest cost of the class             rho - rho_E, for classes of costs: psi* has a kink at rho = rho_E.

M is the mass, and T = max |h| / max |c| >= 1 the number of steps over which a state is remembered: by so much rounding
in a policy is enlarged in its occupancy measure.

max |h| is at most L times the range of the costs, and reaches this where states do not lead to each other. Then the
first term grows with 1 / (1-gamma)^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from gail.exact.occupancy import causal_entropy, occupancy_of
from gail.exact.planning.bellman import certified_value, level
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import BoundedCosts, LinearCosts, Regularizer, requires_equality

ROUNDINGS = 4.0
"""Rounding errors of size eps that accumulate in each of the terms above, in the worst of many thousand instances."""

_EPS = float(np.finfo(np.float64).eps)

_SAME = 1e-6
"""Relative l1 distance below which two occupancy measures count as one."""


class Problem(Protocol):
    """A convex problem over occupancy measures that evaluates primal and dual points."""

    @property
    def mdp(self) -> FiniteMDP:
        """The process."""

    @property
    def unit(self) -> float:
        """A typical magnitude of the objective: the scale of relative gaps when both values are about zero."""

    def primal(self, occupancy: Array) -> float:
        """Objective at an occupancy measure (S, A)."""

    def dual(self, cost: Array | None, values: Array | None) -> float:
        """Lower bound certified by a cost (S, A) and a state function (S,); -inf when either is missing."""

    def rounding(self, occupancy: Array, cost: Array, values: Array) -> float:
        """Error that rounding leaves in the primal value minus the dual bound of these points, about."""


@dataclass(frozen=True, eq=False)
class Planning:
    """RL(c): minimise -lambda Hbar(rho) + <rho, c>."""

    mdp: FiniteMDP
    cost: Array
    entropy_weight: float

    @property
    def unit(self) -> float:
        """Largest absolute cost of a state-action pair, plus lambda."""
        return float(np.max(abs(self.cost))) + self.entropy_weight

    def primal(self, occupancy: Array) -> float:
        """-lambda Hbar(rho) + <rho, c>."""
        spent = float(np.sum(occupancy * self.cost))
        return spent - self.entropy_weight * causal_entropy(occupancy) if self.entropy_weight > 0.0 else spent

    def dual(self, cost: Array | None, values: Array | None) -> float:
        """<p0, V> after V is lowered to dual feasibility."""
        if cost is None or values is None:
            return -np.inf
        return certified_value(self.mdp, cost, self.entropy_weight, values)

    def rounding(self, occupancy: Array, cost: Array, values: Array) -> float:
        """The first two terms of the module docstring."""
        return ROUNDINGS * _EPS * (_of_bound(self.mdp, values) + float(np.sum(occupancy * abs(cost))))


@dataclass(frozen=True, eq=False)
class Matching:
    """Minimise -lambda Hbar(rho) + psi*(rho - rho_E)."""

    mdp: FiniteMDP
    expert: Array
    psi: Regularizer
    entropy_weight: float

    @cached_property
    def unit(self) -> float:
        """|psi*(0)| plus lambda; if both are 0, the largest finite best-response cost at a policy not the expert's:
        the uniform one, or else the first action; 1 if there is none.

        At the expert's own policy such costs are rounding.
        """
        unit = abs(self.psi.conjugate(self.expert, self.expert)[0]) + self.entropy_weight
        if unit > 0.0:
            return unit
        for policy in _two_policies(self.expert.shape):
            learner = occupancy_of(self.mdp, policy)
            if abs(learner - self.expert).sum() > _SAME * self.expert.sum():
                cost = self.psi.conjugate(learner, self.expert)[1]
                return float(np.max(abs(cost[np.isfinite(cost)]), initial=0.0)) or 1.0
        return 1.0

    @cached_property
    def largest_cost(self) -> float:
        """Largest absolute best response to the uniform policy or the first action, if psi is a class of costs; else 0.

        One of them is not the expert, to whom the zero cost is a best response.
        """
        if requires_equality(self.psi) or not isinstance(self.psi, LinearCosts | BoundedCosts):
            return 0.0
        largest = 0.0
        for policy in _two_policies(self.expert.shape):
            cost = self.psi.conjugate(occupancy_of(self.mdp, policy), self.expert)[1]
            largest = max(largest, float(np.max(abs(cost[np.isfinite(cost)]), initial=0.0)))
        return largest

    def rounding(self, occupancy: Array, cost: Array, values: Array) -> float:
        """The terms of the module docstring."""
        if not np.all(np.isfinite(cost)):
            return 0.0
        sums = float(np.sum((occupancy + self.expert) * abs(cost)))
        terms = abs(self.psi.value(cost, self.expert)), abs(self.psi.conjugate(occupancy, self.expert)[0])
        sums += sum(term for term in terms if np.isfinite(term))
        largest = float(np.max(abs(cost)))
        memory = max(1.0, _relative(self.mdp, values)[1] / largest) if largest > 0.0 else 1.0
        kink = self.largest_cost * float(self.expert.sum()) * memory
        return ROUNDINGS * _EPS * (_of_bound(self.mdp, values) + sums + kink)

    def primal(self, occupancy: Array) -> float:
        """-lambda Hbar(rho) + psi*(rho - rho_E)."""
        distance, _ = self.psi.conjugate(occupancy, self.expert)
        return distance - self.entropy_weight * causal_entropy(occupancy)

    def dual(self, cost: Array | None, values: Array | None) -> float:
        """-psi(c) + (certified lower bound on RL(c)) - <rho_E, c>."""
        if cost is None or values is None or not np.all(np.isfinite(cost)):
            return -np.inf
        planned = certified_value(self.mdp, cost, self.entropy_weight, values)
        return planned - self.psi.value(cost, self.expert) - float(np.sum(self.expert * cost))


def _two_policies(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The uniform policy (S, A), and the one that takes the first action."""
    first = np.zeros(shape)
    first[:, 0] = 1.0
    return np.full(shape, 1.0 / shape[1]), first


def _of_bound(mdp: FiniteMDP, values: Array) -> float:
    """The first term, in units of eps."""
    constant, relative = _relative(mdp, values)
    return float(mdp.initial @ mdp.lifetime) * (relative + (1.0 - mdp.discount) * abs(constant))


def _relative(mdp: FiniteMDP, values: Array) -> tuple[float, float]:
    """The constant of V (S,), and max |h|."""
    constant = level(mdp, values)
    return constant, float(np.max(abs(values - constant), where=mdp.reachable, initial=0.0))


def validate_entropy_weight(entropy_weight: float) -> float:
    """The entropy weight lambda as a float.

    Raises:
        TypeError: not a number.
        ValueError: negative, NaN or infinite.
    """
    try:
        weight = float(entropy_weight)
    except (TypeError, ValueError):
        raise TypeError(f"entropy_weight must be a number, got {entropy_weight!r}") from None
    if not 0.0 <= weight < np.inf:
        raise ValueError(f"entropy_weight must be finite and nonnegative, got {weight}")
    return weight
