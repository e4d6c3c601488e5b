"""Interquartile means and their confidence intervals."""

import numpy as np
import pytest
from scipy import stats

from gail.experiments.reports.interquartile import interquartile_mean


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 50])
def test_a_quarter_on_each_side_is_left_out(count):
    scores = np.random.default_rng(0).normal(size=count)
    assert interquartile_mean(scores).estimate == pytest.approx(stats.trim_mean(scores, 0.25))


def test_outliers_do_not_move_it():
    scores = np.arange(8.0)
    wild = np.array([-1e9, -1e9, 2.0, 3.0, 4.0, 5.0, 1e9, 1e9])
    assert interquartile_mean(wild).estimate == interquartile_mean(scores).estimate == 3.5


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(1)
    trials = 300
    found = [interquartile_mean(rng.normal(2.0, 1.0, size=30), seed) for seed in range(trials)]
    covered = sum(one.low <= 2.0 <= one.high for one in found)
    # Binomial(300, 0.95) has standard deviation 3.8. At n = 30 the percentile bootstrap covers slightly less than 95 %.
    assert 0.95 * trials - 6 * 3.8 <= covered < trials
    assert all(one.low <= one.estimate <= one.high for one in found)


def test_the_seed_decides_and_no_global_generator_is_drawn_from():
    scores = np.random.default_rng(2).normal(size=20)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert interquartile_mean(scores, 3) == interquartile_mean(scores, 3)
    assert interquartile_mean(scores, 3) != interquartile_mean(scores, 4)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_no_scores_are_refused():
    with pytest.raises(ValueError, match="at least one score"):
        interquartile_mean(np.empty(0))


def test_rliable_agrees():
    metrics = pytest.importorskip("rliable.metrics")
    library = pytest.importorskip("rliable.library")
    scores = np.random.default_rng(5).normal(size=40)
    ours = interquartile_mean(scores)
    points, intervals = library.get_interval_estimates({"x": scores[:, None]}, metrics.aggregate_iqm, reps=10_000)
    assert ours.estimate == pytest.approx(float(points["x"]))
    width = ours.high - ours.low
    np.testing.assert_allclose((ours.low, ours.high), np.ravel(intervals["x"]), atol=0.05 * width)
