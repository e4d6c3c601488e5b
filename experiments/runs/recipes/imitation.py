"""Recipes of imitators: the settings with which each task is learned, one place for all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gail.approx import (
    CloningSettings,
    CriticSettings,
    DiscriminatorSettings,
    Gail,
    PolicySettings,
    RewardForm,
    TrainingNeeds,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)
from gail.approx.cost_players.cost_player import needs_of
from gail.envs.tasks import Task, find_task
from gail.experiments.runs.algorithms import cost_player
from gail.experiments.runs.config import (
    Cloning,
    DemonstrationChoice,
    Imitation,
    Learner,
    RunConfig,
    Simulator,
)

ALL_CORES = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


ENDS_ON_SUCCESS = ("Acrobot-v1", "MountainCar-v0")
"""Tasks whose expert ends the episode: a reward for every step would teach an imitator not to."""

ONE_LENGTH = (
    "HalfCheetah-v5",
    "Reacher-v5",
    "HumanoidStandup-v5",
    "gail/PointMazeLeft-v0",
    "gail/CustomAnt-v0",
)
"""Tasks whose episodes all last until the time limit: no form of the reward can shorten or lengthen them."""


@dataclass(frozen=True)
class _Imitator:
    """What a task's imitators are trained with, where tasks differ."""

    env_steps: int
    num_envs: int = 32
    initial_std: float = 0.6
    warm_start: bool = False
    """Whether the policy begins as a clone of the demonstrations."""
    gradient_penalty: float = 1.0
    discount: float = 0.99
    mixing: float = 0.95
    entropy_weight: float = 1.0
    """Of those algorithms that maximise f - lambda log pi; 1 is theirs. Where the expert's actions are precise, as in
    fast running, the entropy of the imitator's grows at the expense of its return (AIRL's authors took 0.1)."""
    batch_size: int = 2_048
    fit: DiscriminatorSettings | None = None
    """Architecture and fit of the discriminator, where they are not the usual ones."""


_IMITATORS = {
    "CartPole-v1": _Imitator(200_000),
    "Acrobot-v1": _Imitator(500_000),
    "MountainCar-v0": _Imitator(500_000),
    "Reacher-v5": _Imitator(1_500_000),
    "HalfCheetah-v5": _Imitator(2_500_000, num_envs=16, initial_std=0.25, warm_start=True, entropy_weight=0.1),
    "Hopper-v5": _Imitator(1_000_000),
    "Walker2d-v5": _Imitator(2_500_000, num_envs=16, discount=0.995, mixing=0.97, entropy_weight=0.1),
    "Ant-v5": _Imitator(1_500_000, initial_std=0.25, warm_start=True, gradient_penalty=10.0, entropy_weight=0.1),
    "Humanoid-v5": _Imitator(1_000_000, initial_std=0.4, warm_start=True, entropy_weight=0.1),
    "HumanoidStandup-v5": _Imitator(1_000_000, initial_std=0.4, warm_start=True, entropy_weight=0.1),
    "gail/PointMazeLeft-v0": _Imitator(
        150_000,
        batch_size=1_000,
        fit=DiscriminatorSettings(hidden=(), learning_rate=0.01, steps=10, gradient_penalty=0.0),
    ),
    "gail/CustomAnt-v0": _Imitator(1_500_000, initial_std=0.25, warm_start=True, entropy_weight=0.1),
}


def imitation_recipe(task_id: str, algorithm: str = Gail.name, reward: RewardForm | None = None) -> RunConfig:
    """An imitator on a task, from the paper's smallest dataset, with a reward form if another is asked for.

    Small batches, and steps that shorten towards the end so that the game settles. The critic forgets old scales of the
    reward, because the reward drifts as the discriminator learns. Where all episodes have one length the reward is
    linear in the logit: it does not fade while learner and expert are far apart.
    """
    task = find_task(task_id)
    recipe = _IMITATORS.get(task.base, _Imitator(1_500_000))
    cost = {
        "reward": reward or (RewardForm.DIFFERENCE if task.base in ONE_LENGTH else reward_form(task.base)),
        "discriminator": recipe.fit or DiscriminatorSettings(gradient_penalty=recipe.gradient_penalty),
        "discount": recipe.discount,
    }
    return imitation_from(
        task,
        algorithm,
        cost,
        _imitation_training(recipe),
        recipe.num_envs,
        CloningSettings() if recipe.warm_start else None,
        recipe.entropy_weight,
    )


def plain_recipe(task_id: str, algorithm: str = Gail.name) -> RunConfig:
    """An imitator on a task, from the paper's smallest dataset, with the defaults of every part."""
    task = find_task(task_id)
    training = TrainingSettings()
    cost = {"reward": reward_form(task.base), "discount": training.policy.discount}
    return imitation_from(task, algorithm, cost, training)


def reward_form(task_id: str) -> RewardForm:
    """The form whose sign suits the length of the expert's episodes."""
    return RewardForm.ARRIVAL if task_id in ENDS_ON_SUCCESS else RewardForm.SURVIVAL


def imitation_from(
    task: Task,
    algorithm: str,
    cost: Mapping[str, Any],
    training: TrainingSettings,
    num_envs: int = 32,
    warm_start: CloningSettings | None = None,
    entropy_weight: float = 1.0,
) -> RunConfig:
    """A config of a named algorithm; its cost player takes from `cost` the values that it has fields for.

    What the algorithm needs (`TrainingNeeds`) comes before what the task's recipe says; `entropy_weight` is that of
    algorithms that need one, relative to theirs.
    """
    learner: Learner = Cloning()
    stride = task.subsample
    if algorithm != Cloning.name:
        player = cost_player(algorithm, cost)
        needs = needs_of(player)
        simulator = Simulator(num_envs, threads=min(2, ALL_CORES))
        learner = Imitation(player, _as_needed(training, needs, entropy_weight), simulator, warm_start)
        stride = 1 if needs.whole_episodes else stride
    return RunConfig(task.id, 0, DemonstrationChoice(count=task.dataset_sizes[0], stride=stride), learner)


def _as_needed(training: TrainingSettings, needs: TrainingNeeds, share: float) -> TrainingSettings:
    """The training with the entropy weight and the kind of batches that an algorithm needs."""
    policy = training.policy
    if needs.entropy_weight is not None and isinstance(policy, Trpo) and policy.entropy_weight == 0.0:
        policy = replace(policy, entropy_weight=share * needs.entropy_weight)
    return replace(training, policy=policy, whole_episodes=training.whole_episodes or needs.whole_episodes)


def _imitation_training(recipe: _Imitator) -> TrainingSettings:
    return TrainingSettings(
        env_steps=recipe.env_steps,
        batch_size=recipe.batch_size,
        checkpoint_every=200,
        anneal_to=0.2,
        policy=Trpo(
            network=PolicySettings(initial_std=recipe.initial_std),
            discount=recipe.discount,
            mixing=recipe.mixing,
            trust_region=TrustRegionSettings(max_kl=0.03, fisher_fraction=0.3, cg_iterations=10),
            critic=CriticSettings(epochs=10, minibatch=256, memory=10),
        ),
    )
