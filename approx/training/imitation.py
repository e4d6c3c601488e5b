"""Prepare a training: check the demonstrations, draw the networks, and pair the players.

Everything random comes from one seed. Networks are drawn in a fixed order: the policy, its critic, the cost player.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.cost_players.cost_player import MakeCostPlayer
from gail.approx.cost_players.fixed_costs import EnvironmentCost
from gail.approx.demonstrations import Demonstrations
from gail.approx.game import RoundReport
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.training.needs import check_needs
from gail.approx.training.training import MakeEnvs, Training, TrainingFailed, TrainingSettings
from gail.approx.trajectories.weighting import shares_of


def imitation_against(
    make_cost_player: MakeCostPlayer,
    make_envs: MakeEnvs,
    demonstrations: Demonstrations,
    settings: TrainingSettings,
    seed: int,
    *,
    warm_start: CloningSettings | None = None,
) -> Training:
    """Prepare imitation against any cost player; demonstrations are checked first.

    Args:
        make_cost_player: the algorithm: `Gail()`, `Fem()`, `Gtal()`, `neural_costs(psi, ...)` or a function of yours.
        make_envs: makes the vector environment for a seed entropy; next-step autoreset is expected.
        demonstrations: what the expert did.
        settings: budget and policy player.
        seed: of everything random.
        warm_start: begin with the network of a policy that was cloned from the demonstrations with these settings
            (its architecture is that of `settings`). The standard deviation of a Gaussian stays that of a
            new policy, because maximum likelihood on few pairs makes it too small for exploration.
    """
    spec = _spec_of(make_envs, seed)
    demonstrations.check_fits(spec)
    check_needs(make_cost_player, demonstrations, settings)
    generator = _generator(seed)
    player = settings.policy.player(spec, generator)
    # The standardization of observations starts with the expert's moments.
    shares = shares_of(demonstrations.trajectories)
    player.policy.moments.update(torch.from_numpy(demonstrations.trajectories.observations), shares)
    if warm_start is not None:
        fitted = _cloned(demonstrations, spec, warm_start, seed, settings.policy.network)
        player.policy.network.load_state_dict(fitted.network.state_dict())
    cost_player = make_cost_player(spec, demonstrations.batch(), generator)
    return Training(make_envs, player, cost_player, settings, seed, generator)


def _cloned(
    demonstrations: Demonstrations, spec: SpaceSpec, settings: CloningSettings, seed: int, network: PolicySettings
) -> Policy:
    try:
        return clone(demonstrations, spec, settings, seed, network).policy
    except NotFinite as error:
        raise TrainingFailed(f"warm start: {error}") from error


def reinforcement(make_envs: MakeEnvs, settings: TrainingSettings, seed: int) -> Training:
    """Prepare plain TRPO on the environment's own reward: how experts are made."""
    spec = _spec_of(make_envs, seed)
    generator = _generator(seed)
    player = settings.policy.player(spec, generator)
    return Training(make_envs, player, EnvironmentCost(), settings, seed, generator)


def train_imitator(
    make_cost_player: MakeCostPlayer,
    make_envs: MakeEnvs,
    demonstrations: Demonstrations,
    settings: TrainingSettings,
    seed: int,
    on_iteration: Callable[[Training, RoundReport], None] = lambda training, report: None,
) -> Training:
    """Train an imitator from demonstrations until the budget is spent; the result has the `.policy`.

    Args:
        make_cost_player: the algorithm: `Gail()`, `Fem()`, `Gtal()`, `neural_costs(psi, ...)` or a function of yours.
        make_envs: makes the vector environment for a seed entropy; next-step autoreset is expected.
        demonstrations: what the expert did.
        settings: budget and policy player.
        seed: of everything random.
        on_iteration: called after each round, for example to display progress.
    """
    training = imitation_against(make_cost_player, make_envs, demonstrations, settings, seed)
    while not training.finished:
        on_iteration(training, training.step())
    return training


def _spec_of(make_envs: MakeEnvs, seed: int) -> SpaceSpec:
    envs = make_envs((seed, 0))
    try:
        return SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    finally:
        envs.close()


def _generator(seed: int) -> torch.Generator:
    """A torch generator with a seed of 63 bits, so that nearby seeds give independent streams."""
    generator = torch.Generator()
    generator.manual_seed(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1))
    return generator
