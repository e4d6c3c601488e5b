"""Elimination of sparse symmetric saddle systems by nested dissection and dense fronts.

The systems have two unknowns per state, v and m, and the form

    K = [  G    B^T ]        G positive definite, D >= 0, and every principal submatrix of B nonsingular;
        [  B   -D   ]        v first.

Take any set of states and eliminate their v, then their m. The pivots of v are positive, because they belong to a
Schur complement of G. Those of m are negative, because -(D + B G^-1 B^T) is negative definite even if D = 0. The
remaining matrix has the same form. So K = L J L^T with J = diag(+1, -1) exists in every order of the states, without
pivoting (Vanderbei 1995 for D > 0), and the order can be chosen for sparsity.

The states are eliminated by the blocks of a nested dissection, each in a dense front that holds the block's unknowns
and the later unknowns that are coupled to them (Duff & Reid 1983; Liu 1992). A front needs two Cholesky factorizations,
three triangular solves and an update that is passed to its parent, all in level 3 BLAS. Memory and work follow from the
sparsity pattern alone, before any number is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dgemm, dsyrk, dtrsm
from scipy.linalg.lapack import dpotrf

from gail.exact.linear_systems.nested_dissection import Indices, dissect
from gail.exact.process.arrays import Array, Sparse

LIFT = 1e-13
"""Increase of the diagonal, relative to the front, of a block that rounding has made indefinite; it is multiplied by
100 until it suffices."""


@dataclass(frozen=True, eq=False)
class _Front:
    """The index maps of one block's front.

    Attributes:
        start: position of the block's first unknown in order of elimination; the v of its states precede their m.
        half: the number of its states.
        above: the later unknowns that are coupled to it, ascending.
        entries, places: positions in the data of K, and their positions in the flat front, in column order.
        parent: the front that receives the update; -1 at the root.
        handed: positions of the unknowns `above` in the parent's front.
    """

    start: int
    half: int
    above: Indices
    entries: Indices
    places: Indices
    parent: int
    parent_positions: Indices


class Elimination:
    """The symbolic factorization of a sparsity pattern: the order, the fronts, and their memory and work.

    Attributes:
        entries: number of entries of the factors.
        memory: bytes that a factorization needs, including updates that wait for their parent.
        operations: floating-point operations of a factorization.
    """

    def __init__(self, states: Sparse, rows: Indices, columns: Indices) -> None:
        """Plan the elimination of a symmetric matrix with entries at (rows, columns), each pair given once.

        Unknown s < S is v of state s, unknown S + s its m. `states` (S, S) is the symmetric pattern of the states: an
        edge joins two states if any of their unknowns share an entry.
        """
        tree = dissect(states)
        size = tree.order.size
        starts, halves = 2 * tree.starts, np.diff(tree.starts)
        within = np.arange(size) - np.repeat(tree.starts[:-1], halves)
        first = np.repeat(starts[:-1], halves) + within
        self._position = np.empty(2 * size, dtype=np.int64)
        self._position[tree.order], self._position[size + tree.order] = first, first + np.repeat(halves, halves)
        one, other = self._position[rows], self._position[columns]
        column, row = np.minimum(one, other), np.maximum(one, other)
        by_column = np.argsort(column, kind="stable")
        self._fronts = _fronts(starts, halves, tree.parents, column[by_column], row[by_column], by_column)
        self._measure()

    def _measure(self) -> None:
        pivots = np.array([2.0 * front.half for front in self._fronts])
        above = np.array([float(front.above.size) for front in self._fronts])
        self.entries = float(np.sum(pivots * (pivots + above)))
        waiting = float(np.sum(above**2))  # an upper bound: an update is freed once its parent has added it
        self.memory = 8.0 * (self.entries + waiting + float(np.max((pivots + above) ** 2)))
        self.operations = float(np.sum(pivots**3 / 3.0 + pivots**2 * above + pivots * above**2))

    def factor(self, data: Array) -> Factors:
        """The factors of the matrix with these entries, in the order of (rows, columns)."""
        return Factors(self._position, self._fronts, data)


class Factors:
    """The factorization K = L J L^T, and solutions by it."""

    def __init__(self, position: Indices, fronts: list[_Front], data: Array) -> None:
        self._position, self._fronts = position, fronts
        self._blocks: list[tuple[Array, Array]] = []
        waiting: list[list[tuple[Indices, Array]]] = [[] for _ in fronts]
        for index, front in enumerate(fronts):
            size, pivots = 2 * front.half + front.above.size, 2 * front.half
            matrix = np.zeros((size, size), order="F")
            matrix.T.reshape(-1)[front.places] = data[front.entries]
            for parent_positions, update in waiting[index]:
                matrix.T[parent_positions[:, None], parent_positions] += update.T
            waiting[index] = []
            self._blocks.append(_eliminate(matrix, front.half))
            if front.parent >= 0:
                waiting[front.parent].append((front.parent_positions, np.array(matrix[pivots:, pivots:], order="F")))

    def solve(self, right: Array) -> Array:
        """x (2S,) with K x = right."""
        x = np.empty_like(right)
        x[self._position] = right
        for front, (corner, below) in zip(self._fronts, self._blocks, strict=True):
            pivots = slice(front.start, front.start + 2 * front.half)
            x[pivots] = _solve_lower(corner, x[pivots])
            x[front.above] -= below @ x[pivots]
            x[pivots.start + front.half : pivots.stop] *= -1.0
        for front, (corner, below) in zip(reversed(self._fronts), reversed(self._blocks), strict=True):
            pivots = slice(front.start, front.start + 2 * front.half)
            x[pivots] = _solve_lower(corner, x[pivots] - below.T @ x[front.above], transposed=True)
        return x[self._position]


def _fronts(
    starts: Indices, halves: Indices, parents: Indices, columns: Indices, rows: Indices, entries: Indices
) -> list[_Front]:
    """The fronts, children first, from the lower triangle of K in order of elimination, column by column."""
    touched: list[list[Indices]] = [[] for _ in parents]
    above: list[Indices] = []
    spans = np.searchsorted(columns, starts)
    for index, parent in enumerate(parents):
        stop = starts[index + 1]
        row = rows[spans[index] : spans[index + 1]]
        above.append(np.unique(np.concatenate([row[row >= stop], *(child[child >= stop] for child in touched[index])])))
        touched[index] = []
        if parent >= 0:
            touched[parent].append(above[index])
    fronts = []
    for index, parent in enumerate(parents):
        start, stop = int(starts[index]), int(starts[index + 1])
        span = slice(spans[index], spans[index + 1])
        size = stop - start + above[index].size
        places = (columns[span] - start) * size + _local(rows[span], start, stop, above[index])
        parent_positions = np.empty(0, dtype=np.int64)
        if parent >= 0:
            parent_positions = _local(above[index], int(starts[parent]), int(starts[parent + 1]), above[parent])
        fronts.append(
            _Front(start, int(halves[index]), above[index], entries[span], places, int(parent), parent_positions)
        )
    return fronts


def _local(unknowns: Indices, start: int, stop: int, above: Indices) -> Indices:
    """Positions of these unknowns in the front of the block [start, stop)."""
    return np.where(unknowns < stop, unknowns - start, stop - start + np.searchsorted(above, unknowns))


def _eliminate(matrix: NDArray[np.float64], half: int) -> tuple[Array, Array]:
    """Signed Cholesky factorization of a front's first 2 * half columns; its last columns then hold the update.

    Only lower triangles are read and written. Returns the corner of L and the rows below it.
    """
    first, second, rest = slice(0, half), slice(half, 2 * half), slice(2 * half, None)
    scale = float(abs(matrix.diagonal()).max())
    if not np.isfinite(scale):
        raise np.linalg.LinAlgError("the matrix to factor is not finite: a front has NaN or an infinite entry")
    upper = _cholesky(np.array(matrix[first, first], order="F"), scale)
    cross = dtrsm(1.0, upper, np.array(matrix[half:, first], order="F"), side=1, lower=1, trans_a=1)
    # The pivots of m are negative, so minus their Schur complement is factored.
    coupling = cross[:half]
    lower = dsyrk(1.0, coupling, beta=-1.0, c=np.array(matrix[second, second], order="F"), lower=1)
    lower = _cholesky(lower, scale)
    corner = np.zeros((2 * half, 2 * half), order="F")
    corner[first, first], corner[second, first], corner[second, second] = upper, coupling, lower
    below = np.zeros((matrix.shape[0] - 2 * half, 2 * half), order="F")
    if below.size:
        below[:, first] = cross[half:]
        reduced = dgemm(
            -1.0, below[:, first], coupling, beta=1.0, c=np.array(matrix[rest, second], order="F"), trans_b=1
        )
        below[:, second] = -dtrsm(1.0, lower, reduced, side=1, lower=1, trans_a=1)
        update = np.array(matrix[rest, rest], order="F")
        update = dsyrk(-1.0, below[:, first], beta=1.0, c=update, lower=1, overwrite_c=1)
        matrix[rest, rest] = dsyrk(1.0, below[:, second], beta=1.0, c=update, lower=1, overwrite_c=1)
    return corner, below


def _cholesky(matrix: Array, scale: float) -> Array:
    """Lower Cholesky factor; where rounding makes the matrix indefinite, of the matrix with an increased diagonal."""
    factor, failed = dpotrf(matrix, lower=1, clean=1)
    lift = LIFT * scale
    while failed:
        factor, failed = dpotrf(matrix + lift * np.eye(matrix.shape[0]), lower=1, clean=1)
        lift *= 100.0
    return np.asarray(factor)


def _solve_lower(corner: Array, right: Array, *, transposed: bool = False) -> Array:
    return np.asarray(dtrsm(1.0, corner, right[:, None], lower=1, trans_a=int(transposed)))[:, 0]
