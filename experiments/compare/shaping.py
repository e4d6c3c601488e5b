"""Costs up to potential shaping.

For any Phi the costs c and c + Phi(s) - gamma E[Phi(s')|s,a] have the same optimal policies, with or without entropy
(Ng, Harada & Russell 1999), and differ in <rho, .> by the constant <p0, Phi> for every occupancy rho. Of two costs,
therefore, only the difference that no Phi removes is compared:

    min over Phi of   sum w(s,a) (c + Phi(s) - gamma E[Phi(s')|s,a] - c*)^2.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsmr

from gail.exact import FiniteMDP
from gail.experiments.compare.problem import Array


def nearest_by_shaping(mdp: FiniteMDP, cost: Array, target: Array, weights: Array) -> Array:
    """The cost (S, A), shaped so that it is nearest to a target (S, A) in the least squares of weights (S, A) >= 0."""
    actions = mdp.num_actions
    repeated = sparse.kron(sparse.eye_array(mdp.num_states), np.ones((actions, 1)), format="csr")
    shaping = sparse.csr_array(repeated - mdp.discount * mdp.transitions)
    root = np.sqrt(weights.ravel() / weights.sum())
    missing = root * (target - cost).ravel()
    potential = lsmr(sparse.diags_array(root) @ shaping, missing, atol=1e-12, btol=1e-12, maxiter=10_000)[0]
    return np.asarray(cost + (shaping @ potential).reshape(cost.shape))


def distance_by_shaping(mdp: FiniteMDP, cost: Array, target: Array, weights: Array) -> float:
    """What remains, relative: the weighted root mean square of the difference, over that of the target shaped towards
    zero, which is what no potential explains of it."""
    share = weights / weights.sum()
    left = nearest_by_shaping(mdp, cost, target, weights) - target
    size = nearest_by_shaping(mdp, target, np.zeros_like(target), weights)
    scale = float(np.sqrt(np.sum(share * size**2)))
    return float(np.sqrt(np.sum(share * left**2))) / scale if scale > 0.0 else float("nan")
