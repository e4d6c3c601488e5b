"""Running moments: merging batches gives the moments of all data together."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.approx.networks.normalization import RunningMoments

laws = settings(derandomize=True, deadline=None, max_examples=60)


def moments_of(*batches):
    moments = RunningMoments(batches[0].shape[1])
    for batch in batches:
        moments.update(torch.from_numpy(batch))
    return moments


@laws
@given(
    sizes=st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
    seed=st.integers(0, 2**32 - 1),
)
def test_batches_merge_to_the_moments_of_all_data(sizes, scale, seed):
    rng = np.random.default_rng(seed)
    batches = [rng.normal(rng.normal(size=2) * scale, scale, (size, 2)) for size in sizes]
    everything = np.concatenate(batches)
    moments = moments_of(*batches)
    assert float(moments.count) == len(everything)
    np.testing.assert_allclose(moments.mean, everything.mean(0), rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(moments.variance, everything.var(0), rtol=1e-9, atol=1e-12 * scale**2)


def test_a_hand_case():
    moments = moments_of(np.array([[0.0], [2.0]]), np.array([[7.0]]))
    assert float(moments.mean) == pytest.approx(3.0)
    assert float(moments.variance) == pytest.approx((9.0 + 1.0 + 16.0) / 3.0)
    assert moments(torch.tensor([[3.0]])).item() == 0.0


def test_digits_survive_a_large_mean_in_float32():
    # The spacing of float32 at 1e5 is 2^-7: E[x^2] - E[x]^2 would be off by hundreds.
    rng = np.random.default_rng(0)
    data = (1e5 + rng.normal(0, 1, (1000, 1))).astype(np.float32)
    moments = moments_of(data[:300], data[300:])
    assert float(moments.std) == pytest.approx(float(data.astype(np.float64).std()), rel=1e-5)
    standardized = moments(torch.from_numpy(data)).double()
    assert float(standardized.mean()) == pytest.approx(0.0, abs=1e-6)
    assert float(standardized.std(unbiased=False)) == pytest.approx(1.0, rel=1e-5)


def test_constants_map_to_zero_and_outliers_are_clipped():
    moments = moments_of(np.array([[5.0, 0.0], [5.0, 1.0]]))
    out = moments(torch.tensor([[5.0, 1e9], [5.0, -1e9]]))
    assert out.tolist() == [[0.0, 10.0], [0.0, -10.0]]


def test_before_any_data_values_pass_through():
    out = RunningMoments(2)(torch.tensor([[0.5, -2.0]], dtype=torch.float64))
    assert out.dtype == torch.float32
    assert out.numpy() == pytest.approx(np.array([[0.5, -2.0]]), rel=1e-5)


def test_no_data_changes_nothing():
    moments = moments_of(np.array([[1.0], [2.0]]))
    before = {name: tensor.clone() for name, tensor in moments.state_dict().items()}
    moments.update(torch.zeros(0, 1))
    assert all(torch.equal(before[name], tensor) for name, tensor in moments.state_dict().items())
