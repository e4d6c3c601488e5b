"""GAIL's discriminator forgets: the policy that it taught is good, and its reward is not."""

import numpy as np
import pytest

from gail.exact import occupancy_of, solve_rl
from gail.experiments.transfer.frozen import FITTED, OF_GAME, UNION, measured, relative_regret, weighted_correlation


def test_the_policy_becomes_the_expert_while_the_reward_becomes_constant(random_study):
    frozen = random_study.frozen
    last = max(frozen.policies)
    assert frozen.policies[last] == pytest.approx(frozen.expert, abs=1e-3)
    points = {(one.discriminator, one.iteration): one for one in frozen.points}
    for name in (OF_GAME, FITTED):
        assert points[name, 1].source < 0.01
        assert points[name, last].source == pytest.approx(frozen.constant[0])
        assert points[name, last].target == pytest.approx(frozen.constant[1])
    assert not frozen.last.any()


def test_all_past_policies_keep_the_source_and_not_the_target(random_study):
    union = [one for one in random_study.frozen.points if one.discriminator == UNION]
    assert max(one.source for one in union) < 0.01
    assert min(one.target for one in union) > 0.1
    assert all(one.certified for one in union)


def test_regret_is_zero_for_the_optimum_and_one_for_the_uniform_policy(random_study):
    pair = random_study.pair
    best = solve_rl(pair.source, -pair.reward, 0.0).occupancy
    uniform = occupancy_of(pair.source, np.full_like(best, 0.25))
    assert relative_regret(pair, best) == pytest.approx(0.0, abs=1e-9)
    assert relative_regret(pair, uniform) == pytest.approx(1.0)


def test_measured_iterations_are_whole_and_end_at_the_last():
    assert measured(1) == [1]
    assert measured(100)[0] == 1
    assert measured(100)[-1] == 100


def test_correlation_is_invariant_to_scale_and_ignores_what_has_no_weight():
    truth, weights = np.array([0.0, 1.0, 2.0, 50.0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert weighted_correlation(3.0 * truth - 7.0, truth, weights) == pytest.approx(1.0)
    assert weighted_correlation(np.array([2.0, 1.0, 0.0, 9.0]), truth, weights) == pytest.approx(-1.0)
    assert np.isnan(weighted_correlation(np.ones(4), truth, weights))
