"""Imitation from samples: neural policies, TRPO, cost players, and the loop that pairs them."""

from gail.approx.cloning import CloningResult, CloningSettings, clone
from gail.approx.cost_players.cost_player import CostPlayer, CostReport
from gail.approx.cost_players.discriminator import Discriminator, DiscriminatorSettings, neural_costs
from gail.approx.cost_players.fixed_costs import ConstantCost, EnvironmentCost
from gail.approx.cost_players.linear_costs import FeatureCost, feature_costs, l2_ball, simplex
from gail.approx.cost_players.reward_forms import ARRIVAL, DIFFERENCE, SURVIVAL, RewardForm
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance, load_npz, save_npz
from gail.approx.evaluation import Evaluation, deterministic, evaluate, stochastic, uniformly_random
from gail.approx.policies.policy import InvalidPolicyFile, Policy, PolicySettings, load_policy, save_policy
from gail.approx.policies.prediction import Predictor
from gail.approx.policies.spaces import SpaceSpec, UnsupportedSpace
from gail.approx.policy_players.trust_region import StepOutcome, StepReport, TrustRegionSettings, trust_region_step
from gail.approx.training.imitation import imitation, imitation_against, reinforcement, train_imitator
from gail.approx.training.training import InvalidCheckpoint, Training, TrainingFailed, TrainingSettings
from gail.approx.trajectories.discounting import discount_weights, left_out_mass
from gail.approx.trajectories.trajectories import InvalidTrajectories, Trajectories

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
