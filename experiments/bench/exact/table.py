"""The table of `gail bench exact`: time and memory of certified solutions on growing instances.

Every row is measured in its own process, so its peak memory is its own. A row's reference runs in the same process on
the same instance; the ratio of the two times depends less on the machine. Growth is the slope of log seconds against
log states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from gail.experiments.bench.exact.measurements import (
    Row,
    growth_exponent,
    hard_planning_row,
    linear_program_row,
    matching_row,
    psi_row,
    soft_planning_row,
)
from gail.experiments.verify.psi_choices import CHOICES

SOFT_SIZES = (10**2, 10**3, 10**4, 10**5, 10**6)
MATCHING_SIZES = (10**2, 10**3, 10**4, 10**5)

PSI_STATES = 10**4
"""Number of states of the instance on which every psi is solved."""


@dataclass(frozen=True)
class Work:
    """One row to measure."""

    states: int
    """Approximate number of states of its instance."""
    measure: Callable[[], Row]
    """A picklable function of no arguments."""


def table_work() -> tuple[Work, ...]:
    """The rows measured on one size each, in the order of the table."""
    return (
        Work(10**6, partial(soft_planning_row, 10**6, 0.95, reference=True)),
        Work(10**5, partial(soft_planning_row, 10**5, 0.99, reference=True)),
        Work(10**5, partial(soft_planning_row, 10**5, 0.999, reference=True)),
        Work(10**6, partial(hard_planning_row, 10**6, 0.95)),
        Work(10**4, partial(linear_program_row, 10**4, 0.95)),
        Work(10**4, partial(matching_row, 10**4, 0.95, reference=True)),
        *(Work(PSI_STATES, partial(psi_row, name, PSI_STATES, 0.95)) for name in CHOICES if name != "logistic"),
    )


def growth_work() -> dict[str, tuple[Work, ...]]:
    """The rows measured on several sizes, by series; their growth exponents are fitted."""
    return {
        "soft RL and occupancy": tuple(
            Work(n, partial(soft_planning_row, n, 0.95, repeats=_repeats(n))) for n in SOFT_SIZES
        ),
        "psi_GA matching": tuple(Work(n, partial(matching_row, n, 0.95, repeats=_repeats(n))) for n in MATCHING_SIZES),
    }


def measured(work: Sequence[Work], largest: int, console: Console) -> Iterator[Row]:
    """Measure the work on instances of at most `largest` states; prints and yields each row when it is finished."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for one in work:
            if one.states <= largest:
                row = pool.submit(one.measure).result()
                console.print(row_line(row), highlight=False, soft_wrap=True)
                yield row


def row_line(row: Row) -> str:
    """A row as one line of text."""
    texts: dict[str, Callable[[Any], str]] = {
        "states": lambda value: f"{value:,} states" if isinstance(value, int) else f"{value} states",
        "discount": "discount {:g}".format,
        "seconds": "{:.3g} s".format,
        "peak_gb": "{:.2f} GB".format,
        "relative_gap": "relative gap {:.1e}".format,
        "relative_error": "relative error {}".format,
        "status": "{}".format,
        "reference_over_ours": "the reference takes {:.3g} times as long".format,
        "over_ours": "{:.3g} times as long as gail".format,
        "exponent": "exponent {:.2f}".format,
    }
    return ", ".join([str(row["work"]), *(text(row[name]) for name, text in texts.items() if name in row)])


def growth_rows(series: Mapping[str, Sequence[Row]]) -> list[Row]:
    """One row per series with at least two sizes: its fitted exponent."""
    return [
        {
            "work": f"growth of {name}",
            "states": f"{rows[0]['states']} to {rows[-1]['states']}",
            "exponent": growth_exponent(list(rows)),
        }
        for name, rows in series.items()
        if len(rows) > 1
    ]


def draw_growth(series: Mapping[str, Sequence[Row]], path: Path) -> None:
    """Seconds against states on log axes, with the fitted slopes."""
    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for (name, rows), colour in zip(series.items(), ("#2c6fb0", "#c8442c"), strict=True):
        if len(rows) < 2:
            continue
        states, seconds = (np.array([row[key] for row in rows], dtype=np.float64) for key in ("states", "seconds"))
        slope, offset = np.polyfit(np.log(states), np.log(seconds), 1)
        axis.loglog(states, seconds, "o", color=colour, label=f"{name}: exponent {slope:.2f}")
        axis.loglog(states, np.exp(offset) * states**slope, color=colour, linewidth=1.0)
    axis.set(xlabel="states (4 actions each)", ylabel="seconds to a certified solution")
    axis.grid(alpha=0.25)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _repeats(states: int) -> int:
    """Number of runs: times of small instances are short and noisy, so the minimum of several runs is used."""
    return 5 if states <= 10**4 else 1
