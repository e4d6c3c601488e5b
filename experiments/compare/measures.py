"""Exact evaluation of a policy: its occupancy measure rho by a linear solve, and the numbers computed from it.

p = (1-gamma) rho are probabilities; JSD is in nats, at most log 2; total variation is half the l1 distance, at most 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr

from gail.exact import Matching, Solution, causal_entropy, occupancy_of
from gail.experiments.compare.problem import Array

_ZERO = 1e-12
"""Where |J*| is less than this share of the uniform policy's excess, no excess relative to |J*| is reported."""


@dataclass(frozen=True)
class Measures:
    """The numbers that are reported for a policy."""

    objective: float
    """J with the algorithm's own psi."""
    excess: float
    """J - J*, not negative up to rounding."""
    excess_share: float
    """(J - J*) / (J_uniform - J*): 1 is the uniform policy, 0 the exact optimum."""
    excess_relative: float | None
    """(J - J*) / |J*|; None where J* is zero up to rounding."""
    chosen_objective: float
    """J with the chosen psi."""
    jsd_expert: float
    """Jensen-Shannon divergence to the expert."""
    variation_expert: float
    """Total variation to the expert."""
    variation_optimum: float
    """Total variation to the exact optimum with the algorithm's own psi."""
    true_return: float | None
    """-<rho, cost>, discounted; None where the task has no cost."""
    entropy: float
    """Discounted causal entropy, in nats."""


@dataclass(frozen=True, eq=False)
class ExactMeasures:
    """The reference for the policies of one algorithm."""

    problem: Matching
    """The matching problem with the algorithm's own psi."""
    chosen: Matching
    """The matching problem with the chosen psi."""
    optimum: Solution
    """The exact solution of `problem`."""
    cost: Array | None
    """The task's cost (S, A), if it has one."""

    def objective(self, policy: Array) -> float:
        """J of a policy (S, A), with the algorithm's own psi."""
        return self.problem.primal(occupancy_of(self.problem.mdp, policy))

    @property
    def uniform(self) -> float:
        """J of the uniform policy, from which every training starts."""
        shape = self.problem.expert.shape
        return self.objective(np.full(shape, 1.0 / shape[1]))

    def measure(self, policy: Array) -> Measures:
        """Evaluate a policy (S, A)."""
        rho = occupancy_of(self.problem.mdp, policy)
        best = self.optimum.primal_value
        scale = self.uniform - best
        objective = self.problem.primal(rho)
        excess = objective - best
        return Measures(
            objective=objective,
            excess=excess,
            excess_share=excess / scale,
            excess_relative=None if abs(best) < _ZERO * scale else excess / abs(best),
            chosen_objective=self.chosen.primal(rho),
            jsd_expert=jensen_shannon(rho, self.problem.expert),
            variation_expert=total_variation(rho, self.problem.expert),
            variation_optimum=total_variation(rho, self.optimum.occupancy),
            true_return=None if self.cost is None else -float(np.sum(rho * self.cost)),
            entropy=causal_entropy(rho),
        )


def total_variation(one: Array, other: Array) -> float:
    """Half the l1 distance of two measures, each divided by its mass."""
    return 0.5 * float(abs(one / one.sum() - other / other.sum()).sum())


def jensen_shannon(one: Array, other: Array) -> float:
    """Jensen-Shannon divergence of two measures, each divided by its mass."""
    p, q = one / one.sum(), other / other.sum()
    middle = 0.5 * (p + q)
    return 0.5 * float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum())
