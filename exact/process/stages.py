"""The stages of a process: runs of states, in their order, that lead only to later runs.

A finite horizon has them (`time_expanded`): its steps. Where they exist, quantities that satisfy a backward
equation are found exactly in one pass over the stages, the last first, and no equation has to be solved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Sparse

BROAD = 4
"""States of a stage, on average, from which on a pass over stages is worth while: each has its own overhead."""


def stage_bounds(transitions: Sparse, actions: int) -> list[int] | None:
    """Where stages begin, ascending, and S; None without stages, or where they are not broad.

    `transitions` is (S*A, S), row s*A + a for state s and action a. There are no stages where some transition
    stays in its state or leads to one before it.
    """
    first = _first_successors(transitions, actions)
    if np.any(first <= np.arange(first.size)):
        return None
    # Nothing from a state on leads to a state before its bound, so that up to there is one stage.
    following = np.minimum.accumulate(first[::-1])[::-1]
    bounds = [0]
    while bounds[-1] < first.size:
        bounds.append(int(following[bounds[-1]]))
        if BROAD * (len(bounds) - 1) > first.size:
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
