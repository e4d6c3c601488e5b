"""Gauss-Seidel sweeps over the states of a chain, in the order of their depth.

The systems of a chain are x - M x = r, with M = gamma P_pi or its transpose. Follow from each state its likeliest
successor: every state reaches a cycle, and its depth is the number of steps to the cycle. Good policies rarely leave
these paths, so in order of depth M is nearly block triangular, and the sweep

    x_k <- x_k + D_k^-1 (r - x + M x)_k,        block k = the states of some depths,

nearly solves the system: in that order for M, in reverse for its transpose. D is I - M restricted to single states, and
to pairs of states that lead to each other, between which chains stay long. This splitting of I - M is regular, with a
remainder no larger than M, so sweeps converge at least as fast as x <- r + M x (Varga 1962, section 3.6).

Where sweeps are slow, one sweep preconditions stabilised bi-conjugate gradients (`bicgstab`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gail.exact.linear_systems.bicgstab import bicgstab
from gail.exact.process.arrays import Array, Sparse

Index = NDArray[np.int32]

BLOCK = 2000
"""Approximate number of states per block: with fewer, calls cost more than their arithmetic."""

DOUBLINGS = 12
"""Depths are counted up to 2^DOUBLINGS."""

ROUND = 4
"""Sweeps between two computations of the residual."""

PACE = 0.6
"""Largest ratio of the residuals after and before a round of sweeps at which sweeps continue alone."""

ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""Residual, relative to the solution, at the level of rounding errors."""

REFINEMENT = 1e-6
"""Factor by which one correction reduces the residual, before the residual is recomputed."""

MAX_STEPS = 3000
"""Steps of bi-conjugate gradients before sweeps alone are used."""

MAX_ROUNDS = 25_000
"""Rounds of sweeps in one correction."""


@dataclass(frozen=True, eq=False)
class SweepOrder:
    """An order of the states, cut into blocks.

    Attributes:
        states: (S,) the states in that order.
        cuts: (K+1,) where blocks begin and end.
        partners: for each state of the first block, the position of the state with which it is solved jointly; its own
            position where it is solved alone.
    """

    states: Index
    cuts: list[int]
    partners: Index

    def arranged(self, matrix: Sparse) -> Sparse:
        """A matrix (S, S) with rows and columns in this order."""
        place = np.empty_like(self.states)
        place[self.states] = np.arange(self.states.size, dtype=np.int32)
        rows = matrix[self.states]
        return sparse.csr_array((rows.data, place[rows.indices], rows.indptr), shape=matrix.shape)

    def restored(self, arranged: Array) -> Array:
        """(S,) a state function given in this order, in the original order."""
        values = np.empty_like(arranged)
        values[self.states] = arranged
        return values


