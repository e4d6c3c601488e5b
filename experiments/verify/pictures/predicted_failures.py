"""Pictures of statements 6, 7, 10, 13 and 18: imitators against the expert, bias of entropy, expected failures."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from gail.exact.statements import BiasCurve, CompoundingCurves, UnattainedCurve
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER

Array = NDArray[np.float64]


def occupancy_scatter(expert: Array, imitators: Mapping[str, Array], columns: int = 5) -> Figure:
    """Statement 6: each imitator's occupancy against the expert's, one point per pair, on logarithmic axes."""
    columns = min(columns, len(imitators))
    rows = -(-len(imitators) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(2.3 * columns, 2.4 * rows),
        layout="constrained",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    # Zeros are drawn at the lower left, a tenth below the least positive occupancy.
    everything = np.concatenate([expert.ravel(), *(occupancy.ravel() for occupancy in imitators.values())])
    floor = 0.1 * max(float(everything[everything > 0.0].min()), 1e-12 * float(expert.sum()))
    reference = np.maximum(expert.ravel(), floor)
    for axis, (name, occupancy) in zip(axes.flat, imitators.items(), strict=False):
        axis.loglog([floor, reference.max()], [floor, reference.max()], color="grey", linewidth=0.8)
        axis.loglog(reference, np.maximum(occupancy.ravel(), floor), ".", color=LEARNER, markersize=3)
        distance = 0.5 * float(abs(occupancy - expert).sum() / expert.sum())
        axis.set_title(f"{name}\ntotal variation {distance:.1e}", fontsize=8)
        axis.tick_params(labelsize=7)
    for axis in axes.flat[len(imitators) :]:
        axis.set_visible(False)
    figure.supxlabel("expert's occupancy of each pair", fontsize=9)
    figure.supylabel("imitator's", fontsize=9)
    return figure


def bias_of_entropy(curves: Mapping[str, BiasCurve]) -> Figure:
    """Statement 13: Jensen-Shannon divergence from the expert against the entropy weight, one panel per instance."""
    figure, panels = _panels(len(curves))
    for axis, (name, curve) in zip(panels, curves.items(), strict=True):
        seen = curve.divergence > 0.0
        weights = curve.entropy_weights
        axis.loglog(weights[seen], curve.divergence[seen], "o-", color=LEARNER, markersize=4, label="imitator")
        axis.loglog(weights, curve.bound, "--", color=BOUND, linewidth=1.0, label="bound")
        axis.axhline(np.log(2.0), color="grey", linewidth=0.8, linestyle=":", label="log 2: disjoint")
        axis.set(title=name)
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.grid(alpha=0.25)
    panels[0].legend(frameon=False, fontsize=7)
    figure.suptitle("13  Bias of entropy", fontsize=11)
    figure.supxlabel("entropy weight", fontsize=9)
    figure.supylabel("JSD of occupancies, nats", fontsize=9)
    return figure


def unattained_dual(curves: Mapping[str, UnattainedCurve]) -> Figure:
    """Statement 7: the dual's gap to its supremum against the largest cost, one panel per instance."""
    figure, panels = _panels(len(curves))
    for axis, (name, curve) in zip(panels, curves.items(), strict=True):
        gap = np.where(curve.gap > 0.0, curve.gap, np.nan)
        axis.semilogy(curve.largest_cost, gap, "o-", color=LEARNER, markersize=4)
        axis.set(title=name)
        axis.grid(alpha=0.25)
    figure.suptitle("7  Deterministic expert, psi constant", fontsize=11)
    figure.supxlabel("largest cost", fontsize=9)
    figure.supylabel("gap of the dual to its supremum", fontsize=9)
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure with `count` axes, at most four in a row."""
    columns = min(4, count)
    rows = -(-count // columns)
    size = (max(3.0 * columns, 5.2), 2.6 * rows + 0.8)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, list(axes.flat[:count])


def compounding_error(curves: CompoundingCurves) -> Figure:
    """Statement 18: losses of cloning and of matching against the horizon, with their bounds."""
    figure, axis = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    for loss, bound, colour, name, power in (
        (curves.cloning, curves.cloning_bound, OTHER, "cloning", "eps/(1-gamma)^2"),
        (curves.matching, curves.matching_bound, LEARNER, "matching", "eps/(1-gamma)"),
    ):
        axis.loglog(curves.horizons, loss, "o-", color=colour, markersize=4, label=name)
        axis.loglog(curves.horizons, bound, "--", color=colour, linewidth=1.0, label=f"its bound, {power}")
    axis.set(xlabel="effective horizon 1/(1-gamma)", ylabel="cost beyond the expert's", title="18  Compounding error")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return figure


def occupancy_bars(states: tuple[str, ...], occupancies: Mapping[str, Array]) -> Figure:
    """Statement 10: state occupancies of several policies, as groups of bars, one group per state."""
    figure, axis = plt.subplots(figsize=(7.6, 3.4), layout="constrained")
    places, width = np.arange(len(states)), 0.8 / len(occupancies)
    for index, (name, occupancy) in enumerate(occupancies.items()):
        axis.bar(places + (index + 0.5) * width - 0.4, occupancy.sum(axis=1), width, label=name)
    axis.set_xticks(places, states, rotation=20, fontsize=8)
    axis.set(ylabel="state occupancy", title="10  A class that cannot imitate")
    axis.legend(frameon=False, fontsize=8)
    axis.grid(axis="y", alpha=0.25)
    return figure
