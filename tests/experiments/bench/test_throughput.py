"""Throughput: one row per task; the time shares of its parts add up to one."""

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console

from gail.experiments.bench import benchmarks as bench
from gail.experiments.runs.config import Simulator
from gail.experiments.runs.recipes.imitation import imitation_recipe


def test_each_task_has_a_row_whose_parts_are_the_whole(tmp_path, monkeypatch):
    def small(task):
        recipe = imitation_recipe(task)
        training = replace(recipe.learner.training, batch_size=200)
        return replace(recipe, learner=replace(recipe.learner, training=training, simulator=Simulator(4)))

    monkeypatch.setattr(bench, "imitation_recipe", small)
    monkeypatch.setattr(bench, "_simulator_rate", lambda *_: 1e5)  # slow if other programs run
    out = tmp_path / "throughput.csv"
    bench.bench_throughput(["CartPole-v1", "Acrobot-v1"], 2, Console(file=io.StringIO()), out)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["task"] for row in rows] == ["CartPole-v1", "Acrobot-v1"]
    for row in rows:
        rate, simulator = (float(row[f"{name}_steps_per_second"]) for name in ("gail", "simulator"))
        assert float(row["ratio"]) == pytest.approx(rate / simulator, abs=1e-3)
        assert sum(float(row[f"{part}_share"]) for part in bench._PARTS) == pytest.approx(1.0, abs=2e-3)
