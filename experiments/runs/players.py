"""From a run's config to its players: the names of a config meet the functions of the library here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gail.approx.cost_players.cost_player import MakeCostPlayer
from gail.approx.cost_players.discriminator import neural_costs
from gail.approx.cost_players.fixed_costs import ConstantCost
from gail.approx.cost_players.linear_costs import feature_costs, l2_ball, simplex
from gail.approx.cost_players.reward_forms import ARRIVAL, DIFFERENCE, SURVIVAL, RewardForm
from gail.approx.demonstrations import Demonstrations
from gail.approx.policies.policy import Policy
from gail.approx.training.absorbing_states import AbsorbingEpisodes, idle_when_absorbed, without_indicator
from gail.approx.training.training import MakeEnvs
from gail.envs.tasks import find_task
from gail.envs.vector import VectorEnvironment, make_vector
from gail.exact import regularizers as psi
from gail.experiments.runs.config import FormName, RunConfig

REWARD_FORMS: Mapping[FormName, RewardForm] = {"survival": SURVIVAL, "arrival": ARRIVAL, "difference": DIFFERENCE}


def make_cost_player(config: RunConfig) -> MakeCostPlayer:
    """The cost player of a config's algorithm, or of the control that it is."""
    form = REWARD_FORMS[config.reward_form]
    if config.control == "constant":
        return lambda spec, expert, generator: ConstantCost(float(-form.sign))
    if config.algorithm == "gail":
        # -log D is minus psi's own cost: psi gives it, to the last bit as in its gradient.
        made = neural_costs(psi.Logistic(), config.training.discriminator, None if form is SURVIVAL else form)
    else:
        made = feature_costs(l2_ball if config.algorithm == "fem" else simplex, form.sign)
    return idle_when_absorbed(made) if config.absorbing else made


def make_environments(config: RunConfig) -> MakeEnvs:
    """The environments in which a config's policy learns."""

    def make(entropy: Sequence[int]) -> VectorEnvironment:
        envs = make_vector(config.task, config.num_envs, entropy, threads=config.threads)
        return AbsorbingEpisodes(envs, find_task(config.task).horizon) if config.absorbing else envs

    return make


def playable(config: RunConfig, policy: Policy) -> Policy:
    """The policy as it plays the task itself."""
    return without_indicator(policy) if config.absorbing else policy


def shuffled(demonstrations: Demonstrations, seed: int) -> Demonstrations:
    """The demonstrations with every number dealt at random among those of its kind: an expert that shows nothing.

    Each coordinate of states and actions keeps its distribution; which of them occur together is lost.
    """
    batch = demonstrations.trajectories
    generator = np.random.default_rng(seed)
    dealt = replace(
        batch,
        observations=generator.permuted(batch.observations, axis=0),
        actions=generator.permuted(batch.actions, axis=0),
    )
    return replace(demonstrations, trajectories=dealt)
