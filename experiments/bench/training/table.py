"""Tables of `gail bench train`'s CSV: median and least over seeds, beside the paper's budgets.

A seed that never reached a level counts as infinity in the median; the table then says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from gail.envs.tasks import TASKS
from gail.experiments.bench.training.cells import CellResult


def score_table(rows: Sequence[CellResult]) -> Table:
    """Final scores over 50 episodes: median and least of the seeds, mean and sampled actions."""
    table = _table(
        "Final score of 50 episodes (0 = random play, 1 = expert), with mean and with sampled actions:\n"
        "median over seeds, and the least",
        ("median", "least", "sampled", "least", "accuracy"),
    )
    for group in groups(rows):
        one = group[0]
        mean, sampled = ([row.deterministic_score for row in group], [row.stochastic_score for row in group])
        table.add_row(
            one.task,
            _played(one),
            str(one.demonstrations),
            f"{one.budget / 1e6:g}M",
            str(len(group)),
            f"{np.median(mean):.3f}",
            f"{min(mean):.3f}",
            f"{np.median(sampled):.3f}",
            f"{min(sampled):.3f}",
            _number(median(row.accuracy for row in group), "{:.2f}"),
        )
    return table


def speed_table(rows: Sequence[CellResult]) -> Table:
    """Speed: environment steps to 95 % beside the paper's budget, seconds to 90 %, rate, memory."""
    table = _table(
        "Environment steps and seconds of training until the first periodic evaluation (10 episodes, mean actions)\n"
        "with that score, and the paper's budget over those steps: medians over seeds",
        ("95 % steps", "paper/it", "90 % s", "steps/s", "max GB"),
    )
    for group in groups(row for row in rows if row.env_steps):
        one = group[0]
        steps = median(late(row.steps_to_95) for row in group)
        paper = TASKS[one.task].paper_interactions if one.task in TASKS else None
        ratio = paper / steps if paper and steps and math.isfinite(steps) else None
        table.add_row(
            one.task,
            _played(one),
            str(one.demonstrations),
            f"{one.budget / 1e6:g}M",
            str(len(group)),
            _number(steps, "{:,.0f}"),
            _number(ratio, "{:.1f}"),
            _number(median(late(row.seconds_to_90) for row in group), "{:,.0f}"),
            _number(median(row.steps_per_second for row in group), "{:,.0f}"),
            f"{max(row.peak_gb for row in group):.2f}",
        )
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("task", "algorithm", "demos", "budget", "seeds", *columns):
        table.add_column(name, no_wrap=True, justify="left" if name in ("task", "algorithm") else "right")
    return table


def _played(row: CellResult) -> str:
    """The algorithm, with the settings that differ from the recipe."""
    return "\n".join([row.algorithm, *(f"  {setting}" for setting in row.settings.split())])


def groups(rows: Iterable[CellResult]) -> list[list[CellResult]]:
    """Groups of rows that differ only in their seed, in the order of the tasks' table."""
    found: dict[tuple[str, str, int, int, str], list[CellResult]] = {}
    for row in rows:
        key = (row.task, row.algorithm, row.demonstrations, row.budget, row.settings)
        found.setdefault(key, []).append(row)
    order = list(TASKS)
    place = {name: order.index(name) if name in order else len(order) for name, *_ in found}
    return [found[key] for key in sorted(found, key=lambda key: (place[key[0]], key[0], key[2], key[1], *key[3:]))]


def late(value: float | None) -> float:
    """The value, or infinity if the level was never reached."""
    return math.inf if value is None else value


def median(values: Iterable[float | None]) -> float | None:
    """Median of the known values; if the mean of the two middle values is infinite, the larger one."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
    return high if math.isinf(high) else 0.5 * (low + high)


def _number(value: float | None, shape: str) -> str:
    if value is None:
        return ""
    return shape.format(value) if math.isfinite(value) else "never"
