"""The discount in the weights of demonstrations.

For episodes that are drawn from the start distribution and never cut, with t counted from the start of each,

    E[ sum_t gamma^t 1(s_t = s, a_t = a) ] = rho(s, a),

so that episodes whose steps weigh gamma^t stand for the discounted occupancy measure, and for its normalisation once
the weights are divided by their sum. Episodes that are cut after T steps lack what follows: of the mass
1 / (1 - gamma) of an episode without end, gamma^T / (1 - gamma). The weights have to be taken of whole episodes, as t
counts the steps that are there; subsampling afterwards keeps the weights of the steps that it keeps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.approx.trajectories.trajectories import Trajectories


def discount_weights(trajectories: Trajectories, discount: float) -> NDArray[np.float64]:
    """gamma^t of each step, t counted from its trajectory's start, shape (N,); 0^0 is 1.

    Args:
        trajectories: whole ones, from their episodes' starts.
        discount: gamma, in [0, 1].

    Raises:
        ValueError: the discount is outside [0, 1].
    """
    _check_discount(discount)
    times = np.arange(trajectories.num_steps) - np.repeat(trajectories.first_steps, trajectories.lengths)
    weights: NDArray[np.float64] = np.power(discount, times.astype(np.float64))
    return weights


def left_out_mass(trajectories: Trajectories, discount: float) -> float:
    """The share of the discounted mass, at most, that lies beyond the trajectories' ends: the mean of gamma^T.

    Where the environment ended the episode nothing follows, and nothing is left out.

    Args:
        trajectories: whole ones, from their episodes' starts.
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
