"""Restriction of a process to its reachable states, and extension of results to all states.

No policy visits an unreachable state, so its costs have no effect and its multipliers are not determined. Structured
solvers remove these states first. Results are extended to them by a given filler value.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP


class Reachable:
    """The reachable part of a process, and the maps between arrays on its states and arrays on all states."""

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
