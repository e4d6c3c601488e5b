"""Costs that are 1-Lipschitz for a metric on state-action pairs: the Wasserstein distance of occupancies.

    psi = the indicator of {c : abs(c(x) - c(y)) <= m(x, y)},
    psi*(rho - rho_E) = W_1(rho, rho_E) if their masses are equal, else +inf

(Kantorovich & Rubinstein 1958). For the shortest-path metric of a graph, a function is 1-Lipschitz if and only if it
is 1-Lipschitz along every edge. So the transport problem is a flow problem on the edges (Beckmann 1952),

    W_1 = min { sum over edges of length * abs(f) : net outflow of f = rho - rho_E },

with the costs c as its potentials. A dense metric is reduced to a graph: a distance becomes an edge only if it is
shorter than every path through a third point. A graph may have nodes besides the state-action pairs, for example a
hub that joins all actions of a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from gail.exact.process.arrays import Array, Sparse
from gail.exact.regularizers.protocols import InvalidRegularizer
from gail.exact.regularizers.transport import by_linear_program, shortest_flow

ROUNDING = 1e-10
"""Relative deviation of distances and masses that is treated as rounding."""

ACCURACY = 1e-12
"""Requested relative accuracy of W_1."""

ACCEPTED = 1e-9
"""Relative accuracy of W_1 that is still accepted; HiGHS meets constraints to 1e-10 and would be no more accurate."""

NOISE = 2e-16
"""Relative rounding of an occupancy; it moves W_1 by at least this share of the mass, over the shortest edge."""

LARGEST = 3000
"""Maximum number N of points of a dense metric; checking the triangle inequality takes O(N^3) time."""


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Lipschitz:
    """The indicator of 1-Lipschitz costs for a metric given by all distances; `on_graph` takes a graph instead.

    Args:
        metric: distances, (S, A, S, A) or (S*A, S*A) with pair (s, a) in row s*A + a.

    Raises:
        InvalidRegularizer: the shape is another one, or distances are not finite, not positive between distinct
            pairs, not symmetric, or violate the triangle inequality; the message names the pairs.
    """

    edges: NDArray[np.intp]
    lengths: Array
    nodes: int
    pairs: int

    center: ClassVar[float] = 0.0

    def __init__(self, metric: ArrayLike) -> None:
        distances = _validate(np.array(metric, dtype=np.float64))
        sources, targets = np.nonzero(_essential(distances))
        self._set(np.stack([sources, targets], axis=1), distances[sources, targets], *distances.shape)

    @classmethod
    def on_graph(cls, graph: Any, pairs: int | None = None) -> Self:
        """For the shortest-path metric of a graph, given as a symmetric sparse matrix (M, M) of edge lengths.

        Its first `pairs` = S*A nodes (by default all) are the state-action pairs, (s, a) at s*A + a; the
        other nodes only connect them.

        Raises:
            InvalidRegularizer: the matrix is not square, `pairs` is not in 1..M, lengths are not positive and finite or
                not symmetric, or the graph is not connected.
        """
        matrix = sparse.coo_array(graph, dtype=np.float64)
        pairs = matrix.shape[0] if pairs is None else pairs
        if matrix.shape[0] != matrix.shape[1] or not 0 < pairs <= matrix.shape[0]:
            raise InvalidRegularizer(
                f"a graph must be a square matrix (M, M) with 1 to M pairs, got shape {matrix.shape} with {pairs} pairs"
            )
        wrong = np.flatnonzero(~((matrix.data > 0.0) & (matrix.data < np.inf)))
        if wrong.size:
            at = wrong[0]
            raise InvalidRegularizer(
                f"edge ({matrix.row[at]}, {matrix.col[at]}) has length {matrix.data[at]}; must be positive and finite"
            )
        excess = sparse.coo_array(matrix - matrix.T)
        if excess.nnz and abs(excess.data).max() > ROUNDING * matrix.data.max():
            at = abs(excess.data).argmax()
            raise InvalidRegularizer(f"edge ({excess.row[at]}, {excess.col[at]}) has two lengths, one per direction")
        if csgraph.connected_components(matrix, directed=False)[0] > 1:
            raise InvalidRegularizer("the graph is not connected: some distances are infinite")
        upper = matrix.row < matrix.col
        psi = cls.__new__(cls)
        edges = np.stack([matrix.row[upper], matrix.col[upper]], axis=1).astype(np.intp)
        psi._set(edges, matrix.data[upper], matrix.shape[0], pairs)
        return psi

    def __repr__(self) -> str:
        return f"Lipschitz(pairs={self.pairs}, edges={len(self.edges)})"

    def value(self, cost: Array, expert: Array) -> float:
        """0 for 1-Lipschitz costs (up to rounding), else +inf."""
        self._fit(cost.size)
        if not np.all(np.isfinite(cost)):
            return np.inf
        excess = float((cost - self.repaired(cost)).max())
        return 0.0 if excess <= 1e-12 * (float(np.max(self.lengths, initial=0.0)) + float(abs(cost).max())) else np.inf

    def conjugate(self, rho: Array, rho_expert: Array) -> tuple[float, Array]:
        """W_1 and an optimal potential; +inf and infinite costs where masses differ by more than 1e-10.

        The value is the length of a flow, certified to exceed W_1 by at most 1e-12 W_1, or by the effect of rounding
        in both occupancies over the shortest edge if that is more. The potential is as close from below. Where
        `gail.exact.regularizers.transport` does not reach 1e-9, because the occupancies span many
        magnitudes, HiGHS computes the result, at its own accuracy.
        """
        self._fit(rho.size)
        supply = (rho - rho_expert).ravel()
        excess = float(supply.sum())
        if abs(excess) > ROUNDING * float(rho_expert.sum()):
            return np.inf, np.full(rho.shape, np.copysign(np.inf, excess))
        supply = supply - excess / supply.size
        size = float(abs(supply).max())
        if size == 0.0 or self.nodes == 1:
            return 0.0, np.zeros_like(rho)
        supply = np.pad(supply / size, (0, self.nodes - self.pairs))
        blurred = NOISE * float(rho.sum() + rho_expert.sum()) * float(self.lengths.min()) / size
        found = shortest_flow(self._incidence, self.lengths, supply, ACCURACY, blurred)
        length, potential = found.upper, found.potential
        if found.gap > max(ACCEPTED * found.upper, blurred):
            length, potential = by_linear_program(self._incidence, self.lengths, supply)
            length = min(max(length, found.lower), found.upper)
        return size * length, self.repaired(potential[: self.pairs].reshape(rho.shape))

    def bounds(self, states: int, actions: int) -> tuple[Sparse, Array]:
        """Differences along the edges, and their lengths."""
        self._fit(states * actions)
        return self._incidence, self.lengths

    def repaired(self, cost: Array) -> Array:
        """The largest 1-Lipschitz cost that is at most the given one everywhere (McShane 1934)."""
        return self._envelope(np.arange(self.pairs), cost.ravel()).reshape(cost.shape)

    def restricted(self, states: NDArray[np.bool_]) -> Lipschitz:
        """psi on the pairs of some states; the other pairs become nodes that only connect them."""
        actions = self.pairs // states.size
        self._fit(states.size * actions)
        keep = np.append(np.repeat(states, actions), np.zeros(self.nodes - self.pairs, dtype=np.bool_))
        order = np.argsort(~keep, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        psi = Lipschitz.__new__(Lipschitz)
        psi._set(rank[self.edges], self.lengths, self.nodes, int(keep.sum()))
        return psi

    def extended(self, cost: Array, states: NDArray[np.bool_]) -> Array:
        """A cost on some states (S', A), extended to all states with the same Lipschitz bound."""
        known = np.flatnonzero(np.repeat(states, cost.shape[1]))
        return self._envelope(known, cost.ravel()).reshape(-1, cost.shape[1])

    def conic(self, cp: Any, rho: Any, expert: Array) -> tuple[Any, list[Any]]:
        """The flow problem of the module docstring: a linear program."""
        self._fit(expert.size)
        flow = cp.Variable(len(self.lengths))
        outflow = self._incidence.T.tocsr()
        balance = [outflow[: self.pairs] @ flow == cp.vec(rho - expert, order="C")]
        if self.nodes > self.pairs:
            balance.append(outflow[self.pairs :] @ flow == 0.0)
        return self.lengths @ cp.abs(flow), balance

    def _set(self, edges: NDArray[np.intp], lengths: Array, nodes: int, pairs: int) -> None:
        for array in (edges, lengths):
            array.flags.writeable = False
        for name, thing in (("edges", edges), ("lengths", lengths), ("nodes", nodes), ("pairs", pairs)):
            object.__setattr__(self, name, thing)

    @cached_property
    def _incidence(self) -> Sparse:
        """(m, M): +1 at the first node of an edge and -1 at its second."""
        count = len(self.lengths)
        signs, rows = np.tile([1.0, -1.0], count), np.repeat(np.arange(count), 2)
        matrix = sparse.csr_array((signs, (rows, self.edges.ravel())), shape=(count, self.nodes))
        return cast(Sparse, matrix)

    def _envelope(self, known: NDArray[np.intp], cost: Array) -> Array:
        """min over known pairs x of cost(x) + distance(x, y), at every pair y: shortest paths from one source."""
        least = float(cost.min())
        source = np.full(known.size, self.nodes)
        rows, columns = np.concatenate([self.edges, np.stack([source, known], axis=1)]).T
        # Lengths from the source are kept positive, since sparse graphs have no edges of length zero.
        offset = float(self.lengths.max()) if self.lengths.size else 1.0
        lengths = np.concatenate([self.lengths, cost - least + offset])
        size = self.nodes + 1
        graph = sparse.csr_array(
            (np.tile(lengths, 2), (np.r_[rows, columns], np.r_[columns, rows])), shape=(size, size)
        )
        distances = np.asarray(csgraph.dijkstra(cast(Any, graph), indices=[self.nodes]), dtype=np.float64)[0]
        return np.asarray(distances[: self.pairs] - offset + least)

    def _fit(self, pairs: int) -> None:
        if pairs != self.pairs:
            raise InvalidRegularizer(f"a metric on {self.pairs} state-action pairs does not fit {pairs} of them")


def _validate(metric: Array) -> Array:
    """The distances as (N, N); all properties of a metric but the triangle inequality are checked."""
    if metric.ndim == 4 and metric.shape[:2] == metric.shape[2:]:
        metric = metric.reshape(metric.shape[0] * metric.shape[1], -1)
    if metric.ndim != 2 or metric.shape[0] != metric.shape[1] or metric.size == 0:
        raise InvalidRegularizer(f"a metric must have shape (S, A, S, A) or (S*A, S*A), got {metric.shape}")
    if len(metric) > LARGEST:
        raise InvalidRegularizer(f"a dense metric on {len(metric)} points is too large; use Lipschitz.on_graph")
    for wrong, what in (
        (~np.isfinite(metric), "is not finite"),
        (metric < 0.0, "is negative"),
        (
            (metric == 0.0) != np.eye(len(metric), dtype=np.bool_),
            "must be zero from a pair to itself, and only there",
        ),
        (abs(metric - metric.T) > ROUNDING * abs(metric).max(), "is not symmetric"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise InvalidRegularizer(f"the distance {metric[row, column]} from pair {row} to pair {column} {what}")
    return metric


def _essential(metric: Array) -> NDArray[np.bool_]:
    """(N, N) upper triangular mask of the distances that are shorter than every path through a third point."""
    size, slack = len(metric), ROUNDING * float(metric.max())
    needed = np.zeros(metric.shape, dtype=np.bool_)
    for first in range(size):
        through = metric[first][:, None] + metric  # to the third point, from there to the second
        through[first] = np.inf
        through[np.arange(size), np.arange(size)] = np.inf
        shortest = through.min(axis=0)
        broken = np.flatnonzero(metric[first] > shortest + slack)
        if broken.size:
            second = broken[0]
            third = int(through[:, second].argmin())
            raise InvalidRegularizer(
                f"the triangle inequality fails: pair {first} to pair {second} is {metric[first, second]}, "
                f"but {shortest[second]} through pair {third}"
            )
        needed[first, first + 1 :] = (metric[first] < shortest * (1.0 - 1e-12))[first + 1 :]
    return needed
