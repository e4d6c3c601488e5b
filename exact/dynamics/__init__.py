"""Tabular imitation algorithms with exact expectations, each judged by the convex program that it should solve.

`play` pairs a cost player with a policy player; `dual_ascent`, the apprenticeship algorithms and trust region
policy optimization have their own loops. Each returns a `Run`.
"""

from gail.exact.dynamics.apprenticeship import (
    apprenticeship_lp,
    conditional_gradient,
    multiplicative_weights,
    projected_ascent,
    projected_regret_bound,
    regret_bound,
)
from gail.exact.dynamics.dual_ascent import dual_ascent
from gail.exact.dynamics.game import CostPlayer, PolicyPlayer, Run, play
from gail.exact.dynamics.players import (
    BestCost,
    BestPolicy,
    CostAscent,
    GradientStep,
    LogitAscent,
    MultiplicativeWeights,
    NaturalStep,
    ProjectedAscent,
)
from gail.exact.dynamics.policy_gradient import entropy_gradient, imitation_gradient, policy_gradient, softmax_policy
from gail.exact.dynamics.trust_region import constrained_run, natural_gradient_run, penalised_run, surrogate

__all__ = [
    "BestCost",
    "BestPolicy",
    "CostAscent",
    "CostPlayer",
    "GradientStep",
    "LogitAscent",
    "MultiplicativeWeights",
    "NaturalStep",
    "PolicyPlayer",
    "ProjectedAscent",
    "Run",
    "apprenticeship_lp",
    "conditional_gradient",
    "constrained_run",
    "dual_ascent",
    "entropy_gradient",
    "imitation_gradient",
    "multiplicative_weights",
    "natural_gradient_run",
    "penalised_run",
    "play",
    "policy_gradient",
    "projected_ascent",
    "projected_regret_bound",
    "regret_bound",
    "softmax_policy",
    "surrogate",
]
