"""The critic."""

import numpy as np
import pytest
import torch

from gail.approx.policy_players.critic import Critic, CriticSettings


def critic(**changes):
    return Critic(2, CriticSettings(**{"hidden": (16,), **changes}), torch.Generator().manual_seed(0))


def data(rows=400, scale=1.0, shift=0.0):
    states = torch.randn(rows, 2, generator=torch.Generator().manual_seed(1))
    return states, shift + scale * (states[:, 0] - 2 * states[:, 1]).double().numpy()


def test_a_new_critic_expects_nothing():
    assert not critic().values(data()[0]).any()


def test_before_any_fit_nothing_is_explained():
    states, returns = data()
    assert critic().fit(states, returns, torch.Generator()) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e4, -1e5), (1e-3, 1.0)])
def test_it_learns_returns_of_any_scale(scale, shift):
    v = critic(learning_rate=1e-2, epochs=40, minibatch=50)
    states, returns = data(scale=scale, shift=shift)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        explained = v.fit(states, returns, generator)
    assert explained > 0.95
    values = v.values(states)
    assert values.dtype == np.float64
    assert values.shape == returns.shape
    assert np.abs(values - returns).mean() < 0.2 * scale


def test_the_report_is_about_the_values_before_the_fit():
    v = critic()
    states, returns = data()
    generator = torch.Generator().manual_seed(0)
    v.fit(states, returns, generator)
    expected = 1 - (returns - v.values(states)).var() / returns.var()
    assert v.fit(states, returns, generator) == pytest.approx(expected)


def test_constant_returns_are_learned_without_a_division_by_zero():
    v = critic()
    states, _ = data()
    assert v.fit(states, np.full(400, 3.0), torch.Generator()) == 0.0
    np.testing.assert_allclose(v.values(states), 3.0, atol=1e-5)


def test_every_step_is_used_in_every_epoch(monkeypatch):
    v = critic(epochs=3, minibatch=150)
    states, returns = data()
    sizes = []
    forward = v.network.forward
    monkeypatch.setattr(v.network, "forward", lambda x: (sizes.append(len(x)), forward(x))[1])
    v.fit(states, returns, torch.Generator())
    assert sizes == [400, *[150, 150, 100] * 3]


def test_the_generator_decides(untouched_random_state):
    results = []
    for seed in (0, 0, 1):
        v = critic(minibatch=50)
        v.fit(*data(), torch.Generator().manual_seed(seed))
        results.append(v.values(data()[0]))
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any()


def drifting(v, scales):
    """Explained variances of successive fits to the same returns, multiplied by each scale in turn."""
    states, returns = data()
    generator = torch.Generator().manual_seed(0)
    return [v.fit(states, scale * returns + 5.0 * scale, generator) for scale in scales]


@pytest.mark.parametrize(("memory", "factor"), [(4, 1.1), (None, 100.0)])
def test_with_a_memory_the_scale_of_returns_is_forgotten(memory, factor):
    v = critic(memory=memory, epochs=1)
    drifting(v, [30.0] * 20 + [0.03] * 80)
    latest = 0.03 * data()[1].std()
    if memory is None:
        assert v.returns.std > factor * latest
    else:
        assert latest / factor < v.returns.std < factor * latest


def test_a_change_of_scale_changes_no_estimate():
    v = critic(memory=1, epochs=5)
    states, returns = data()
    v.fit(states, returns, torch.Generator().manual_seed(0))
    before, std = v.values(states), float(v.returns.std)
    v._rescale(torch.from_numpy(1e3 * returns - 7.0).unsqueeze(-1))
    assert float(v.returns.std) > 100 * std
    np.testing.assert_allclose(v.values(states), before, atol=1e-4)


def test_a_memory_of_all_batches_is_no_memory_limit():
    scales = [1.0, 2.0, 0.5]
    assert drifting(critic(memory=3), scales)[0] == pytest.approx(0.0, abs=1e-9)
    v = critic(memory=3)
    drifting(v, scales)
    w = critic()
    drifting(w, scales)
    np.testing.assert_allclose(v.returns.std, w.returns.std)
