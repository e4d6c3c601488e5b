"""The rates of tabular environments: every row is relative to the same reference."""

import csv

import numpy as np
import pytest
from rich.console import Console

from gail.envs import garnet
from gail.experiments.bench import benchmarks as bench
from gail.experiments.bench.environments import TARGET, reference_rate, tabular_row


def test_a_row_says_what_was_stepped_and_relates_its_rate_to_the_reference():
    reference = reference_rate(num_envs=3, repeats=1)
    task = garnet(7, 2, 3, np.random.default_rng(0))
    row = tabular_row("a task", task, 50_000, reference, repeats=1)
    assert (row["task"], row["states"], row["successors"], row["num_envs"]) == ("a task", 7, 3.0, 50_000)
    assert row["reference_transitions_per_second"] == reference > 0
    assert row["ours_over_reference"] == pytest.approx(row["transitions_per_second"] / reference)


def test_the_table_is_written_as_it_grows(tmp_path, monkeypatch):
    rows = [
        {
            "task": f"task {n}",
            "states": n,
            "successors": 1.23456,
            "num_envs": 1000,
            "transitions_per_second": rate,
            "reference_transitions_per_second": 1e5,
            "ours_over_reference": rate / 1e5,
        }
        for n, rate in enumerate((TARGET - 1.0, TARGET, TARGET + 1.0))
    ]
    monkeypatch.setattr(bench, "tabular_rows", lambda: iter(rows))
    console = Console(record=True, width=200)
    bench.bench_envs(console, tmp_path / "envs.csv")
    written = list(csv.DictReader((tmp_path / "envs.csv").read_text().splitlines()))
    assert [row["task"] for row in written] == ["task 0", "task 1", "task 2"]
    assert float(written[1]["transitions_per_second"]) == TARGET
    assert "2 of 3 rows reach 5,000,000 transitions/s" in console.export_text()
