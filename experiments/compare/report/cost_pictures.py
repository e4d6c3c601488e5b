"""Pictures of learned and exact numbers per pair: costs on maps with one scale, and scatter plots.

A sampled game does not determine the costs of pairs that are hardly visited; they can become very large. So the colour
scale does not cover them all. With w the visits of the exact optimum, it covers the exact costs of all visited pairs,
and the learned costs between the quantiles `CLIPPED`/2 and 1 - `CLIPPED`/2 under w. Costs outside are drawn at its
ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from gail.envs import GridLayout
from gail.envs.gridworlds import MOVES
from gail.experiments.compare.problem import Array
from gail.experiments.reports.figures import BOUND, LEARNER

CLIPPED = 0.02
"""Share of the visits whose learned costs may lie outside the scale, at both ends together."""

_VISITED = 1e-4  # smallest mass of a visited pair, relative to the largest mass of a pair
_WALL, _UNKNOWN = "#3a3a3a", "#e4e4e4"


@dataclass(frozen=True)
class Scale:
    """Limits of a scale of costs."""

    low: float
    high: float
    clipped: int
    """Number of visited pairs whose learned cost lies outside."""


def visited(mass: Array) -> NDArray[np.bool_]:
    """(S, A): whether a pair's mass exceeds 1e-4 times the largest mass of a pair."""
    return np.asarray(mass > _VISITED * mass.max())


def cost_scale(learned: Array, exact: Array, weights: Array) -> Scale:
    """The scale for a learned and an exact cost (S, A), given weights (S, A) >= 0."""
    seen = visited(weights)
    low, high = _quantiles(learned[seen], weights[seen])
    low, high = min(low, float(exact[seen].min())), max(high, float(exact[seen].max()))
    clipped = int(np.sum((learned[seen] < low) | (learned[seen] > high)))
    return Scale(low, high, clipped)


def _quantiles(values: Array, weights: Array) -> tuple[float, float]:
    """The weighted quantiles `CLIPPED`/2 and 1 - `CLIPPED`/2; each is one of the values."""
    places = np.argsort(values)
    below = np.cumsum(weights[places]) / weights.sum()
    first = int(np.searchsorted(below, 0.5 * CLIPPED, side="right"))
    last = int(np.searchsorted(below, 1.0 - 0.5 * CLIPPED))
    end = len(values) - 1  # rounding may leave the last sum below one
    return float(values[places[min(first, end)]]), float(values[places[min(last, end)]])


def beside(learned: Array, exact: Array, weights: Array, name: str, limits: tuple[float, float]) -> Figure:
    """Scatter plot of learned against exact values, one point per pair; larger points have larger weights.

    Learned values outside the limits are drawn as hollow points at the limits.
    """
    figure, axis = plt.subplots(figsize=(5.0, 4.4), layout="constrained")
    areas = np.clip(400.0 * np.sqrt(weights / weights.max()), 2.0, None)
    inside = (learned >= limits[0]) & (learned <= limits[1])
    axis.scatter(exact[inside], learned[inside], s=areas[inside], color=LEARNER, alpha=0.35, linewidths=0.0)
    ends = np.clip(learned[~inside], *limits)
    axis.scatter(exact[~inside], ends, s=areas[~inside], facecolors="none", edgecolors=LEARNER, linewidths=0.7)
    axis.plot(limits, limits, color=BOUND, linewidth=0.8)
    margin = 0.04 * ((limits[1] - limits[0]) or 1.0)
    frame = (limits[0] - margin, limits[1] + margin)
    axis.set(xlabel=f"exact {name}", ylabel=f"learned {name}", xlim=frame, ylim=frame)
    axis.grid(alpha=0.25)
    return figure


def cost_maps(
    layout: GridLayout, costs: Mapping[str, Array], seen: NDArray[np.bool_], limits: tuple[float, float]
) -> Figure:
    """Maps of costs (S, A) side by side on one scale; each cell has one triangle per action.

    Triangles are grey where `seen` (S, A) is False: nothing determines the cost there.
    """
    figure, axes = plt.subplots(1, len(costs), figsize=(4.6 * len(costs), 4.4), layout="constrained", squeeze=False)
    norm, image = Normalize(*limits), None
    colours = plt.get_cmap("viridis").with_extremes(bad=_UNKNOWN)
    for axis, (name, cost) in zip(axes[0], costs.items(), strict=True):
        values = np.where(seen, cost, np.nan).ravel()
        image = PolyCollection(_triangles(layout), array=values, cmap=colours, norm=norm, edgecolors="white")
        image.set(linewidth=0.3)
        axis.add_collection(image)
        _frame(axis, layout, name)
    if image is not None:
        figure.colorbar(image, ax=axes[0].tolist(), shrink=0.85, label="cost per visit", extend="both")
    return figure


def _triangles(layout: GridLayout) -> list[list[tuple[float, float]]]:
    """Corners (x, y) of the triangle of every pair, in the order s A + a."""
    return [
        [
            (column + 0.5 * (right - down), row + 0.5 * (down + right)),
            (column + 0.5 * (right + down), row + 0.5 * (down - right)),
            (column, row),
        ]
        for row, column in layout.cells
        for down, right in MOVES
    ]


def _frame(axis: Axes, layout: GridLayout, title: str) -> None:
    for row, column in np.argwhere(layout.walls):
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, 1.0, color=_WALL))
    for mask, letter in ((layout.starts, "S"), (layout.goals, "G"), (layout.pits, "P")):
        for row, column in np.argwhere(mask):
            axis.text(column - 0.44, row - 0.22, letter, fontsize=8, weight="bold")
    rows, columns = layout.shape
    axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), xticks=[], yticks=[], title=title, aspect="equal")
