"""Rows of other libraries: scores are on our scale; missing installations and tasks are refused."""

import pytest

from gail.experiments.bench.training import peers as bench_train_peers
from gail.experiments.bench.training.cells import Cell
from gail.experiments.bench.training.peers import check_train_peers
from gail.experiments.errors import InvalidRequest
from gail.experiments.train.evaluation import Reference


def test_a_peers_measurements_become_a_row_on_our_scale(monkeypatch):
    monkeypatch.setattr(bench_train_peers, "levels", lambda task: Reference(0.0, 200.0))
    looks = [
        {"env_steps": steps, "seconds": 0.001 * steps, "mean": mean}
        for steps, mean in ((1_000, 100.0), (2_000, 185.0), (3_000, 100.0), (4_000, 195.0))
    ]
    found = {"env_steps": 5_000, "seconds": 4.0, "peak_gb": 0.5, "looks": looks}
    found |= {"deterministic": [180.0, 200.0], "stochastic": [100.0]}
    cell = Cell("Hopper-v5", "imitation-gail", 4, 5_000, 0)
    row = bench_train_peers._row(cell, 1_000, found)
    assert row.key == cell.key
    assert (row.steps_to_90, row.seconds_to_90, row.steps_to_95, row.seconds_to_95) == (2_000, 2.0, 4_000, 4.0)
    assert (row.deterministic_score, row.stochastic_score, row.steps_per_second) == (0.95, 0.5, 1_250.0)


def test_missing_environments_and_tasks_are_refused_before_work_starts(tmp_path, monkeypatch):
    with pytest.raises(InvalidRequest, match="make peers"):
        check_train_peers(tmp_path, ["Hopper-v5"])
    python = tmp_path / "imitation" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setattr(bench_train_peers, "_SCRIPT", python)
    check_train_peers(tmp_path, ["Walker2d-v5", "Hopper-v5"])
    with pytest.raises(InvalidRequest, match="Hopper-v5 only"):
        check_train_peers(tmp_path, ["Walker2d-v5"])
