"""Regret as a function of the horizon, on the family of MDPs that separates cloning from matching."""

from dataclasses import replace

import numpy as np
import pytest

from gail.exact import occupancy_of
from gail.exact.statements.learning.compounding_error import recovery_family
from gail.experiments.compare.rates import horizon as module
from gail.experiments.compare.rates.horizon import SETTINGS, horizon_rates, mirrored_family, recorded

HORIZONS = (4.0, 16.0, 64.0)
FAST = replace(SETTINGS, batch=3_000, iterations=60, copies=200, max_kl=0.005)


@pytest.fixture(scope="module")
def rates():
    return horizon_rates(HORIZONS, (0, 1), FAST)


def test_the_family_is_that_of_the_statement_with_its_actions_exchanged_off_the_track():
    rng = np.random.default_rng(0)
    for horizon in HORIZONS:
        problem, member = mirrored_family(horizon), recovery_family(1.0 - 1.0 / horizon)
        policy = rng.dirichlet(np.ones(2), 2)
        same = np.array([policy[0], policy[1, ::-1]])
        own = np.sum((occupancy_of(problem.mdp, policy) - problem.expert) * problem.cost)
        assert own == pytest.approx(member.loss(same))


def test_recordings_are_of_the_track_only_and_wrong_as_often_as_said():
    problem = mirrored_family(8.0)
    data = recorded(problem, 40_000, 0.1, np.random.default_rng(0))
    assert data.measure.sum() == pytest.approx(8.0)
    assert not data.measure[1].any()
    assert data.measure[0, 1] / 8.0 == pytest.approx(0.1, abs=0.006)
    assert data.episodes.actions.mean() == pytest.approx(data.measure[0, 1] / 8.0)


def test_clonings_regret_grows_with_the_square_of_the_horizon(rates):
    assert rates.cloning.regret_slope.estimate == pytest.approx(2.0, abs=0.2)


def test_gails_regret_grows_with_the_horizon(rates):
    assert rates.matching.regret_slope.estimate == pytest.approx(1.0, abs=0.2)


def test_errors_stand_still_so_that_slopes_mean_something(rates):
    for one in (rates.cloning, rates.matching):
        assert one.error_slope.estimate == pytest.approx(0.0, abs=0.2)
        np.testing.assert_allclose(one.error.mean(axis=1), one.exact_error, rtol=0.5)


def test_regrets_obey_the_bounds_of_the_statement(rates):
    horizons = rates.horizons[:, None]
    assert np.all(rates.cloning.regret <= rates.cloning.error * horizons**2)
    assert np.all(rates.matching.regret <= rates.matching.error * horizons)
    assert np.all(rates.matching.regret >= 0.25 * rates.matching.error * horizons)


def test_exact_answers_are_those_of_the_closed_form(rates):
    eps, horizons = module.MISTAKE, rates.horizons
    gamma = 1.0 - 1.0 / horizons
    expected = gamma * eps * horizons / (1.0 - gamma * (1.0 - eps) + gamma * eps)
    np.testing.assert_allclose(rates.cloning.exact, expected, rtol=1e-9)
    np.testing.assert_allclose(rates.cloning.exact_error, eps, rtol=1e-9)


def test_without_recovery_matching_has_no_slope_one(monkeypatch):
    # Planted error: observations are the same on and off the track, so that no learner can recover.
    family = module.mirrored_family
    monkeypatch.setattr(
        module, "mirrored_family", lambda horizon: replace(family(horizon), observations=np.zeros((2, 1)))
    )
    blind = horizon_rates((4.0, 32.0), (0,), FAST)
    assert abs(blind.matching.regret_slope.estimate - 1.0) > 0.2


def test_a_slope_needs_two_horizons():
    with pytest.raises(ValueError, match="at least 2 horizons"):
        horizon_rates((4.0,), (0,), FAST)
