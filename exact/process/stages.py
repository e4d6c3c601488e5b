"""The stages of an acyclic process: runs of consecutive states that lead only to later runs.

The stages of a time-expanded process (`finite_horizon`) are its steps. Where stages exist, one backward pass over them
solves the Bellman equation exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Sparse

MIN_STATES_PER_STAGE = 4
"""Least average number of states per stage for which a pass over the stages is faster: each stage has its own
overhead."""


def stage_bounds(transitions: Sparse, actions: int) -> list[int] | None:
    """First state of each stage, ascending, and S; None if there are no stages, or if stages are too small.

    `transitions` is (S*A, S), row s*A + a for state s and action a. There are no stages if some transition leads
    to its own state or to an earlier one.
    """
    first = _first_successors(transitions, actions)
    if np.any(first <= np.arange(first.size)):
        return None
    # No state from s on leads to a state before following[s], so the states s .. following[s] - 1 are one stage.
    following = np.minimum.accumulate(first[::-1])[::-1]
    bounds = [0]
    while bounds[-1] < first.size:
        bounds.append(int(following[bounds[-1]]))
        if MIN_STATES_PER_STAGE * (len(bounds) - 1) > first.size:
            return None
    return bounds


def _first_successors(transitions: Sparse, actions: int) -> NDArray[np.int64]:
    """(S,) the least state that each state can lead to; S where every action ends the episode."""
    states = transitions.shape[1]
    starts = transitions.indptr[::actions]
    first = np.full(states, states, dtype=np.int64)
    leading = starts[:-1] < starts[1:]
    if leading.any():
        first[leading] = np.minimum.reduceat(transitions.indices, starts[:-1][leading])
    return first
