"""`gail bench train`: cells side by side, each in a process with one thread; rows are appended as cells finish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from gail.experiments.bench.training.cell_run import evaluations_file, finished, result_file
from gail.experiments.bench.training.cells import Cell, CellResult, Table, levels
from gail.experiments.runs.interrupts import StopAfterIteration
from gail.experiments.runs.metrics import read_metrics

_SECONDS_BETWEEN_LOOKS, _SECONDS_BETWEEN_LINES = 0.2, 60.0
_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
# Idle threads of torch's pool would otherwise spin, and take the core of the cell beside.
_QUIET = {"OMP_WAIT_POLICY": "PASSIVE"}


def bench_train(cells: Sequence[Cell], jobs: int, runs: Path, table: Table, console: Console) -> bool:
    """Run the cells that the table does not hold, `jobs` at a time; True if all of them succeeded.

    Folders of the cells are kept under `runs`. An interrupted cell continues there. If a cell has finished but its row
    is missing, the row is copied. A cell that fails leaves its messages in its `log.txt`; the other cells continue.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM; the running cells were stopped.
    """
    done = {row.key for row in table.read()}
    waiting = [cell for cell in cells if cell.key not in done]
    total, failed = len(waiting), 0
    _say(console, f"{len(cells) - total} of {len(cells)} cells are in {table.path}; {total} to run, {jobs} at a time.")
    running: dict[Cell, subprocess.Popen[bytes]] = {}
    last_line = time.monotonic()
    with StopAfterIteration() as stop:
        try:
            while (waiting or running) and not stop.requested:
                while waiting and len(running) < jobs:
                    cell = waiting.pop(0)
                    running[cell] = _started(cell, runs / cell.name)
                    _say(console, f"started {cell.name}")
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                for cell in [cell for cell, process in running.items() if process.poll() is not None]:
                    failed += not _collected(cell, running.pop(cell).returncode, runs / cell.name, table, console)
                if time.monotonic() - last_line >= _SECONDS_BETWEEN_LINES:
                    last_line = time.monotonic()
                    for cell in running:
                        _say(console, _progress(cell, runs / cell.name))
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait()
    if stop.requested:
        raise KeyboardInterrupt
    return failed == 0


def _started(cell: Cell, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "gail.experiments.bench.training.cell_run", json.dumps(asdict(cell)), str(folder)]
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **_ONE_THREAD, **_QUIET},
            start_new_session=True,  # Ctrl-C is for the parent, which stops its cells
        )


def _collected(cell: Cell, status: int, folder: Path, table: Table, console: Console) -> bool:
    """Append the row of a cell that ended; if it has none, print the reason and return False."""
    row = finished(cell, folder) if status == 0 and result_file(folder).is_file() else None
    if row is None:
        lines = (folder / "log.txt").read_text(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "no message"
        _say(console, f"FAILED {cell.name}, status {status}: {reason} (all of it: {folder / 'log.txt'})")
        return False
    table.append(row)
    _say(console, f"finished {cell.name}: {row_line(row)}")
    return True


def row_line(row: CellResult) -> str:
    """A row as one line of text."""
    parts = [f"score {row.deterministic_score:.3f} with mean actions, {row.stochastic_score:.3f} sampled"]
    if row.evaluated_every is not None:
        reached = "never" if row.steps_to_95 is None else f"after {row.steps_to_95:,} steps"
        parts.append(f"95 % {reached}")
    if row.steps_per_second is not None:
        parts.append(f"{row.steps_per_second:,.0f} steps/s")
    return ", ".join([*parts, f"{row.seconds:.0f} s", f"{row.peak_gb:.2f} GB"])


def _progress(cell: Cell, folder: Path) -> str:
    rows = read_metrics(evaluations_file(folder))
    if not rows:
        return f"{cell.name}: not evaluated yet"
    last = rows[-1]
    score = levels(cell.task).normalized(float(last["mean"]))
    return f"{cell.name}: {int(last['env_steps']):,} of {cell.budget:,} steps, score {score:.3f}"


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
