"""Tabular imitation algorithms with exact expectations, each compared with the convex program that it should solve.

| module | what it computes |
|---|---|
| `game`, `players` | `play`: a cost player against a policy player, such as GAIL |
| `dual_ascent` | maximum causal entropy IRL by quasi-Newton ascent in the cost |
| `apprenticeship` | projection method, MWAL, projected ascent, LPAL |
| `policy_gradient`, `trust_region` | exact policy gradients; trust region policy optimization for a known cost |
| `path_matching` | the convex program of maximum entropy IRL on enumerated paths |
| `guided_cost_learning`, `gan_gcl` | maximum entropy IRL, guided cost learning and GAN-GCL on these paths |
| `path_run` | the record `PathRun` of algorithms on paths; the others return a `Run` (`game`) |
| `argument_checks` | checks of arguments |
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
