"""Imitation from samples: neural policies, TRPO, cost players, and the loop that pairs them."""

from gail.approx.cloning import CloningResult, CloningSettings, clone
from gail.approx.cost_players import ConstantCost, CostPlayer, CostReport, EnvironmentCost
from gail.approx.demonstrations import (
    Demonstrations,
    InvalidDemonstrations,
    Provenance,
    load_npz,
    save_npz,
)
from gail.approx.discounting import discount_weights, left_out_mass
from gail.approx.discriminators import Discriminator, DiscriminatorSettings, neural_costs
from gail.approx.evaluation import Evaluation, deterministic, evaluate, stochastic, uniformly_random
from gail.approx.feature_costs import FeatureCost, feature_costs, l2_ball, simplex
from gail.approx.policies import InvalidPolicyFile, Policy, PolicySettings, load_policy, save_policy
from gail.approx.prediction import Predictor
from gail.approx.reward_forms import ARRIVAL, DIFFERENCE, SURVIVAL, RewardForm
from gail.approx.spaces import SpaceSpec, UnsupportedSpace
from gail.approx.training import (
    InvalidCheckpoint,
    Training,
    TrainingFailed,
    TrainingSettings,
    imitation,
    imitation_against,
    reinforcement,
    train_imitator,
)
from gail.approx.trajectories import InvalidTrajectories, Trajectories
from gail.approx.trust_region import StepOutcome, StepReport, TrustRegionSettings, trust_region_step

__all__ = [
    "ARRIVAL",
    "DIFFERENCE",
    "SURVIVAL",
    "CloningResult",
    "CloningSettings",
    "ConstantCost",
    "CostPlayer",
    "CostReport",
    "Demonstrations",
    "Discriminator",
    "DiscriminatorSettings",
    "EnvironmentCost",
    "Evaluation",
    "FeatureCost",
    "InvalidCheckpoint",
    "InvalidDemonstrations",
    "InvalidPolicyFile",
    "InvalidTrajectories",
    "Policy",
    "PolicySettings",
    "Predictor",
    "Provenance",
    "RewardForm",
    "SpaceSpec",
    "StepOutcome",
    "StepReport",
    "Training",
    "TrainingFailed",
    "TrainingSettings",
    "Trajectories",
    "TrustRegionSettings",
    "UnsupportedSpace",
    "clone",
    "deterministic",
    "discount_weights",
    "evaluate",
    "feature_costs",
    "imitation",
    "imitation_against",
    "l2_ball",
    "left_out_mass",
    "load_npz",
    "load_policy",
    "neural_costs",
    "reinforcement",
    "save_npz",
    "save_policy",
    "simplex",
    "stochastic",
    "train_imitator",
    "trust_region_step",
    "uniformly_random",
]
