"""Files with broken episodes: each broken episode is named with its fault, and the others are read."""

import pickle

import numpy as np
import pytest

from gail.approx.demonstrations import (
    FORMATS,
    BrokenEpisode,
    InvalidDemonstrations,
    Provenance,
    load_demonstrations,
    save_npz,
)
from gail.approx.demonstrations.episodes import Episode, Recording, join
from gail.approx.trajectories.trajectories import InvalidTrajectories


def poisoned(path, kind):
    """Put nan into the second of the three episodes of a saved file."""
    if kind == "npz":
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        arrays["observations"][arrays["lengths"][0]] = np.nan
        with path.open("wb") as stream:
            np.savez(stream, **arrays)
    elif kind == "berkeley":
        episodes = pickle.loads(path.read_bytes())
        episodes[1]["observation"][0] = np.nan
        path.write_bytes(pickle.dumps(episodes, 4))
    else:
        h5py = pytest.importorskip("h5py")
        file = path / "data" / "main_data.hdf5" if kind == "minari" else path
        with h5py.File(file, "r+") as found:
            if kind == "minari":
                found["episode_1/observations"][0] = np.nan
            else:
                first = int(np.flatnonzero(found["terminals"][()] | found["timeouts"][()])[0]) + 1
                found["observations"][first] = np.nan


@pytest.mark.parametrize("kind", ["npz", "berkeley", "minari", "d4rl"])
def test_a_broken_episode_is_left_out_and_named(made, tmp_path, kind):
    whole = made()
    FORMATS[kind].save(whole, tmp_path / "file")
    poisoned(tmp_path / "file", kind)
    with pytest.raises(InvalidDemonstrations, match="nan"):
        load_demonstrations(tmp_path / "file")
    broken = []
    found = load_demonstrations(tmp_path / "file", broken)
    assert len(broken) == 1 and broken[0].startswith("episode 1: observations[0, 0] is nan")
    batch, full = found.trajectories, whole.trajectories
    assert batch.lengths.tolist() == [full.lengths[0], full.lengths[2]]
    rows = np.r_[0 : full.lengths[0], full.first_steps[2] : full.num_steps]
    np.testing.assert_array_equal(batch.observations, full.observations[rows])
    np.testing.assert_array_equal(batch.final_observations, full.final_observations[[0, 2]])
    np.testing.assert_array_equal(batch.terminated, full.terminated[[0, 2]])


def test_the_first_sound_episode_sets_the_types(made, tmp_path):
    pytest.importorskip("h5py")
    import h5py

    FORMATS["minari"].save(made(), tmp_path / "file")
    with h5py.File(tmp_path / "file" / "data" / "main_data.hdf5", "r+") as found:
        del found["episode_0/rewards"]
        del found["episode_2/actions"]
    broken = []
    assert load_demonstrations(tmp_path / "file", broken).trajectories.num_trajectories == 1
    assert [text.split(" is ")[0] for text in broken] == ["episode 0: rewards", "episode 2: actions"]
    with pytest.raises(BrokenEpisode, match=r"episode 0: rewards is missing"):
        load_demonstrations(tmp_path / "file")


@pytest.mark.parametrize("broken", [None, []])
def test_an_episode_without_rows_takes_no_room_from_the_others(broken):
    rows = np.zeros((3, 2))
    sound = Episode(rows, rows[0], rows, rows[:, 0], terminated=True, truncated=False)
    recording = Recording(2, [3, -1].__getitem__, lambda k: sound, Provenance(None, "a formula"), separate=True)
    if broken is None:
        with pytest.raises(BrokenEpisode, match="episode 1 has no rows"):
            join(recording)
    else:
        assert join(recording, broken).trajectories.num_steps == 3
        assert broken == ["episode 1 has no rows"]


def test_an_episode_of_no_steps_is_read_as_such():
    nothing = Episode(np.zeros((0, 2)), np.zeros(2), np.zeros((0, 3)), None, terminated=True, truncated=False)
    with pytest.raises(InvalidTrajectories, match="the data is empty"):
        join(Recording(1, lambda k: 0, lambda k: nothing, Provenance(None, "a formula")))


def test_recorded_returns_stay_with_their_episodes(made, tmp_path):
    whole = made()
    save_npz(whole, tmp_path / "file")
    poisoned(tmp_path / "file", "npz")
    found = load_demonstrations(tmp_path / "file", [])
    assert found.provenance.episode_returns == (0.0, 2.0)


def test_a_file_of_broken_episodes_only_is_refused(made, tmp_path):
    save_npz(made(), tmp_path / "file")
    with np.load(tmp_path / "file", allow_pickle=False) as file:
        arrays = dict(file)
    arrays["observations"][:] = np.inf
    with (tmp_path / "file").open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(InvalidDemonstrations, match=r"all 3 episodes are broken; the first: episode 0"):
        load_demonstrations(tmp_path / "file", [])
