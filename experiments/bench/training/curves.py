"""One picture of how imitators learn: score against environment steps, one panel per task, one line per seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gail.envs.tasks import TASKS
from gail.experiments.bench.training.cells import CellResult, Key
from gail.experiments.reports.figures import png

Traces: TypeAlias = dict[Key, list[tuple[int, float]]]
"""Environment steps and score of each periodic evaluation of a cell."""

_COLOURS = {
    "gail": "#c8402a",
    "fem": "#2c6fb0",
    "gtal": "#3a9152",
    "airl": "#2f7fb8",
    "gan-gcl": "#e08214",
    "gcl": "#5aae61",
}
_COLUMNS = 4


def draw_training(rows: Sequence[CellResult], traces: Mapping[Key, list[tuple[int, float]]]) -> bytes:
    """A PNG of the cells that have traces; clones are dashed levels."""
    tasks = [task for task in TASKS if any(row.task == task and row.key in traces for row in rows)]
    lines = max(1, -(-len(tasks) // _COLUMNS))
    figure, grid = plt.subplots(
        lines, _COLUMNS, figsize=(3.2 * _COLUMNS, 2.5 * lines), layout="constrained", squeeze=False
    )
    for axis in grid.flat[len(tasks) :]:
        axis.set_axis_off()
    for axis, task in zip(grid.flat, tasks, strict=False):
        _panel(axis, task, [row for row in rows if row.task == task], traces)
    figure.supxlabel("environment steps (millions)", fontsize=9)
    figure.supylabel("score (0 random play, 1 expert)", fontsize=9)
    return png(figure)


def _panel(axis: Axes, task: str, rows: Sequence[CellResult], traces: Mapping[Key, list[tuple[int, float]]]) -> None:
    named: set[str] = set()
    for row in rows:
        if row.key not in traces:
            continue
        steps, scores = np.array(traces[row.key]).T
        label = None if row.algorithm in named else row.algorithm
        named.add(row.algorithm)
        axis.plot(steps / 1e6, scores, color=_COLOURS.get(row.algorithm), linewidth=0.9, alpha=0.8, label=label)
    clones = [row.deterministic_score for row in rows if row.algorithm == "bc"]
    if clones:
        axis.axhline(float(np.median(clones)), color="#8a8a8a", linewidth=1.0, linestyle="--", label="bc")
    axis.axhline(1.0, color="#1b1b1b", linewidth=0.8)
    axis.set_ylim(-0.2, 1.2)
    axis.set_title(task, fontsize=9)
    axis.tick_params(labelsize=7)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=7, loc="lower right")
