"""Exact GAIL: as many trust region steps as sampled GAIL, with exact quantities instead of samples.

    c = gradient of psi* at rho_pi - m,         pi <- pi exp(-eta A) up to normalisation,

with A the exact advantage of c + lambda log pi, and eta such that the mean divergence

    sum_s rho(s) KL(old || new) / sum_s rho(s)

equals the sampled trust region's bound at that iteration, if some eta attains it. The remaining excess of the objective
comes from unfinished optimisation alone: the cost is the best response, and no number is estimated.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from gail.exact import Matching, occupancy_of
from gail.exact.algorithms import BestCost
from gail.exact.algorithms.policy_gradient import visits_and_advantage
from gail.experiments.compare.problem import Array
from gail.experiments.compare.settings import SampledSettings

_BISECTIONS, _LARGEST = 30, 1e4
_LEAST = 1e-300


def exact_gail_policy(problem: Matching, settings: SampledSettings) -> Array | None:
    """The policy (S, A) after as many exact iterations as the settings have sampled ones; the first is uniform.

    None if a best cost is not finite; this happens for psi that are infinite off the expert's support.
    """
    states, actions = problem.expert.shape
    policy = np.full((states, actions), 1.0 / actions)
    for bound in settings.bounds():
        cost = BestCost().respond(problem, policy, occupancy_of(problem.mdp, policy))
        if not np.all(np.isfinite(cost)):
            return None
        policy = trust_region_step(problem, policy, cost, bound)
    return policy


def trust_region_step(problem: Matching, policy: Array, cost: Array, max_kl: float) -> Array:
    """The policy (S, A) after a natural gradient step against a cost (S, A).

    The step's mean divergence is `max_kl`, up to bisection; if no step attains it, the longest step is taken.
    """
    log_policy = np.log(np.maximum(policy, _LEAST))
    charge = cost + problem.entropy_weight * log_policy
    visits, advantage = visits_and_advantage(problem.mdp, policy, charge)
    weights = visits.sum(axis=1) / visits.sum()

    def moved(eta: float) -> tuple[Array, float]:
        logits = log_policy - eta * advantage
        logits -= logsumexp(logits, axis=1, keepdims=True)
        return np.exp(logits), float(weights @ (policy * (log_policy - logits)).sum(axis=1))

    low, high = 0.0, 1.0
    while moved(high)[1] < max_kl and high < _LARGEST:
        low, high = high, 2.0 * high
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if moved(middle)[1] < max_kl else (low, middle)
    return moved(low)[0]
