"""HuggingFace datasets on disk, in imitation's layout: valid files are read, invalid ones are named and refused."""

import shutil

import pytest

from gail.approx.demonstrations import load_demonstrations


def arrow_file(made, saved, tmp_path, columns):
    arrow = pytest.importorskip("pyarrow")
    path = saved(made((3, 2)), tmp_path, "huggingface")
    file = next(path.glob("*.arrow"))
    with arrow.memory_map(str(file)) as source:
        table = arrow.ipc.open_stream(source).read_all().to_pydict()
    table = {**table, **columns}
    table = {name: values for name, values in table.items() if values is not None}
    with arrow.OSFile(str(file), "wb") as sink:
        batch = arrow.record_batch(table)
        with arrow.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
    return path


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"acts": None}, "no column acts; the columns are obs, infos"),
        ({"acts": [[[1.0]] * 3, [[1.0]]]}, "episode 1: observations has 2 rows where 1 are needed"),
        ({"obs": [[[0.0, 1.0]] * 4, [[0.0], [1.0, 2.0], [3.0, 4.0]]]}, "episode 1: obs has rows of different lengths"),
        ({"obs": [[[0.0, 1.0]] * 4, [[0.0, None]] * 3]}, "episode 1: obs has missing entries"),
        ({"obs": [[[0.0, 1.0]] * 4, None]}, "episode 1: obs is missing"),
        ({"obs": [[["a", "b"]] * 4, [["a", "b"]] * 3]}, "episode 0: obs holds string: numbers are needed"),
        ({"obs": [1.0, 2.0]}, "episode 0: obs is of type double: lists are needed"),
        ({"rews": [[1.0] * 3, [float("nan")] * 2]}, r"rewards\[3\] is nan \(step 0 of trajectory 1\)"),
    ],
)
def test_what_is_wrong_with_a_huggingface_episode_is_named(made, saved, tmp_path, refused, columns, message):
    refused(arrow_file(made, saved, tmp_path, columns), message)


def test_a_time_limit_is_read_from_the_last_info_as_plain_json(made, saved, tmp_path):
    infos = [['{"py/object": "os.system"}'] * 2 + ['{"TimeLimit.truncated": true}'], ["not json"] * 2]
    found = load_demonstrations(
        arrow_file(made, saved, tmp_path, {"infos": infos, "terminal": [True, True]})
    ).trajectories
    assert found.truncated.tolist() == [True, False]
    assert found.terminated.tolist() == [False, True]


def test_huggingface_folders_name_files_of_their_own(made, tmp_path, refused, saved, changed):
    path = saved(made(), tmp_path, "huggingface")
    changed(path / "state.json", "_data_files", [{"filename": "../elsewhere.arrow"}])
    refused(path, "a file of this folder is needed")


def test_a_dataset_of_splits_says_so(made, tmp_path, refused, saved):
    path = saved(made(), tmp_path, "huggingface")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    shutil.move(path, tmp_path / "train")
    refused(tmp_path, "of several splits: name the folder of one of them")
