"""For every format: which fields are kept, notes on lost fields, detection by content, and refusal of invalid files."""

import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gail.approx.demonstrations import FORMATS, InvalidDemonstrations, load_demonstrations, save_npz

LOSES_ENDINGS = {"stable-baselines"}


LOSES_TIME_LIMITS = {"stable-baselines", "berkeley"}


NEEDS_REWARDS = {"minari", "minari-arrow", "d4rl", "stable-baselines", "berkeley"}


FOREIGN = [name for name in FORMATS if name != "npz"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("actions", ["box", "finite"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whole_episodes_come_back(made, assert_same_trajectories, tmp_path, name, actions, dtype, saved):
    full = made((5, 2, 12), actions=actions)
    batch = full.trajectories
    batch = replace(
        batch,
        observations=batch.observations.astype(dtype),
        final_observations=batch.final_observations.astype(dtype),
        rewards=batch.rewards.astype(dtype),
    )
    found = load_demonstrations(saved(replace(full, trajectories=batch), tmp_path, name))
    assert found.whole
    if name in LOSES_ENDINGS:
        return check_without_last_steps(batch, found.trajectories)
    if name in LOSES_TIME_LIMITS:
        batch = replace(batch, truncated=np.zeros(3, dtype=bool))
    assert_same_trajectories(found.trajectories, batch)
    return None


def check_without_last_steps(batch, found):
    """For formats without final observations: check that all steps but each episode's last are kept."""
    assert found.lengths.tolist() == (batch.lengths - 1).tolist()
    kept = np.ones(batch.num_steps, dtype=bool)
    kept[batch.last_steps] = False
    np.testing.assert_array_equal(found.observations, batch.observations[kept])
    np.testing.assert_array_equal(found.actions, batch.actions[kept])
    np.testing.assert_array_equal(found.rewards, batch.rewards[kept])
    np.testing.assert_array_equal(found.final_observations, batch.observations[batch.last_steps])
    assert not found.terminated.any() and not found.truncated.any()


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_known_by_its_content(made, tmp_path, name, saved):
    found = [load_demonstrations(saved(made(), tmp_path / kind, kind)).provenance.source for kind in (name, "npz")]
    assert found[1] == "a formula"
    assert (found[0] == "a formula") == (name == "npz")


@pytest.mark.parametrize("name", FOREIGN)
def test_subsampled_episodes_are_not_passed_off_as_whole(made, tmp_path, name, saved):
    for keep_next in (False, True):
        with pytest.raises(InvalidDemonstrations, match=r"cannot record dropped steps .* every 3-th"):
            saved(made().subsample(3, 0, keep_next=keep_next), tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FOREIGN)
def test_weights_are_not_left_out_in_silence(made, tmp_path, name, saved):
    full = made()
    weighted = replace(full, trajectories=replace(full.trajectories, weights=np.ones(18)))
    with pytest.raises(InvalidDemonstrations, match="cannot store weights"):
        saved(weighted, tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_rewards_are_not_made_up(made, tmp_path, name, saved):
    without = made(rewards=False)
    if name in NEEDS_REWARDS:
        with pytest.raises(InvalidDemonstrations, match="needs rewards: these demonstrations have none"):
            saved(without, tmp_path, name)
    else:
        assert load_demonstrations(saved(without, tmp_path, name)).trajectories.rewards is None


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("field", ["observations", "actions", "rewards"])
def test_what_is_not_finite_is_named_with_its_episode(made, tmp_path, refused, name, field, saved):
    full = made((5, 4))
    batch = full.trajectories
    values = getattr(batch, field)
    values[6] = np.inf  # set after the constructor's check, which would refuse it
    path = saved(full, tmp_path, name)
    refused(path, rf"{field}\[\d.* is inf \(step 1 of trajectory 1\)")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.97])
def test_truncated_files_are_refused(made, tmp_path, refused, name, share, saved):
    path = saved(made((40, 30)), tmp_path, name)
    files = [file for file in path.rglob("*") if file.suffix != ".json"] if path.is_dir() else [path]
    largest = max((file for file in files if file.is_file()), key=lambda file: file.stat().st_size)
    content = largest.read_bytes()
    largest.write_bytes(content[: int(share * len(content))])
    refused(path, ".")


@pytest.mark.parametrize("name", ["minari", "minari-arrow", "huggingface"])
def test_a_folder_that_is_there_is_not_overwritten(made, tmp_path, name, saved):
    path = saved(made(), tmp_path, name)
    with pytest.raises(InvalidDemonstrations, match="cannot be written: a folder of that name is there"):
        saved(made(), tmp_path, name)
    assert load_demonstrations(path).trajectories.num_trajectories == 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "package"),
    [("d4rl", "h5py"), ("minari", "h5py"), ("minari-arrow", "pyarrow"), ("huggingface", "pyarrow")],
)
def test_a_package_that_is_missing_names_the_extra(made, tmp_path, refused, monkeypatch, name, package, saved):
    path = saved(made(), tmp_path, name)
    monkeypatch.setitem(sys.modules, package, None)
    refused(path, rf'needs the package {package}: pip install "gail\[data\]"')
    with pytest.raises(InvalidDemonstrations, match=r'pip install "gail\[data\]"'):
        saved(made(), tmp_path / "other", name)


def test_a_task_from_a_file_imports_nothing(made, tmp_path, monkeypatch, saved):
    (tmp_path / "chosen.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    full = made()
    named = replace(full, provenance=replace(full.provenance, task="chosen:Env-v0"))
    assert load_demonstrations(saved(named, tmp_path, "minari")).provenance.task is None


def test_archives_and_files_of_no_known_layout_list_what_they_hold(tmp_path, refused):
    np.savez(tmp_path / "bad.npz", x=np.zeros(2), y=np.zeros(2))
    refused(tmp_path / "bad.npz", r"an \.npz with x, y: needed are")
    (tmp_path / "bad").write_bytes(pickle.dumps({"x": 1}, 4))
    refused(tmp_path / "bad", "a pickled dict: needed is a list of dicts")
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "bad", "w") as file:
        file["x"] = 1
    refused(tmp_path / "bad", "an HDF5 file with x: needed are observations")


def test_messages_stay_on_one_line_and_without_control_characters(tmp_path, refused):
    np.savez(tmp_path / "bad.npz", **{"x\n\x1b[31m": np.zeros(2)})
    with pytest.raises(InvalidDemonstrations) as caught:
        load_demonstrations(tmp_path / "bad.npz")
    assert str(caught.value).isprintable()


def test_the_shipped_demonstrations_are_read():
    from gail.envs.data import shipped_file

    found = load_demonstrations(Path(shipped_file("Hopper-v5", "demonstrations.npz")))
    assert found.provenance.task == "Hopper-v5" and found.trajectories.num_trajectories == 50


def test_writing_leaves_no_part_of_a_file_behind(made, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("the disk is full")

    save_npz(made(), tmp_path / "file.npz")
    before = (tmp_path / "file.npz").read_bytes()
    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_npz(made(), tmp_path / "file.npz")
    assert list(tmp_path.iterdir()) == [tmp_path / "file.npz"]
    assert (tmp_path / "file.npz").read_bytes() == before
