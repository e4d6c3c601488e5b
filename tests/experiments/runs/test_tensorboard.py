"""Event files, read by TensorBoard's own reader."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gail.experiments.runs.tensorboard import EventsFile

ROWS = [
    {"iteration": 1, "env_steps": 100, "true_return": "", "accuracy_expert": 0.75, "outcome": "accepted"},
    {"iteration": 2, "env_steps": 200, "true_return": 5.5, "accuracy_expert": 0.5, "outcome": "no_improvement"},
]


def curves(folder):
    found = EventAccumulator(str(folder)).Reload()
    return {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_rows_become_curves_over_environment_steps(tmp_path):
    events = EventsFile(tmp_path / "tensorboard", [])
    for row in ROWS:
        events.append(row)
    # The file is not closed yet: curves can be read during a run.
    expected = {"true_return": [(200, 5.5)], "accuracy/expert": [(100, 0.75), (200, 0.5)]}
    assert curves(tmp_path / "tensorboard") == expected
    events.close()
    assert curves(tmp_path / "tensorboard") == expected


def test_a_run_that_goes_on_keeps_the_kept_rows_only(tmp_path):
    first = EventsFile(tmp_path, [])
    for row in ROWS:
        first.append(row)
    first.close()
    kept = {name: str(value) for name, value in ROWS[0].items()}  # as text, as rows are read from metrics.csv
    second = EventsFile(tmp_path, [kept])
    second.append({**ROWS[1], "accuracy_expert": 0.25})
    second.close()
    assert curves(tmp_path)["accuracy/expert"] == [(100, 0.75), (200, 0.25)]


def test_rows_of_a_clone_become_curves_over_epochs(tmp_path):
    EventsFile(tmp_path, [{"epoch": 1, "validation_error": 0.5}, {"epoch": 2, "validation_error": 0.25}]).close()
    assert curves(tmp_path) == {"validation_error": [(1, 0.5), (2, 0.25)]}


def test_a_word_where_a_number_is_expected_is_no_silent_gap(tmp_path):
    events = EventsFile(tmp_path, [])
    with pytest.raises(ValueError, match="could not convert"):
        events.append({"env_steps": 1, "kl": "small"})
    events.close()
