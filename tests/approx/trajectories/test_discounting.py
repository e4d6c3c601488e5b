"""Weights gamma^t and the mass that truncation misses. tests/test_exact_vs_approx.py tests occupancy estimates."""

import numpy as np
import pytest

from gail.approx.trajectories.discounting import discount_weights, truncated_mass
from gail.approx.trajectories.trajectories import Trajectories


@pytest.fixture
def batch():
    return Trajectories(
        observations=np.zeros((6, 1)),
        actions=np.zeros(6, dtype=int),
        rewards=None,
        final_observations=np.zeros((3, 1)),
        lengths=np.array([2, 3, 1]),
        terminated=np.array([True, False, False]),
        truncated=np.array([False, True, False]),
    )


def test_time_is_counted_from_each_start(batch):
    np.testing.assert_allclose(discount_weights(batch, 0.5), [1, 0.5, 1, 0.5, 0.25, 1])
    assert discount_weights(batch, 1.0).tolist() == [1.0] * 6
    assert discount_weights(batch, 0.0).tolist() == [1, 0, 1, 0, 0, 1]


def test_only_what_goes_on_leaves_something_out(batch):
    assert truncated_mass(batch, 0.5) == pytest.approx((0 + 0.125 + 0.5) / 3)
    # If an episode of n steps does not terminate: (1 - gamma) sum of its weights + gamma^n = 1.
    for k, length in ((1, 3), (2, 1)):
        rows = slice(batch.first_steps[k], batch.last_steps[k] + 1)
        assert (1 - 0.5) * discount_weights(batch, 0.5)[rows].sum() + 0.5**length == pytest.approx(1)


@pytest.mark.parametrize("function", [discount_weights, truncated_mass])
@pytest.mark.parametrize("discount", [-0.1, 1.1, np.nan])
def test_no_discount(batch, function, discount):
    with pytest.raises(ValueError, match="the discount is"):
        function(batch, discount)
