"""Imitation of several experts by one cost, on one or several processes with the same states and actions.

    max over c of   -psi(c) + sum_k w_k (V^k_lambda(c) - <rho_E^k, c>)
    min over rho_k in the flow polytope of process k of
                    -lambda sum_k w_k Hbar(rho_k) + psi*(sum_k w_k (rho_k - rho_E^k))

with weights w_k > 0 of sum one. The saddle function sum_k w_k (-lambda Hbar(rho_k) + <rho_k - rho_E^k, c>) - psi(c) is
convex in the learners and concave in the cost, as for one process (Ho & Ermon 2016, Proposition 3.2), so both values
are equal. The learners answer one cost, so only the mean of their occupancy measures is compared with the experts'
mean: a learner may differ from its own expert as long as the others make up for it. (A cost that must explain behaviour
in several processes is determined better than by one: Amin, Jiang & Singh 2017.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import causal_entropy, occupancy_of, validate_occupancy
from gail.exact.planning.bellman import certified_value
from gail.exact.problems import validate_entropy_weight
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.regularizers import Regularizer, validate_regularizer
from gail.exact.solution import NotOptimal, Status

TOLERANCE = 1e-8
"""Relative gap up to which the result is called optimal."""


@dataclass(frozen=True, eq=False)
class SharedCostProblem:
    """The problem of the module docstring; `experts` are occupancy measures (S, A), `weights` (k,) have sum one."""

    processes: tuple[FiniteMDP, ...]
    experts: tuple[Array, ...]
    weights: Array
    psi: Regularizer
    entropy_weight: float

    @cached_property
    def mean_expert(self) -> Array:
        """(S, A) sum_k w_k rho_E^k."""
        return self.mean(self.experts)

    @cached_property
    def unit(self) -> float:
        """|psi*(0)| plus lambda: the scale of relative gaps when both values are about zero."""
        return abs(self.psi.conjugate(self.mean_expert, self.mean_expert)[0]) + self.entropy_weight

    def mean(self, occupancies: Sequence[Array]) -> Array:
        """(S, A) sum_k w_k rho_k."""
        return np.asarray(np.tensordot(self.weights, np.stack(occupancies), axes=1))

    def primal(self, occupancies: Sequence[Array]) -> float:
        """The objective of the learners' occupancy measures."""
        entropies = [causal_entropy(rho) for rho in occupancies]
        distance, _ = self.psi.conjugate(self.mean(occupancies), self.mean_expert)
        return distance - self.entropy_weight * float(self.weights @ entropies)

    def dual(self, cost: Array, values: Sequence[Array]) -> float:
        """The bound that a cost (S, A) certifies with a state function (S,) per process."""
        planned = [
            certified_value(mdp, cost, self.entropy_weight, one)
            for mdp, one in zip(self.processes, values, strict=True)
        ]
        paid = float(np.sum(self.mean_expert * cost))
        return float(self.weights @ planned) - self.psi.value(cost, self.mean_expert) - paid


@dataclass(frozen=True, eq=False)
class SharedCostSolution:
    """A common cost, with the policy that answers it on each process.

    Attributes:
        problem: the problem.
        cost: (S, A) the common cost.
        policies: (S, A) per process, soft-optimal for the cost.
        values: (S,) state function per process, without its constant where no episode ends: the bound does not depend
            on it.
    """

    problem: SharedCostProblem
    cost: Array
    policies: tuple[Array, ...]
    values: tuple[Array, ...]

    @cached_property
    def occupancies(self) -> tuple[Array, ...]:
        """(S, A) occupancy measure per process."""
        return tuple(occupancy_of(*one) for one in zip(self.problem.processes, self.policies, strict=True))

    @cached_property
    def primal_value(self) -> float:
        """Objective at the policies: an upper bound on the optimum."""
        return self.problem.primal(self.occupancies)

    @cached_property
    def dual_value(self) -> float:
        """Bound certified by the cost and the values."""
        return self.problem.dual(self.cost, self.values)

    @property
    def gap(self) -> float:
        """primal_value - dual_value, signed."""
        return self.primal_value - self.dual_value

    @property
    def relative_gap(self) -> float:
        """The gap over the largest of |primal value| and the problem's unit."""
        return self.gap / max(abs(self.primal_value), self.problem.unit)

    @property
    def status(self) -> Status:
        """OPTIMAL if the gap is closed up to `TOLERANCE`."""
        return Status.OPTIMAL if abs(self.relative_gap) <= TOLERANCE else Status.NOT_CONVERGED

    def __repr__(self) -> str:
        states, actions = self.cost.shape
        return (
            f"SharedCostSolution({len(self.policies)} processes of {states} states and {actions} actions, "
            f"{self.status.name}, primal {self.primal_value:.9g}, relative gap {self.relative_gap:.3g})"
        )

    def require_optimal(self, tolerance: float = TOLERANCE) -> SharedCostSolution:
        """This solution, if its certificate shows that it is optimal.

        Raises:
            NotOptimal: the relative gap, of either sign, exceeds the tolerance.
        """
        if abs(self.relative_gap) <= tolerance:
            return self
        raise NotOptimal(
            f"primal {self.primal_value:.12g}, dual {self.dual_value:.12g}, relative gap {self.relative_gap:.3g}; "
            f"required {tolerance:.1g}"
        )


def checked_problem(
    processes: Sequence[FiniteMDP],
    expert_occupancies: Sequence[ArrayLike],
    psi: Regularizer,
    entropy_weight: float,
    weights: ArrayLike | None,
) -> SharedCostProblem:
    """The checked problem; weights are divided by their sum, and equal by default.

    Raises:
        ValueError: no process, another number of experts or weights, processes of different sizes, weights that are not
            positive, or an entropy weight that is not positive.
        InvalidOccupancy: an expert's occupancy is not one of its process.
        TypeError: a process is no FiniteMDP, or psi is no instance of a regularizer.
    """
    count = len(processes)
    if count == 0 or len(expert_occupancies) != count:
        raise ValueError(f"one expert per process is needed, got {len(expert_occupancies)} for {count} processes")
    for one in processes:
        validate_process(one)
    sizes = {(one.num_states, one.num_actions) for one in processes}
    if len(sizes) > 1:
        raise ValueError(f"a common cost needs processes with the same states and actions, got sizes {sorted(sizes)}")
    validate_regularizer(psi)
    shares = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (count,) or not np.all((shares > 0.0) & (shares < np.inf)):
        raise ValueError(f"weights must be {count} positive numbers, got {shares.tolist()}")
    weight = validate_entropy_weight(entropy_weight)
    if weight == 0.0:
        raise ValueError("several experts with one cost need entropy_weight > 0")
    experts = tuple(validate_occupancy(mdp, rho) for mdp, rho in zip(processes, expert_occupancies, strict=True))
    return SharedCostProblem(tuple(processes), experts, shares / shares.sum(), psi, weight)
