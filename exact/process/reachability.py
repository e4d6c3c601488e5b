"""Solving on the reachable states, answering on all of them.

States that no policy reaches have no occupancy under any policy, so no cost there matters and no multiplier
is determined. Structured solvers drop them first; answers are extended by a stated filler.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP


class Reachable:
    """The reachable part of a process, and the way there and back for arrays indexed by state."""

    def __init__(self, mdp: FiniteMDP) -> None:
        self.mask = mdp.reachable
        self.mdp = mdp.reachable_part()

    def restrict(self, array: Array) -> Array:
        """Rows of the reachable states."""
        return array[self.mask]

    def extend(self, array: Array, filler: float) -> Array:
        """Rows for all states, `filler` at the unreachable ones."""
        full = np.full((self.mask.size, *array.shape[1:]), filler)
        full[self.mask] = array
        return full
