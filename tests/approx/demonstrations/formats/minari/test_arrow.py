"""Minari's datasets in Arrow: valid files are read, invalid ones are named and refused."""

import shutil

import numpy as np
import pytest

from gail.approx.demonstrations import load_demonstrations

arrow = pytest.importorskip("pyarrow")


def read(file):
    with arrow.OSFile(str(file), "rb") as source:
        return arrow.ipc.open_file(source).read_all()


def write(table, file):
    with arrow.OSFile(str(file), "wb") as sink, arrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


@pytest.fixture
def edited(made, saved, tmp_path):
    """A dataset of episodes of 5, 1 and 12 steps, with columns of episode 1 replaced."""

    def edit(**columns):
        path = saved(made(), tmp_path, "minari-arrow")
        file = path / "data" / "1" / "part-0.arrow"
        table = read(file)
        kept = {name: table[name] for name in table.column_names if name not in columns}
        changed = arrow.table({**kept, **{name: values for name, values in columns.items() if values is not None}})
        write(changed, file)
        return path

    return edit


EDITS = {
    "gone": ({"rewards": None}, "episode 1: no column rewards; the columns are observations, actions"),
    "text": ({"actions": ["a", "b"]}, "episode 1: actions holds string"),
    "hole": ({"rewards": [1.0, None]}, "episode 1: rewards holds double, or missing entries"),
    "lists": ({"observations": [[1.0, 2.0], [3.0]]}, "episode 1: observations holds list"),
    "unlike": (
        {"observations": arrow.FixedSizeListArray.from_arrays(np.zeros(6), 3)},
        r"episode 1 has observations of type float64 and row shape \(3,\), episode 0 has float64 and \(2,\)",
    ),
    "flags": ({"truncations": [0.5, 0.0]}, "episode 1: truncations: entry 0 is 0.5, where 0 or 1 is needed"),
}


@pytest.mark.parametrize("case", EDITS)
def test_what_is_wrong_with_an_episode_is_named(edited, refused, case):
    columns, message = EDITS[case]
    refused(edited(**columns), message)


def test_the_last_row_of_all_but_observations_only_fills_up(edited, made):
    path = edited(rewards=[7.0, float("nan")], terminations=[False, True], truncations=[True, True])
    found = load_demonstrations(path).trajectories
    assert found.rewards[5] == 7.0
    assert (found.terminated[1], found.truncated[1]) == (False, True)


def test_an_episode_that_ends_twice_is_refused(made, saved, tmp_path, refused):
    path = saved(made((5,)), tmp_path, "minari-arrow")
    file = path / "data" / "0" / "part-0.arrow"
    table = read(file)
    table = table.set_column(3, "terminations", [[False, True, False, False, True, False]])
    write(table, file)
    refused(path, "episode 0: terminations is set at step 1 of 5")


def test_an_episode_in_several_files_is_one(made, saved, assert_same_trajectories, tmp_path):
    full = made()
    path = saved(full, tmp_path, "minari-arrow")
    folder = path / "data" / "2"
    table = read(folder / "part-0.arrow")
    for number, part in enumerate((table.slice(0, 4), table.slice(4))):
        write(part, folder / f"part-{number}.arrow")
    assert_same_trajectories(load_demonstrations(path).trajectories, full.trajectories)


def test_folders_that_are_missing_or_empty_are_named(made, saved, tmp_path, refused):
    path = saved(made(), tmp_path, "minari-arrow")
    shutil.move(path / "data" / "1", path / "data" / "7")
    refused(path, "folder 7: 3 folders named 0 to 2 are needed")
    (path / "data" / "1").mkdir()
    shutil.rmtree(path / "data" / "7")
    refused(path, "episode 1 has no .arrow file")
    for k in range(3):
        shutil.rmtree(path / "data" / str(k))
    refused(path, "the data is empty: 0 episodes")


def test_an_episode_of_one_row_has_no_step(made, saved, tmp_path, refused):
    path = saved(made((3,)), tmp_path, "minari-arrow")
    file = path / "data" / "0" / "part-0.arrow"
    table = read(file).slice(0, 1)
    write(table, file)
    refused(path, "episode 0: observations has 1 rows: at least 2 are needed")
