"""Prepare trainings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.cost_players.cost_player import MakeCostPlayer
from gail.approx.cost_players.discriminator import SurrogatePsi, neural_costs
from gail.approx.cost_players.fixed_costs import EnvironmentCost
from gail.approx.demonstrations import Demonstrations
from gail.approx.game import RoundReport
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.trpo import PolicyPlayer
from gail.approx.training.training import MakeEnvs, Training, TrainingFailed, TrainingSettings
from gail.approx.trajectories.weighting import shares_of


def imitation(
    make_envs: MakeEnvs,
    demonstrations: Demonstrations,
    psi: SurrogatePsi,
    settings: TrainingSettings,
    seed: int,
) -> Training:
    """Prepare generative adversarial imitation for the surrogate `psi`; demonstrations are checked first."""
    return imitation_against(neural_costs(psi, settings.discriminator), make_envs, demonstrations, settings, seed)


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
        make_cost_player: such as `neural_costs(psi, settings)`, `feature_costs(l2_ball, 1)` or a function of yours.
        make_envs: makes the vector environment for a seed entropy; next-step autoreset is expected.
        demonstrations: what the expert did.
        settings: budget and policy player.
        seed: of everything random.
        warm_start: begin with the network of a policy that was cloned from the demonstrations with these settings
            (its architecture is that of `settings`). The width of a Gaussian stays that of a new policy: likelihood
            on few pairs shrinks it until nothing is explored.
    """
    spec = _spec_of(make_envs, seed)
    demonstrations.check_fits(spec)
    generator = _generator(seed)
    player = _policy_player(spec, settings, generator)
    # The learner starts with the expert's idea of what is a typical observation.
    shares = shares_of(demonstrations.trajectories)
    player.policy.moments.update(torch.from_numpy(demonstrations.trajectories.observations), shares)
    if warm_start is not None:
        fitted = _cloned(demonstrations, spec, replace(warm_start, policy=settings.policy), seed)
        player.policy.network.load_state_dict(fitted.network.state_dict())
    cost_player = make_cost_player(spec, demonstrations.trajectories, generator)
    return Training(make_envs, player, cost_player, settings, seed, generator)


def _cloned(demonstrations: Demonstrations, spec: SpaceSpec, settings: CloningSettings, seed: int) -> Policy:
    try:
        return clone(demonstrations, spec, settings, seed).policy
    except NotFinite as error:
        raise TrainingFailed(f"warm start: {error}") from error


def reinforcement(make_envs: MakeEnvs, settings: TrainingSettings, seed: int) -> Training:
    """Prepare plain TRPO on the environment's own reward: how experts are made."""
    spec = _spec_of(make_envs, seed)
    generator = _generator(seed)
    player = _policy_player(spec, settings, generator)
    return Training(make_envs, player, EnvironmentCost(), settings, seed, generator)


def train_imitator(
    make_envs: MakeEnvs,
    demonstrations: Demonstrations,
    psi: SurrogatePsi,
    settings: TrainingSettings,
    seed: int,
    on_iteration: Callable[[Training, RoundReport], None] = lambda training, report: None,
) -> Training:
    """Train an imitator from demonstrations until the budget is spent; the result has the `.policy`.

    Args:
        make_envs: makes the vector environment for a seed entropy; next-step autoreset is expected.
        demonstrations: what the expert did.
        psi: the cost regularizer, such as `gail.exact.regularizers.Logistic()` for GAIL.
        settings: budget and both players.
        seed: of everything random.
        on_iteration: called after each round, for display or early records.
    """
    training = imitation(make_envs, demonstrations, psi, settings, seed)
    while not training.finished:
        on_iteration(training, training.step())
    return training


def _spec_of(make_envs: MakeEnvs, seed: int) -> SpaceSpec:
    envs = make_envs((seed, 0))
    try:
        return SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    finally:
        envs.close()


def _policy_player(spec: SpaceSpec, settings: TrainingSettings, generator: torch.Generator) -> PolicyPlayer:
    return PolicyPlayer(Policy(spec, settings.policy, generator), settings.player, generator)


def _generator(seed: int) -> torch.Generator:
    """A torch generator whose seed is spread over 63 bits, so that nearby seeds share nothing."""
    generator = torch.Generator()
    generator.manual_seed(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1))
    return generator
