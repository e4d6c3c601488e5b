"""Pictures of a comparison: difference of visits, training curves, errors, parts of the gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gail.envs import GridLayout
from gail.experiments.compare.analysis import GapParts, Part, Row, comparable, mean_interval, order, slope
from gail.experiments.compare.problem import Algorithm, Array
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER

COLOURS = {Algorithm.BC: "#8a8a8a", Algorithm.FEM: OTHER, Algorithm.GTAL: "#3a8f5c", Algorithm.GAIL: LEARNER}


def difference_map(layout: GridLayout, sampled: Array, exact: Array) -> Figure:
    """Map of each state's share of the visits, sampled solution minus exact optimum."""
    figure, axis = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
    difference = layout.on_grid(sampled.sum(1) / sampled.sum() - exact.sum(1) / exact.sum())
    largest = float(np.nanmax(abs(difference))) or 1.0
    axis.set_facecolor("#3a3a3a")
    image = axis.imshow(difference, cmap="RdBu_r", vmin=-largest, vmax=largest)
    axis.set(xticks=[], yticks=[], title="sampled minus exact")
    figure.colorbar(image, ax=axis, shrink=0.85, label="share of the visits")
    return figure


def training_curves(rows: Sequence[Row], stars: Mapping[Algorithm, float]) -> Figure:
    """GAIL's divergences, and every algorithm's excess and duality gap: means over seeds for one size."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12.5, 3.7), layout="constrained")
    for algorithm in stars:
        curves = [row.record.curve for row in rows if row.cell.algorithm is algorithm and row.record.curve]
        if not curves:
            continue
        steps = np.array([point.env_steps for point in curves[0]])

        def mean(name: str, curves: Sequence[Sequence[object]] = curves) -> Array:
            values: Array = np.mean([[getattr(point, name) for point in curve] for curve in curves], axis=0)
            return values

        colour = COLOURS[algorithm]
        middle.semilogy(steps, _positive(mean("objective") - stars[algorithm]), color=colour, label=algorithm.value)
        right.semilogy(steps, _positive(mean("duality_gap")), color=colour, label=algorithm.value)
        if algorithm is Algorithm.GAIL:
            left.plot(steps, mean("jsd_expert"), color=BOUND, label="exact, to the expert")
            left.plot(steps, mean("jsd_demonstrations"), color=OTHER, label="exact, to the demonstrations")
            if curves[0][0].jsd_estimated is not None:
                left.plot(steps, mean("jsd_estimated"), "--", color=LEARNER, label="the discriminator's estimate")
    left.set(ylabel="JSD of GAIL's learner (nats)", title="Divergence")
    middle.set(ylabel="J - J*, with its own psi", title="Excess over the exact optimum")
    right.set(ylabel="certified gap", title="Duality gap of learner and best cost")
    for axis in (left, middle, right):
        axis.set_xlabel("environment steps")
        axis.grid(alpha=0.25)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(frameon=False, fontsize=8)
    return figure


def errors_by_size(errors: Mapping[str, Mapping[int, Array]], colours: Mapping[str, str]) -> Figure:
    """Error against the number of demonstrations on log axes, with fitted slopes and a line of slope -1/2."""
    figure, axis = plt.subplots(figsize=(6.6, 4.6), layout="constrained")
    highest, sizes = 0.0, np.array([1.0])
    for name, by_size in errors.items():
        numbers = sorted(by_size)
        means = [mean_interval(by_size[number]) for number in numbers]
        values = np.array([one.estimate for one in means])
        spread = np.array([[one.estimate - one.low, one.high - one.estimate] for one in means]).T
        fitted = slope(numbers, [by_size[number] for number in numbers])
        label = name if fitted is None else f"{name}: slope {fitted.estimate:.2f} ({fitted.low:.2f}, {fitted.high:.2f})"
        style = "s--" if name.startswith("exact") else "o-"
        axis.errorbar(numbers, values, np.maximum(spread, 0.0), fmt=style, color=colours[name], capsize=3, label=label)
        highest, sizes = max(highest, float(values.max())), np.array(numbers, dtype=np.float64)
    axis.plot(sizes, highest * np.sqrt(sizes[0] / sizes), ":", color="black", linewidth=1.0, label="slope -1/2")
    axis.set(xscale="log", yscale="log", xlabel="demonstrations", ylabel="total variation to the exact optimum")
    axis.grid(alpha=0.25, which="both")
    axis.legend(frameon=False, fontsize=8)
    return figure


def parts_of_the_gap(gap_parts: Sequence[GapParts], scale: float) -> Figure:
    """Stacked bars of the parts in units of J_uniform - J*, positive parts upwards, negative ones downwards.

    All parts of a size are means over the same seeds, those of `comparable`.
    """
    figure, axis = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    sizes = sorted({one.size for one in gap_parts}, key=order)
    groups = [comparable(gap_parts, size) for size in sizes]
    places = np.arange(len(sizes))
    up, down = np.zeros(len(sizes)), np.zeros(len(sizes))
    for colour, part in zip((OTHER, "#e0a030", LEARNER, "#7b5aa6"), Part, strict=True):
        heights = np.array([_mean_part(group, part) for group in groups]) / scale
        axis.bar(places, heights, bottom=np.where(heights >= 0.0, up, down), color=colour, label=part.value, width=0.6)
        up, down = up + np.maximum(heights, 0.0), down + np.minimum(heights, 0.0)
    axis.plot(places, up + down, "D", color="black", markersize=5, label="sum")
    axis.axhline(0.0, color="black", linewidth=0.8)
    axis.set_xticks(places, ["exact" if size is None else str(size) for size in sizes])
    axis.set(xlabel="demonstrations", ylabel="share of the uniform policy's excess")
    axis.legend(frameon=False, fontsize=8)
    return figure


def _mean_part(group: Sequence[GapParts], part: Part) -> float:
    known = [one.parts[part] for one in group if part in one.parts]
    return float(np.mean(known)) if known else 0.0


def _positive(values: Array) -> NDArray[np.float64]:
    """Values for a logarithmic axis: NaN where a value is not positive."""
    return np.where(values > 0.0, values, np.nan)
