"""Warm starts: what the solution of a nearby problem offers a search.

Along a path of entropy weights, costs or growing datasets one solution lies close to the next, and Newton's method
that begins there has only its quadratic phase left. An earlier `Solution` offers

    its state function V       to planning,
    its policy                 to the search over occupancies,
    its cost                   to the search over costs.

It is a suggestion: a search takes it where it beats its own start by the objective, so that an unsuitable one
costs a little time and never the answer. Recursions over stages, interior-point methods and linear programs have no
use for one.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.solution import Solution

LEAST_SHARE = 1e-6
"""Share of uniform actions that a suggested policy gets: from an action without weight no logarithm leads back."""


def validate_start(mdp: FiniteMDP, start: Solution | None) -> Solution | None:
    """The earlier solution, if its arrays fit this process.

    Raises:
        TypeError: not a Solution.
        ValueError: it is for another number of states or actions.
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
    """The policy (S, A) with a small share of uniform actions, so that every action has some weight."""
    return np.asarray((1.0 - LEAST_SHARE) * policy + LEAST_SHARE / policy.shape[1])
