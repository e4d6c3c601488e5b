"""Runs with damaged, foreign or truncated files are named and refused, and their files are not changed."""

import errno
import io
import json
import os
import shutil
import sys

import numpy as np
import pytest
import torch
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gail.approx.training.training import InvalidCheckpoint
from gail.experiments.cli import main as cli
from gail.experiments.runs import training as trainings
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.options import configured
from gail.experiments.runs.run import Run

SILENT = Console(file=io.StringIO())


def config_of(task, algorithm="gail"):
    return configured(
        task,
        algorithm,
        assignments=("learner.training.batch_size=100", "learner.training.checkpoint_every=2"),
        options={"steps": 600, "envs": 4, "threads": 1},
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run on CartPole."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "whole", config_of("CartPole-v1"))
    assert trainings.start(run, trainings.make_training(run.config), SILENT)
    return run


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run, to be damaged."""
    return Run.open(shutil.copytree(finished.folder, tmp_path / "run"))


@pytest.fixture
def resumed(monkeypatch, capsys):
    """`gail resume` on a folder: status and errors."""

    def resume(folder):
        monkeypatch.setattr(sys, "argv", ["gail", "resume", str(folder)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, capsys.readouterr().err

    return resume


def refused(result, *needles):
    status, errors = result
    assert status == 2
    assert "Traceback" not in errors
    for needle in needles:
        assert needle in errors


def numbers(path):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in read_metrics(path)]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused_and_left_as_it_is(run, resumed, share):
    content = run.checkpoint.read_bytes()
    cut = content[: int(share * len(content))]
    run.checkpoint.write_bytes(cut)
    metrics = run.metrics.read_bytes()
    refused(resumed(run.folder), "checkpoint.pt", "not a readable checkpoint")
    assert run.checkpoint.read_bytes() == cut
    assert run.metrics.read_bytes() == metrics


@pytest.mark.parametrize("other", ["Hopper-v5", "Acrobot-v1"])
def test_a_checkpoint_of_another_task_is_refused(run, resumed, tmp_path, other):
    foreign = Run.create(tmp_path / "other", config_of(other))
    trainings.make_training(foreign.config).save(run.checkpoint)
    refused(resumed(run.folder), "checkpoint.pt", f"belongs to gail on {other}, this run is gail on CartPole-v1")


def test_a_checkpoint_of_another_version_is_refused_with_what_it_lacks(run, resumed):
    state = torch.load(run.checkpoint, weights_only=True)
    del state["cost_player"]
    torch.save(state, run.checkpoint)
    refused(resumed(run.folder), "checkpoint.pt", "it has no cost_player")


def test_a_config_of_another_version_is_refused_with_the_field(run, resumed):
    path = run.folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "learner": "sac"}))
    refused(resumed(run.folder), "config.json", "learner")


def test_a_deleted_checkpoint_does_not_silently_begin_anew(run, resumed):
    run.checkpoint.unlink()
    metrics = run.metrics.read_bytes()
    refused(resumed(run.folder), "checkpoint.pt", "there is no such checkpoint")
    assert run.metrics.read_bytes() == metrics


def test_a_run_that_was_killed_before_its_first_checkpoint_begins(finished, tmp_path):
    run = Run.create(tmp_path / "run", finished.config)
    assert trainings.resume(run, SILENT)[1]
    assert numbers(run.metrics) == numbers(finished.metrics)


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_in_the_middle_of_a_save_leaves_the_previous_checkpoint(
    finished, tmp_path, monkeypatch, function, capsys
):
    run = Run.create(tmp_path / "run", finished.config)
    real, calls = getattr(os, function), []

    def full(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == 3:  # the checkpoints of iterations 0 and 2 are written, the one of iteration 4 is not
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(os, function, full)
        with pytest.raises(OSError, match="No space left"):
            trainings.start(run, trainings.make_training(run.config), SILENT)
    assert torch.load(run.checkpoint, weights_only=True)["iteration"] == 2
    assert not list(run.folder.glob(".*"))  # no partly written file remains
    assert trainings.resume(Run.open(run.folder), SILENT)[1]
    assert numbers(run.metrics) == numbers(finished.metrics)
    assert run.policy.read_bytes() == finished.policy.read_bytes()
    shown = EventAccumulator(str(run.folder / "tensorboard")).Reload().Scalars("kl")
    assert [event.step for event in shown] == [int(row["env_steps"]) for row in read_metrics(run.metrics)]


def test_a_full_disk_is_one_sentence_on_the_command_line(run, resumed, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(resumed(run.folder), "the disk is full", "gail resume")


def test_demonstrations_of_another_layout_are_named_before_a_run_is_made(tmp_path, monkeypatch, capsys):
    from gail.approx import Demonstrations, Provenance, Trajectories, save_npz

    batch = Trajectories(
        observations=np.zeros((3, 111)),
        actions=np.zeros((3, 8)),
        rewards=None,
        final_observations=np.zeros((1, 111)),
        lengths=np.array([3]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )
    save_npz(Demonstrations(batch, Provenance("Ant-v5", "made in a test")), tmp_path / "old.npz")
    words = ["gail", "train", "Ant-v5", "--demos", str(tmp_path / "old.npz"), "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    refused((exit_.value.code, capsys.readouterr().err), "111", "Ant-v2", "105", "13 bodies")
    assert not (tmp_path / "run").exists()


def test_the_library_refuses_a_checkpoint_of_another_algorithm(finished):
    other = trainings.make_training(config_of("CartPole-v1", "fem"))
    with pytest.raises(InvalidCheckpoint, match="belongs to gail on CartPole-v1, this run is fem on CartPole-v1"):
        other.load(finished.checkpoint)
