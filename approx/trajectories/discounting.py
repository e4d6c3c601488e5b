"""The discount in the weights of demonstrations.

For episodes that are drawn from the start distribution and never cut, with t counted from the start of each,

    E[ sum_t gamma^t 1(s_t = s, a_t = a) ] = rho(s, a),

so episodes with weights gamma^t estimate the discounted occupancy measure, and its normalisation if the weights are
divided by their sum. Episodes cut after T steps lack the mass gamma^T / (1 - gamma) of the total 1 / (1 - gamma).
Compute the weights from whole episodes, because t counts the steps; later subsampling keeps the weights of the kept
steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.approx.trajectories.trajectories import Trajectories


def discount_weights(trajectories: Trajectories, discount: float) -> NDArray[np.float64]:
    """gamma^t of each step, t counted from its trajectory's start, shape (N,); 0^0 is 1.

    Args:
        trajectories: whole trajectories, from the starts of their episodes.
        discount: gamma, in [0, 1].

    Raises:
        ValueError: the discount is outside [0, 1].
    """
    _check_discount(discount)
    times = np.arange(trajectories.num_steps) - np.repeat(trajectories.first_steps, trajectories.lengths)
    weights: NDArray[np.float64] = np.power(discount, times.astype(np.float64))
    return weights


def truncated_mass(trajectories: Trajectories, discount: float) -> float:
    """An upper bound on the share of discounted mass beyond the trajectories' ends: the mean of gamma^T.

    Episodes that the environment ended lack no mass.

    Args:
        trajectories: whole trajectories, from the starts of their episodes.
        discount: gamma, in [0, 1].

    Raises:
        ValueError: the discount is outside [0, 1].
    """
    _check_discount(discount)
    beyond = np.power(discount, trajectories.lengths.astype(np.float64))
    return float(np.where(trajectories.terminated, 0.0, beyond).mean())


def _check_discount(discount: float) -> None:
    if not 0.0 <= discount <= 1.0:
        raise ValueError(f"the discount is {discount}: a number between 0 and 1 is needed")
