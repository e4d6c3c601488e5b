"""One picture of how the shipped experts learned: return against environment steps, one panel per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gail.experiments.reports.figures import png

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Environment steps, and mean returns of the episodes that ended around them."""

_LEARNER, _EXPERT, _RANDOM = "#2c6fb0", "#1b1b1b", "#8a8a8a"
_COLUMNS = 4


def draw_experts(cards: Mapping[str, Mapping[str, Any]], curves: Mapping[str, Curve]) -> bytes:
    """A PNG: the curve of each task, with the mean returns of its card and of random play."""
    rows = -(-len(curves) // _COLUMNS)
    figure, grid = plt.subplots(
        rows, _COLUMNS, figsize=(3.2 * _COLUMNS, 2.5 * rows), layout="constrained", squeeze=False
    )
    for axis in grid.flat[len(curves) :]:
        axis.set_axis_off()
    for axis, (task, curve) in zip(grid.flat, curves.items(), strict=False):
        _panel(axis, task, cards[task], curve)
    figure.supxlabel("environment steps (millions)", fontsize=9)
    figure.supylabel("return per episode", fontsize=9)
    return png(figure)


def _panel(axis: Axes, task: str, facts: Mapping[str, Any], curve: Curve) -> None:
    steps, returns = curve
    axis.plot(steps / 1e6, returns, color=_LEARNER, linewidth=1.0)
    expert, random = facts["expert_stochastic"]["mean"], facts["random"]["mean"]
    axis.axhline(expert, color=_EXPERT, linewidth=1.0, linestyle="--", label=f"expert {expert:,.1f}")
    axis.axhline(random, color=_RANDOM, linewidth=1.2, linestyle=":", label=f"random {random:,.1f}")
    axis.set_title(task, fontsize=9)
    axis.tick_params(labelsize=7)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=7, loc="center right")
