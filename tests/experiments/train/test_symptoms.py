"""Warnings about failed trainings: each symptom gives its warning, and a good training gives none."""

import numpy as np
import pytest

from gail.approx.evaluation import Evaluation
from gail.experiments.train.evaluation import Evaluated
from gail.experiments.train.symptoms import symptoms


def episodes(mean, std=0.0):
    """Four episodes with this mean and standard deviation of returns."""
    return Evaluation(mean + std * np.array([1.0, -1.0, 1.0, -1.0]), np.full(4, 50))


def evaluated(mean=100.0, sampled=90.0, std=0.0, **beside):
    """A policy's returns; random play has 0."""
    return Evaluated(episodes(mean, std), episodes(sampled, std), episodes(0.0), **beside)


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
    assert symptoms(rows(), evaluated()) == []
    assert symptoms([], evaluated(5.0, -3.0)) == []  # a clone has no rows; one of its two returns is above random play
    assert symptoms(rows(), evaluated(clone=episodes(100.0), demonstrated=110.0)) == []


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
    (sentence,) = symptoms(rows(**changes), evaluated(*returns))
    assert said in sentence
    assert "--" in sentence  # it names an option as a remedy


def test_one_side_that_is_classified_well_is_no_symptom():
    assert symptoms(rows(accuracy_learner=np.full(60, 1.0)), evaluated()) == []


def test_episodes_that_do_not_end_in_an_iteration_are_left_out():
    returns = ["" if k % 3 else str(100.0 * k / 59) for k in range(60)]
    assert symptoms(rows(true_return=np.array(returns)), evaluated()) == []
    assert symptoms(rows(true_return=np.array([""] * 60)), evaluated()) == []


@pytest.mark.parametrize(
    ("returns", "beside", "said"),
    [
        ({}, {"clone": episodes(100.0 + 1e-6)}, "worse than a clone of the same demonstrations: 100.0 against 100.0"),
        ({"std": 10.0}, {"clone": episodes(110.1)}, "100.0 against 110.1"),  # standard error 10 / sqrt(4), twice
        ({"mean": 80.0}, {"clone": episodes(90.0 + 1e-6)}, "90.0 against 90.0"),  # sampled actions are the better ones
        ({}, {"demonstrated": 112.0}, "falls short of the demonstrations: 100.0 against their 112.0, which is 89%"),
        ({"mean": -5.0, "sampled": -1.0}, {"demonstrated": 50.0}, "worse than random play"),
    ],
)
def test_a_policy_is_compared_with_its_clone_and_its_demonstrations(returns, beside, said):
    (sentence,) = symptoms(rows(), evaluated(**returns, **beside))
    assert said in sentence
    assert "--" in sentence


@pytest.mark.parametrize(
    ("returns", "beside"),
    [
        ({"std": 10.0}, {"clone": episodes(109.9)}),
        ({}, {"clone": episodes(99.0)}),
        ({"std": 10.0}, {"demonstrated": 121.0}),  # 100 + twice the standard error is within a tenth of it
        ({}, {"demonstrated": -3.0}),  # worse than random play itself: nothing to fall short of
    ],
)
def test_differences_that_may_be_chance_are_no_symptom(returns, beside):
    assert symptoms(rows(), evaluated(**returns, **beside)) == []


def test_a_tenth_of_a_large_negative_return_is_no_success():
    # Random play has -1000 and the demonstrations -900: -980 is within a tenth of -900, but hardly above random play.
    found = Evaluated(episodes(-980.0), episodes(-990.0), episodes(-1000.0), demonstrated=-900.0)
    (sentence,) = symptoms(rows(true_return=np.full(60, -980.0)), found)
    assert "20% of the way" in sentence
