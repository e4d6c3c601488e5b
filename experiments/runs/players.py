"""From a run's config to what the training loop needs: the cost player, the environments, the playable policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gail.approx.cost_players.cost_player import MakeCostPlayer
from gail.approx.demonstrations import Demonstrations
from gail.approx.policies.policy import Policy
from gail.approx.training.absorbing_states import AbsorbingEpisodes, idle_when_absorbed, without_indicator
from gail.approx.training.training import MakeEnvs
from gail.envs.tasks import find_task
from gail.envs.vector import VectorEnvironment, make_vector
from gail.experiments.runs.config import Imitation, RunConfig


def make_cost_player(learner: Imitation) -> MakeCostPlayer:
    """The function that makes an imitation's cost player."""
    return idle_when_absorbed(learner.cost) if learner.absorbing else learner.cost


def make_environments(config: RunConfig) -> MakeEnvs:
    """The environments in which a config's policy learns."""
    learner = config.played()
    absorbing = isinstance(learner, Imitation) and learner.absorbing

    def make(entropy: Sequence[int]) -> VectorEnvironment:
        envs = make_vector(config.task, learner.simulator.num_envs, entropy, threads=learner.simulator.threads)
        return AbsorbingEpisodes(envs, find_task(config.task).horizon) if absorbing else envs

    return make


def playable(config: RunConfig, policy: Policy) -> Policy:
    """The policy for the task itself, without the training's wrappers."""
    absorbing = isinstance(config.learner, Imitation) and config.learner.absorbing
    return without_indicator(policy) if absorbing else policy


def shuffled(demonstrations: Demonstrations, seed: int) -> Demonstrations:
    """The demonstrations with each coordinate shuffled over all steps: a control.

    Each coordinate of states and actions keeps its marginal distribution; all dependence between coordinates is lost.
    """
    batch = demonstrations.trajectories
    generator = np.random.default_rng(seed)
    dealt = replace(
        batch,
        observations=generator.permuted(batch.observations, axis=0),
        actions=generator.permuted(batch.actions, axis=0),
    )
    following = demonstrations.next_observations
    if following is not None:
        following = generator.permuted(following, axis=0)
    return replace(demonstrations, trajectories=dealt, next_observations=following)
