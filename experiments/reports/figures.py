"""Pictures for reports. They are drawn without a display (matplotlib's backend Agg)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from gail.envs.gridworlds import MOVES, GridLayout
from gail.experiments.reports.gridworld import arrows, frame

Array = NDArray[np.float64]

LEARNER, BOUND, OTHER = "#c8442c", "#1b1b1b", "#2c6fb0"
"""Colours of the main curve, of bounds and references, and of a second curve."""

_EXPERT, _LEARNER, _CLONING, _RANDOM = BOUND, LEARNER, OTHER, "#8a8a8a"
_UNVISITED: dict[str, Any] = {"facecolor": "#e4e4e4", "edgecolor": "#8a8a8a", "hatch": "////", "linewidth": 0.0}


def png(figure: Figure) -> bytes:
    """The figure as a PNG file's content; frees the figure."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)
    return content.getvalue()


def occupancy_maps(layout: GridLayout, occupancies: Mapping[str, Array], policies: Mapping[str, Array]) -> Figure:
    """State occupancies on one logarithmic colour scale, with the policies as arrows; one map per name.

    States without visits are hatched and have no arrows: nothing determines a policy there.
    """
    figure, axes = plt.subplots(
        1, len(occupancies), figsize=(4.6 * len(occupancies), 4.6), layout="constrained", squeeze=False
    )
    largest = max(float(o.sum(1).max()) for o in occupancies.values())
    norm = LogNorm(vmin=largest * 1e-4, vmax=largest)
    image = None
    for axis, (name, occupancy) in zip(axes[0], occupancies.items(), strict=True):
        visits = occupancy.sum(1)
        image = axis.imshow(np.clip(layout.on_grid(visits), norm.vmin, None), cmap="YlGnBu", norm=norm)
        for row, column in layout.cells[visits == 0.0]:
            axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, 1.0, **_UNVISITED))
        frame(axis, layout, name)
        arrows(axis, layout, policies[name], visits > 0.0)
    if image is not None:
        label = "state occupancy (discounted visits)"
        figure.colorbar(image, ax=axes[0].tolist(), shrink=0.8, label=label, extend="min")
    return figure


def cost_map(layout: GridLayout, cost: Array, visited: NDArray[np.bool_], title: str) -> Figure:
    """A cost (S, A) on the map: each cell has one triangle per action.

    Pairs that are not visited (`visited` (S, A) is False) are hatched: nothing determines their cost.
    """
    seen = cost[visited]
    spread = float(np.abs(seen).max(initial=0.0)) or 1.0
    low, high = (float(seen.min(initial=-1e-300)), 0.0) if seen.max(initial=0.0) <= 0.0 else (-spread, spread)
    colours = "magma" if high == 0.0 else "RdBu_r"
    return _pair_map(layout, cost, visited, title, Normalize(low, high), colours, "cost per visit")


def discriminator_map(layout: GridLayout, probability: Array, visited: NDArray[np.bool_], title: str) -> Figure:
    """D(s, a), the probability that a pair came from the learner: one triangle per action, white at 1/2.

    Pairs where `visited` (S, A) is False are hatched.
    """
    norm = Normalize(0.0, 1.0)
    return _pair_map(layout, probability, visited, title, norm, "PuOr", "D: probability of the learner")


def _pair_map(
    layout: GridLayout,
    numbers: Array,
    visited: NDArray[np.bool_],
    title: str,
    norm: Normalize,
    colour_map: str,
    label: str,
) -> Figure:
    figure, axis = plt.subplots(figsize=(5.6, 4.8), layout="constrained")
    colours = plt.get_cmap(colour_map)
    for (row, column), entries, met in zip(layout.cells, numbers, visited, strict=True):
        for (down, right), value, known in zip(MOVES, entries, met, strict=True):
            corners = [
                (column + 0.5 * (right - down), row + 0.5 * (down + right)),
                (column + 0.5 * (right + down), row + 0.5 * (down - right)),
                (column, row),
            ]
            style = {"facecolor": colours(norm(value)), "edgecolor": "white", "linewidth": 0.3} if known else _UNVISITED
            axis.add_patch(Polygon(corners, **style))
    axis.imshow(np.where(layout.walls, 1.0, np.nan), alpha=0)
    frame(axis, layout, title)
    figure.colorbar(plt.cm.ScalarMappable(norm, colours), ax=axis, shrink=0.85, label=label)
    return figure


def gap_traces(traces: Mapping[str, Sequence[float]], unit: float) -> Figure:
    """Certified gap divided by `unit` after each iteration, on a log axis; gaps <= 0 (rounding) are not drawn."""
    figure, axis = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    for name, trace in traces.items():
        gaps = np.asarray(trace) / unit
        gaps = np.where(gaps > 0.0, gaps, np.nan)
        axis.semilogy(np.arange(1, len(gaps) + 1), gaps, marker="o", markersize=3, label=name)
    axis.axhline(1e-9, color="black", linewidth=0.8, linestyle=":", label="1e-9")
    axis.set_xlabel("iteration")
    axis.set_ylabel("certified duality gap, relative")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return figure


def learning_curve(steps: Array, returns: Array, levels: Mapping[str, tuple[float, float]], title: str) -> Figure:
    """True return against environment steps, and horizontal levels (mean, standard deviation) for comparison."""
    figure, axis = plt.subplots(figsize=(7.6, 4.2), layout="constrained")
    axis.plot(steps / 1e6, returns, color=_LEARNER, linewidth=0.6, alpha=0.4)
    axis.plot(steps / 1e6, _smooth(returns), color=_LEARNER, linewidth=1.8, label="learner (sampled actions)")
    colours = {"expert": _EXPERT, "cloning": _CLONING, "random": _RANDOM}
    for name, (mean, std) in levels.items():
        axis.axhline(mean, color=colours[name], linewidth=1.2, linestyle="--", label=f"{name} {mean:,.0f}")
        axis.axhspan(mean - std, mean + std, color=colours[name], alpha=0.08)
    axis.set_xlabel("environment steps (millions)")
    axis.set_ylabel("true return per episode\n(not seen by the algorithm)")
    axis.set_title(title, fontsize=10)
    axis.grid(alpha=0.25)
    axis.legend(framealpha=0.9, fontsize=8, loc="center right")
    return figure


def _smooth(values: Array, window: int = 15) -> Array:
    """Running mean over the last `window` entries; NaN entries are left out."""
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0))
    counts = np.cumsum(known)
    sums[window:] -= sums[:-window].copy()
    counts[window:] -= counts[:-window].copy()
    means: Array = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means
