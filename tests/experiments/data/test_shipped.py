"""Demonstrations that are not shipped are recorded once, with the shipped expert, as its card says."""

import hashlib

import pytest
from rich.console import Console

from gail.approx import load_npz
from gail.envs.data import NotShipped, card, shipped_file
from gail.experiments.data import shipped as recordings
from gail.experiments.runs.run import versions

TASK = "Reacher-v5"
SILENT = Console(quiet=True)


def test_what_ships_is_used_as_it_is():
    assert recordings.demonstrations_file(TASK, SILENT) == shipped_file(TASK, "demonstrations.npz")


def test_what_does_not_ship_is_recorded_once_as_the_card_says(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "has_demonstrations", lambda _: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = recordings.demonstrations_file(TASK, SILENT)
    assert path.is_relative_to(tmp_path / "gail")
    found, shipped = load_npz(path), load_npz(shipped_file(TASK, "demonstrations.npz"))
    assert found.provenance.task == shipped.provenance.task == TASK
    assert found.provenance.source == shipped.provenance.source
    assert found.trajectories.num_trajectories == shipped.trajectories.num_trajectories
    if card(TASK)["versions"] == versions():  # with equal versions the file is the same bit for bit
        assert hashlib.sha256(path.read_bytes()).hexdigest() == card(TASK)["sha256"]["demonstrations.npz"]
    monkeypatch.setattr(recordings, "record", None)
    assert recordings.demonstrations_file(TASK, SILENT) == path


def test_a_task_without_an_expert_says_how_to_make_one():
    with pytest.raises(NotShipped, match="gail expert Pendulum-v1"):
        recordings.demonstrations_file("Pendulum-v1", SILENT)
