"""Pictures of rates: errors against batch size, and regret against the horizon, on log axes with fitted slopes."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gail.experiments.compare.analysis import mean_interval
from gail.experiments.compare.problem import Array
from gail.experiments.compare.rates.batch_size import BatchRates, Errors
from gail.experiments.compare.rates.horizon import HorizonRates
from gail.experiments.compare.rates.whole_training import TrainingRates
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.reports.interquartile import Interval

_THIRD = "#7b5aa6"


def batch_picture(rates: BatchRates, optimum: BatchRates, trainings: TrainingRates) -> Figure:
    """Errors against batch size: left at fixed learners, right of whole trainings."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.4), layout="constrained")
    _curve(left, rates.sizes, rates.divergence, "JSD, estimated minus exact", LEARNER)
    _curve(left, rates.sizes, rates.cost, "cost, learned minus exact", OTHER)
    _curve(left, optimum.sizes, optimum.cost, "... at the exact optimum, minus the dual cost", _THIRD)
    left.set(title="Discriminator at a fixed learner", ylabel="root mean square over seeds (nats)")
    _curve(right, trainings.sizes, trainings.variation, "TV to the exact optimum", LEARNER)
    _curve(right, trainings.sizes, trainings.cost, "cost up to shaping, nats", OTHER)
    right.set(title=f"Whole trainings, {trainings.iterations} iterations", ylabel="root mean square over seeds")
    for axis in (left, right):
        axis.set(xscale="log", yscale="log", xlabel="steps in a batch")
        axis.grid(alpha=0.25, which="both")
        axis.legend(frameon=False, fontsize=8)
    return figure


def horizon_picture(rates: HorizonRates) -> Figure:
    """Left: regret against the horizon, sampled (dots) and exact (lines). Right: the error eps of each algorithm."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.4), layout="constrained")
    horizons = rates.horizons
    rows = ((rates.cloning, "cloning", OTHER, 2), (rates.matching, "GAIL", LEARNER, 1))
    for one, name, colour, power in rows:
        label = f"{name}: slope {_with_interval(one.regret_slope)}"
        left.errorbar(horizons, *_with_bars(one.regret), fmt="o", color=colour, capsize=3, label=label)
        left.plot(horizons, one.exact, color=colour, linewidth=1.2, label=f"{name}, exact")
        bound = one.exact_error * horizons**power
        left.plot(horizons, bound, "--", color=colour, linewidth=0.8, label=f"its bound, eps H{'²' * (power - 1)}")
        label = f"{name}: slope {_with_interval(one.error_slope)}"
        right.errorbar(horizons, *_with_bars(one.error), fmt="o", color=colour, capsize=3, label=label)
        right.plot(horizons, one.exact_error, color=colour, linewidth=1.2)
    left.set(ylabel="regret: discounted cost beyond the expert's", title="Regret")
    right.set(ylabel="error eps of the algorithm", title="Error per step, as statement 18 defines it")
    errors = np.concatenate([rates.cloning.exact_error, rates.matching.exact_error])
    right.set_ylim(errors.min() / 4.0, errors.max() * 4.0)
    for axis in (left, right):
        axis.set(xscale="log", yscale="log", xlabel="effective horizon 1/(1-gamma)")
        axis.set_xticks(horizons, [f"{one:g}" for one in horizons])
        axis.minorticks_off()
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure


def _curve(axis: Axes, sizes: Sequence[int], errors: Errors, name: str, colour: str) -> None:
    fitted = errors.slope
    label = name if fitted is None else f"{name}: {fitted.estimate:.2f} ({fitted.low:.2f}, {fitted.high:.2f})"
    means = errors.root_mean_square
    axis.plot(sizes, means, "o-", color=colour, label=label)
    for seed in range(errors.values.shape[1]):
        axis.plot(sizes, abs(errors.values[:, seed]), ".", color=colour, alpha=0.25, markersize=4)
    axis.plot(sizes, means[0] * np.sqrt(sizes[0] / np.asarray(sizes)), ":", color=BOUND, linewidth=0.8)
    if errors.unfitted is not None:
        left = np.sqrt(np.mean(errors.unfitted**2, axis=1))
        axis.plot(sizes, left, "x--", color=colour, linewidth=0.8, markersize=4, label="of which by the fit")
    if errors.floor is not None:
        axis.axhline(
            errors.floor, color=colour, linestyle="--", linewidth=0.8, label="exact players after as many iterations"
        )


def _with_bars(values: Array) -> tuple[Array, Array]:
    """Means (N,) of the rows, and the lengths (2, N) of the error bars below and above them."""
    means = [mean_interval(row) for row in values]
    bars = [[one.estimate - one.low, one.high - one.estimate] for one in means]
    return np.array([one.estimate for one in means]), np.array(bars).T


def _with_interval(interval: Interval) -> str:
    return f"{interval.estimate:.2f} ({interval.low:.2f}, {interval.high:.2f})"
