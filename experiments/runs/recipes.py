"""Recipes: the settings with which each task is trained, one place for all of them.

The paper's are in `gail.experiments.runs.paper_recipes`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Literal

from gail.approx.cost_players.discriminator import DiscriminatorSettings
from gail.approx.policies.policy import PolicySettings
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import PolicyPlayerSettings
from gail.approx.policy_players.trust_region import TrustRegionSettings
from gail.approx.training.refinement import Refinement
from gail.approx.training.training import TrainingSettings
from gail.envs.tasks import find_task
from gail.experiments.runs.config import FormName, RunConfig

ALL_CORES = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


ENDS_ON_SUCCESS = ("Acrobot-v1", "MountainCar-v0")
"""Tasks whose expert ends the episode: a reward for every step would teach an imitator not to."""

ONE_LENGTH = ("HalfCheetah-v5", "Reacher-v5", "HumanoidStandup-v5")
"""Tasks whose episodes all last until the time limit: no form of the reward can shorten or lengthen them."""


@dataclass(frozen=True)
class _Imitator:
    """What a task's imitators are trained with, where tasks differ."""

    env_steps: int
    num_envs: int = 32
    initial_std: float = 0.6
    warm_start: Literal["none", "bc"] = "none"
    gradient_penalty: float = 1.0
    discriminator_steps: int = 3
    discount: float = 0.99
    mixing: float = 0.95


_IMITATORS = {
    "CartPole-v1": _Imitator(200_000, discriminator_steps=20),
    "Acrobot-v1": _Imitator(500_000),
    "MountainCar-v0": _Imitator(500_000),
    "Reacher-v5": _Imitator(1_500_000),
    "HalfCheetah-v5": _Imitator(2_500_000, num_envs=16, initial_std=0.25, warm_start="bc"),
    "Hopper-v5": _Imitator(1_000_000),
    "Walker2d-v5": _Imitator(2_500_000, num_envs=16, discount=0.995, mixing=0.97),
    "Ant-v5": _Imitator(1_500_000, initial_std=0.25, warm_start="bc", gradient_penalty=10.0),
    "Humanoid-v5": _Imitator(1_000_000, initial_std=0.4, warm_start="bc"),
    "HumanoidStandup-v5": _Imitator(1_000_000, initial_std=0.4, warm_start="bc"),
}


def imitation_recipe(task_id: str) -> RunConfig:
    """GAIL on a task, from the paper's smallest dataset.

    Small batches and steps that shorten towards the end, so that the game settles; a critic that forgets old scales,
    because the reward's drifts as the discriminator learns. Where all episodes have one length the reward is linear in
    the logit, which does not fade while learner and expert are far apart.
    """
    plain = plain_recipe(task_id)
    recipe = _IMITATORS.get(plain.task, _Imitator(1_500_000))
    return replace(
        plain,
        num_envs=recipe.num_envs,
        training=_imitation_training(recipe),
        reward_form="difference" if plain.task in ONE_LENGTH else plain.reward_form,
        warm_start=recipe.warm_start,
    )


def plain_recipe(task_id: str) -> RunConfig:
    """GAIL on a task from the paper's smallest dataset, with the defaults of every part."""
    task = find_task(task_id)
    form: FormName = "arrival" if task.id in ENDS_ON_SUCCESS else "survival"
    return RunConfig(
        task=task.id,
        algorithm="gail",
        seed=0,
        demonstrations=None,
        num_demonstrations=task.dataset_sizes[0],
        demonstration_stride=task.subsample,
        demonstration_seed=0,
        num_envs=32,
        threads=min(2, ALL_CORES),
        training=TrainingSettings(),
        reward_form=form,
    )


def _imitation_training(recipe: _Imitator) -> TrainingSettings:
    return TrainingSettings(
        env_steps=recipe.env_steps,
        batch_size=2_048,
        checkpoint_every=200,
        anneal_to=0.2,
        policy=PolicySettings(initial_std=recipe.initial_std),
        player=PolicyPlayerSettings(
            discount=recipe.discount,
            mixing=recipe.mixing,
            trust_region=TrustRegionSettings(max_kl=0.03, fisher_fraction=0.3, cg_iterations=10),
            critic=CriticSettings(epochs=10, minibatch=256, memory=10),
        ),
        discriminator=DiscriminatorSettings(steps=recipe.discriminator_steps, gradient_penalty=recipe.gradient_penalty),
    )


@dataclass(frozen=True)
class _Expert:
    """What a task's expert is trained with, where tasks differ."""

    env_steps: int
    max_kl: float = 0.01
    initial_std: float = 0.6
    batch_size: int = 2_048
    refined_after: int | None = None
    """Environment steps after which batches are four times as large, and steps smaller."""


_EXPERTS = {
    "CartPole-v1": _Expert(150_000),
    "Acrobot-v1": _Expert(400_000),
    "MountainCar-v0": _Expert(1_000_000, max_kl=0.02, batch_size=4_096),
    "Reacher-v5": _Expert(3_000_000),
    "HalfCheetah-v5": _Expert(4_125_000),
    "Ant-v5": _Expert(5_000_000),
    "Humanoid-v5": _Expert(9_043_000, max_kl=0.03, initial_std=0.5, refined_after=5_300_000),
    "HumanoidStandup-v5": _Expert(825_000, max_kl=0.03, initial_std=0.5),
}
_LONG_JUMPS = {"Hopper-v5": 4_000_000, "Walker2d-v5": 7_000_000}


def expert_recipe(task_id: str) -> RunConfig:
    """TRPO on a task's true reward.

    Hopper and Walker2d learn longer strides from larger batches and a longer horizon of credit; everything else, and
    any task of a user's own, learns faster from small batches.
    """
    task = find_task(task_id)
    if task.id in _LONG_JUMPS:
        training = _large_batches(_LONG_JUMPS[task.id])
    else:
        training = _small_batches(_EXPERTS.get(task.id, _Expert(2_000_000)))
    config = replace(plain_recipe(task_id), algorithm="trpo", num_demonstrations=1, threads=1, training=training)
    return config if task.id in _LONG_JUMPS else replace(config, num_envs=16)


def _large_batches(env_steps: int) -> TrainingSettings:
    return TrainingSettings(
        env_steps=env_steps,
        batch_size=5_000,
        checkpoint_every=100,
        player=PolicyPlayerSettings(
            trust_region=TrustRegionSettings(fisher_fraction=0.3),
            critic=CriticSettings(minibatch=256),
        ),
    )


def _small_batches(expert: _Expert) -> TrainingSettings:
    first = TrainingSettings(
        env_steps=expert.env_steps,
        batch_size=expert.batch_size,
        checkpoint_every=200,
        policy=PolicySettings(initial_std=expert.initial_std),
        player=PolicyPlayerSettings(
            discount=0.99,
            mixing=0.95,
            trust_region=TrustRegionSettings(max_kl=expert.max_kl, fisher_fraction=1.0, cg_iterations=15),
            critic=CriticSettings(epochs=10, minibatch=128),
        ),
    )
    if expert.refined_after is None:
        return first
    careful = TrustRegionSettings(max_kl=0.01, fisher_fraction=0.5, cg_iterations=15)
    player = replace(first.player, trust_region=careful, critic=CriticSettings(epochs=5, minibatch=128))
    return replace(first, refinement=Refinement(expert.refined_after, 4 * expert.batch_size, 50, player))
