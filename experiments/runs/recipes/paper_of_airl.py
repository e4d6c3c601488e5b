"""The settings of AIRL's paper for AIRL and its rivals: Fu, Luo & Levine (2018), section 7 and appendix D.

TRPO with batches of 10,000 steps, a thousand of them, policies of 32 + 32 units, generalized advantages with lambda 1,
entropy weight 0.1 (1 on the point mass), discount 0.99. Fifty demonstrations, all their steps. AIRL's g is linear (here
with squares), its h has 32 + 32 units, and negatives come from 20 iterations; GAN-GCL's f has 32 + 32 units. Ten Adam
steps of 1e-3 per iteration are those of the released code. Units are tanh here, ReLU there. Guided cost learning has a
policy optimiser of its own in its paper; here it gets the settings of its rivals.
"""

from __future__ import annotations

from gail.approx import (
    CriticSettings,
    DiscriminatorSettings,
    PolicySettings,
    RewardForm,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)
from gail.envs.tasks import Task
from gail.experiments.runs.algorithms import cost_player
from gail.experiments.runs.config import DemonstrationChoice, Imitation, RunConfig, Simulator

ALGORITHMS = ("airl", "gan-gcl", "gcl")
"""Algorithms with these settings."""

_POINT_MASSES = ("gail/PointMazeLeft-v0", "gail/PointMazeRight-v0")
_DISCOUNT, _BATCH, _ITERATIONS, _DEMONSTRATIONS = 0.99, 10_000, 1_000, 50


def airl_paper_recipe(task: Task, algorithm: str) -> RunConfig:
    """One of `ALGORITHMS` on any task, with the settings of AIRL's paper."""
    linear = algorithm == ALGORITHMS[0]
    fit = DiscriminatorSettings(
        hidden=() if linear else (32, 32), learning_rate=1e-3, steps=10, max_steps=10, gradient_penalty=0.0
    )
    values = {"discriminator": fit, "shaping": (32, 32), "replay": 20 if linear else 0, "discount": _DISCOUNT}
    policy = Trpo(
        network=PolicySettings(hidden=(32, 32)),
        discount=_DISCOUNT,
        mixing=1.0,
        entropy_weight=1.0 if task.base in _POINT_MASSES else 0.1,
        trust_region=TrustRegionSettings(max_kl=0.01),
        critic=CriticSettings(),
    )
    training = TrainingSettings(
        env_steps=_BATCH * _ITERATIONS, batch_size=_BATCH, whole_episodes=True, checkpoint_every=10, policy=policy
    )
    learner = Imitation(cost_player(algorithm, {**values, "reward": RewardForm.DIFFERENCE}), training, Simulator())
    return RunConfig(task.id, 0, DemonstrationChoice(count=min(_DEMONSTRATIONS, task.full_trajectories)), learner)
