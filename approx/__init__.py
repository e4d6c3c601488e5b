"""Imitation from samples: neural policies, TRPO, cost players, and the loop that pairs them."""

from gail.approx.cloning import CloningResult, CloningSettings, clone
from gail.approx.cost_players import Discriminator, DiscriminatorSettings, EnvironmentCost
from gail.approx.demonstrations import (
    Demonstrations,
    InvalidDemonstrations,
    Provenance,
    load_npz,
    save_npz,
)
from gail.approx.evaluation import Evaluation, deterministic, evaluate, stochastic, uniformly_random
from gail.approx.policies import InvalidPolicyFile, Policy, PolicySettings, load_policy, save_policy
from gail.approx.spaces import SpaceSpec, UnsupportedSpace
from gail.approx.training import (
    InvalidCheckpoint,
    Training,
    TrainingSettings,
    imitation,
    reinforcement,
    train_imitator,
)
from gail.approx.trajectories import InvalidTrajectories, Trajectories
from gail.approx.trust_region import StepOutcome, StepReport, TrustRegionSettings, trust_region_step

__all__ = [
    "CloningResult",
    "CloningSettings",
    "Demonstrations",
    "Discriminator",
    "DiscriminatorSettings",
    "EnvironmentCost",
    "Evaluation",
    "InvalidCheckpoint",
    "InvalidDemonstrations",
    "InvalidPolicyFile",
    "InvalidTrajectories",
    "Policy",
    "PolicySettings",
    "Provenance",
    "SpaceSpec",
    "StepOutcome",
    "StepReport",
    "Training",
    "TrainingSettings",
    "Trajectories",
    "TrustRegionSettings",
    "UnsupportedSpace",
    "clone",
    "deterministic",
    "evaluate",
    "imitation",
    "load_npz",
    "load_policy",
    "reinforcement",
    "save_npz",
    "save_policy",
    "stochastic",
    "train_imitator",
    "trust_region_step",
    "uniformly_random",
]
