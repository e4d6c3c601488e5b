"""The live display of a training: one panel with its most important numbers.

On a terminal the panel is redrawn in place. Elsewhere (a log file, CI) single lines are printed at intervals.
"""

from __future__ import annotations

import time
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

_SECONDS_BETWEEN_LINES = 10.0


class TrainingDisplay:
    """Shows the rows of a training's metrics as they come."""

    def __init__(self, console: Console, title: str, total_steps: int, start_steps: int = 0) -> None:
        self._console = console
        self._title = title
        self._total = total_steps
        self._start_steps = start_steps
        self._started = time.monotonic()
        self._last_line = float("-inf")
        self._recent: list[float] = []
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, row: dict[str, Any]) -> None:
        """Display one row of metrics."""
        if row["episodes"]:
            self._recent = [*self._recent[-9:], float(row["true_return"])]
        if self._live is not None:
            self._live.update(self._panel(row))
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            facts = ", ".join(f"{name} {value}" for name, value in self._facts(row))
            self._console.print(f"{self._title}: {facts}", soft_wrap=True, highlight=False)

    def _facts(self, row: dict[str, Any]) -> list[tuple[str, str]]:
        done = int(row["env_steps"])
        rate = (done - self._start_steps) / max(time.monotonic() - self._started, 1e-9)
        left = max(0.0, self._total - done) / max(rate, 1e-9)
        recent = f"{sum(self._recent) / len(self._recent):.0f}" if self._recent else "no episode ended yet"
        facts = [
            ("iteration", str(row["iteration"])),
            ("env steps", f"{done:,} of {self._total:,}"),
            ("steps/s", f"{rate:,.0f}"),
            ("true return (not seen by the algorithm)", recent),
        ]
        if row["accuracy_learner"] != "":
            learner, expert = float(row["accuracy_learner"]), float(row["accuracy_expert"])
            facts.append(("discriminator right on learner / expert", f"{learner:.0%} / {expert:.0%}"))
        elif row["feature_distance"] != "":
            facts.append(("distance of mean features", f"{float(row['feature_distance']):.3f}"))
        else:
            facts[-1] = ("return", recent)
        return [
            *facts,
            ("KL of the step", f"{float(row['kl']):.4f}"),
            ("line search", f"{row['outcome']}, shortened {row['backtracks']} times"),
            ("time left", f"{left // 60:.0f} min {left % 60:02.0f} s"),
        ]

    def _panel(self, row: dict[str, Any]) -> Panel:
        table = Table.grid(padding=(0, 2))
        for name, value in self._facts(row):
            table.add_row(f"[dim]{name}[/dim]", value)
        rows = Table.grid()
        rows.add_row(ProgressBar(total=self._total, completed=int(row["env_steps"]), width=76))
        rows.add_row(table)
        return Panel(rows, title=self._title, title_align="left", width=80)
