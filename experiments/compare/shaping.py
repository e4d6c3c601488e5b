"""Distance of two costs up to potential shaping.

For any Phi the costs c and c + Phi(s) - gamma E[Phi(s')|s,a] have the same optimal policies, with or without entropy
(Ng, Harada & Russell 1999), and differ in <rho, .> by the constant <p0, Phi> for every occupancy measure rho. So two
costs c and c* are compared only after the best shaping of c:

    min over Phi of   sum w(s,a) (c + Phi(s) - gamma E[Phi(s')|s,a] - c*)^2.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsmr

from gail.exact import FiniteMDP
from gail.experiments.compare.problem import Array


def nearest_by_shaping(mdp: FiniteMDP, cost: Array, target: Array, weights: Array) -> Array:
    """The cost (S, A) with the shaping that brings it nearest to a target (S, A), in weighted least squares.

    The weights (S, A) are non-negative.
    """
    actions = mdp.num_actions
    repeated = sparse.kron(sparse.eye_array(mdp.num_states), np.ones((actions, 1)), format="csr")
    shaping = sparse.csr_array(repeated - mdp.discount * mdp.transitions)
    root = np.sqrt(weights.ravel() / weights.sum())
    missing = root * (target - cost).ravel()
    potential = lsmr(sparse.diags_array(root) @ shaping, missing, atol=1e-12, btol=1e-12, maxiter=10_000)[0]
    return np.asarray(cost + (shaping @ potential).reshape(cost.shape))


def distance_by_shaping(mdp: FiniteMDP, cost: Array, target: Array, weights: Array) -> float:
    """Relative distance of a cost (S, A) from a target (S, A) up to potential shaping.

    It is the weighted root mean square of shaped cost minus target, divided by that of the target shaped towards zero
    (the part of the target that no shaping removes). NaN if that part is zero.
    """
    share = weights / weights.sum()
    left = nearest_by_shaping(mdp, cost, target, weights) - target
    size = nearest_by_shaping(mdp, target, np.zeros_like(target), weights)
    scale = float(np.sqrt(np.sum(share * size**2)))
    return float(np.sqrt(np.sum(share * left**2))) / scale if scale > 0.0 else float("nan")
