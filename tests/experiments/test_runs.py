"""Runs: one folder, one config, metrics that survive interruptions."""

import io
import os
import signal
from dataclasses import replace

import pytest
from rich.console import Console

from gail.experiments import training as trainings
from gail.experiments.interrupts import StopAfterIteration
from gail.experiments.recipes import expert_recipe, imitation_recipe
from gail.experiments.runs import InvalidRun, MetricsFile, Run, read_metrics

SILENT = Console(file=io.StringIO())


@pytest.fixture
def config():
    """A short imitation run on Hopper."""
    recipe = imitation_recipe("Hopper-v5")
    short = replace(recipe.training, env_steps=600, batch_size=100, checkpoint_every=2)
    return replace(recipe, training=short, num_envs=4, threads=1)


@pytest.mark.parametrize("recipe", [imitation_recipe, expert_recipe])
def test_a_config_survives_its_file(tmp_path, recipe):
    made = Run.create(tmp_path / "run", recipe("Hopper-v5"))
    assert Run.open(tmp_path / "run").config == made.config


def test_an_unknown_setting_in_a_config_is_named(tmp_path, config):
    run = Run.create(tmp_path, config)
    path = run.folder / "config.json"
    path.write_text(path.read_text().replace('"num_envs"', '"number_of_envs"'))
    with pytest.raises(InvalidRun, match="number_of_envs"):
        Run.open(tmp_path)


def test_metrics_keep_the_rows_up_to_the_checkpoint(tmp_path):
    path = tmp_path / "metrics.csv"
    first = MetricsFile(path, keep_iterations=0)
    for iteration in range(1, 6):
        first.append({"iteration": iteration, "value": iteration * 0.1})
    first.close()
    with path.open("a") as file:
        file.write("6")  # the process was killed in the middle of a row
    second = MetricsFile(path, keep_iterations=3)
    second.append({"iteration": 4, "value": 9.0})
    second.close()
    assert [row["iteration"] for row in read_metrics(path)] == ["1", "2", "3", "4"]
    assert read_metrics(path)[3]["value"] == "9.0"


def interrupt_at(iteration: int):
    """A display that sends this process an interrupt when that iteration is shown."""

    def show(display, row) -> None:
        if row["iteration"] == iteration:
            os.kill(os.getpid(), signal.SIGINT)

    return show


def numbers(path):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in read_metrics(path)]


@pytest.mark.parametrize("interrupted_at", [1, 3, 4])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path, config, monkeypatch, interrupted_at):
    whole = Run.create(tmp_path / "whole", config)
    assert trainings.start(whole, trainings.make_training(config), SILENT)

    parts = Run.create(tmp_path / "parts", config)
    with monkeypatch.context() as patch:
        patch.setattr(trainings.TrainingDisplay, "show", interrupt_at(interrupted_at))
        assert not trainings.start(parts, trainings.make_training(config), SILENT)
    assert parts.policy.exists()
    assert len(read_metrics(parts.metrics)) == interrupted_at
    _, finished = trainings.resume(Run.open(parts.folder), SILENT)

    assert finished
    assert numbers(whole.metrics) == numbers(parts.metrics)
    assert whole.policy.read_bytes() == parts.policy.read_bytes()


def test_a_second_interrupt_stops_at_once():
    with pytest.raises(KeyboardInterrupt), StopAfterIteration() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.requested
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second signal did nothing")


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    with StopAfterIteration():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
