"""The shortest flow that meets given supplies: transport for the shortest-path metric of a graph.

    min  sum over edges of l abs(f)   s.t.  B^T f = b           max  <b, x>   s.t.  abs(B x) <= l

with B the differences along the edges, l > 0 their lengths, and supplies b of sum zero (Beckmann 1952). With
f = f+ - f- and slacks s+- = l -+ B x the central path is

    B^T f = b,     f+ s+ = f- s- = mu  ->  0.

Each step is Newton's, with Mehrotra's (1992) targets t for the products f s,

    B^T diag(f+ / s+ + f- / s-) B dx = b - B^T (t+ / s+ - t- / s-),

a Laplacian with one node held: positive definite, so it may be eliminated in any order, such as one of little fill.

Both bounds on the optimum are independent of the path. x stays feasible, so <b, x> is a lower bound. The flow is
corrected to meet the supplies along the edges that carry most of it; supplies that rounding leaves unmet are charged
their amount times the largest distance from the held node, which gives an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from gail.exact.process.arrays import Array, Sparse

Solve: TypeAlias = Callable[[Array], Array]

MAX_ITERATIONS = 100

MAX_STALLS = 6
"""Consecutive iterations that may fail to halve the distance of the bounds."""

NEAR = 10.0
"""Estimated distance of the bounds, relative to the tolerance, below which it is computed exactly."""

TO_THE_BOUNDARY = 0.9995
"""Largest share of the way to the boundary taken in one step."""

UNIFORM_SHARE = 1e-6
"""Stiffness of edges without flow, relative to the largest, in the correction of the flow."""

REFINEMENTS = 3
"""Number of corrections; each removes the error up to rounding."""

SYMMETRIC: Any = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
"""Elimination without pivoting."""


@dataclass(frozen=True, eq=False)
class Transport:
    """A potential, and two bounds on the length of the shortest flow.

    Attributes:
        potential: (M,), zero at one node.
        lower: supplies times potential.
        upper: length of a flow, plus the charge for unmet supplies.
    """

    potential: Array
    lower: float
    upper: float

    @property
    def gap(self) -> float:
        """upper - lower."""
        return self.upper - self.lower


@dataclass(frozen=True, eq=False)
class _Point:
    """Potentials of all nodes but one, and multipliers and slacks of both bounds."""

    x: Array
    force: Array
    """(2, m): f+ and f-."""
    slack: Array
    """(2, m): s+ and s-."""


def shortest_flow(differences: Sparse, lengths: Array, supply: Array, relative: float, absolute: float) -> Transport:
    """Bounds whose distance is at most the larger of both tolerances, or limited by rounding.

    Args:
        differences: (m, M), row e with +1 and -1 at the ends of edge e of a connected graph.
        lengths: (m,), positive.
        supply: (M,), of sum zero, not all zero.
        relative: distance of the bounds over the upper one.
        absolute: distance of the bounds.
    """
    held = int(abs(supply).argmax())
    free = np.delete(np.arange(supply.size), held)
    wanted = supply[free]
    laplacian = _Laplacian(sparse.csc_array(differences)[:, free])
    farthest = _radius(differences, lengths, held)
    best = Transport(np.zeros(free.size), 0.0, farthest * float(abs(supply).sum()))  # by way of the held node
    least, stalls = np.inf, 0
    try:
        point = _start(laplacian, lengths, wanted)
        for _ in range(MAX_ITERATIONS):
            estimate = float(np.sum(point.force * point.slack))
            near = estimate <= NEAR * max(absolute, relative * float(wanted @ point.x))
            if near or stalls >= MAX_STALLS:
                found = _measured(laplacian, lengths, wanted, farthest, point)
                best = found if found.gap < best.gap else best
                estimate = found.gap
                if best.gap <= max(absolute, relative * best.upper) or stalls >= MAX_STALLS:
                    break
            least, stalls = (estimate, 0) if estimate < 0.5 * least else (least, stalls + 1)
            point = _advanced(laplacian, wanted, point)
    except RuntimeError:  # SuperLU: singular to rounding, the end of what can be resolved
        pass
    return Transport(np.insert(best.potential, held, 0.0), best.lower, best.upper)


def by_linear_program(differences: Sparse, lengths: Array, supply: Array) -> tuple[float, Array]:
    """Length and potential (M,) by HiGHS, with constraints to 1e-10, for supplies at which the path stalls."""
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    free = differences[:, :-1]
    result = linprog(
        -supply[:-1],
        A_ub=cast(Any, sparse.vstack([free, -free], format="csc")),
        b_ub=np.tile(lengths, 2),
        bounds=(None, None),
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.x is None:
        raise RuntimeError(f"the transport problem was not solved: {result.message}")
    return -float(cast(float, result.fun)), np.append(result.x, 0.0)


class _Laplacian:
    """B^T diag(h) B, to be factored for each h; B without the node that is held."""

    def __init__(self, differences: Any) -> None:
        self.differences: Any = sparse.csr_array(differences)
        self._order: NDArray[np.intp] | None = None

    def factor(self, stiffness: Array) -> Solve:
        """x with B^T diag(h) B x = right, for any right."""
        matrix: Any = self.differences.T @ sparse.diags_array(stiffness) @ self.differences
        balance = 1.0 / np.sqrt(matrix.diagonal())
        scale = sparse.diags_array(balance)
        matrix = sparse.csc_array(scale @ matrix @ scale)
        if self._order is None:
            self._order = np.argsort(splu(matrix, "MMD_AT_PLUS_A", **SYMMETRIC).perm_c)
        order = self._order
        factors = splu(sparse.csc_array(matrix[order][:, order]), "NATURAL", **SYMMETRIC)

        def solve(right: Array) -> Array:
            solved: Array = np.empty_like(right)
            solved[order] = factors.solve((balance * right)[order])
            return np.asarray(balance * solved)

        return solve


def _start(laplacian: _Laplacian, lengths: Array, wanted: Array) -> _Point:
    """The electrical potential, scaled to lie well inside the bounds, and its current."""
    potential = laplacian.factor(1.0 / lengths)(wanted)
    drop = laplacian.differences @ potential
    scale = 0.5 / float((abs(drop) / lengths).max())
    slack = lengths - np.stack([scale * drop, -scale * drop])
    current = drop / lengths
    force = np.maximum(np.stack([current, -current]), 0.0)
    return _Point(scale * potential, force + float(abs(drop).sum() / lengths.sum()) * lengths / slack, slack)


def _measured(laplacian: _Laplacian, lengths: Array, wanted: Array, farthest: float, point: _Point) -> Transport:
    """The bounds certified by an iterate."""
    flow = _met(laplacian, lengths, wanted, point.force[0] - point.force[1])
    unmet = float(abs(wanted - laplacian.differences.T @ flow).sum())  # and as much, reversed, at the held node
    return Transport(point.x, float(wanted @ point.x), float(lengths @ abs(flow)) + farthest * unmet)


def _met(laplacian: _Laplacian, lengths: Array, wanted: Array, flow: Array) -> Array:
    """The flow, corrected to meet the supplies.

    Corrections along edges with much flow change an almost shortest flow little, and the stiffnesses, unlike those of
    the path, remain within a few powers of ten.
    """
    stiffness = abs(flow) / lengths
    stiffness = stiffness + UNIFORM_SHARE * float(stiffness.max())
    solve = laplacian.factor(stiffness)
    for _ in range(REFINEMENTS):
        flow = flow + stiffness * (laplacian.differences @ solve(wanted - laplacian.differences.T @ flow))
    return flow


def _advanced(laplacian: _Laplacian, wanted: Array, point: _Point) -> _Point:
    """The next iterate: a predictor, which sets the target, and the corrected step."""
    differences = laplacian.differences
    solve = laplacian.factor((point.force / point.slack).sum(axis=0))

    def step(target: Array | float) -> _Point:
        aim = target / point.slack
        dx = solve(wanted - differences.T @ (aim[0] - aim[1]))
        along = differences @ dx
        slack = np.stack([-along, along])
        return _Point(dx, aim - point.force - point.force / point.slack * slack, slack)

    ahead = step(0.0)
    force = point.force + min(1.0, reach(point.force, ahead.force)) * ahead.force
    slack = point.slack + min(1.0, reach(point.slack, ahead.slack)) * ahead.slack
    complementarity = float(np.sum(point.force * point.slack))
    centring = (float(np.sum(force * slack)) / complementarity) ** 3
    ahead = step(centring * complementarity / point.slack.size - ahead.force * ahead.slack)
    along_force = min(1.0, TO_THE_BOUNDARY * reach(point.force, ahead.force))
    along_slack = min(1.0, TO_THE_BOUNDARY * reach(point.slack, ahead.slack))
    return _Point(
        point.x + along_slack * ahead.x,
        point.force + along_force * ahead.force,
        point.slack + along_slack * ahead.slack,
    )


def reach(value: Array, change: Array) -> float:
    """The largest t for which value + t change is nonnegative."""
    falling = change < 0.0
    return float(np.min(-value[falling] / change[falling], initial=np.inf))


def _radius(differences: Sparse, lengths: Array, center: int) -> float:
    """The largest distance from a node."""
    first, second = differences.indices.reshape(-1, 2).T
    size = differences.shape[1]
    graph = sparse.csr_array((np.tile(lengths, 2), (np.r_[first, second], np.r_[second, first])), shape=(size, size))
    return float(np.max(csgraph.dijkstra(cast(Any, graph), indices=[center])))
