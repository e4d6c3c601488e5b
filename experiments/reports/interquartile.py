"""Interquartile mean with a bootstrap interval.

Source: Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice".

The lowest floor(n / 4) and the highest floor(n / 4) of n scores are left out, and the rest is averaged. Like the median
it hardly changes with one very good or failed episode, but it is less noisy. The interval is the percentile bootstrap:
quantiles 2.5 % and 97.5 % of the interquartile mean over resamples with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

_CUT, _RESAMPLES, _CONFIDENCE = 0.25, 10_000, 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""


def interquartile_mean(scores: NDArray[np.float64], seed: int = 0) -> Interval:
    """Interquartile mean of scores, shape (n,), n >= 1, with its 95 % bootstrap interval.

    Args:
        scores: independent samples.
        seed: seed of the resampling.

    Raises:
        ValueError: there are no scores.
    """
    if scores.size == 0:
        raise ValueError("an interquartile mean needs at least one score; there is none")
    estimate = float(_estimate(scores, axis=0))
    if scores.size == 1:
        return Interval(estimate, estimate, estimate)
    interval = stats.bootstrap(
        (scores,),
        _estimate,
        n_resamples=_RESAMPLES,
        confidence_level=_CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(estimate, float(interval.low), float(interval.high))


def _estimate(samples: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    means: NDArray[np.float64] = np.asarray(stats.trim_mean(samples, _CUT, axis=axis))
    return means