def sweep_order(matrix: Sparse) -> SweepOrder:
    """The states in order of depth; states that lead mostly to themselves, or to each other, come first."""
    alone = np.arange(matrix.shape[0], dtype=np.int32)
    successor = _likeliest(matrix)
    returns = successor[successor] == alone
    following = np.where(returns, alone, successor)
    depth = (~returns).astype(np.int32)
    for _ in range(DOUBLINGS):
        further = depth + depth[following]
        if np.array_equal(further, depth):
            break
        depth, following = further, following[following]
    states = np.argsort(depth, kind="stable").astype(np.int32)
    place = np.empty_like(states)
    place[states] = alone
    ends = np.cumsum(np.bincount(depth))
    closing = np.diff(ends // BLOCK, prepend=0) > 0
    closing[[0, -1]] = True
    cuts = np.unique(np.append(0, ends[closing])).tolist()
    return SweepOrder(states, cuts, place[successor[states[: ends[0]]]])


class Sweeps:
    """The system x - M x = r of a matrix whose states are in order, solved block after block.

    Args:
        matrix: M (S, S), nonnegative, of spectral radius below one.
        cuts: where blocks begin and end.
        partners: as in `SweepOrder`; empty for no pairs.
        backwards: sweep from the last block to the first.
    """

    def __init__(self, matrix: Sparse, cuts: list[int], partners: Index, *, backwards: bool = False) -> None:
        self._matrix = matrix
        self._scale = 1.0 / (1.0 - matrix.diagonal())
        self._blocks = [(slice(start, stop), matrix[start:stop]) for start, stop in pairwise(cuts)]
        if backwards:
            self._blocks.reverse()
        self._partners, self._share = partners, np.zeros(partners.size)
        pairs = np.flatnonzero(partners != np.arange(partners.size))
        others = partners[pairs]
        if pairs.size:
            there = np.asarray(matrix[pairs, others], dtype=np.float64)
            back = np.asarray(matrix[others, pairs], dtype=np.float64)
            both = (1.0 / self._scale[pairs]) * (1.0 / self._scale[others]) - there * back
            self._share[pairs] = there / both
            self._scale[pairs] = 1.0 / (self._scale[others] * both)

    def solution(self, right: Array) -> Array | None:
        """x to rounding, by sweeps alone; None where sweeps converge slowly."""
        solution, size = np.zeros_like(right), float(np.linalg.norm(right))
        while size > ROUNDING * float(np.linalg.norm(solution)):
            last = size
            residual = self._swept(solution, right)
            size = float(np.linalg.norm(residual))
            if size > PACE * last:
                return solution if size <= 4.0 * ROUNDING * float(np.linalg.norm(solution)) else None
        return solution

    def refined(self, right: Array) -> Array:
        """x, corrected until the recomputed residual is rounding."""
        solution, best = np.zeros_like(right), np.inf
        residual = right
        while True:
            size = float(np.linalg.norm(residual))
            if size <= ROUNDING * float(np.linalg.norm(solution)) or size > 0.5 * best:
                return solution
            best = size
            solution = solution + self.reduced(residual, REFINEMENT)
            residual = self._residual(solution, right)

    def reduced(self, right: Array, accuracy: float) -> Array:
        """x with |r - (x - M x)| <= accuracy |r|, Euclidean."""
        solution, size = np.zeros_like(right), float(np.linalg.norm(right))
        enough, accelerates = accuracy * size, True
        for _ in range(MAX_ROUNDS):
            last, residual = size, self._swept(solution, right)
            size = float(np.linalg.norm(residual))
            if size <= enough:
                break
            if accelerates and size > PACE * last:
                solution += self._accelerated(residual, enough / size)
                accelerates = float(np.linalg.norm(self._residual(solution, right))) <= 0.5 * size
        return solution

    def _accelerated(self, right: Array, accuracy: float) -> Array:
        """x by bi-conjugate gradients, preconditioned by one sweep."""
        nothing = np.zeros_like(right)
        start = nothing.copy()
        self._sweep(start, right)

        def change(direction: Array) -> Array:
            image = direction.copy()
            self._sweep(image, nothing)
            return np.subtract(direction, image, out=image)

        return bicgstab(change, start, accuracy * float(np.linalg.norm(start)), MAX_STEPS)

    def _swept(self, solution: Array, right: Array) -> Array:
        """The residual after a round of sweeps; the solution is changed in place."""
        for _ in range(ROUND):
            self._sweep(solution, right)
        return self._residual(solution, right)

    def _sweep(self, solution: Array, right: Array) -> None:
        for span, rows in self._blocks:
            residual = np.asarray(rows @ solution, dtype=np.float64)
            residual += right[span]
            residual -= solution[span]
            step = residual * self._scale[span]
            if span.start == 0 and self._share.size:
                step += self._share * residual[self._partners]
            solution[span] += step

    def _residual(self, solution: Array, right: Array) -> Array:
        residual = np.asarray(self._matrix @ solution, dtype=np.float64)
        residual -= solution
        residual += right
        return residual


def _likeliest(matrix: Sparse) -> Index:
    """(S,) the column of each row's largest entry; the row's own index if the row is empty."""
    size = matrix.shape[0]
    entries = np.diff(matrix.indptr)
    filled = np.flatnonzero(entries)
    largest = np.maximum.reduceat(matrix.data, matrix.indptr[filled]) if filled.size else np.empty(0)
    rows = np.repeat(np.arange(size, dtype=np.int32), entries)
    top = matrix.data == np.repeat(largest, entries[filled])
    successor = np.arange(size, dtype=np.int32)
    successor[rows[top]] = matrix.indices[top]
    return successor
