"""Warm starts: a search that begins at the solution of a nearby problem.

Along a path of entropy weights, costs or growing datasets, consecutive solutions are close, and Newton's method needs
only its quadratic phase. An earlier `Solution` provides

    its state function V       for planning,
    its policy                 for the search over occupancy measures,
    its cost                   for the search over costs.

A search uses this start only if its objective is better than that of the default start. So an unsuitable start costs a
little time and does not change the result. Backward recursions, interior point methods and linear programs ignore it.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.solution import Solution

LEAST_SHARE = 1e-6
"""Share of uniform actions mixed into a start's policy: log pi must be finite."""


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
