"""Warm starts: searches that begin at the solution of a nearby problem.

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
