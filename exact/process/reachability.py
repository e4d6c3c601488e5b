"""Solving on the reachable states, answering on all of them.

No policy visits an unreachable state, so its costs have no effect and its multipliers are not determined. Structured
solvers drop these states first; results are extended to them by a given filler.
"""

from __future__ import annotations

import numpy as np

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP


class Reachable:
    """The reachable part of a process, and the maps of arrays indexed by state to it and back."""

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
