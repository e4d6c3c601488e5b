"""The linear systems of `bounded_matching`: one Newton step on the central path.

In relative variables d rho = rho * y and m(s) = sum_a d rho(s,a) / rho(s), with R = diag(rho), E summing over
actions, F the flow matrix, K = B^T diag(h) B the stiffness of the bounds, and residuals r and z,

    lambda (y - m) + dx = flow* dv - r,      K dx = rho * y + z,      E (rho * y) = rho(s) m,    F (rho * y) = 0.

Where B is the identity, dx is eliminated as well: with den = lambda h + rho and W = diag(rho h / den),

    [ -lambda E (rho^2 / den)   lambda E W F^T ] [m ]    [ lambda E u ]
    [ lambda F W E^T            F W F^T        ] [dv] =  [ F u        ],   u = (rho h r + rho z) / den,

and else the symmetric system in dx, m and dv is solved as a whole,

    [ K + R/lambda   -R E^T   -R F^T/lambda ] [dx]   [ z - R r/lambda ]
    [ -E R            0        E R F^T      ] [m ] = [ E R r          ]
    [ -F R/lambda     F R E^T  F R F^T/lambda ] [dv]   [ F R r/lambda ].

The blocks of dx and dv are positive semidefinite and those of m negative after them, so elimination needs no
pivoting where every state's unknowns go in the order dx, dv, m, whatever the order of the states: that of a nested
dissection. No difference of nearly equal numbers is taken, however small some occupancies are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.dissection import dissect
from gail.exact.mdp import Array, FiniteMDP, Sparse

Step: TypeAlias = tuple[Array, Array, Array, Array]
"""dx (nodes,), y - m (S, A), m (S,) and dv (S,)."""

Solver: TypeAlias = Callable[[Array, Array], Step]
"""From the residuals z (nodes,) and r (S, A)."""

GROUNDED = 1e-6
"""Stiffness, relative to the rest, of the one node that is held where costs are determined up to a constant."""


class BoundedSystem(ABC):
    """A system whose pattern is fixed, to be factored for each rho and h."""

    def __init__(self, mdp: FiniteMDP, weight: float) -> None:
        self._mdp, self._weight = mdp, weight
        states, actions = mdp.num_states, mdp.num_actions
        # Any: the stubs do not know the type of products of sparse arrays.
        self._sum: Any = sparse.csr_array(sparse.kron(sparse.eye_array(states), np.ones((1, actions))))
        self._flow: Any = mdp.flow_matrix

    @abstractmethod
    def factor(self, rho: Array, stiffness: Array) -> Solver:
        """Factors for rho > 0 (S, A) and h > 0, one entry per bound."""


def system_of(mdp: FiniteMDP, weight: float, bounds: Sparse) -> BoundedSystem:
    """The system for a matrix B (bounds, nodes): the smaller one if that is the identity."""
    pairs = mdp.num_states * mdp.num_actions
    if bounds.shape == (pairs, pairs) and bounds.nnz == pairs and np.all(bounds.diagonal() == 1.0):
        return _Separate(mdp, weight)
    return _Coupled(mdp, weight, bounds)


class _Separate(BoundedSystem):
    """B is the identity."""

    def factor(self, rho: Array, stiffness: Array) -> Solver:
        weight, shape, states = self._weight, rho.shape, self._mdp.num_states
        visits = rho.ravel()
        den = weight * stiffness + visits
        metric = visits * stiffness / den
        scaled: Any = sparse.csr_array(self._flow @ sparse.diags_array(metric))
        cross: Any = weight * (scaled @ self._sum.T)
        outer: Any = sparse.diags_array(-weight * (visits * visits / den).reshape(shape).sum(axis=1))
        matrix = sparse.block_array([[outer, cross.T], [cross, scaled @ self._flow.T]])
        state_metric = np.maximum(metric.reshape(shape).sum(axis=1), 1e-300)
        balance = np.concatenate([1.0 / np.sqrt(weight * rho.sum(axis=1)), 1.0 / np.sqrt(state_metric)])
        diagonal = sparse.diags_array(balance)
        factors = _factors(sparse.csc_array(diagonal @ matrix @ diagonal), "MMD_AT_PLUS_A")

        def solve(z: Array, r: Array) -> Step:
            source = (visits * stiffness * r.ravel() + visits * z) / den
            right = np.concatenate([weight * (self._sum @ source), self._flow @ source])
            solved = balance * factors.solve(balance * right)
            relative, multipliers = solved[:states], solved[states:]
            pull = (self._mdp.flow_adjoint(multipliers) - r).ravel()
            shift = (stiffness * pull - z - visits * np.repeat(relative, shape[1])) / den
            return pull - weight * shift, shift.reshape(shape), relative, multipliers

        return solve


class _Coupled(BoundedSystem):
    """Any B."""

    def __init__(self, mdp: FiniteMDP, weight: float, bounds: Sparse) -> None:
        super().__init__(mdp, weight)
        self._bounds: Any = bounds
        pairs, nodes = mdp.num_states * mdp.num_actions, bounds.shape[1]
        self._embed: Any = sparse.csr_array(
            (np.ones(pairs), np.arange(pairs), np.arange(pairs + 1)), shape=(pairs, nodes)
        )
        self._order: NDArray[np.intp] | None = None

    def factor(self, rho: Array, stiffness: Array) -> Solver:
        weight, shape, mdp = self._weight, rho.shape, self._mdp
        states, nodes, visits = mdp.num_states, self._bounds.shape[1], rho.ravel()
        measure: Any = sparse.diags_array(visits)
        own = self._embed.T @ measure @ self._embed / weight
        held = sparse.csr_array(([GROUNDED * visits.sum() / weight], ([0], [0])), shape=(nodes, nodes))
        stiff = self._bounds.T @ sparse.diags_array(stiffness) @ self._bounds + own + held
        inner, outer = self._sum @ measure, self._flow @ measure
        up, across = -(inner @ self._embed), -(outer @ self._embed) / weight
        cross, corner = inner @ self._flow.T, outer @ self._flow.T / weight
        matrix = sparse.block_array([[stiff, up.T, across.T], [up, None, cross], [across, cross.T, corner]])
        state = rho.sum(axis=1)
        balance = 1.0 / np.sqrt(np.concatenate([stiff.diagonal(), weight * state, state / weight]))
        diagonal = sparse.diags_array(balance)
        scaled: Any = sparse.csr_array(diagonal @ matrix @ diagonal)
        if self._order is None:
            self._order = self._elimination_order(scaled)
        order = self._order
        factors = _factors(sparse.csc_array(scaled[order][:, order]), "NATURAL")

        def solve_scaled(right: Array) -> Array:
            solved = np.empty_like(right)
            solved[order] = factors.solve(right[order])
            return solved

        def solve(z: Array, r: Array) -> Step:
            pull = visits * r.ravel()
            right = balance * np.concatenate([z - np.pad(pull, (0, nodes - pull.size)) / weight,
                                              self._sum @ pull, self._flow @ pull / weight])  # fmt: skip
            solved = solve_scaled(right)
            solved = solved + solve_scaled(right - scaled @ solved)
            solved = balance * solved
            dx, relative, multipliers = solved[:nodes], solved[nodes : nodes + states], solved[nodes + states :]
            shift = (mdp.flow_adjoint(multipliers) - dx[: pull.size].reshape(shape) - r) / weight
            return dx, shift, relative, multipliers

        return solve

    def _elimination_order(self, pattern: Any) -> NDArray[np.intp]:
        """States by nested dissection, and the unknowns of each in the order dx, dv, m."""
        states, actions = self._mdp.num_states, self._mdp.num_actions
        hidden = self._bounds.shape[1] - states * actions
        cells = np.arange(states)
        cell = np.concatenate([np.repeat(cells, actions), states + np.arange(hidden), cells, cells])
        kind = np.repeat([0, 2, 1], [self._bounds.shape[1], states, states])
        member = sparse.csr_array(
            (np.ones(cell.size), cell, np.arange(cell.size + 1)), shape=(cell.size, states + hidden)
        )
        graph = sparse.csr_array(member.T @ abs(pattern) @ member)
        graph.sort_indices()
        position = np.empty(states + hidden, dtype=np.intp)
        position[dissect(cast(Sparse, graph)).order] = np.arange(states + hidden)
        return np.lexsort((kind, position[cell]))


def _factors(matrix: Any, ordering: Literal["MMD_AT_PLUS_A", "NATURAL"]) -> Any:
    return splu(matrix, permc_spec=ordering, diag_pivot_thresh=0.0, options={"SymmetricMode": True})
