"""Controls: their difference from the run, the verdict that they give, and resuming after an interrupt."""

import io
import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from gail.approx import Constant
from gail.experiments.runs import training as trainings
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.options import configured
from gail.experiments.runs.players import make_cost_player, playable
from gail.experiments.runs.run import Run
from gail.experiments.train import conclusion as finish
from gail.experiments.train import controls
from gail.experiments.train.controls import MARGIN, Verdict, control_configs

SILENT = Console(file=io.StringIO())


@pytest.fixture
def config():
    return of("gail")


def of(algorithm, control_steps=None, **options):
    """A short run with controls."""
    return configured(
        "Hopper-v5",
        algorithm,
        assignments=("learner.training.batch_size=100", "learner.training.checkpoint_every=1"),
        options={"steps": 450, "envs": 4, "threads": 1, "control": {"env_steps": control_steps}, **options},
    )


def test_controls_differ_from_the_run_in_one_thing(config):
    found, alone = control_configs(config), replace(config.learner, controls=None)
    assert found["constant"] == replace(config, learner=replace(alone, cost=Constant()))
    assert found["shuffled"] == replace(
        config, learner=alone, demonstrations=replace(config.demonstrations, shuffled=True)
    )
    assert control_configs(of("gail", 200))["constant"].learner.training.env_steps == 200


@pytest.mark.parametrize(("form", "cost"), [("survival", -1.0), ("arrival", 1.0)])
@pytest.mark.parametrize("algorithm", ["gail", "gtal"])
def test_the_constant_reward_has_the_sign_of_the_real_one(form, cost, algorithm):
    real = of(algorithm, reward_form=form)
    training = trainings.make_training(control_configs(real)["constant"])
    batch = training.step().batch.trajectories
    np.testing.assert_array_equal(training.cost_player.costs(batch), cost)
    training.close()
    real_player = make_cost_player(real.learner)(
        training.policy.spec, trainings.read_demonstrations(real).trajectories, training._generator
    )
    real_player.update(batch, training.policy, training._generator)
    assert (cost * real_player.costs(batch) >= 0).all()
    assert "constant" not in control_configs(of(algorithm, reward_form="difference"))


def test_shuffled_demonstrations_keep_each_number_and_lose_what_belongs_together(config):
    real = trainings.read_demonstrations(config).trajectories
    control = trainings.read_demonstrations(control_configs(config)["shuffled"]).trajectories
    for dealt, shown in ((control.observations, real.observations), (control.actions, real.actions)):
        np.testing.assert_array_equal(np.sort(dealt, axis=0), np.sort(shown, axis=0))
    shown_rows = {row.tobytes() for row in real.observations}
    assert not any(row.tobytes() in shown_rows for row in control.observations)
    assert (control.actions != real.actions).any(axis=1).mean() > 0.9
    together = np.corrcoef(np.hstack([real.observations, real.actions]).T)
    apart = np.corrcoef(np.hstack([control.observations, control.actions]).T)
    off_diagonal = ~np.eye(len(together), dtype=bool)
    assert np.abs(apart[off_diagonal]).mean() < 0.5 * np.abs(together[off_diagonal]).mean()


@pytest.mark.parametrize(
    ("real", "found", "passed"),
    [
        (0.9, {"constant": 0.1, "shuffled": 0.3}, True),
        (0.9, {"constant": 0.5, "shuffled": 0.0}, False),
        (0.8, {"shuffled": 0.3}, True),
        (0.9, {"constant": 0.1, "shuffled": 0.6}, False),
    ],
)
def test_the_best_control_decides(real, found, passed):
    verdict = Verdict(real, found, 1000)
    assert verdict.passed == passed
    assert ("FAILURE" in verdict.sentence) != passed
    assert f"{max(found.values()) + (0 if passed else MARGIN):.2f}" in verdict.sentence
    best = max(found, key=found.get)
    assert ("How far each number ranges" in verdict.sentence) == (not passed and best == "shuffled")
    assert ("The reward's form" in verdict.sentence) == (not passed and best == "constant")


@pytest.fixture(autouse=True)
def few_episodes(monkeypatch):
    for module in (controls, finish):
        monkeypatch.setattr(module, "EPISODES", 3)


def start(folder, config):
    run = Run.create(folder, config)
    training = trainings.make_training(config)
    assert trainings.start(run, training, SILENT)
    return run, playable(config, training.policy)


def numbers(folder):
    return [
        {k: v for k, v in row.items() if not k.startswith("seconds")} for row in read_metrics(folder / "metrics.csv")
    ]


def test_an_interrupted_control_goes_on_as_if_it_had_not_been(tmp_path, config, monkeypatch):
    whole, policy = start(tmp_path / "whole", config)
    assert finish.finish(whole, policy, SILENT) == finish.FAILED  # three iterations are too few to imitate
    facts = json.loads((whole.folder / "controls.json").read_text())
    assert set(facts["controls"]) == {"constant", "shuffled"}
    assert facts["passed"] is False
    assert "FAILURE" in (whole.folder / "report.html").read_text()

    parts, policy = start(tmp_path / "parts", config)

    def show(display, row):
        if row["iteration"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(trainings.TrainingDisplay, "show", show)
            assert finish.finish(parts, policy, SILENT) == INTERRUPTED
    training, finished = trainings.resume(Run.open(parts.folder), SILENT)  # as `gail resume` does
    assert finished
    assert finish.finish(parts, training.policy, SILENT) == finish.FAILED
    for kind in facts["controls"]:
        assert numbers(whole.folder / f"control-{kind}") == numbers(parts.folder / f"control-{kind}")
    assert json.loads((parts.folder / "controls.json").read_text()) == facts


def test_a_control_stopped_before_its_first_checkpoint_is_begun_anew(tmp_path, config):
    run, _ = start(tmp_path / "run", config)
    Run.create(run.folder / "control-constant", control_configs(config)["constant"])
    assert controls.run_controls(run, SILENT)
    assert (run.folder / "control-constant" / "result.json").exists()
