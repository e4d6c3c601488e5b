"""The progress display: the quantities shown for each kind of cost player."""

import io

import pytest
from rich.console import Console

from gail.experiments.runs.progress import TrainingDisplay

ROW = {
    "iteration": 3,
    "env_steps": 600,
    "episodes": 2,
    "true_return": 17.0,
    "accuracy_learner": "",
    "accuracy_expert": "",
    "feature_distance": "",
    "kl": 0.01,
    "outcome": "accepted",
    "backtracks": 0,
}


@pytest.mark.parametrize(
    ("changes", "shown", "hidden"),
    [
        (
            {"accuracy_learner": 0.75, "accuracy_expert": 0.5, "feature_distance": 2.0},
            ("discriminator right on learner / expert 75% / 50%", "not seen by the algorithm"),
            "distance of mean",
        ),
        ({"feature_distance": 2.5}, ("distance of mean features 2.500", "not seen by the algorithm"), "discriminator"),
        ({}, ("return 17",), "not seen"),  # in plain reinforcement learning the algorithm sees the return
    ],
)
def test_the_line_says_what_the_algorithm_sees(changes, shown, hidden):
    console = Console(file=io.StringIO(), width=200)
    TrainingDisplay(console, "a run", 1_000).show({**ROW, **changes})
    text = console.file.getvalue()
    assert all(part in text for part in shown)
    assert hidden not in text
