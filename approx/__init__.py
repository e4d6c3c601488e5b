"""Imitation from samples: neural policies, TRPO, cost players, and the loop that pairs them."""

from gail.approx.cloning import CloningResult, CloningSettings, clone
from gail.approx.cost_players.airl import Airl
from gail.approx.cost_players.cost_player import CostConfig, CostPlayer, CostReport, Rewarding, TrainingNeeds
from gail.approx.cost_players.discriminator import Discriminator, neural_costs
from gail.approx.cost_players.fixed_costs import Constant, ConstantCost, EnvironmentCost
from gail.approx.cost_players.gail import Gail
from gail.approx.cost_players.gan_gcl import GanGcl
from gail.approx.cost_players.guided_cost import GuidedCost
from gail.approx.cost_players.linear_costs import FeatureCost, Fem, Gtal, feature_costs, l2_ball, simplex
from gail.approx.cost_players.reward_forms import ARRIVAL, DIFFERENCE, SURVIVAL, RewardForm
from gail.approx.cost_players.rewards.learned_reward import (
    InvalidRewardFile,
    LearnedReward,
    RewardDoesNotFit,
    load_reward,
    save_reward,
)
from gail.approx.cost_players.settled_fit import DiscriminatorSettings
from gail.approx.demonstrations import (
    Demonstrations,
    InvalidDemonstrations,
    Provenance,
    load_demonstrations,
    load_npz,
    save_npz,
)
from gail.approx.evaluation import Evaluation, deterministic, evaluate, stochastic, uniformly_random
from gail.approx.policies.policy import InvalidPolicyFile, Policy, PolicySettings, load_policy, save_policy
from gail.approx.policies.prediction import Predictor
from gail.approx.policies.spaces import SpaceSpec, UnsupportedSpace
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.policy_player import PolicyConfig, PolicyPlayer
from gail.approx.policy_players.trpo import Trpo
from gail.approx.policy_players.trust_region import StepOutcome, StepReport, TrustRegionSettings, trust_region_step
from gail.approx.settings import InvalidSettings
from gail.approx.training.imitation import imitation_against, reinforcement, train_imitator
from gail.approx.training.refinement import Refinement
from gail.approx.training.training import InvalidCheckpoint, Training, TrainingFailed, TrainingSettings
from gail.approx.trajectories.discounting import discount_weights, truncated_mass
from gail.approx.trajectories.trajectories import InvalidTrajectories, Trajectories

__all__ = [
    "ARRIVAL",
    "DIFFERENCE",
    "SURVIVAL",
    "Airl",
    "CloningResult",
    "CloningSettings",
    "Constant",
    "ConstantCost",
    "CostConfig",
    "CostPlayer",
    "CostReport",
    "CriticSettings",
    "Demonstrations",
    "Discriminator",
    "DiscriminatorSettings",
    "EnvironmentCost",
    "Evaluation",
    "FeatureCost",
    "Fem",
    "Gail",
    "GanGcl",
    "Gtal",
    "GuidedCost",
    "InvalidCheckpoint",
    "InvalidDemonstrations",
    "InvalidPolicyFile",
    "InvalidRewardFile",
    "InvalidSettings",
    "InvalidTrajectories",
    "LearnedReward",
    "Policy",
    "PolicyConfig",
    "PolicyPlayer",
    "PolicySettings",
    "Predictor",
    "Provenance",
    "Refinement",
    "RewardDoesNotFit",
    "RewardForm",
    "Rewarding",
    "SpaceSpec",
    "StepOutcome",
    "StepReport",
    "Training",
    "TrainingFailed",
    "TrainingNeeds",
    "TrainingSettings",
    "Trajectories",
    "Trpo",
    "TrustRegionSettings",
    "UnsupportedSpace",
    "clone",
    "deterministic",
    "discount_weights",
    "evaluate",
    "feature_costs",
    "imitation_against",
    "l2_ball",
    "load_demonstrations",
    "load_npz",
    "load_policy",
    "load_reward",
    "neural_costs",
    "reinforcement",
    "save_npz",
    "save_policy",
    "save_reward",
    "simplex",
    "stochastic",
    "train_imitator",
    "truncated_mass",
    "trust_region_step",
    "uniformly_random",
]
