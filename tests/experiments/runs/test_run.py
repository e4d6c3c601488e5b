"""Runs: one folder, one config, metrics that survive interruptions."""

import io
import json
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from gail.approx.cloning import CloningSettings
from gail.approx.cost_players.cost_player import CostReport
from gail.approx.policy_players.trust_region import StepOutcome
from gail.approx.training.training import TrainingFailed
from gail.experiments.runs import training as trainings
from gail.experiments.runs.interrupts import StopAfterIteration
from gail.experiments.runs.metrics import MetricsFile, read_metrics
from gail.experiments.runs.options import configured
from gail.experiments.runs.recipes.expert import expert_recipe
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.run import InvalidRun, Run

SILENT = Console(file=io.StringIO())


def of(algorithm, **options):
    """A short imitation run on Hopper."""
    assignments = ("learner.training.batch_size=100", "learner.training.checkpoint_every=2")
    return configured(
        "Hopper-v5", algorithm, assignments=assignments, options={"steps": 600, "envs": 4, "threads": 1, **options}
    )


@pytest.fixture
def config():
    """One of GAIL."""
    return of("gail")


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


def test_rows_fit_the_columns_of_an_older_version(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("iteration,gone,kept\n1,2.0,3.0\n")
    file = MetricsFile(path, keep_iterations=1)
    file.append({"iteration": 2, "kept": 4.0, "new": 5.0})
    file.close()
    assert read_metrics(path)[1] == {"iteration": "2", "gone": "", "kept": "4.0"}


def interrupt_at(iteration: int):
    """A display that sends this process an interrupt when it shows this iteration."""

    def show(display, row) -> None:
        if row["iteration"] == iteration:
            os.kill(os.getpid(), signal.SIGINT)

    return show


def numbers(path):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in read_metrics(path)]


WARM = {"warm_start": {**vars(CloningSettings()), "max_epochs": 3}}
VARIANTS = {
    "gail": ("gail", {}),
    "fem": ("fem", {}),
    "gtal": ("gtal", {"reward_form": "arrival", **WARM}),
    "absorbing": ("gail", {"absorbing": True, "reward_form": "difference"}),
}


@pytest.mark.parametrize(("variant", "interrupted_at"), [("gail", 1), ("gail", 3), *((name, 4) for name in VARIANTS)])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch, variant, interrupted_at):
    algorithm, options = VARIANTS[variant]
    config = of(algorithm, **options)
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


def test_a_run_whose_numbers_are_none_says_so_and_keeps_its_checkpoint(tmp_path, config):
    run, training = Run.create(tmp_path / "run", config), trainings.make_training(config)
    costs = training.cost_player.costs

    def poisoned(batch):
        return costs(batch) * (np.inf if training.iteration == 3 else 1.0)

    training.cost_player.costs = poisoned
    with pytest.raises(TrainingFailed, match="run: iteration 4: the cost is -inf at") as caught:
        trainings.start(run, training, SILENT)
    assert "in another --out" in str(caught.value)
    assert [row["iteration"] for row in read_metrics(run.metrics)] == ["1", "2", "3"]
    again = trainings.make_training(config)
    again.load(run.checkpoint)
    assert again.iteration == 2
    assert not run.policy.exists()


def test_metrics_tell_what_the_theory_expects(config):
    training = trainings.make_training(config)
    row = trainings.metrics_row(training, training.step(), 0.0)
    training.close()
    assert row["discriminator_loss"] == pytest.approx(2 * np.log(2), rel=1e-6)  # a new discriminator is D = 1/2
    assert row["jsd_estimate"] == pytest.approx(0.0, abs=1e-6)
    assert row["feature_distance"] > 0
    certain = SimpleNamespace(**{**vars(round_report()), "cost": CostReport(1.0, 0.0, 1.0, 1.0)})
    assert trainings.metrics_row(training, certain, 0.0)["jsd_estimate"] == pytest.approx(np.log(2))


def round_report():
    """The report of a round, without a cost report."""
    step = SimpleNamespace(kl=0.0, outcome=StepOutcome.ACCEPTED, backtracks=0, improvement=0.0)
    policy = SimpleNamespace(step=step, explained_variance=0.0, entropy=0.0)
    batch = SimpleNamespace(episode_returns=np.zeros(0), episode_lengths=np.zeros(0))
    seconds = dict.fromkeys(("sampling", "cost", "policy", "critic"), 0.0)
    return SimpleNamespace(batch=batch, policy=policy, cost=None, seconds=seconds)


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


def test_other_versions_than_at_the_start_are_told(tmp_path, config):
    run = Run.create(tmp_path / "run", config)
    assert run.changed_versions() is None
    path = run.folder / "versions.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "torch": "0.1"}))
    assert "torch 0.1 is now" in run.changed_versions()
    path.unlink()
    assert "cannot be read" in run.changed_versions()
