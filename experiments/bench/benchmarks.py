"""Benchmarks of gaps, of the exact engine, of throughput and of environments; raw results go to a CSV file.

Each speed of GAIL is reported together with the simulator's own speed, measured in the same run on the same machine.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from gail.approx.atomic_files import write_text
from gail.envs.vector import make_vector
from gail.experiments.bench.environments import TARGET, tabular_rows
from gail.experiments.bench.exact.peers import check_peers, peer_rows
from gail.experiments.bench.exact.table import draw_growth, growth_rows, growth_work, measured, row_line, table_work
from gail.experiments.runs.config import NETWORK_THREADS
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.training import make_training
from gail.experiments.verify.both_routes import check_both_routes
from gail.experiments.verify.instances import demo_gridworld

_PARTS = ("sampling", "cost", "policy", "critic")


def bench_gaps(console: Console, out: Path) -> None:
    """Claims of Proposition 3.2 and Corollary 3.2.1 on the demo gridworld, and the seconds that their checks take."""
    began = time.perf_counter()
    theory = check_both_routes(demo_gridworld(expert_entropy_weight=1.0, discount=0.95), entropy_weight=1.0, seed=0)
    seconds = time.perf_counter() - began
    rows = [
        {
            "statement": c.statement,
            "violation": f"{c.violation:.3e}",
            "tolerance": c.tolerance,
            "holds": c.holds,
        }
        for c in theory.certificates
    ]
    _publish(rows, console, out, f"8x8 gridworld, all checks in {seconds:.1f} s")


def bench_exact(largest: int, peers: Path | None, console: Console, out: Path) -> None:
    """Seconds, memory and certified gaps of the exact engine on gridworlds of up to `largest` states, and a picture.

    The table is rewritten after every row, so an interrupted run keeps the rows measured so far. If `peers` is the
    folder of the peers' environments, the peers are measured on the same instances.
    """
    rows: list[dict[str, Any]] = []
    if peers is not None:
        check_peers(peers)
        for row in peer_rows(peers, largest):
            console.print(row_line(row), highlight=False, soft_wrap=True)
            rows.append(row)
            _write(_squared(rows), out)
    for row in measured(table_work(), largest, console):
        rows.append(row)
        _write(_squared(rows), out)
    series: dict[str, list[dict[str, Any]]] = {}
    for name, work in growth_work().items():
        series[name] = []
        for row in measured(work, largest, console):
            series[name].append(row)
            rows.append({**row, "work": f"growth: {row['work']}"})
            _write(_squared(rows), out)
    for row in growth_rows(series):
        rows.append(row)
        console.print(row_line(row), highlight=False, soft_wrap=True)
    _write(_squared(rows), out)
    draw_growth(series, out.with_suffix(".png"))
    console.print(f"Raw results: {out}; picture: {out.with_suffix('.png')}", soft_wrap=True, highlight=False)


def _squared(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the union of all columns; missing entries are blank, floats have four significant digits."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: _short(row.get(name, "")) for name in columns} for row in rows]


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def bench_throughput(task_ids: Sequence[str], iterations: int, console: Console, out: Path) -> None:
    """For each task: environment steps per second of GAIL end to end and of the simulator, and shares of the time."""
    rows = [_throughput(task_id, iterations) for task_id in task_ids]
    _publish(rows, console, out, "GAIL end to end against the simulator with random actions")


def _throughput(task_id: str, iterations: int) -> dict[str, Any]:
    config = imitation_recipe(task_id)
    torch.set_num_threads(NETWORK_THREADS)
    learner = config.played()
    simulator = _simulator_rate(task_id, learner.simulator.num_envs, learner.simulator.threads)
    training = make_training(config)
    training.step()  # the first round also builds the environments and warms caches
    seconds = dict.fromkeys(_PARTS, 0.0)
    steps, began = 0, time.perf_counter()
    for _ in range(iterations):
        report = training.step()
        steps += report.batch.trajectories.num_steps
        for part in _PARTS:
            seconds[part] += report.seconds[part]
    rate = steps / (time.perf_counter() - began)
    training.close()
    total = sum(seconds.values())
    return {
        "task": task_id,
        "gail_steps_per_second": round(rate),
        "simulator_steps_per_second": round(simulator),
        "ratio": round(rate / simulator, 3),
        **{f"{part}_share": round(value / total, 3) for part, value in seconds.items()},
    }


def bench_envs(console: Console, out: Path) -> None:
    """Transitions per second of tabular environments, and the ratio to the rate of Gymnasium's FrozenLake."""
    columns = {"transitions_per_second": 0, "reference_transitions_per_second": 0, "ours_over_reference": 1}
    rows: list[dict[str, Any]] = []
    for row in tabular_rows():
        figures = {name: round(row[name], digits) for name, digits in columns.items()}
        rows.append({**row, "successors": round(row["successors"], 2), **figures})
        console.print(
            f"{row['task']}, {row['num_envs']:,} copies: {row['transitions_per_second']:,.0f} transitions/s, "
            f"{row['ours_over_reference']:.0f} times Gymnasium's FrozenLake",
            highlight=False,
            soft_wrap=True,
        )
        _write(rows, out)
    fast = sum(row["transitions_per_second"] >= TARGET for row in rows)
    console.print(f"{fast} of {len(rows)} rows reach {TARGET:,} transitions/s. Raw results: {out}", soft_wrap=True)


def _simulator_rate(task_id: str, num_envs: int, threads: int, rounds: int = 2000) -> float:
    """Steps per second of the vector environment alone, with uniformly random actions."""
    envs = make_vector(task_id, num_envs, 0, threads=threads)
    envs.reset()
    space = envs.action_space
    actions = [np.asarray(space.sample()) for _ in range(64)]
    began = time.perf_counter()
    for index in range(rounds):
        envs.step(actions[index % 64])
    rate = rounds * num_envs / (time.perf_counter() - began)
    envs.close()
    return rate


def _publish(rows: Sequence[Mapping[str, Any]], console: Console, out: Path, title: str) -> None:
    if len(rows) == 1:  # one row with many columns is easier to read as a list
        table = Table("figure", "value", title=title)
        for name, value in rows[0].items():
            table.add_row(name, str(value))
    else:
        table = Table(title=title)
        for name in rows[0]:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    _write(rows, out)
    console.print(f"Raw results: {out}", soft_wrap=True, highlight=False)


def _write(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    content = io.StringIO()
    writer = csv.DictWriter(content, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(out, content.getvalue())
