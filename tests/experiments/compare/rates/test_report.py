"""The report of rates agrees with its records. The records are made by hand, without training."""

import csv

import numpy as np
import pytest

from gail.experiments.compare.rates.batch_size import BatchRates, Errors, root_slope
from gail.experiments.compare.rates.horizon import HorizonRates, Imitator
from gail.experiments.compare.rates.report import Rates, batch_slopes, horizon_slopes, write_rates
from gail.experiments.compare.rates.whole_training import TrainingRates
from gail.experiments.reports.interquartile import Interval

SIZES, HORIZONS = (1_000, 10_000, 100_000), np.array([4.0, 16.0, 64.0])


def errors(constant, floor=None):
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    values = constant * np.outer(np.array(SIZES, dtype=float) ** -0.5, signs)
    return Errors(values, 0.01 * values if floor is None else None, floor, root_slope(SIZES, values))


def imitator(power, eps):
    regret = np.outer(eps * HORIZONS**power, np.array([0.8, 1.2]))
    own = np.full((3, 2), eps)
    slopes = Interval(float(power), power - 0.1, power + 0.1), Interval(0.0, -0.1, 0.1)
    return Imitator(regret, own, regret.mean(axis=1), own[:, 0], *slopes)


@pytest.fixture
def rates():
    batches = BatchRates(SIZES, 0.15, errors(1.0), errors(9.0))
    trainings = TrainingRates(SIZES, 40, errors(2.0, 0.01), errors(5.0, 0.02))
    optimum = BatchRates(SIZES, 0.01, errors(1.0), errors(4.0))
    return Rates(batches, optimum, trainings, HorizonRates(HORIZONS, (3, 5), imitator(2, 0.003), imitator(1, 0.013)))


def test_the_slope_of_a_root_mean_square_is_that_of_the_errors():
    assert errors(7.0).slope.estimate == pytest.approx(-0.5)
    assert root_slope((100,), np.ones((1, 3))) is None


def test_tables_say_the_fitted_slopes_beside_those_of_theory(rates):
    assert [row[1] for row in batch_slopes(rates)[:3]] == ["-0.500"] * 3
    assert [(row[1], row[3]) for row in horizon_slopes(rates.horizons)[:2]] == [("2.000", "2"), ("1.000", "1")]


def test_files_hold_every_number(rates, tmp_path):
    path = write_rates(rates, tmp_path)
    assert path.exists()
    assert {one.name for one in (tmp_path / "pictures").iterdir()} == {"batch-rates.png", "horizon-rates.png"}
    with (tmp_path / "batch-rates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5 * len(SIZES) * 4
    own = [float(row["error"]) for row in rows if (row["study"], row["measure"]) == ("fixed learner", "cost")]
    np.testing.assert_array_equal(own, rates.batches.cost.values.ravel())
    with (tmp_path / "horizon-rates.csv").open() as file:
        rows = list(csv.DictReader(file))
    regrets = [float(row["regret"]) for row in rows if row["algorithm"] == "gail"]
    np.testing.assert_array_equal(regrets, rates.horizons.matching.regret.ravel())
    assert [row["seed"] for row in rows[:2]] == ["3", "5"]
