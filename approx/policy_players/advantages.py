"""Lambda-returns and advantages.

The lambda-return of a step mixes the bootstrapped returns of all horizons (Sutton & Barto 2018, section
12.1):

    G_t = r_t + d_t [ (1 - l_t) v_{t+1} + l_t G_{t+1} ]

with a discount d_t and a mixing weight l_t *per step*. The end of a trajectory is a value of one of
them:
- termination: d_t = 0, nothing follows;
- truncation, or the end of the batch: l_t = 0, the critic's v_{t+1} estimates the return that would have followed.
Generalized advantage estimation (Schulman et al. 2016) is A_t = G_t - v_t.

The recursion is an upper bidiagonal linear system in G, solved at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

FloatArray = NDArray[np.float64]


def lambda_returns(
    rewards: FloatArray, discounts: FloatArray, next_values: FloatArray, mixing: FloatArray
) -> FloatArray:
    """Solve the lambda-return recursion for a flat batch.

    Args:
        rewards: r_t, shape (N,).
        discounts: d_t in [0, 1], shape (N,); 0 where the episode terminated at this step.
        next_values: v_{t+1}, shape (N,): the critic at the observation that followed step t.
        mixing: l_t in [0, 1], shape (N,); 0 at the last step of every trajectory, so that nothing leaks into
            the trajectory stored next.

    Returns:
        G_t, shape (N,).
    """
    known = rewards + discounts * (1.0 - mixing) * next_values
    bands = np.empty((2, rewards.shape[0]))
    bands[0, 0] = 0.0
    bands[0, 1:] = -(discounts * mixing)[:-1]
    bands[1] = 1.0
    return solve_banded((0, 1), bands, known, overwrite_ab=True, check_finite=False)
