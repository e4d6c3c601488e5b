"""One cell: measuring it does not change the training, and resuming it does not change its results."""

import io
import json
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from gail.experiments.bench.training import cell_run
from gail.experiments.bench.training.cell_run import evaluations_file, finished, first_reached, run_cell
from gail.experiments.bench.training.cells import Cell
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs import options
from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import Simulator
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.run import Run
from gail.experiments.train.evaluation import Reference

CELL = Cell("CartPole-v1", "gail", 1, 2_000, 0)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Batches of 200 steps, checkpoints every third iteration, quick evaluations."""
    recipe = imitation_recipe("CartPole-v1")
    learner = recipe.learner
    small = replace(learner.training, batch_size=200, checkpoint_every=3)
    recipe = replace(recipe, learner=replace(learner, training=small, simulator=Simulator(4)))
    clone = imitation_recipe("CartPole-v1", "bc")
    monkeypatch.setattr(
        options, "imitation_recipe", lambda task, algorithm, reward: clone if algorithm == "bc" else recipe
    )
    monkeypatch.setattr(cell_run, "EVALUATIONS", 4)
    monkeypatch.setattr(cell_run, "_FINAL_EPISODES", 3)


def numbers(path):
    timed = ("seconds", "peak_gb")
    return [{k: v for k, v in row.items() if not k.startswith(timed)} for row in read_metrics(path)]


def test_evaluations_do_not_change_the_training(tmp_path):
    result = run_cell(CELL, tmp_path / "cell")
    plain = Run.create(tmp_path / "plain", CELL.config())
    assert trainings.start(plain, trainings.make_training(plain.config), Console(file=io.StringIO()))
    assert numbers(tmp_path / "cell" / "metrics.csv") == numbers(plain.metrics)
    assert (tmp_path / "cell" / "policy.safetensors").read_bytes() == plain.policy.read_bytes()

    looks = read_metrics(evaluations_file(tmp_path / "cell"))
    steps = [int(row["env_steps"]) for row in looks]
    assert len(steps) in (4, 5)  # after each quarter and at the end
    assert steps[-1] == result.env_steps == int(numbers(plain.metrics)[-1]["env_steps"])
    assert result.evaluated_every == 500
    assert json.loads((tmp_path / "cell" / "cell.json").read_text()) == asdict(result)


@pytest.mark.parametrize(("lost", "first_again"), [(1, 1), (5, 4)])
def test_an_interrupted_cell_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch, lost, first_again):
    whole = run_cell(CELL, tmp_path / "whole")

    played = []

    def break_off(training, report, seconds):
        played.append(training.iteration)
        if training.iteration == lost and len(played) == lost:
            raise KeyboardInterrupt
        return trainings.metrics_row(training, report, seconds)

    monkeypatch.setattr(cell_run, "metrics_row", break_off)
    with pytest.raises(KeyboardInterrupt):
        run_cell(CELL, tmp_path / "parts")
    assert finished(CELL, tmp_path / "parts") is None
    parts = run_cell(CELL, tmp_path / "parts")
    assert played[lost] == first_again  # resumes at the last checkpoint; every third iteration has one

    for name in ("metrics.csv", "evaluations.csv"):
        assert numbers(tmp_path / "whole" / name) == numbers(tmp_path / "parts" / name)
    policies = [(tmp_path / name / "policy.safetensors").read_bytes() for name in ("whole", "parts")]
    assert policies[0] == policies[1]
    assert parts.deterministic_return == whole.deterministic_return
    assert parts.stochastic_return == whole.stochastic_return


def test_a_finished_cell_is_not_run_again(tmp_path, monkeypatch):
    first = run_cell(CELL, tmp_path)
    monkeypatch.setattr(cell_run, "make_training", None)
    assert run_cell(CELL, tmp_path) == first


def test_a_folder_of_another_configuration_is_refused(tmp_path):
    Run.create(tmp_path, replace(CELL.config(), seed=7))
    with pytest.raises(InvalidRequest, match="another configuration: delete it"):
        run_cell(CELL, tmp_path)


def test_cloning_has_a_score_and_no_steps(tmp_path):
    result = run_cell(Cell("CartPole-v1", "bc", 1, 0, 0), tmp_path)
    assert (result.env_steps, result.steps_per_second, result.steps_to_90, result.accuracy) == (0, None, None, None)
    assert result.seconds > 0.0
    assert result.deterministic_score <= 1.0


def test_levels_are_reached_at_the_first_evaluation_that_shows_them():
    evaluations = [
        {"iteration": str(i), "env_steps": str(100 * i), "mean": str(mean)}
        for i, mean in ((2, 10.0), (4, 90.0), (6, 80.0), (8, 95.0), (10, 99.0))
    ]
    rows = [{"iteration": str(i), "seconds": "0.5"} for i in range(1, 11)]
    found = first_reached(evaluations, rows, Reference(random=0.0, expert=100.0))
    assert found == {"steps_to_90": 400, "seconds_to_90": 2.0, "steps_to_95": 800, "seconds_to_95": 4.0}
    never = first_reached(evaluations, rows, Reference(random=0.0, expert=200.0))
    assert set(never.values()) == {None}
    # Returns below zero: 90 % is measured between random play and the expert, not as a share of the expert's return.
    below = first_reached([{"iteration": "1", "env_steps": "5", "mean": "-8"}], rows, Reference(-40.0, -4.0))
    assert below["steps_to_90"] is None
