"""The (soft) Bellman operator, and the bound on an optimal value that any state function certifies.

    Q(s,a) = c(s,a) + gamma E[V(s') | s,a],
    (T V)(s) = min_pi sum_a pi(a) (Q(s,a) + lambda log pi(a)) = -lambda log sum_a exp(-Q(s,a)/lambda),

the plain minimum over actions when lambda = 0 (Ziebart 2010; Haarnoja et al. 2017). Weak duality: if V <= T V
at every reachable state, then <p0, V> <= min_rho -lambda Hbar(rho) + <rho, c>. Any V becomes feasible when
lowered by delta * lifetime, where delta is its largest violation; the bound loses delta * <p0, lifetime> and
no more.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from gail.exact.mdp import Array, FiniteMDP


def action_values(mdp: FiniteMDP, cost: Array, values: Array) -> Array:
    """Q(s,a) = c(s,a) + gamma E[V(s') | s,a], (S, A)."""
    return cost + mdp.discounted_next(values)


def soft_minimum(action_value: Array, entropy_weight: float) -> Array:
    """(S,) T V from Q (S, A): the minimum over actions, softened by lambda."""
    least: Array = action_value.min(axis=1)
    if entropy_weight == 0.0:
        return least
    # Relative to the least action value, so that small lambda cannot overflow.
    excess = (action_value - least[:, None]) / entropy_weight
    soft: Array = least - entropy_weight * np.log(np.exp(-excess).sum(axis=1))
    return soft


def soft_log_policy(action_value: Array, entropy_weight: float) -> Array:
    """(S, A) log of the minimising policy, proportional to exp(-Q/lambda), lambda > 0."""
    logits = -(action_value - action_value.min(axis=1, keepdims=True)) / entropy_weight
    log_policy: Array = logits - logsumexp(logits, axis=1, keepdims=True)
    return log_policy


def certified_value(mdp: FiniteMDP, cost: Array, entropy_weight: float, values: Array) -> float:
    """A lower bound on min_rho -lambda Hbar(rho) + <rho, c>, by shifting V (S,) to dual feasibility."""
    backup = soft_minimum(action_values(mdp, cost, values), entropy_weight)
    violation = max(0.0, float(np.max((values - backup)[mdp.reachable])))
    return float(mdp.initial @ values) - violation * float(mdp.initial @ mdp.lifetime)
