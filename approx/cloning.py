"""Behavioural cloning: maximum likelihood of the expert's actions, state by state.

    minimise over pi   - (1/N) sum_i log pi(a_i | s_i),    or, weighted,   - sum_i w_i log pi(a_i | s_i) / sum_i w_i

Cloning never runs in the environment, so nothing leads the policy back to the expert's states after a mistake
(Ross & Bagnell 2010). Fitted as in Ho & Ermon (2016), appendix B: Adam, minibatches of 128, 70% of the pairs
for training, until the error on the other 30% stops falling; the best parameters on those are kept.
Minibatches are drawn uniformly. The weights of either part are scaled to mean 1, so a minibatch's mean of w_i log pi is
unbiased. Pairs of weight 0 are left out.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations
from gail.approx.networks.finite_checks import NotFinite, check_finite, check_gradients
from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import require
from gail.approx.trajectories.weighting import shares_of

_NETWORK = PolicySettings()


@dataclass(frozen=True)
class CloningSettings:
    """The fit of a cloned policy."""

    learning_rate: float = 1e-3
    """Learning rate of Adam."""
    minibatch: int = 128
    """State-action pairs per gradient."""
    training_fraction: float = 0.7
    """Share of the pairs used for gradients; the rest decides when to stop."""
    patience: int = 100
    """Epochs without a new best validation error after which fitting stops."""
    max_epochs: int = 10_000
    """Epochs at most."""

    def __post_init__(self) -> None:
        require(
            self,
            at_least_one=("minibatch", "max_epochs"),
            not_negative=("patience",),
            positive=("learning_rate",),
            fraction=("training_fraction",),
        )


@dataclass(frozen=True)
class CloningResult:
    """A cloned policy and how its fit went."""

    policy: Policy
    """The policy of the best epoch."""
    validation_errors: tuple[float, ...]
    """Mean negative log-likelihood on the held-out pairs after each epoch, by their weights if any, in nats."""
    best_epoch: int
    """Index of the epoch whose parameters were kept."""
    training_errors: tuple[float, ...]
    """The same on the other pairs, during each epoch: each minibatch before its own gradient step."""


def clone(
    demonstrations: Demonstrations,
    spec: SpaceSpec,
    settings: CloningSettings,
    seed: int,
    network: PolicySettings = _NETWORK,
) -> CloningResult:
    """Fit a policy to demonstrations by maximum likelihood with early stopping.

    Args:
        demonstrations: the expert's state-action pairs.
        spec: the task's spaces.
        settings: the fit.
        seed: of everything random.
        network: architecture of the policy.

    Raises:
        InvalidDemonstrations: they do not fit the task, or are too few.
        NotFinite: an error, a gradient or a parameter is not finite; the message names it and the epoch.
    """
    demonstrations.check_fits(spec)
    shares = shares_of(demonstrations.trajectories)
    pairs = demonstrations.trajectories.num_steps if shares is None else int((shares > 0.0).sum())
    if pairs < 2:
        raise InvalidDemonstrations(
            "cloning needs 2 state-action pairs: one to train on, one to decide when to stop; there is 1"
        )
    generator = torch.Generator()
    generator.manual_seed(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1))
    policy = Policy(spec, network, generator)
    batch = demonstrations.trajectories
    policy.moments.update(torch.from_numpy(batch.observations), shares)
    states = policy.moments(torch.from_numpy(batch.observations))
    actions = torch.from_numpy(batch.actions)
    actions = actions.to(torch.float32) if spec.continuous else actions
    order = torch.randperm(pairs, generator=generator)
    if shares is not None:
        order = torch.nonzero(shares).squeeze(1)[order]
    cut = min(pairs - 1, max(1, round(settings.training_fraction * pairs)))
    train, held_out = order[:cut], order[cut:]
    weights = None if shares is None else _of_mean_one(shares, train, held_out)
    optimizer = torch.optim.Adam(policy.parameters(), lr=settings.learning_rate)

    def error(rows: Tensor) -> Tensor:
        negative: Tensor = -policy.head(policy.network(states[rows])).log_prob(actions[rows])
        return negative.mean() if weights is None else (weights[rows] * negative).mean()

    errors: list[float] = []
    training_errors: list[float] = []
    best_epoch, best = 0, copy.deepcopy(policy.state_dict())
    while len(errors) < settings.max_epochs and len(errors) - best_epoch <= settings.patience:
        shuffled = train[torch.randperm(len(train), generator=generator)]
        total = 0.0
        for rows in torch.split(shuffled, settings.minibatch):
            optimizer.zero_grad()
            loss = error(rows)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += len(rows) * float(loss.detach())
        training_errors.append(total / len(train))
        with torch.no_grad():
            errors.append(float(error(held_out)))
        _check_epoch(len(errors), policy, training_errors[-1], errors[-1])
        if errors[-1] <= min(errors):
            best_epoch, best = len(errors) - 1, copy.deepcopy(policy.state_dict())
    policy.load_state_dict(best)
    return CloningResult(policy, tuple(errors), best_epoch, tuple(training_errors))


def _check_epoch(epoch: int, policy: Policy, training_error: float, validation_error: float) -> None:
    """Raise `NotFinite` with the epoch and the first value that is not finite."""
    try:
        check_finite("the training error", np.asarray(training_error))
        check_gradients("the policy", policy)
        for name, parameter in policy.named_parameters():
            check_finite(f"the policy's {name}", parameter)
        check_finite("the validation error", np.asarray(validation_error))
    except NotFinite as error:
        raise NotFinite(f"epoch {epoch}: {error}") from error


def _of_mean_one(shares: Tensor, *parts: Tensor) -> Tensor:
    """The shares scaled to the mean 1 within each of the parts, given by their rows; float32, shape (N,)."""
    weights = torch.zeros_like(shares)
    for rows in parts:
        weights[rows] = shares[rows] / shares[rows].mean()
    return weights.to(torch.float32)
