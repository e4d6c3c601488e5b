"""Warnings about failed trainings: each symptom gives its warning, and a good training gives none."""

import numpy as np
import pytest

from gail.experiments.train.symptoms import symptoms


def rows(**changes):
    """Metrics of a good training of 60 iterations: returns rise from 0 to 100, accuracy falls to chance."""
    columns = {
        "true_return": np.linspace(0.0, 100.0, 60),
        "accuracy_learner": np.linspace(0.9, 0.6, 60),
        "accuracy_expert": np.linspace(0.9, 0.6, 60),
        "jsd_estimate": np.linspace(0.6, 0.1, 60),
        "outcome": np.array(["accepted"] * 60),
        **changes,
    }
    shown = [dict(zip(columns, map(str, values), strict=True)) for values in zip(*columns.values(), strict=True)]
    return [{"iteration": str(k), **row} for k, row in enumerate(shown, start=1)]


FALLS = np.concatenate([np.linspace(0.0, 100.0, 40), np.linspace(100.0, 10.0, 20)])
RISES_AGAIN = np.concatenate([np.linspace(0.6, 0.1, 40), np.linspace(0.1, 0.5, 20)])


def test_a_sound_training_has_no_symptom():
    assert symptoms(rows(), 100.0, 90.0, 0.0) == []
    assert symptoms([], 5.0, -3.0, 0.0) == []  # a clone has no rows; one of its two returns is above random play


@pytest.mark.parametrize(
    ("changes", "returns", "said"),
    [
        ({}, (-5.0, -1.0), "worse than random play: -1.0 against 0.0"),
        (
            {"true_return": FALLS, "jsd_estimate": RISES_AGAIN},
            (10.0, 10.0),
            "(jsd_estimate) the imitator was best at iteration 4",
        ),
        (
            {"accuracy_learner": np.full(60, 0.99), "accuracy_expert": np.full(60, 0.98)},
            (9.0, 9.0),
            "99% of the learner's",
        ),
        ({"outcome": np.array((["accepted"] + ["no_improvement"] * 2) * 20)}, (9.0, 9.0), "rejected 70%"),
    ],
)
def test_each_symptom_is_named(changes, returns, said):
    (sentence,) = symptoms(rows(**changes), *returns, 0.0)
    assert said in sentence
    assert "--" in sentence  # it names an option as a remedy


def test_one_side_that_is_classified_well_is_no_symptom():
    assert symptoms(rows(accuracy_learner=np.full(60, 1.0)), 100.0, 90.0, 0.0) == []


def test_episodes_that_do_not_end_in_an_iteration_are_left_out():
    returns = ["" if k % 3 else str(100.0 * k / 59) for k in range(60)]
    assert symptoms(rows(true_return=np.array(returns)), 100.0, 90.0, 0.0) == []
    assert symptoms(rows(true_return=np.array([""] * 60)), 100.0, 90.0, 0.0) == []
