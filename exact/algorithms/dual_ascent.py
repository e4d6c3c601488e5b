"""Gradient ascent on the dual of exact matching: maximum causal entropy inverse reinforcement learning.

For constant psi the dual objective is the expert's causal likelihood up to a constant,

    d(c) = V_lambda(c) - <rho_E, c>,        grad d(c) = rho_c - rho_E

(Ziebart, Bagnell & Dey 2010; Ho & Ermon 2016, section 3). Its distance to the optimum is

    -lambda Hbar(rho_E) - d(c) = lambda sum_s rho_E(s) KL(pi_E(.|s), pi_c(.|s)).

The gradient raises the cost where the learner visits more often than the expert. Limited-memory quasi-Newton steps (Liu
& Nocedal 1989) combine the gradients so far, because plain ascent is slow where the expert visits some pairs 10^6 times
as often as others. Every step is a combination of gradients, so it lies in the kernel of the flow, and the component of
the start along potential shaping never changes: the start decides which of the many optimal costs is found. Where the
expert never takes some action, the supremum is not attained; the objective still tends to it, while costs grow without
bound.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from gail.exact.algorithms.argument_checks import validate_amount, validate_matching, validate_psi, validate_table
from gail.exact.algorithms.game import Run, RunRecorder
from gail.exact.occupancy import causal_entropy, occupancy_of
from gail.exact.planning.soft_planning import SoftOptimum, soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array, validate_count
from gail.exact.regularizers import Constant

SUFFICIENT = 1e-4
"""Least share of the gain predicted by the gradient that a step must achieve."""

MEMORY = 30
"""Number of stored pairs of steps and gradient changes."""

RESOLUTION = 1e-15
"""Predicted gain, relative to the objective, below which differences of values are rounding."""


def dual_ascent(problem: Matching, iterations: int, *, start: Array | None = None, tolerance: float = 0.0) -> Run:
    """Ascend from a cost (S, A), zero by default, for psi constant and lambda > 0.

    Steps c <- c + eta B (rho_c - rho_E), B the quasi-Newton matrix, eta halved from one until the objective rises
    sufficiently. Stops early when the gap is within `tolerance`, or steps no longer change the objective. The primal
    value in the record is that of the expert's occupancy measure, the only feasible point.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of the process.
        TypeError: psi is not Constant, or iterations are not whole.
        ValueError: the entropy weight is zero, iterations below one, a negative tolerance, or a start that is not a
            finite (S, A) array.
    """
    validate_matching(problem)
    validate_psi(problem, Constant, "dual ascent")
    if problem.entropy_weight == 0.0:
        raise ValueError("dual ascent needs entropy_weight > 0, got 0")
    iterations, tolerance = validate_count("iterations", iterations), validate_amount("tolerance", tolerance)
    recorder = RunRecorder(problem)
    cost = np.zeros_like(problem.expert) if start is None else validate_table("start", start, problem.expert.shape)
    optimum, value = _evaluate(problem, cost, None)
    memory = _Memory(problem.entropy_weight / float(problem.expert.sum()))
    optimal = -problem.entropy_weight * causal_entropy(problem.expert)
    gradient = occupancy_of(problem.mdp, optimum.policy) - problem.expert
    for iteration in range(1, iterations + 1):
        direction = memory.direction(gradient)
        slope, step = float(np.sum(gradient * direction)), 1.0
        floor = RESOLUTION * max(abs(value), problem.unit)
        while step * slope > floor:
            trial = cost + step * direction
            there, reached = _evaluate(problem, trial, optimum.values)
            if reached >= value + SUFFICIENT * step * slope:
                break
            step *= 0.5
        else:
            recorder.record(iteration, problem.expert, cost, optimum.values)
            break
        cost, optimum, value = trial, there, reached
        before, gradient = gradient, occupancy_of(problem.mdp, optimum.policy) - problem.expert
        memory.remember(step * direction, before - gradient)
        recorder.record(iteration, problem.expert, cost, optimum.values)
        if optimal - value <= tolerance:
            break
    return recorder.finished(optimum.policy, cost)


class _Memory:
    """The quasi-Newton estimate of the inverse Hessian from past steps."""

    def __init__(self, first: float) -> None:
        self._scale = first
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)

    def direction(self, gradient: Array) -> Array:
        """B gradient, by the two loops of Liu & Nocedal (1989)."""
        direction, shares = gradient, []
        for step, bend, product in reversed(self._pairs):
            share = float(np.sum(step * direction)) / product
            shares.append(share)
            direction = direction - share * bend
        direction = self._scale * direction
        for (step, bend, product), share in zip(self._pairs, reversed(shares), strict=True):
            direction = direction + (share - float(np.sum(bend * direction)) / product) * step
        return direction

    def remember(self, step: Array, bend: Array) -> None:
        """Store a step and the decrease of the gradient along it; by concavity their product is positive."""
        product, square = float(np.sum(step * bend)), float(np.sum(bend * bend))
        if product > 1e-12 * np.sqrt(square * float(np.sum(step * step))):  # else rounding alone
            self._pairs.append((step, bend, product))
            self._scale = product / square


def _evaluate(problem: Matching, cost: Array, values: Array | None) -> tuple[SoftOptimum, float]:
    optimum = soft_optimum(problem.mdp, cost, problem.entropy_weight, values)
    return optimum, float(problem.mdp.initial @ optimum.values) - float(np.sum(problem.expert * cost))
