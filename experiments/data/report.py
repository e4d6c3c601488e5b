"""Summary of demonstrations: tables for the terminal, and one picture."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gail.approx.atomic_files import write_bytes
from gail.approx.demonstrations import Demonstrations, printable
from gail.approx.policies.spaces import SpaceSpec
from gail.experiments.data.demonstrations import Check

_COLOUR, _BOUND = "#2c6fb0", "#c8442c"
_BOUND_LABEL = "bound of the action space"
_ACTIONS_DRAWN = 12
_BINS = 40
_STYLES = {"holds": "green", "note": "yellow", "FAILS": "bold red"}


def print_demonstrations(demonstrations: Demonstrations, spec: SpaceSpec | None, console: Console) -> None:
    """Counts, returns, lengths, provenance, and statistics of every dimension."""
    console.print(_overview(demonstrations))
    console.print(_actions(demonstrations, spec))
    console.print(_dimensions("observation", demonstrations.trajectories.observations))
    outside = None if spec is None else demonstrations.outside_bounds(spec)
    if outside is not None:
        console.print(f"Note: {outside}.", soft_wrap=True, highlight=False)


def print_checks(checks: Iterable[Check], console: Console) -> None:
    """One line per check."""
    for check in checks:
        word = check.verdict.value
        console.print(f"{check.name:<9}", f"[{_STYLES[word]}]{word:<6}[/]", end=" ")
        console.print(printable(check.found), soft_wrap=True, highlight=False, markup=False)


def _overview(demonstrations: Demonstrations) -> Table:
    batch, provenance, returns = demonstrations.trajectories, demonstrations.provenance, demonstrations.returns
    ended, cut = int(batch.terminated.sum()), int(batch.truncated.sum())
    table = Table(show_header=False)
    table.add_row("task", Text(printable(provenance.task or "not named in the file")))
    table.add_row("source", Text(printable(provenance.source)))
    table.add_row("episodes", f"{batch.num_trajectories:,}: {ended:,} terminated, {cut:,} truncated")
    stride = "" if provenance.stride == 1 else f", every {provenance.stride}-th of the episodes' own"
    for note in demonstrations.provenance.notes:
        table.add_row("assumed", printable(note))
    table.add_row("steps", f"{batch.num_steps:,}{stride}")
    table.add_row("return", "unknown: there are no rewards" if returns is None else _spread(returns))
    table.add_row("length", _spread(batch.lengths))
    table.add_row(
        "next observations", "kept" if demonstrations.next_observations is not None else _next(demonstrations)
    )
    return table


def _next(demonstrations: Demonstrations) -> str:
    return "the next rows" if demonstrations.whole else "left out"


def _spread(values: NDArray[Any]) -> str:
    return f"{values.mean():,.2f} ± {values.std():,.2f}, from {values.min():,.2f} to {values.max():,.2f}"


def _actions(demonstrations: Demonstrations, spec: SpaceSpec | None) -> Table:
    actions = demonstrations.trajectories.actions
    if actions.ndim == 1:
        table = Table("action", "times", "share")
        for action, count in zip(*np.unique(actions, return_counts=True), strict=True):
            table.add_row(str(action), f"{count:,}", f"{count / len(actions):.1%}")
        return table
    return _dimensions("action", actions, [_bounds(spec, entry) for entry in range(actions.shape[1])])


def _bounds(spec: SpaceSpec | None, entry: int) -> str:
    if spec is None or spec.action_low is None or spec.action_high is None or entry >= spec.action_size:
        return "unknown"
    return f"[{spec.action_low[entry]:g}, {spec.action_high[entry]:g}]"


def _dimensions(name: str, values: NDArray[Any], bounds: Sequence[str] = ()) -> Table:
    table = Table(name, "mean", "std", "min", "max", *(["bounds"] if bounds else []))
    for entry, column in enumerate(values.T):
        # In double precision: a mean of many float32 would otherwise drift.
        mean, std = column.mean(dtype=np.float64), column.std(dtype=np.float64)
        table.add_row(
            str(entry),
            *(f"{number:.4g}" for number in (mean, std, column.min(), column.max())),
            *bounds[entry : entry + 1],
        )
    return table


def draw_demonstrations(demonstrations: Demonstrations, spec: SpaceSpec | None, path: Path) -> None:
    """A picture of returns, lengths and actions beside their bounds, as a PNG."""
    batch, returns = demonstrations.trajectories, demonstrations.returns
    shown = _actions_drawn(batch.actions)
    figure, axes = _grid(2 + shown)
    if returns is None:
        axes[0].set_axis_off()
        axes[0].set_title("no rewards, no returns")
    else:
        _histogram(axes[0], returns, "return", "episodes")
    whole = demonstrations.provenance.stride == 1
    _histogram(axes[1], batch.lengths, "length (steps)" if whole else "length (kept steps)", "episodes")
    if batch.actions.ndim == 1:
        _shares(axes[2], batch.actions)
    else:
        for entry, axis in enumerate(axes[2 : 2 + shown]):
            _histogram(axis, batch.actions[:, entry], f"action {entry}", "steps")
            _mark_bounds(axis, spec, entry)
    _caption(figure, axes, demonstrations, shown)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    plt.close(figure)
    write_bytes(path, content.getvalue())


def _actions_drawn(actions: NDArray[Any]) -> int:
    return 1 if actions.ndim == 1 else min(actions.shape[1], _ACTIONS_DRAWN)


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    rows = -(-count // 4)
    columns = -(-count // rows)
    size = (3.4 * columns, 2.6 * rows + 0.6)
    figure, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    axes = list(grid.flat)
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, axes


def _histogram(axis: Axes, values: NDArray[Any], title: str, counted: str) -> None:
    if values.min() < values.max():
        axis.hist(values, bins=_BINS, color=_COLOUR)
        axis.ticklabel_format(axis="x", useOffset=False)
    else:
        axis.hist(values, bins=5, color=_COLOUR)  # the middle one holds everything
        axis.set_xticks(values[:1], [f"{values[0]:g}"])
    axis.set(title=title, ylabel=counted)


def _shares(axis: Axes, actions: NDArray[Any]) -> None:
    kinds, counts = np.unique(actions, return_counts=True)
    axis.bar([str(kind) for kind in kinds], counts / len(actions), width=0.6, color=_COLOUR)
    axis.set(title="action", ylabel="share of steps")


def _mark_bounds(axis: Axes, spec: SpaceSpec | None, entry: int) -> None:
    if spec is None or spec.action_low is None or spec.action_high is None or entry >= spec.action_size:
        return
    for bound in (spec.action_low[entry], spec.action_high[entry]):
        if np.isfinite(bound):
            axis.axvline(bound, color=_BOUND, label=_BOUND_LABEL)


def _caption(figure: Figure, axes: list[Axes], demonstrations: Demonstrations, shown: int) -> None:
    """What the picture shows, how many actions it leaves out, and what its lines mean."""
    batch = demonstrations.trajectories
    parts = [
        printable(demonstrations.provenance.task or "no task named"),
        f"{batch.num_trajectories:,} episodes",
        f"{batch.num_steps:,} steps",
    ]
    if batch.actions.ndim == 2 and batch.actions.shape[1] > shown:
        parts.append(f"the first {shown} of {batch.actions.shape[1]} action entries")
    figure.suptitle(", ".join(parts), fontsize=11, parse_math=False)
    lines = next((axis.lines[:1] for axis in axes[2:] if axis.lines), [])
    if lines:
        figure.legend(handles=list(lines), loc="outside lower center", frameon=False)
