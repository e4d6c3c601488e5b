"""Tabular imitation algorithms with exact expectations, each judged by the convex program that it should solve.

`play` pairs a cost player with a policy player; `dual_ascent`, the apprenticeship algorithms and trust region
policy optimization have their own loops. Each returns a `Run`. On enumerated paths, maximum entropy IRL, guided cost
learning and `gan_gcl` return a `PathRun`.
"""

from gail.exact.algorithms.apprenticeship import (
    apprenticeship_lp,
    conditional_gradient,
    multiplicative_weights,
    projected_ascent,
    projected_regret_bound,
    regret_bound,
)
from gail.exact.algorithms.dual_ascent import dual_ascent
from gail.exact.algorithms.game import CostPlayer, PolicyPlayer, Run, play
from gail.exact.algorithms.gan_gcl import DiscriminatorStep, FittedDiscriminator, GuidedCostGame, gan_gcl
from gail.exact.algorithms.guided_cost_learning import guided_cost_learning, maxent_irl, sampled_guided_cost_learning
from gail.exact.algorithms.path_matching import PathMatching, match_paths
from gail.exact.algorithms.path_run import PathRun
from gail.exact.algorithms.players import (
    BestCost,
    BestPolicy,
    CostAscent,
    FeatureAscent,
    GradientStep,
    LogitAscent,
    NaturalStep,
    onto_ball,
)
from gail.exact.algorithms.policy_gradient import entropy_gradient, imitation_gradient, policy_gradient, softmax_policy
from gail.exact.algorithms.trust_region import constrained_run, natural_gradient_run, penalised_run, surrogate

__all__ = [
    "BestCost",
    "BestPolicy",
    "CostAscent",
    "CostPlayer",
    "DiscriminatorStep",
    "FeatureAscent",
    "FittedDiscriminator",
    "GradientStep",
    "GuidedCostGame",
    "LogitAscent",
    "NaturalStep",
    "PathMatching",
    "PathRun",
    "PolicyPlayer",
    "Run",
    "apprenticeship_lp",
    "conditional_gradient",
    "constrained_run",
    "dual_ascent",
    "entropy_gradient",
    "gan_gcl",
    "guided_cost_learning",
    "imitation_gradient",
    "match_paths",
    "maxent_irl",
    "multiplicative_weights",
    "natural_gradient_run",
    "onto_ball",
    "penalised_run",
    "play",
    "policy_gradient",
    "projected_ascent",
    "projected_regret_bound",
    "regret_bound",
    "sampled_guided_cost_learning",
    "softmax_policy",
    "surrogate",
]
