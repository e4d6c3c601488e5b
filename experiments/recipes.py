"""Recipes: the settings with which each task is trained, one place for all of them."""

from __future__ import annotations

import os
from dataclasses import replace

from gail.approx.adversarial import PolicyPlayerSettings
from gail.approx.critic import CriticSettings
from gail.approx.training import TrainingSettings
from gail.approx.trust_region import TrustRegionSettings
from gail.envs.tasks import find_task
from gail.experiments.runs import RunConfig

ALL_CORES = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def imitation_recipe(task_id: str) -> RunConfig:
    """GAIL on a task, from the paper's smallest dataset."""
    task = find_task(task_id)
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
    )


def expert_recipe(task_id: str) -> RunConfig:
    """TRPO on a task's true reward."""
    task = find_task(task_id)
    training = TrainingSettings(
        env_steps=4_000_000 if task.continuous else 500_000,
        batch_size=5_000,
        checkpoint_every=100,
        player=PolicyPlayerSettings(
            trust_region=TrustRegionSettings(fisher_fraction=0.3),
            critic=CriticSettings(minibatch=256),
        ),
    )
    return replace(imitation_recipe(task_id), algorithm="trpo", num_demonstrations=1, threads=1, training=training)
