"""Minari's and D4RL's HDF5 files: valid files are read, invalid ones are named and refused."""

from dataclasses import replace

import numpy as np
import pytest

from gail.approx.demonstrations import load_demonstrations


def test_minari_keeps_the_task_and_its_specification(made, tmp_path, saved):
    full = made()
    named = replace(full, provenance=replace(full.provenance, task="CartPole-v1"))
    path = saved(named, tmp_path, "minari")
    assert load_demonstrations(path).provenance.task == "CartPole-v1"
    assert load_demonstrations(path / "data").provenance.task == "CartPole-v1"
    assert load_demonstrations(path / "data" / "main_data.hdf5").provenance.task == "CartPole-v1"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("minari_version", "0.9.1", "minari_version is '0.9.1': 0.4 and 0.5 are read"),
        ("minari_version", None, "minari_version is 'None'"),
        ("data_format", "parquet", "data_format is 'parquet': 'hdf5' and 'arrow' are read"),
        ("env_spec", "{", "not a readable Minari metadata.json"),
    ],
)
def test_minari_metadata_is_checked(made, tmp_path, refused, key, value, message, saved, changed):
    path = saved(made(), tmp_path, "minari")
    changed(path / "data" / "metadata.json", key, value)
    refused(path, message)


def hdf5(path, edit):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as file:
        edit(file)


def exchange(file, name, values):
    del file[name]
    if values is not None:
        file[name] = values


MINARI_EDITS = {
    "ragged": (lambda f: exchange(f, "episode_1/actions", np.zeros((3, 1))), r"episode 1: actions has 3 rows where 1"),
    "other task": (
        lambda f: exchange(f, "episode_2/observations", np.zeros((13, 5))),
        r"episode 2 has observations of type float64 and row shape \(5,\), episode 0 has float64 and \(2,\)",
    ),
    "gone": (lambda f: exchange(f, "episode_1/terminations", None), "episode 1: terminations is missing"),
    "early": (
        lambda f: exchange(f, "episode_0/truncations", np.array([0, 1, 0, 0, 0])),
        "episode 0: truncations is set at step 1 of 5",
    ),
    "no flags": (
        lambda f: exchange(f, "episode_0/truncations", np.full(5, 0.5)),
        "episode 0: truncations: entry 0 is 0.5, where 0 or 1 is needed",
    ),
    "a gap": (lambda f: f.move("episode_1", "episode_7"), "episode_7: 3 groups named episode_0 to episode_2"),
    "text": (lambda f: exchange(f, "episode_0/actions", [b"left"] * 5), "episode 0: actions is of type"),
    "dict": (
        lambda f: f.create_group("episode_1/observations/a") and None,
        "episode 1: observations/a: its parts have no rows",
    ),
    "empty": (lambda f: [exchange(f, f"episode_{k}", None) for k in range(3)], "the data is empty: 0 episodes"),
}


@pytest.mark.parametrize("case", MINARI_EDITS)
def test_what_is_wrong_with_a_minari_episode_is_named(made, tmp_path, refused, case, saved):
    edit, message = MINARI_EDITS[case]
    path = saved(made(), tmp_path, "minari")
    if case == "dict":
        hdf5(path / "data" / "main_data.hdf5", lambda f: exchange(f, "episode_1/observations", None))
    hdf5(path / "data" / "main_data.hdf5", edit)
    refused(path, message)


D4RL_EDITS = {
    "ragged": (lambda f: exchange(f, "actions", np.zeros((3, 1))), r"actions has shape \(3, 1\): 18 rows"),
    "timeouts": (lambda f: exchange(f, "timeouts", np.zeros(3)), r"timeouts has shape \(3,\): 18 rows"),
    "gone": (lambda f: exchange(f, "rewards", None), "rewards is missing; the file holds actions, next_obs"),
    "complex": (
        lambda f: exchange(f, "observations", np.zeros((18, 2), complex)),
        "observations is of type complex128",
    ),
    "flags": (lambda f: exchange(f, "terminals", np.full(18, 7)), "terminals: entry 0 is 7, where 0 or 1"),
    "scalar": (lambda f: exchange(f, "terminals", 1), r"terminals has shape \(\): an array with rows"),
    "nothing": (
        lambda f: (
            [exchange(f, name, np.zeros((0, 1))) for name in list(f) if name not in ("terminals", "timeouts")]
            + [exchange(f, name, np.zeros(0)) for name in ("terminals", "timeouts")]
        ),
        "the data is empty",
    ),
}


@pytest.mark.parametrize("case", D4RL_EDITS)
def test_what_is_wrong_with_a_d4rl_file_is_named(made, tmp_path, refused, case, saved):
    edit, message = D4RL_EDITS[case]
    path = saved(made(), tmp_path, "d4rl")
    hdf5(path, edit)
    refused(path, message)


def test_a_d4rl_file_without_next_observations_gives_up_each_last_step(made, tmp_path, saved):
    full = made((5, 1, 12))
    path = saved(full, tmp_path, "d4rl")
    hdf5(path, lambda f: exchange(f, "next_observations", None))
    found = load_demonstrations(path).trajectories
    assert found.lengths.tolist() == [4, 11]
    np.testing.assert_array_equal(found.final_observations, [[0, 4], [2, 11]])
    assert not found.terminated.any() and not found.truncated.any()


def test_d4rl_steps_that_are_apart_keep_their_next_observations(made, tmp_path, saved):
    path = saved(made((5, 4)), tmp_path, "d4rl")
    elsewhere = np.random.default_rng(0).normal(size=(9, 2))
    hdf5(path, lambda f: exchange(f, "next_observations", elsewhere))
    found = load_demonstrations(path)
    assert not found.whole
    np.testing.assert_array_equal(found.following(), elsewhere)


def test_what_lies_outside_an_hdf5_file_is_not_read(made, tmp_path, refused, saved):
    h5py = pytest.importorskip("h5py")
    path = saved(made(), tmp_path, "d4rl")
    other = saved(made(), tmp_path / "other", "d4rl")
    hdf5(path, lambda f: exchange(f, "actions", h5py.ExternalLink(str(other), "actions")))
    refused(path, "actions is a link")


def test_a_dataset_that_is_larger_than_its_file_is_refused(made, tmp_path, refused, saved):
    path = saved(made(), tmp_path, "d4rl")
    hdf5(path, lambda f: (exchange(f, "terminals", None), f.create_dataset("terminals", (1 << 40,), "u1", chunks=True)))
    refused(path, "terminals claims 1099511627776 bytes in 0")


def test_both_ends_at_once_are_a_termination(made, tmp_path, saved):
    path = saved(made((5, 4)), tmp_path, "d4rl")
    ends = np.isin(np.arange(9), [4, 8])
    hdf5(path, lambda f: (exchange(f, "terminals", ends), exchange(f, "timeouts", ends)))
    found = load_demonstrations(path).trajectories
    assert found.terminated.all() and not found.truncated.any()
