"""Running standardization of vectors: x -> (x - mean) / std with the moments of all data so far.

Moments of batches are merged exactly (Chan, Golub & LeVeque 1983): with counts n, m, means and variances,

    mean = (n mean_n + m mean_m) / (n + m)
    var  = (n var_n + m var_m) / (n + m) + (mean_n - mean_m)^2 n m / (n + m)^2

The moments of a weighted batch are weighted; the batch counts as many rows as it has.

Moments are kept in float64: the float32 formula E[x^2] - E[x]^2 loses all digits where the mean is large.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gail.approx.trajectories.weighting import mean_rows

LEAST_STD = 1e-6
"""Added to the standard deviation, in the units of the data: constants map to zero."""

_CLIP = 10.0  # standardized values beyond this are outliers; tanh layers saturate well before


class RunningMoments(nn.Module):
    """Mean and variance of all vectors seen, as a module: `moments(x)` standardizes, `update` adds data."""

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("variance", torch.ones(size, dtype=torch.float64))

    @torch.no_grad()
    def update(self, values: Tensor, shares: Tensor | None = None) -> None:
        """Merge `values`, shape (N, size), into the moments; each row counts alike, or by its share, shape (N,)."""
        batch = values.to(torch.float64)
        if batch.shape[0] == 0:
            return
        added = float(batch.shape[0])
        seen = float(self.count)
        total = seen + added
        mean = mean_rows(batch, shares)
        variance = batch.var(0, unbiased=False) if shares is None else mean_rows((batch - mean).square(), shares)
        shift = mean - self.mean
        spread = (seen * self.variance + added * variance) / total
        self.variance.copy_(spread + shift.square() * (seen * added / total**2))
        self.mean.add_(shift * (added / total))
        self.count.fill_(total)

    @property
    def std(self) -> Tensor:
        """Standard deviation, shape (size,), float64, bounded away from zero."""
        return self.variance.sqrt() + LEAST_STD

    def forward(self, values: Tensor) -> Tensor:
        """Standardize `values`, shape (..., size); float32 out."""
        return self.part(values, slice(None))

    def part(self, values: Tensor, entries: slice) -> Tensor:
        """Standardize vectors that consist of some entries only; float32 out."""
        return ((values - self.mean[entries]) / self.std[entries]).clamp(-_CLIP, _CLIP).to(torch.float32)
