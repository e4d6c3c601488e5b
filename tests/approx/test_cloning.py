"""Behavioural cloning."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.distributions import DiagonalGaussian
from gail.approx.policies.policy import PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories

BOX = SpaceSpec(3, 2, (-10.0, -10.0), (10.0, 10.0))
FINITE = SpaceSpec(3, 4, None, None)
GAIN = np.array([[1.0, 0.0], [-0.5, 1.0], [0.0, 0.3]])
NETWORK = PolicySettings((32,), 0.2)
QUICK = CloningSettings(learning_rate=5e-3, patience=10, max_epochs=150)


def fitted(data, spec, settings, seed, network=NETWORK):
    return clone(data, spec, settings, seed, network)


def demonstrations(expert, rows=600, noise=0.0, seed=0):
    """Demonstrations with observations of large and unequal scales and the actions of `expert`."""
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
    policy = fitted(demonstrations(linear), BOX, QUICK, 0).policy
    fresh = demonstrations(linear, seed=1).trajectories
    error = np.abs(policy.act_deterministically(fresh.observations) - fresh.actions)
    assert error.mean() < 0.1
    assert policy.head.log_std.max() < np.log(0.3)  # a deterministic expert: little noise remains


def test_it_learns_how_noisy_the_expert_is():
    settings = replace(QUICK, learning_rate=2e-2)
    policy = fitted(demonstrations(linear, rows=3000, noise=0.5), BOX, settings, 0, PolicySettings((), 0.2)).policy
    np.testing.assert_allclose(policy.head.log_std.exp().detach(), 0.5, rtol=0.1)


def test_it_learns_a_classifier():
    policy = fitted(demonstrations(greedy), FINITE, QUICK, 0).policy
    fresh = demonstrations(greedy, seed=1).trajectories
    assert (policy.act_deterministically(fresh.observations) == fresh.actions).mean() > 0.9


@pytest.mark.parametrize(("rows", "training"), [(10, 7), (100, 70), (2, 1), (3, 2)])
def test_seventy_percent_are_fitted_and_the_others_judge(rows, training, monkeypatch):
    # All actions differ, so they identify the rows of each likelihood.
    shown, judged = [], []
    real = DiagonalGaussian.log_prob

    def spy(self, actions):
        (shown if torch.is_grad_enabled() else judged).append(actions[:, 0].tolist())
        return real(self, actions)

    monkeypatch.setattr(DiagonalGaussian, "log_prob", spy)
    data = demonstrations(linear, rows=rows)
    fitted(data, BOX, replace(QUICK, minibatch=4, max_epochs=3), 0)
    everything = sorted(data.trajectories.actions[:, 0].astype(np.float32).tolist())
    epochs = len(judged)
    batches = -(-training // 4)
    assert epochs == 3
    assert len(shown) == epochs * batches
    for epoch in range(epochs):
        seen = [action for rows in shown[epoch * batches : (epoch + 1) * batches] for action in rows]
        assert len(seen) == training
        assert sorted(seen + judged[epoch]) == everything
        assert set(judged[epoch]) == set(judged[0])
    if rows == 100:
        assert shown[:batches] != shown[batches : 2 * batches]  # shuffled anew in every epoch


def test_the_best_epoch_is_kept_and_patience_ends_the_fit():
    data = demonstrations(linear, rows=40, noise=1.0)  # little data and much noise: it soon overfits
    settings, network = CloningSettings(learning_rate=1e-2, patience=15), PolicySettings((64,), 0.1)
    result = fitted(data, BOX, settings, 0, network)
    errors = result.validation_errors
    assert result.best_epoch == int(np.argmin(errors))
    assert len(errors) == result.best_epoch + 1 + 15
    # A fit that stops right after the best epoch has the same parameters.
    stopped = fitted(data, BOX, replace(settings, max_epochs=result.best_epoch + 1), 0, network)
    assert stopped.validation_errors == errors[: result.best_epoch + 1]
    expected = stopped.policy.state_dict()
    assert all(torch.equal(expected[name], t) for name, t in result.policy.state_dict().items())


def test_the_epochs_are_bounded():
    assert len(fitted(demonstrations(linear), BOX, replace(QUICK, max_epochs=4), 0).validation_errors) == 4


def test_errors_are_means_over_pairs_before_and_after_the_steps():
    data = demonstrations(linear, rows=50)  # 35 pairs to fit: minibatches of 20 and 15
    result = fitted(data, BOX, replace(QUICK, learning_rate=1e-20, minibatch=20, max_epochs=2), 0)
    whole = fitted(data, BOX, replace(QUICK, learning_rate=1e-20, minibatch=35, max_epochs=2), 0)
    assert result.training_errors == pytest.approx(whole.training_errors, rel=1e-6)
    batch = data.trajectories
    with torch.no_grad():
        likelihood = result.policy(torch.from_numpy(batch.observations)).log_prob(
            torch.from_numpy(batch.actions).to(torch.float32)
        )
    parts = 35 * result.training_errors[0] + 15 * result.validation_errors[0]
    assert parts == pytest.approx(-float(likelihood.sum()), rel=1e-5)
    improving = fitted(data, BOX, replace(QUICK, max_epochs=9), 0).training_errors
    assert len(improving) == 9
    assert improving[-1] < improving[0]


@pytest.mark.parametrize(("expert", "spec"), [(linear, BOX), (greedy, FINITE)])
def test_a_fit_that_diverges_says_where(expert, spec):
    with pytest.raises(NotFinite, match=r"^epoch \d+: the .+ is (-?inf|nan) at "):
        fitted(demonstrations(expert), spec, replace(QUICK, learning_rate=1e25), 0)


@pytest.mark.parametrize("poisoned", ["training", "gradient", "parameter", "validation"])
def test_what_is_not_finite_is_named_with_its_epoch(poisoned, monkeypatch):
    batches, epoch = 2, 3
    calls = {"training": 0, "validation": 0}
    likelihood, step = DiagonalGaussian.log_prob, torch.optim.Adam.step

    def log_prob(self, actions):
        found = likelihood(self, actions)
        part = "training" if torch.is_grad_enabled() else "validation"
        calls[part] += 1
        due = {"training": batches * (epoch - 1) + 1, "validation": epoch}[part]
        if part == "training" and poisoned == "gradient" and calls[part] == batches * epoch:
            self.log_std.register_hook(lambda gradient: gradient * torch.inf)
        return found * torch.nan if poisoned == part and calls[part] == due else found

    def poisoned_step(self, *args, **kwargs):
        found = step(self, *args, **kwargs)
        if poisoned == "parameter" and calls["training"] == batches * epoch:
            with torch.no_grad():
                self.param_groups[0]["params"][0][1, 2] = torch.inf
        return found

    monkeypatch.setattr(DiagonalGaussian, "log_prob", log_prob)
    monkeypatch.setattr(torch.optim.Adam, "step", poisoned_step)
    named = {
        "training": "the training error is nan",
        "gradient": "the gradient of the policy's head.log_std is -?inf",
        "parameter": r"the policy's network.0.weight is inf at \[1, 2\]",
        "validation": "the validation error is nan",
    }[poisoned]
    with pytest.raises(NotFinite, match=f"^epoch 3: {named}"):
        fitted(demonstrations(linear, rows=50), BOX, replace(QUICK, minibatch=20), 0)


def test_the_seed_decides(untouched_random_state):
    data = demonstrations(linear, rows=50)
    first, same, other = (fitted(data, BOX, replace(QUICK, max_epochs=3), seed) for seed in (0, 0, 1))
    assert first.validation_errors == same.validation_errors
    assert first.validation_errors != other.validation_errors
    weights = [result.policy.network[0].weight for result in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_one_pair_is_not_enough():
    with pytest.raises(ValueError, match="2 state-action pairs"):
        fitted(demonstrations(linear, rows=1), BOX, QUICK, 0)


def test_demonstrations_of_another_task_are_refused():
    with pytest.raises(InvalidDemonstrations, match="continuous"):
        fitted(demonstrations(greedy), BOX, QUICK, 0)
