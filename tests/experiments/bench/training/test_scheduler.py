"""`gail bench train`: each cell runs once, failures are reported, and rows are written as cells finish."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from gail.experiments.bench.training.cells import Cell, Table
from gail.experiments.bench.training.scheduler import bench_train
from gail.experiments.bench.training.table import score_table, speed_table


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


def test_cells_run_once_side_by_side_and_failures_are_told(tmp_path, console):
    table = Table(tmp_path / "train.csv")
    good = [Cell("CartPole-v1", "bc", 1, 0, seed) for seed in (0, 1)]
    bad = Cell("CartPole-v1", "bc", 4_000, 0, 0)  # more demonstrations than are available
    assert not bench_train([*good, bad], 2, tmp_path / "runs", table, console)
    assert {row.key for row in table.read()} == {cell.key for cell in good}
    text = console.file.getvalue()
    assert "0 of 3 cells are in" in text
    assert f"FAILED {bad.name}" in text
    assert "4000" in text  # the reason, from the messages of the cell's process

    assert bench_train(good, 2, tmp_path / "runs", table, console)
    assert console.file.getvalue().count("started") == 3
    assert len(table.read()) == 2

    table.path.unlink()  # a finished folder whose row is missing is copied, not run
    policy = tmp_path / "runs" / good[0].name / "policy.safetensors"
    written = policy.stat().st_mtime_ns
    assert bench_train(good[:1], 1, tmp_path / "runs", table, console)
    assert [row.key for row in table.read()] == [good[0].key]
    assert policy.stat().st_mtime_ns == written


def printed(table) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(table)
    return console.file.getvalue()


def test_tables_show_medians_and_the_least_of_the_seeds(cell_result):
    scores = (0.97, 0.91, 0.99)
    steps = (1_000_000, None, 2_500_000)
    rows = [
        replace(cell_result, seed=i, deterministic_score=score, steps_to_95=reached)
        for i, (score, reached) in enumerate(zip(scores, steps, strict=True))
    ]
    line = next(text for text in printed(score_table(rows)).splitlines() if "Hopper-v5" in text)
    assert line.split()[4:7] == ["3", "0.970", "0.910"]
    # A seed that never reached the score counts as last. The median is 2.5 million, a tenth of the paper's 25 million.
    line = next(text for text in printed(speed_table(rows)).splitlines() if "Hopper-v5" in text)
    assert line.split()[5:7] == ["2,500,000", "10.0"]
    late = [replace(row, steps_to_95=None) for row in rows]
    assert "never" in printed(speed_table(late))
    assert "never" in printed(speed_table([rows[0], rows[1]]))  # one of two seeds never reached the score


def test_other_settings_are_another_line(cell_result):
    rows = [cell_result, replace(cell_result, settings="warm_start=bc num_envs=8", deterministic_score=0.5)]
    lines = printed(score_table(rows)).splitlines()
    here = next(place for place, text in enumerate(lines) if "0.500" in text)
    assert "warm_start=bc" in lines[here + 1]
    assert "num_envs=8" in lines[here + 2]
    assert sum("Hopper-v5" in text for text in lines) == 2
