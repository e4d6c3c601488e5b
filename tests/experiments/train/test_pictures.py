"""Pictures of diagnostics: a panel for each column that has numbers, and marks for rejected steps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gail.experiments.train.pictures import diagnostics

STEPS = np.arange(1, 6) * 1e5


def titles(figure):
    found = [axis.get_title() for axis in figure.axes]
    plt.close(figure)
    return found


@pytest.mark.parametrize(
    ("columns", "panels"),
    [
        ({"kl": 0.01}, ["KL(old || new) of each step"]),
        ({"kl": 0.01, "feature_distance": 2.0, "discriminator_loss": np.nan}, ["distance of mean features", "KL"]),
        ({"accuracy_expert": 0.7, "discriminator_loss": 1.2}, ["discriminator is right", "discriminator's loss"]),
        ({"seconds": 3.0, "jsd_estimate": 0.1, "entropy": 1.0}, ["Jensen-Shannon", "entropy"]),
    ],
)
def test_panels_are_those_of_the_columns_with_numbers(columns, panels):
    figure = diagnostics(STEPS, {name: np.full(5, value) for name, value in columns.items()}, np.ones(5, bool))
    found = titles(figure)
    assert len(found) == len(panels)
    assert all(title.startswith(panel) for title, panel in zip(found, panels, strict=True))


def test_the_level_of_indistinguishable_sides_is_drawn():
    figure = diagnostics(STEPS, {"discriminator_loss": np.ones(5)}, np.ones(5, bool))
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines]
    plt.close(figure)
    assert levels == pytest.approx([1.0, 2 * np.log(2)])


def test_rejected_steps_are_marked_where_they_were():
    accepted = np.array([True, False, True, True, False])
    figure = diagnostics(STEPS, {"kl": np.full(5, 0.01)}, accepted)
    marks = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_marker() == "x"]
    plt.close(figure)
    assert marks == [pytest.approx([0.2, 0.5])]
