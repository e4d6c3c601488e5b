"""Cells and their table: rows are kept by the file, keys are written once, and bad cells are refused."""

from dataclasses import replace

import pytest

from gail.experiments.bench.training.cells import Cell, Table, cells, sole_user
from gail.experiments.errors import InvalidRequest


def test_rows_survive_their_file(tmp_path, cell_result):
    table = Table(tmp_path / "a" / "train.csv")
    assert table.read() == []
    rows = [cell_result, replace(cell_result, seed=4, steps_to_95=950_000, seconds_to_95=88.0, accuracy=0.61)]
    for row in rows:
        table.append(row)
    assert table.read() == rows
    assert [line.split(",")[4] for line in table.path.read_text().splitlines()] == ["seed", "3", "4"]


def test_a_key_is_written_once(tmp_path, cell_result):
    table = Table(tmp_path / "train.csv")
    table.append(cell_result)
    before = table.path.read_bytes()
    table.append(replace(cell_result, seconds=1.0))
    assert table.path.read_bytes() == before


def test_rows_are_only_appended(tmp_path, cell_result):
    table = Table(tmp_path / "train.csv")
    table.append(cell_result)
    before = table.path.read_bytes()
    table.append(replace(cell_result, budget=5))
    assert table.path.read_bytes().startswith(before)


def test_a_file_of_other_columns_is_left_alone(tmp_path, cell_result):
    path = tmp_path / "train.csv"
    path.write_text("task,score\nHopper-v5,1\n")
    for use in (Table(path).read, lambda: Table(path).append(cell_result)):
        with pytest.raises(InvalidRequest, match=r"train.csv has the columns \['task', 'score'\]"):
            use()
    assert path.read_text() == "task,score\nHopper-v5,1\n"


def test_all_combinations_seed_by_seed():
    found = list(cells(["CartPole-v1", "Hopper-v5"], ["gail", "bc"], [], [0, 1], 9_000))
    assert [cell.key for cell in found[:4]] == [
        ("CartPole-v1", "gail", 1, 9_000, 0, ""),
        ("CartPole-v1", "bc", 1, 0, 0, ""),
        ("Hopper-v5", "gail", 4, 9_000, 0, ""),
        ("Hopper-v5", "bc", 4, 0, 0, ""),
    ]
    assert [cell.seed for cell in found] == [0] * 4 + [1] * 4
    assert len({cell.name for cell in found}) == 8
    assert [cell.demonstrations for cell in cells(["Hopper-v5"], ["gail"], [11, 25], [0], None)] == [11, 25]


def test_a_cell_is_its_tasks_recipe_on_one_thread():
    config = Cell("Hopper-v5", "gail", 11, 70_000, 2).config()
    assert (config.task, config.name, config.seed, config.demonstrations.count) == ("Hopper-v5", "gail", 2, 11)
    assert (config.learner.training.env_steps, config.learner.simulator.threads) == (70_000, 1)


def test_settings_that_differ_make_another_cell():
    settings = ("learner.absorbing=true", "learner.training.policy.entropy_weight=0.001")
    plain, other = (
        Cell("Hopper-v5", "gail", 4, 9_000, 0),
        next(cells(["Hopper-v5"], ["gail"], [], [0], 9_000, settings)),
    )
    assert plain.key != other.key
    assert other.name == f"{plain.name}-learner.absorbing=true-learner.training.policy.entropy_weight=0.001"
    expected = plain.config()
    training = expected.learner.training
    training = replace(training, policy=replace(training.policy, entropy_weight=0.001))
    assert other.config() == replace(expected, learner=replace(expected.learner, absorbing=True, training=training))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (["Hopper-v5"], ["gail"], [], [0], None, ("learner.training.gamma=1",)),
            "learner.training has no field 'gamma'",
        ),
        ((["Hopper-v5"], ["gail"], [], [0], None, ("learner.simulator.num_envs=0",)), "num_envs is 0"),
        ((["FrozenLake-v1"], ["gail"], [], [0], None), "no expert ships for FrozenLake-v1"),
        ((["Hopper-v5"], ["gail"], [], [-1], None), "-1 is negative"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_work_starts(arguments, message):
    with pytest.raises(InvalidRequest, match=message):
        list(cells(*arguments))


def test_a_folder_has_one_user(tmp_path):
    with (
        sole_user(tmp_path / "cell"),
        pytest.raises(InvalidRequest, match="is in use by another process"),
        sole_user(tmp_path / "cell"),
    ):
        pytest.fail("two at once")
    with sole_user(tmp_path / "cell"):
        pass
