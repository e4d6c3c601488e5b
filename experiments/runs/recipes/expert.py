"""Recipes of experts: the settings with which TRPO learns each task from its true reward."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gail.approx import (
    CriticSettings,
    PolicySettings,
    Refinement,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)
from gail.envs.tasks import find_task
from gail.experiments.runs.config import (
    Reinforcement,
    RunConfig,
    Simulator,
)


@dataclass(frozen=True)
class _Expert:
    """What a task's expert is trained with, where tasks differ."""

    env_steps: int
    max_kl: float = 0.01
    initial_std: float = 0.6
    batch_size: int = 2_048
    num_envs: int = 16
    entropy_weight: float = 0.0
    """Of an expert whose actions should show its reward: a nearly deterministic one explains any reward."""
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
    "gail/PointMazeLeft-v0": _Expert(150_000, entropy_weight=0.1),
    "gail/PointMazeRight-v0": _Expert(150_000),
    "gail/CustomAnt-v0": _Expert(1_500_000),
    "gail/DisabledAnt-v0": _Expert(1_500_000, max_kl=0.02, batch_size=5_000, num_envs=32),
}
_LONG_JUMPS = {"Hopper-v5": 4_000_000, "Walker2d-v5": 7_000_000}


def expert_recipe(task_id: str) -> RunConfig:
    """TRPO on a task's true reward.

    Hopper and Walker2d learn longer strides from larger batches and a longer horizon of credit; everything else, and
    any task of a user's own, learns faster from small batches.
    """
    task = find_task(task_id)
    if task.base in _LONG_JUMPS:
        training, num_envs = _large_batches(_LONG_JUMPS[task.base]), 32
    else:
        expert = _EXPERTS.get(task.base, _Expert(2_000_000))
        training, num_envs = _small_batches(expert), expert.num_envs
    return RunConfig(task.id, 0, None, Reinforcement(training, Simulator(num_envs)))


def _large_batches(env_steps: int) -> TrainingSettings:
    return TrainingSettings(
        env_steps=env_steps,
        batch_size=5_000,
        checkpoint_every=100,
        policy=Trpo(trust_region=TrustRegionSettings(fisher_fraction=0.3), critic=CriticSettings(minibatch=256)),
    )


def _small_batches(expert: _Expert) -> TrainingSettings:
    policy = Trpo(
        network=PolicySettings(initial_std=expert.initial_std),
        discount=0.99,
        mixing=0.95,
        entropy_weight=expert.entropy_weight,
        trust_region=TrustRegionSettings(max_kl=expert.max_kl, fisher_fraction=1.0, cg_iterations=15),
        critic=CriticSettings(epochs=10, minibatch=128),
    )
    first = TrainingSettings(
        env_steps=expert.env_steps, batch_size=expert.batch_size, checkpoint_every=200, policy=policy
    )
    if expert.refined_after is None:
        return first
    careful = TrustRegionSettings(max_kl=0.01, fisher_fraction=0.5, cg_iterations=15)
    later = replace(policy, trust_region=careful, critic=CriticSettings(epochs=5, minibatch=128))
    return replace(first, refinement=Refinement(expert.refined_after, 4 * expert.batch_size, 50, later))
