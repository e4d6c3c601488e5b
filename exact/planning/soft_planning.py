"""Entropy-regularized planning: Newton's method on the soft Bellman equation.

The fixed point V = T V, (T V)(s) = -lambda log sum_a exp(-(c(s,a) + gamma E[V(s')|s,a]) / lambda), gives
the value of

    V_lambda(c) = min_rho -lambda Hbar(rho) + <rho, c> = <p0, V>,

a concave function of the cost whose gradient is the optimal occupancy. T is concave, so Newton's method on
V - T V = 0 descends monotonically from any policy's values and converges quadratically; one step of it is
exact evaluation of the current soft-greedy policy,

    V <- V + (I - gamma P_pi)^-1 (T V - V),   pi proportional to exp(-Q/lambda),

that is, soft policy iteration (Puterman & Brumelle 1979 for lambda = 0). With many states, a few applications of T come
first, and the Newton step is computed iteratively, to an accuracy that tightens near the solution (inexact Newton:
Dembo, Eisenstat & Steihaug 1982). The final residual is recomputed from V, so it does not depend on the path of the
iteration.

Where the states form stages that lead only to later stages, as in a finite horizon, one backward recursion (Ziebart
2010, chapter 5) is exact, and nothing is iterated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.linear_systems.markov_chain import DIRECT_UP_TO, Chain
from gail.exact.planning.bellman import action_values, certified_gap, level, soft_backup, soft_minimum
from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP

MAX_ITERATIONS = 500

WARM_UP_ROUNDS = 30
"""Applications of T before the first Newton step, with many states."""

NEAR = 1e-3
"""Relative residual below which Newton steps are computed accurately."""

FAR_ACCURACY, NEAR_ACCURACY, FULL_ACCURACY = 1e-2, 1e-5, 1e-10
"""Relative accuracy of a Newton step: far from the solution, near it, and after `PATIENCE` iterations."""

PATIENCE = 60
"""Iterations after which every Newton step is computed to full accuracy."""

ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Relative decrease of the values at the level of rounding errors."""

RESOLVED = 4 * float(np.finfo(np.float64).eps)
"""Relative residual that further steps cannot reduce."""

QUADRATIC_PHASE = 1e-9
"""Relative decrease below which convergence is quadratic; a decrease that fails to halve is then rounding."""


@dataclass(frozen=True, eq=False)
class SoftOptimum:
    """The solution V (S,) of the soft Bellman equation, its policy (S, A), and the policy's chain.

    V is kept as relative values and a constant (`bellman`), so that its rounding is relative to the smaller of both.
    """

    relative: Array
    constant: float
    policy: Array
    chain: Chain

    @property
    def values(self) -> Array:
        """V (S,)."""
        return self.relative + self.constant


def soft_optimum(
    mdp: FiniteMDP,
    cost: Array,
    entropy_weight: float,
    values: Array | None = None,
    trace: list[float] | None = None,
) -> SoftOptimum:
    """Solve the soft Bellman equation to rounding, lambda > 0, from the soft-greedy policy of `values`.

    Appends to `trace` the gap certified after each iteration.
    """
    if mdp.stages is not None:
        optimum = _backward(mdp, mdp.stages, cost, entropy_weight)
        if trace is not None:
            backup = soft_minimum(action_values(mdp, cost, optimum.relative), entropy_weight)
            trace.append(certified_gap(mdp, optimum.relative, backup))
        return optimum
    if values is None:
        values = _warmed(mdp, cost, entropy_weight) if mdp.num_states > DIRECT_UP_TO else np.zeros(mdp.num_states)
    # Relative values: V = values + removed, and c - (1 - gamma) removed is the cost whose values they are.
    removed = level(mdp, values)
    values, relative_cost = values - removed, cost - (1.0 - mdp.discount) * removed
    backup, policy = soft_backup(action_values(mdp, relative_cost, values), entropy_weight)
    last_change = np.inf
    for iteration in range(MAX_ITERATIONS):
        residual, scale = backup - values, float(np.max(abs(values)))
        accuracy = FAR_ACCURACY if float(np.max(abs(residual))) > NEAR * scale else NEAR_ACCURACY
        chain = Chain(mdp, policy)
        step = chain.correction(residual, accuracy if iteration < PATIENCE else FULL_ACCURACY)
        values, evaluated = values + step, policy
        constant = level(mdp, values)
        step, values, removed = step - constant, values - constant, removed + constant
        relative_cost = cost - (1.0 - mdp.discount) * removed
        backup, policy = soft_backup(action_values(mdp, relative_cost, values), entropy_weight)
        if trace is not None:
            trace.append(certified_gap(mdp, values, backup))
        if iteration == 0:
            continue  # the first values came from the caller, not from a policy: their change is no measure of progress
        change, scale = float(np.max(abs(step))), float(max(np.max(abs(values)), np.max(abs(relative_cost))))
        if mdp.num_states > DIRECT_UP_TO and float(np.max(abs(backup - values))) <= RESOLVED * scale:
            break
        if change <= ROUNDING * scale or last_change <= 2 * change <= 2 * QUADRATIC_PHASE * scale:
            break
        last_change = change
    return SoftOptimum(values, removed, evaluated, chain)


def _backward(
    mdp: FiniteMDP, stages: tuple[tuple[slice, Sparse], ...], cost: Array, entropy_weight: float
) -> SoftOptimum:
    """Backward recursion: the values of each stage from those of later stages."""
    values, policy = np.zeros(mdp.num_states), np.empty_like(cost)
    for run, rows in stages:
        future: Array = np.asarray(rows @ values)
        values[run], policy[run] = soft_backup(future.reshape(-1, mdp.num_actions) + cost[run], entropy_weight)
    return SoftOptimum(values, 0.0, policy, Chain(mdp, policy))


def _warmed(mdp: FiniteMDP, cost: Array, entropy_weight: float) -> Array:
    values = np.zeros(mdp.num_states)
    for _ in range(WARM_UP_ROUNDS):
        values = soft_minimum(action_values(mdp, cost, values), entropy_weight)
    return values
