"""Warm starts: searches that begin at the solution of a nearby problem.

Along a path of entropy weights, costs or growing datasets, consecutive solutions are close, and Newton's method needs
only its quadratic phase. An earlier `Solution` provides

    its state function V       for planning,
    its policy                 for the search over occupancy measures,
    its cost                   for the search over costs.

A search uses this start only if its objective is better than that of the default start. So an unsuitable start costs a
little time and does not change the result. Backward recursions, interior point methods and linear programs ignore it.

Searches with small lambda make such a path of their own. At a large entropy weight soft-optimal policies are nearly
uniform, and Newton's method converges from anywhere; the weight is then lowered to lambda step by step
(`falling_weights`). A policy with the cost c at one weight is soft-optimal for c + (weight - next weight) log pi at the
next (`kept_policy`). This is the better start for searches over costs: at c itself, pairs that are rare at one weight
would nearly vanish at the next, and Newton's method would take many steps to bring them back.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.solution import Solution

LOWERED = 0.1
"""Factor from one entropy weight of a path to the next."""

RAREST = -40.0
"""Least log-probability that is preserved when the entropy weight is lowered."""

UNIFORM_SHARE = 1e-6
"""Share of the uniform policy that is mixed into a start's policy, so that log pi is finite."""


def validate_start(mdp: FiniteMDP, start: Solution | None) -> Solution | None:
    """The earlier solution, if its arrays fit this process.

    Raises:
        TypeError: not a Solution.
        ValueError: it has another number of states or actions.
    """
    if start is None:
        return None
    if not isinstance(start, Solution):
        raise TypeError(f"start must be an earlier Solution, got {type(start).__name__}")
    if start.policy.shape != (mdp.num_states, mdp.num_actions):
        raise ValueError(
            f"start is for {start.policy.shape[0]} states and {start.policy.shape[1]} actions, "
            f"the process has {mdp.num_states} and {mdp.num_actions}"
        )
    return start


def everywhere_positive(policy: Array) -> Array:
    """The policy (S, A), mixed with a small share of the uniform policy, so that every probability is positive."""
    return np.asarray((1.0 - UNIFORM_SHARE) * policy + UNIFORM_SHARE / policy.shape[1])


def falling_weights(first: float, last: float, factor: float = LOWERED) -> list[float]:
    """Entropy weights from about `first` down to exactly `last`, each `factor` times the one before.

    Only `last`, if it is about `first` or larger.
    """
    weights = [last]
    while weights[0] < factor * first:
        weights.insert(0, weights[0] / factor)
    return weights


def kept_policy(policy: Array, entropy_weight: float) -> Array:
    """(S, A) change of the cost that keeps a policy (S, A) soft-optimal at the next entropy weight of a path.

    Log-probabilities below `RAREST` are not preserved.
    """
    log_policy = np.log(np.maximum(policy, np.exp(RAREST)))
    return np.asarray((1.0 - LOWERED) * entropy_weight * log_policy)
