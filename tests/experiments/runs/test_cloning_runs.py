"""Runs of behavioural cloning: the same files as for a training, with epochs in place of iterations."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gail.approx.cloning import CloningSettings, clone
from gail.approx.training.training import TrainingFailed
from gail.experiments.data.demonstrations import spec_of
from gail.experiments.reports.page import Report
from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import Cloning
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.run import Run
from gail.experiments.train import conclusion as finish
from gail.experiments.train import report as training_report
from gail.experiments.train.pictures import cloning_errors
from gail.experiments.train.report import report_cloning, report_training

SILENT = Console(file=io.StringIO())


@pytest.fixture(autouse=True)
def few_episodes(monkeypatch):
    monkeypatch.setattr(finish, "EPISODES", 3)


def of_fit(**fit):
    """A cloning run on CartPole."""
    return replace(imitation_recipe("CartPole-v1", "bc"), learner=Cloning(fit=CloningSettings(**fit)))


@pytest.fixture
def config():
    """A short fit on CartPole."""
    return of_fit(max_epochs=4)


def cloned(run):
    return trainings.clone_in(run, trainings.read_demonstrations(run.config))


def errors(path):
    return [(int(r["epoch"]), float(r["training_error"]), float(r["validation_error"])) for r in read_metrics(path)]


def test_metrics_and_events_have_the_errors_of_each_epoch(tmp_path, config):
    run = Run.create(tmp_path, config)
    cloned(run)
    spec = spec_of(config.task)
    result = clone(trainings.read_demonstrations(config), spec, config.learner.fit, config.seed)
    expected = list(zip((1, 2, 3, 4), result.training_errors, result.validation_errors, strict=True))
    assert errors(run.metrics) == expected
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(events.Tags()["scalars"]) == {"training_error", "validation_error"}
    shown = [(event.step, event.value) for event in events.Scalars("validation_error")]
    assert shown == [(epoch, pytest.approx(validation, rel=1e-6)) for epoch, _, validation in expected]


def test_a_run_that_is_begun_again_replaces_what_there_is(tmp_path, config):
    run = Run.create(tmp_path, config)
    cloned(run)
    before, policy = run.metrics.read_text(), run.policy.read_bytes()
    run.metrics.write_text("".join(before.splitlines(keepends=True)[:3]) + "3,0.")  # killed during a write
    cloned(Run.open(tmp_path))
    assert (run.metrics.read_text(), run.policy.read_bytes()) == (before, policy)


def test_the_report_shows_fit_evaluation_and_settings(tmp_path, config):
    run = Run.create(tmp_path, config)
    assert finish.finish(run, cloned(run), SILENT) == 0
    page = (tmp_path / "report.html").read_text()
    for needle in ("bc on CartPole-v1", "behavioural cloning, same data", "random policy", "learner.fit.max_epochs"):
        assert needle in page
    assert (tmp_path / "pictures" / "cloning-errors.png").stat().st_size > 1_000


@pytest.mark.parametrize(("report", "missing"), [(report_training, "No iteration"), (report_cloning, "No epoch")])
@pytest.mark.parametrize("content", [None, "", "iteration,env_steps,epoch\n"])
def test_a_report_of_no_metrics_says_so(tmp_path, config, report, missing, content):
    run = Run.create(tmp_path, config)
    if content is not None:
        run.metrics.write_text(content)
    page = Report("title", "lead")
    report(page, run, {})
    page.write(tmp_path / "report.html")
    assert missing in (tmp_path / "report.html").read_text()


def test_a_fit_that_diverges_fails_the_run_and_names_its_folder(tmp_path, config):
    wild = of_fit(learning_rate=1e25)
    run = Run.create(tmp_path / "run", wild)
    with pytest.raises(
        TrainingFailed, match=r"run: cloning, epoch \d+: .+learner\.fit\.learning_rate.+in another --out"
    ):
        cloned(run)
    assert not run.policy.exists()
    with pytest.raises(TrainingFailed, match=r"^cloning, epoch \d+: "):
        demonstrations = trainings.read_demonstrations(wild)
        trainings.clone_demonstrations(wild.task, demonstrations, wild.learner, wild.seed)


def test_the_command_line_says_so_in_one_sentence(gail):
    words = ("train", "CartPole-v1", "--algo", "bc", "--set", "learner.fit.learning_rate=1e25", "--out", "run")
    status, out, err = gail(*words)
    assert status == 2, out
    assert "run: cloning, epoch" in err
    assert err.count("\n") == 1


def test_the_kept_epoch_is_the_one_of_the_policy(tmp_path, config, monkeypatch):
    overfit = of_fit(learning_rate=1e-2, patience=10, max_epochs=60)
    run = Run.create(tmp_path, overfit)
    cloned(run)
    drawn = {}

    def spy(epochs, training, validation, kept):
        drawn["kept"] = kept
        return cloning_errors(epochs, training, validation, kept)

    monkeypatch.setattr(training_report, "cloning_errors", spy)
    report_cloning(Report("", ""), run, {})
    spec = spec_of(config.task)
    result = clone(trainings.read_demonstrations(overfit), spec, overfit.learner.fit, overfit.seed)
    assert drawn["kept"] == result.best_epoch + 1 == int(np.argmin(result.validation_errors)) + 1
