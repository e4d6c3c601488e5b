"""Nested dissection: an order of elimination for graphs with small separators.

A separator S cuts a graph into parts that no edge joins. Eliminating the parts first and S last creates fill only
inside the parts and S. Applied recursively to each part, this costs n^1.5 operations and n log n entries for n states
in a plane, the least possible order (George 1973; Lipton, Rose & Tarjan 1979).

Separators are found without coordinates of the states: the distances to a few states far from one another serve as
coordinates. Every part is cut at the median of its longest coordinate, and the side of the cut with fewer states
becomes the separator. All parts of one depth are cut at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gail.exact.process.arrays import Sparse
from gail.exact.process.finite_mdp import distances

Indices = NDArray[np.int64]

LANDMARKS = 4
"""Number of states whose distances serve as coordinates."""

LEAF = 40
"""Number of states up to which a part is not cut further."""


@dataclass(frozen=True, eq=False)
class Dissection:
    """A tree of blocks of states, children before parents.

    Attributes:
        order: (S,) the states in order of elimination; block t is order[starts[t]:starts[t + 1]].
        starts: (T + 1,) the boundaries of the blocks in `order`.
        parents: (T,) the parent of each block; -1 at the root. No edge joins two blocks unless one lies above the
            other.
    """

    order: Indices
    starts: Indices
    parents: Indices


def dissect(graph: Sparse) -> Dissection:
    """Nested dissection of an undirected graph, given by a symmetric pattern (S, S)."""
    size = graph.shape[0]
    coordinates = _coordinates(graph)
    rows = np.repeat(np.arange(size), np.diff(graph.indptr))
    edges = np.stack([rows, graph.indices.astype(np.int64)])
    edges = edges[:, edges[0] != edges[1]]
    # Parts are numbered as in a binary heap: part k is cut into 2k + 1 and 2k + 2. A state's block is the leaf part
    # that contains it, or the part that it separates.
    part = np.zeros(size, dtype=np.int64)
    block = np.full(size, -1, dtype=np.int64)
    while True:
        active = np.flatnonzero(block < 0)
        _, inverse, counts = np.unique(part[active], return_inverse=True, return_counts=True)
        small = counts[inverse] <= LEAF
        block[active[small]] = part[active[small]]
        active, inverse = active[~small], inverse[~small]
        if active.size == 0:
            break
        above = np.zeros(size, dtype=np.bool_)
        above[active] = _upper_half(coordinates[:, active], inverse)
        edges = edges[:, (block[edges[0]] < 0) & (block[edges[1]] < 0)]
        # Each edge is stored in both directions, so the edges from lower to upper halves suffice.
        crossing = edges[:, (~above[edges[0]]) & above[edges[1]]]
        cut = _smaller_side(crossing, part)
        block[cut] = part[cut]
        part[active] = 2 * part[active] + 1 + above[active]
        # Edges with a separator state at one end are removed at the next depth.
    return _tree(block)


def _coordinates(graph: Sparse) -> Indices:
    """(K, S) distances to states far from one another; minus one for states that cannot be reached."""
    found: list[Indices] = []
    nearest = np.zeros(graph.shape[0], dtype=np.int64)
    landmark = 0
    for turn in range(LANDMARKS + 1):
        steps = distances(graph, landmark)
        nearest = steps if turn <= 1 else np.minimum(nearest, steps)
        if turn > 0:  # the first source is arbitrary; the state farthest from it is the first landmark
            found.append(steps)
        landmark = int(np.argmax(nearest))
    return np.array(found)


def _upper_half(coordinates: Indices, part: Indices) -> NDArray[np.bool_]:
    """(N,) mask of the states above the median of their part (N,), along its longest coordinate of (K, N)."""
    order = np.argsort(part, kind="stable")
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    counts = np.diff(np.append(starts, part.size))
    sorted_coordinates = coordinates[:, order]
    extent = np.maximum.reduceat(sorted_coordinates, starts, axis=1)
    extent -= np.minimum.reduceat(sorted_coordinates, starts, axis=1)
    numbered = np.repeat(np.arange(starts.size), counts)
    chosen = np.argmax(extent, axis=0)[numbered]
    columns = np.arange(part.size)
    # Ties along the coordinate are broken by the next one, so that the cut stays straight.
    other = sorted_coordinates[(chosen + 1) % coordinates.shape[0], columns]
    ranked = np.lexsort((other, sorted_coordinates[chosen, columns], numbered))
    upper = np.zeros(part.size, dtype=np.bool_)
    upper[order[ranked]] = np.arange(part.size) - np.repeat(starts, counts) >= np.repeat(counts // 2, counts)
    return upper


def _smaller_side(crossing: Indices, part: Indices) -> Indices:
    """For each part, the end states of its crossing edges (2, M) on the side with fewer end states."""
    lower, upper = np.unique(crossing[0]), np.unique(crossing[1])
    parts, position = np.unique(np.concatenate([part[lower], part[upper]]), return_inverse=True)
    below = np.bincount(position[: lower.size], minlength=parts.size)
    beyond = np.bincount(position[lower.size :], minlength=parts.size)
    take_lower = below < beyond
    kept = np.concatenate([take_lower[position[: lower.size]], ~take_lower[position[lower.size :]]])
    cut: Indices = np.concatenate([lower, upper])[kept]
    return cut


def _tree(block: Indices) -> Dissection:
    """The tree of the nonempty blocks in postorder; deepest first suffices, because blocks do not depend on their
    siblings."""
    names = np.unique(block)[::-1]  # a parent's number is below its children's
    position = {int(name): index for index, name in enumerate(names)}
    parents = np.full(names.size, -1, dtype=np.int64)
    for index, name in enumerate(names):
        above = int(name)
        while above > 0 and parents[index] < 0:
            above = (above - 1) // 2
            parents[index] = position.get(above, -1)
    order = np.argsort(-block, kind="stable")
    starts = np.append(np.flatnonzero(np.diff(block[order], prepend=-1)), block.size)
    return Dissection(order, starts.astype(np.int64), parents)
