import numpy as np
import pytest

from gail.experiments.comparison.analysis import mean_interval, slope


def test_the_interval_holds_the_mean_and_narrows_as_samples_grow():
    rng = np.random.default_rng(0)
    few, many = (mean_interval(rng.normal(3.0, 1.0, count)) for count in (10, 1_000))
    assert few.low < few.estimate < few.high
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10.0, rel=0.5)
    assert many.high - many.low == pytest.approx(2 * 1.96 / np.sqrt(1_000), rel=0.1)


def test_a_power_law_has_its_exponent_as_slope():
    sizes = [1, 4, 16, 64]
    noise = np.random.default_rng(0).uniform(0.9, 1.1, (4, 10))
    found = slope(sizes, [row / np.sqrt(size) for row, size in zip(noise, sizes, strict=True)])
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(-0.5, abs=0.05)
    exact = slope(sizes, [np.full(3, 2.0 * size**-1.5) for size in sizes])
    assert exact.estimate == pytest.approx(-1.5)
    assert slope([4], [np.ones(3)]) is None
    assert slope([1, 4], [np.ones(3), np.zeros(3)]) is None
