"""Exact policy gradients in the logits theta (S, A) of a softmax policy, pi(a|s) = e^theta(s,a) / sum e^theta.

For the discounted sum of any per-step charge c, with Q its action values under pi and V(s) = sum_a pi Q,

    grad E_pi[c] = E_pi[grad log pi(a|s) Q(s,a)] = rho(s,a) (Q(s,a) - V(s))              entry by entry

(Sutton et al. 2000). Lemma A.1 of Ho & Ermon (2016): the causal entropy obeys the same formula with the charge
-log pi, held fixed,

    grad H(pi) = E_pi[grad log pi(a|s) Q_log(s,a)],     Q_log(s,a) = -log pi(a|s) + gamma E[Q_log(s',a') | s,a].

The gradient of max_c -psi(c) + E_pi[c] - E_E[c] is the policy gradient at the maximising cost where that is
unique (Eq. 12; Danskin 1967); Eq. 18 is the same for c = log D - lambda times Lemma A.1. At a cost that is not
the maximiser, such as that of a discriminator that is not optimal, the formula gives another vector.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax

from gail.exact.algorithms.argument_checks import validate_matching, validate_table
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import visits_along
from gail.exact.planning.bellman import action_values
from gail.exact.problems import Matching, validate_entropy_weight
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, InvalidCost, validate_cost


def softmax_policy(logits: Array) -> Array:
    """(S, A) policy of logits (S, A).

    Raises:
        ValueError: logits that are not a finite array with two axes.
    """
    given = np.asarray(logits, dtype=np.float64)
    if given.ndim != 2:
        raise ValueError(f"logits must have shape (states, actions), got {given.shape}")
    policy: Array = np.exp(log_softmax(validate_table("logits", given, given.shape), axis=1))
    return policy


def policy_gradient(mdp: FiniteMDP, logits: Array, cost: Array, entropy_weight: float) -> Array:
    """(S, A) gradient of E_pi[c] - lambda H(pi) in the logits.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        ValueError: the logits are not a finite (S, A) array, or the entropy weight is negative.
    """
    costs, weight = validate_cost(mdp, cost), validate_entropy_weight(entropy_weight)
    log_policy: Array = log_softmax(validate_table("logits", logits, costs.shape), axis=1)
    occupancy, advantage = visits_and_advantage(mdp, np.exp(log_policy), costs + weight * log_policy)
    return occupancy * advantage


def entropy_gradient(mdp: FiniteMDP, logits: Array) -> Array:
    """(S, A) gradient of the causal entropy in the logits: Lemma A.1.

    Raises:
        ValueError: logits that are not a finite (S, A) array.
    """
    logits = validate_table("logits", logits, (mdp.num_states, mdp.num_actions))
    return -policy_gradient(mdp, logits, np.zeros_like(logits), 1.0)


def imitation_gradient(problem: Matching, logits: Array) -> Array:
    """(S, A) gradient of -lambda H(pi) + psi*(rho_pi - rho_E): Eq. 12, or 18 at the optimal discriminator.

    Where several costs attain psi*, the cost that psi returns gives a subgradient.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of the process.
        InvalidCost: the best cost is infinite somewhere, as off the support of an expert that psi needs everywhere.
        TypeError: psi is a Python class.
        ValueError: logits that are not a finite (S, A) array, or a negative entropy weight.
    """
    validate_matching(problem)
    mdp, policy = problem.mdp, softmax_policy(validate_table("logits", logits, problem.expert.shape))
    visits = visits_along(mdp, Chain(mdp, policy))
    _, cost = problem.psi.conjugate(visits[:, None] * policy, problem.expert)
    infinite = np.argwhere(np.isinf(cost))
    if infinite.size:
        state, action = infinite[0]
        raise InvalidCost(
            f"there is no gradient: the best cost of {type(problem.psi).__name__} is infinite off the expert's "
            f"support, as at state {state}, action {action}"
        )
    return policy_gradient(mdp, logits, cost, problem.entropy_weight)


def visits_and_advantage(mdp: FiniteMDP, policy: Array, cost: Array) -> tuple[Array, Array]:
    """Occupancy (S, A) of a policy, and the advantages Q - V (S, A) of a per-step charge (S, A) under it."""
    chain = Chain(mdp, policy)
    values = chain.values((policy * cost).sum(axis=1))
    visits = visits_along(mdp, chain)
    return visits[:, None] * policy, action_values(mdp, cost, values) - values[:, None]
