"""Interquartile mean with a bootstrap interval.

The estimate that Agarwal et al. (2021, "Deep reinforcement learning at the edge of the statistical precipice") advise.

Of n scores in order, the lowest and the highest floor(n / 4) are left out, and the rest is averaged: as hard to move by
one lucky or failed episode as a median, and less noisy. The interval is the percentile bootstrap's: quantiles 2.5 %
and 97.5 % of the interquartile mean over resamples with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RESAMPLES, _CONFIDENCE = 10_000, 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate, and where it may lie."""

    estimate: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end."""


def interquartile_mean(scores: NDArray[np.float64], seed: int = 0) -> Interval:
    """Interquartile mean of scores, shape (n,), n >= 1, with its 95 % bootstrap interval.

    Args:
        scores: independent samples.
        seed: of the resamples.

    Raises:
        ValueError: there are no scores.
    """
    if scores.size == 0:
        raise ValueError("an interquartile mean needs at least one score; there is none")
    rows = np.random.default_rng(seed).integers(scores.size, size=(_RESAMPLES, scores.size))
    means = _middle_mean(scores[rows])
    tail = 50.0 * (1.0 - _CONFIDENCE)
    low, high = np.percentile(means, (tail, 100.0 - tail))
    return Interval(float(_middle_mean(scores)), float(low), float(high))


def _middle_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interquartile means along the last axis."""
    cut = scores.shape[-1] // 4
    middle = np.sort(scores, axis=-1)[..., cut : scores.shape[-1] - cut]
    means: NDArray[np.float64] = np.asarray(middle.mean(axis=-1))
    return means
