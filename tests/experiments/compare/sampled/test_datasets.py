import numpy as np
import pytest

from gail.exact import NotEnoughMemory, regularizers
from gail.experiments.compare import EXACT, Episodes, pose
from gail.experiments.compare.sampled.datasets import check_count, dataset, steps_to_clone, weighted_pairs
from gail.experiments.errors import InvalidRequest


def visits(problem, demonstrations):
    batch = demonstrations.trajectories
    table = np.zeros(problem.expert.shape)
    np.add.at(table, (batch.observations.argmax(1), batch.actions), batch.weights)
    return table * problem.expert.sum() / table.sum()


@pytest.mark.parametrize("count", [3, EXACT])
def test_pairs_and_steps_are_the_same_measure(problem, count):
    data = dataset(problem, count, 0)
    assert data.measure.sum() == pytest.approx(5.0)
    np.testing.assert_allclose(visits(problem, weighted_pairs(problem, data.measure)), data.measure, atol=1e-12)
    np.testing.assert_allclose(visits(problem, steps_to_clone(problem, data)), data.measure, atol=1e-12)


def test_seed_and_count_decide(problem):
    one, same, other = (dataset(problem, 4, seed).measure for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert abs(one - other).sum() > 0.1


def test_no_more_than_the_recordings_hold(instance):
    episodes = Episodes(np.array([0, 1, 2, 4]), np.array([1, 1, 2, 1]), np.array([2, 2]), np.zeros(2, dtype=bool))
    problem = pose(instance, regularizers.Logistic(), recordings=episodes)
    assert dataset(problem, 2, 0).measure == pytest.approx(problem.expert)
    assert dataset(problem, 1, 0).left_out == pytest.approx(0.8**2)
    with pytest.raises(InvalidRequest, match="3 demonstrations asked for, but the file holds 2 episodes"):
        check_count(problem, 3)
    with pytest.raises(InvalidRequest, match="at least 1"):
        check_count(problem, 0)


def test_more_demonstrations_than_fit_into_memory_are_told_before_any_is_drawn(problem):
    with pytest.raises(NotEnoughMemory, match="drawing 100000000000 demonstrations of 31 steps each would need about"):
        check_count(problem, 100_000_000_000)
