"""The (soft) Bellman operator, and the bound on an optimal value that any state function certifies.

    Q(s,a) = c(s,a) + gamma E[V(s') | s,a],
    (T V)(s) = min_pi sum_a pi(a) (Q(s,a) + lambda log pi(a)) = -lambda log sum_a exp(-Q(s,a)/lambda),

which is the minimum over actions when lambda = 0 (Ziebart 2010; Haarnoja et al. 2017). Weak duality: if V <= T V
at every reachable state, then <p0, V> <= min_rho -lambda Hbar(rho) + <rho, c>. Any V becomes feasible when
lowered by delta * lifetime, where delta is its largest violation. This lowers the bound by delta * <p0, lifetime>.

Where no episode ends, T(V + k) = T V + gamma k for a constant k. Then V may be raised as well as lowered, and the bound
<p0, V> - max(V - T V) / (1 - gamma) does not depend on k. Without its constant, V is smaller by a factor of up to
1 - gamma, and so is its rounding: bounds and policies are computed from such *relative* values.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP


def action_values(mdp: FiniteMDP, cost: Array, values: Array) -> Array:
    """Q(s,a) = c(s,a) + gamma E[V(s') | s,a], (S, A)."""
    future = mdp.discounted_next(values)
    future += cost
    return future


def least_value(action_value: Array) -> Array:
    """(S,) min over actions of Q (S, A), column by column: several times faster if there are few actions."""
    least = action_value[:, 0].copy()
    for action in range(1, action_value.shape[1]):
        np.minimum(least, action_value[:, action], out=least)
    return least


def soft_minimum(action_value: Array, entropy_weight: float) -> Array:
    """(S,) T V from Q (S, A): the soft minimum over actions, or the minimum if lambda = 0."""
    least = least_value(action_value)
    if entropy_weight == 0.0:
        return least
    return least - entropy_weight * np.log(_total(_weights(action_value, least, entropy_weight)))


def soft_log_policy(action_value: Array, entropy_weight: float) -> Array:
    """(S, A) log of the minimising policy, proportional to exp(-Q/lambda), lambda > 0."""
    logits = -(action_value - action_value.min(axis=1, keepdims=True)) / entropy_weight
    log_policy: Array = logits - logsumexp(logits, axis=1, keepdims=True)
    return log_policy


def soft_backup(action_value: Array, entropy_weight: float) -> tuple[Array, Array]:
    """T V (S,) from Q (S, A) and the policy (S, A) that attains it, in one pass, lambda > 0."""
    least = least_value(action_value)
    weights = _weights(action_value, least, entropy_weight)
    total = _total(weights)
    weights /= total[:, None]
    return least - entropy_weight * np.log(total), weights


def level(mdp: FiniteMDP, values: Array) -> float:
    """The constant that separates V (S,) from its relative values: the middle of its range, or 0 if episodes end."""
    if not mdp.endless:
        return 0.0
    reached = values[mdp.reachable]
    return 0.5 * float(reached.max()) + 0.5 * float(reached.min())


def certified_gap(mdp: FiniteMDP, values: Array, backup: Array) -> float:
    """Distance below <p0, V> of the bound from V (S,) and T V (S,), where V is lowered if it is infeasible."""
    violation = float(np.max(values - backup, where=mdp.reachable, initial=0.0))
    return violation * float(mdp.initial @ mdp.lifetime)


def certified_value(mdp: FiniteMDP, cost: Array, entropy_weight: float, values: Array) -> float:
    """A lower bound on min_rho -lambda Hbar(rho) + <rho, c>, by shifting V (S,) to dual feasibility."""
    relative = values - level(mdp, values)
    backup = soft_minimum(action_values(mdp, cost, relative), entropy_weight)
    if not mdp.endless:
        return float(mdp.initial @ values) - certified_gap(mdp, values, backup)
    excess = float(np.max(relative - backup, where=mdp.reachable, initial=-np.inf))
    return float(mdp.initial @ relative) - excess / (1.0 - mdp.discount)


def _weights(action_value: Array, least: Array, entropy_weight: float) -> Array:
    """exp(-(Q - min Q)/lambda) (S, A): relative to the least action value, so that small lambda cannot overflow."""
    weights = action_value - least[:, None]
    weights /= -entropy_weight
    return np.asarray(np.exp(weights, out=weights))


def _total(weights: Array) -> Array:
    """(S,) sums over actions, as a product: sums of short rows are slow."""
    return np.asarray(weights @ np.ones(weights.shape[1]))
