"""Entropy-regularized planning: Newton's method on the soft Bellman equation.

The fixed point V = T V, (T V)(s) = -lambda log sum_a exp(-(c(s,a) + gamma E[V(s')|s,a]) / lambda), is the
value of

    V_lambda(c) = min_rho -lambda Hbar(rho) + <rho, c> = <p0, V>,

a concave function of the cost whose gradient is the optimal occupancy. T is concave, so Newton's method on
V - T V = 0 descends monotonically from any policy's values and converges quadratically; one step of it is
exact evaluation of the current soft-greedy policy,

    V <- (I - gamma P_pi)^-1 sum_a pi (c + lambda log pi),   pi proportional to exp(-Q/lambda),

that is, soft policy iteration (Puterman & Brumelle 1979 for lambda = 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.bellman import action_values, certified_value, soft_log_policy
from gail.exact.chain import Chain
from gail.exact.mdp import Array, FiniteMDP

MAX_ITERATIONS = 500

ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Relative decrease of the values that is no longer progress."""

ENDGAME = 1e-9
"""Relative decrease below which convergence is quadratic, and one that fails to halve is rounding as well."""


@dataclass(frozen=True, eq=False)
class SoftOptimum:
    """The solution V (S,) of the soft Bellman equation, its policy (S, A), and the policy's chain."""

    values: Array
    policy: Array
    chain: Chain


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
    values = np.zeros(mdp.num_states) if values is None else values
    last_fall = np.inf
    for iteration in range(MAX_ITERATIONS):
        log_policy = soft_log_policy(action_values(mdp, cost, values), entropy_weight)
        policy, previous = np.exp(log_policy), values
        chain = Chain(mdp, policy)
        values = chain.values((policy * (cost + entropy_weight * log_policy)).sum(axis=1))
        if trace is not None:
            trace.append(float(mdp.initial @ values) - certified_value(mdp, cost, entropy_weight, values))
        if iteration == 0:
            continue  # the first values came from the caller, not from a policy: their fall says nothing
        fall, scale = float(np.max(previous - values)), float(np.max(abs(values)))
        if fall <= ROUNDING * scale or last_fall <= 2 * fall <= 2 * ENDGAME * scale:
            break
        last_fall = fall
    return SoftOptimum(values, policy, chain)
