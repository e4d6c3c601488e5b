"""Means over an expert's steps, which may be weighted: E_E[f] = sum_i p_i f_i with shares p_i = w_i / sum_j w_j.

Without weights every p_i is 1 / N, and the result equals the plain mean bit for bit.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gail.approx.trajectories.trajectories import Trajectories


def shares_of(batch: Trajectories) -> Tensor | None:
    """The weights of the batch's steps as fractions of their sum, float64, shape (N,); None where it has no weights."""
    if batch.weights is None:
        return None
    weights = batch.weights.astype(np.float64)
    return torch.from_numpy(weights / weights.sum())


def mean_rows(rows: Tensor, shares: Tensor | None) -> Tensor:
    """Mean of floating-point rows, shape (N, ...) to (...), weighted by `shares`, shape (N,), if not None."""
    return rows.mean(0) if shares is None else torch.tensordot(shares.to(rows.dtype), rows, dims=1)
