"""From a run's config to what the training loop needs: the cost player, the environments, the playable policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gail.approx.cost_players.cost_player import MakeCostPlayer
from gail.approx.cost_players.rewards.learned_reward import (
    FILE,
    InvalidRewardFile,
    LearnedReward,
    RewardDoesNotFit,
    load_reward,
)
from gail.approx.demonstrations import Demonstrations
from gail.approx.policies.policy import Policy
from gail.approx.training.absorbing_states import AbsorbingEpisodes, idle_when_absorbed, without_indicator
from gail.approx.training.training import MakeEnvs
from gail.envs.tasks import find_task
from gail.envs.vector import VectorEnvironment, make_vector
from gail.envs.wrappers.rewards import with_reward
from gail.experiments.data.demonstrations import digest, spec_of
from gail.experiments.runs.config import Imitation, RewardChoice, RunConfig


def make_cost_player(learner: Imitation) -> MakeCostPlayer:
    """The function that makes an imitation's cost player."""
    return idle_when_absorbed(learner.cost) if learner.absorbing else learner.cost


def make_environments(config: RunConfig) -> MakeEnvs:
    """The environments in which a config's policy learns."""
    learner = config.played()
    absorbing = isinstance(learner, Imitation) and learner.absorbing
    chosen = None if isinstance(learner, Imitation) else learner.reward
    reward = None if chosen is None else read_reward(chosen, config.task)

    def make(entropy: Sequence[int]) -> VectorEnvironment:
        envs = make_vector(config.task, learner.simulator.num_envs, entropy, threads=learner.simulator.threads)
        if reward is not None:
            return with_reward(envs, reward)
        return AbsorbingEpisodes(envs, find_task(config.task).horizon) if absorbing else envs

    return make


def reward_choice(path: Path) -> RewardChoice:
    """The choice of a reward file, or of the reward of a run's folder.

    Raises:
        InvalidRewardFile: there is no reward.
    """
    load_reward(path)
    file = (path / FILE if path.is_dir() else path).resolve()  # a run can be resumed from any folder
    return RewardChoice(str(file), digest(file))


def read_reward(chosen: RewardChoice, task: str) -> LearnedReward:
    """The reward that a config names, checked against its task.

    Raises:
        InvalidRewardFile: there is no reward, or another one than at the run's start.
        RewardDoesNotFit: the task has other spaces.
    """
    path = Path(chosen.file)
    reward = load_reward(path)
    if digest(path) != chosen.sha256:
        raise InvalidRewardFile(
            f"{path}: its content is not the one with which the run began (sha256 {chosen.sha256[:12]}...): restore "
            "the file, or start a new run"
        )
    try:
        reward.check_fits(spec_of(task))
    except RewardDoesNotFit as error:
        raise RewardDoesNotFit(f"{path}, learned on {reward.task}, does not fit {task}: {error}") from None
    return reward


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
