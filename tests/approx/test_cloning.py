"""Behavioural cloning."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.distributions import DiagonalGaussian
from gail.approx.policies import PolicySettings
from gail.approx.spaces import SpaceSpec
from gail.approx.trajectories import Trajectories

BOX = SpaceSpec(3, 2, (-10.0, -10.0), (10.0, 10.0))
FINITE = SpaceSpec(3, 4, None, None)
GAIN = np.array([[1.0, 0.0], [-0.5, 1.0], [0.0, 0.3]])
QUICK = CloningSettings(policy=PolicySettings((32,), 0.2), learning_rate=5e-3, patience=10, max_epochs=150)


def demonstrations(expert, rows=600, noise=0.0, seed=0):
    """Observations of large and unequal scale, answered by `expert`."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, 3))
    actions = expert(z)
    if noise:
        actions = actions + noise * rng.normal(size=actions.shape)
    trajectories = Trajectories(
        observations=100.0 + z * np.array([1.0, 50.0, 0.01]),
        actions=actions,
        rewards=None,
        final_observations=np.zeros((1, 3)),
        lengths=np.array([rows]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )
    return Demonstrations(trajectories, Provenance("synthetic", "a formula"))


def linear(z):
    return z @ GAIN


def greedy(z):
    return (z @ np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0], [0.0, 0.0, 0.0, 0.0]])).argmax(1)


def test_it_learns_a_linear_expert():
    policy = clone(demonstrations(linear), BOX, QUICK, 0).policy
    fresh = demonstrations(linear, seed=1).trajectories
    error = np.abs(policy.act_deterministically(fresh.observations) - fresh.actions)
    assert error.mean() < 0.1
    assert policy.head.log_std.max() < np.log(0.3)  # a deterministic expert: little noise remains


def test_it_learns_how_noisy_the_expert_is():
    settings = replace(QUICK, policy=PolicySettings((), 0.2), learning_rate=2e-2)
    policy = clone(demonstrations(linear, rows=3000, noise=0.5), BOX, settings, 0).policy
    np.testing.assert_allclose(policy.head.log_std.exp().detach(), 0.5, rtol=0.1)


def test_it_learns_a_classifier():
    policy = clone(demonstrations(greedy), FINITE, QUICK, 0).policy
    fresh = demonstrations(greedy, seed=1).trajectories
    assert (policy.act_deterministically(fresh.observations) == fresh.actions).mean() > 0.9


@pytest.mark.parametrize(("rows", "training"), [(10, 7), (100, 70), (2, 1), (3, 2)])
def test_seventy_percent_are_fitted_and_the_others_judge(rows, training, monkeypatch):
    # Actions are all different, so they tell which rows a likelihood was taken of.
    fitted, judged = [], []
    real = DiagonalGaussian.log_prob

    def spy(self, actions):
        (fitted if torch.is_grad_enabled() else judged).append(actions[:, 0].tolist())
        return real(self, actions)

    monkeypatch.setattr(DiagonalGaussian, "log_prob", spy)
    data = demonstrations(linear, rows=rows)
    clone(data, BOX, replace(QUICK, minibatch=4, max_epochs=3), 0)
    everything = sorted(data.trajectories.actions[:, 0].astype(np.float32).tolist())
    epochs = len(judged)
    batches = -(-training // 4)
    assert epochs == 3
    assert len(fitted) == epochs * batches
    for epoch in range(epochs):
        seen = [action for rows in fitted[epoch * batches : (epoch + 1) * batches] for action in rows]
        assert len(seen) == training
        assert sorted(seen + judged[epoch]) == everything
        assert set(judged[epoch]) == set(judged[0])
    if rows == 100:
        assert fitted[:batches] != fitted[batches : 2 * batches]  # shuffled anew in every epoch


def test_the_best_epoch_is_kept_and_patience_ends_the_fit():
    data = demonstrations(linear, rows=40, noise=1.0)  # little data and much noise: it soon overfits
    settings = CloningSettings(policy=PolicySettings((64,), 0.1), learning_rate=1e-2, patience=15)
    result = clone(data, BOX, settings, 0)
    errors = result.validation_errors
    assert result.best_epoch == int(np.argmin(errors))
    assert len(errors) == result.best_epoch + 1 + 15
    # Stopped by hand right after the best epoch, the fit has the same parameters.
    stopped = clone(data, BOX, replace(settings, max_epochs=result.best_epoch + 1), 0)
    assert stopped.validation_errors == errors[: result.best_epoch + 1]
    expected = stopped.policy.state_dict()
    assert all(torch.equal(expected[name], t) for name, t in result.policy.state_dict().items())


def test_the_epochs_are_bounded():
    assert len(clone(demonstrations(linear), BOX, replace(QUICK, max_epochs=4), 0).validation_errors) == 4


def test_the_seed_decides(untouched_random_state):
    data = demonstrations(linear, rows=50)
    first, same, other = (clone(data, BOX, replace(QUICK, max_epochs=3), seed) for seed in (0, 0, 1))
    assert first.validation_errors == same.validation_errors
    assert first.validation_errors != other.validation_errors
    weights = [result.policy.network[0].weight for result in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_one_pair_is_not_enough():
    with pytest.raises(ValueError, match="2 state-action pairs"):
        clone(demonstrations(linear, rows=1), BOX, QUICK, 0)


def test_demonstrations_of_another_task_are_refused():
    with pytest.raises(InvalidDemonstrations, match="continuous"):
        clone(demonstrations(greedy), BOX, QUICK, 0)
