"""The linear systems of `interior_point`: one Newton step on the central path.

In relative variables d rho = rho * y and m(s) = sum_a d rho(s,a) / rho(s), with R = diag(rho), E summing over
actions, F the flow matrix, K = B^T diag(h) B the stiffness of the bounds, and residuals r and z,

    lambda (y - m) + dx = flow* dv - r,      K dx = rho * y + z,      E (rho * y) = rho(s) m,    F (rho * y) = 0.

Where B is the identity, dx is eliminated as well: with den = lambda h + rho and W = diag(rho h / den),

    [ -lambda E (rho^2 / den)   lambda E W F^T ] [m ]    [ lambda E u ]
    [ lambda F W E^T            F W F^T        ] [dv] =  [ F u        ],   u = (rho h r + rho z) / den,

otherwise the symmetric system in dx, m and dv is solved as a whole,

    [ K + R/lambda   -R E^T   -R F^T/lambda ] [dx]   [ z - R r/lambda ]
    [ -E R            0        E R F^T      ] [m ] = [ E R r          ]
    [ -F R/lambda     F R E^T  F R F^T/lambda ] [dv]   [ F R r/lambda ].

The block of dx and dv is positive definite. The block of m is negative definite once every state's dx are eliminated,
because these alone give the columns of m full rank. So elimination needs no pivoting if each m comes after its state's
dx; otherwise the order is chosen for sparsity, by minimum degree (Liu 1985). Nested dissection of the states has
several times the fill, because dx and dv need different separators.

Elimination cancels digits where K is far smaller than R / lambda. The step is therefore checked against the four
equations at the top. Where they are violated, these equations themselves, with y as an unknown, are factored with
pivoting. For large processes this takes long, and ends where it was in vain several times in a row: near the solution
both violations are rounding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP

Step: TypeAlias = tuple[Array, Array, Array, Array]
"""dx (nodes,), y - m (S, A), m (S,) and dv (S,)."""

Solver: TypeAlias = Callable[[Array, Array], Step]
"""Solves for the step, given the residuals z (nodes,) and r (S, A)."""

VIOLATED = 1e-11
"""Violation of the equations, relative to the right-hand sides, in l1, from which they are factored with pivoting."""

USEFUL = 0.1
"""Largest share of the violation that pivoting may leave to count as useful."""

IN_VAIN = 3
"""Consecutive useless factorizations with pivoting after which no more are tried, for a process with `MANY_PAIRS`."""

MANY_PAIRS = 5000
"""Number of state-action pairs from which factorizations with pivoting are counted."""

DENSE, DENSE_FROM, DENSE_UP_TO = 0.05, 800, 4000
"""Share of nonzero entries from which a matrix with a number of rows in this range is treated as dense. Smaller ones
are eliminated without pivoting, which is more accurate where rows differ by many magnitudes."""

MANY_DENSE_PAIRS = 300
"""Number of state-action pairs of a dense process from which the four equations are not factored as they are."""

ANCHOR_STIFFNESS = 1e-6
"""Stiffness, relative to the occupancies, of the node that fixes the constant in the cost."""


class BoundedSystem(ABC):
    """A system whose pattern is fixed, to be factored for each rho and h."""

    def __init__(self, mdp: FiniteMDP, weight: float, bounds: Sparse) -> None:
        self._mdp, self._weight = mdp, weight
        self._bounds: Any = bounds
        self._in_vain = 0
        states, actions = mdp.num_states, mdp.num_actions
        # Any: the stubs do not know the type of products of sparse arrays.
        self._sum: Any = sparse.csr_array(sparse.kron(sparse.eye_array(states), np.ones((1, actions))))
        self._flow: Any = mdp.flow_matrix

    def factor(self, rho: Array, stiffness: Array) -> Solver:
        """Factors for rho > 0 (S, A) and h > 0, one entry per bound."""
        quick = self.eliminated(rho, stiffness)
        equations = _Equations(self._mdp, self._weight, self._bounds, rho, stiffness)

        def solve(z: Array, r: Array) -> Step:
            step = quick(z, r)
            violation = equations.violation(step, z, r)
            if not violation > VIOLATED or equations.too_large or self._hopeless:
                return step
            try:
                other = equations.solve(z, r)
            except RuntimeError:  # singular up to rounding
                self._in_vain += 1
                return step
            remaining = equations.violation(other, z, r)
            self._in_vain = 0 if remaining < USEFUL * violation else self._in_vain + 1
            return other if remaining < violation else step

        return solve

    @property
    def _hopeless(self) -> bool:
        """Whether pivoting is expensive, and did not help lately."""
        return self._in_vain >= IN_VAIN and self._mdp.num_states * self._mdp.num_actions >= MANY_PAIRS

    @abstractmethod
    def eliminated(self, rho: Array, stiffness: Array) -> Solver:
        """Factors of the smaller system."""


def system_of(mdp: FiniteMDP, weight: float, bounds: Sparse) -> BoundedSystem:
    """The system for a matrix B (bounds, nodes): the smaller one if B is the identity."""
    pairs = mdp.num_states * mdp.num_actions
    if bounds.shape == (pairs, pairs) and bounds.nnz == pairs and np.all(bounds.diagonal() == 1.0):
        return _Separate(mdp, weight, bounds)
    return _Coupled(mdp, weight, bounds)


class _Separate(BoundedSystem):
    """B is the identity."""

    def eliminated(self, rho: Array, stiffness: Array) -> Solver:
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
        super().__init__(mdp, weight, bounds)
        pairs, nodes = mdp.num_states * mdp.num_actions, bounds.shape[1]
        self._embed: Any = sparse.csr_array(
            (np.ones(pairs), np.arange(pairs), np.arange(pairs + 1)), shape=(pairs, nodes)
        )
        self._order: NDArray[np.intp] | None = None

    def eliminated(self, rho: Array, stiffness: Array) -> Solver:
        weight, shape, mdp = self._weight, rho.shape, self._mdp
        states, nodes, visits = mdp.num_states, self._bounds.shape[1], rho.ravel()
        measure: Any = sparse.diags_array(visits)
        own = self._embed.T @ measure @ self._embed / weight
        stiff = self._bounds.T @ sparse.diags_array(stiffness) @ self._bounds + own
        # Where no episode ends, costs are determined up to a constant; a stiff node fixes it.
        firm = ANCHOR_STIFFNESS * visits.sum() / weight if mdp.terminal.any() else stiff.diagonal()[0]
        stiff = stiff + sparse.csr_array(([firm], ([0], [0])), shape=(nodes, nodes))
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
        """Minimum degree, and every state's m no earlier than the last of its dx."""
        states, pairs, nodes = self._mdp.num_states, self._embed.shape[0], self._bounds.shape[1]
        if _is_dense(pattern):
            return np.arange(pattern.shape[0])
        magnitudes: Any = abs(pattern)
        # A matrix of the same pattern, whose diagonal dominates: SuperLU gives its order only with the factors.
        dominant = magnitudes + sparse.diags_array(magnitudes.sum(axis=1) + 1.0)
        position = _factors(sparse.csc_array(dominant), "MMD_AT_PLUS_A").perm_c.astype(np.float64)
        last = position[:pairs].reshape(states, -1).max(axis=1)
        position[nodes : nodes + states] = np.maximum(position[nodes : nodes + states], last + 0.5)
        return np.argsort(position)


class _Equations:
    """The four equations for dx, y, m and dv, at one rho and h.

    Where no episode ends and psi allows constants, the costs' constant is not determined, and the second equation sums
    to zero. A stiff node then fixes the constant: the sum of the rows is dx = 0 there.
    """

    def __init__(self, mdp: FiniteMDP, weight: float, bounds: Any, rho: Array, stiffness: Array) -> None:
        self._mdp, self._weight, self._rho, self._visits = mdp, weight, rho, rho.sum(axis=1)
        self._stiff: Any = sparse.csr_array(bounds.T @ sparse.diags_array(stiffness) @ bounds)
        self._nodes = bounds.shape[1]
        free = not mdp.terminal.any() and not np.asarray(bounds @ np.ones(self._nodes)).any()
        self._anchor = np.zeros(self._nodes)
        if free:
            self._anchor[0] = self._stiff.diagonal()[0]

    @property
    def too_large(self) -> bool:
        """Whether the process is dense, so that factors of the equations would fill."""
        pairs, flow = self._rho.size, self._mdp.flow_matrix
        return flow.nnz > DENSE * flow.shape[0] * pairs and pairs > MANY_DENSE_PAIRS

    def violation(self, step: Step, z: Array, r: Array) -> float:
        """Largest violation of an equation in l1, relative to its right-hand side and to that of the second."""
        dx, shift, relative, dv = step
        moved = self._rho * (shift + relative[:, None])
        pairs = self._rho.size
        first = self._weight * shift + dx[:pairs].reshape(self._rho.shape) - self._mdp.flow_adjoint(dv) + r
        second = self._stiff @ dx - np.pad(moved.ravel(), (0, self._nodes - pairs)) - z
        size = float(abs(z).sum()) + 1e-300
        first_size = float(np.sum(self._rho * abs(first))) / (self._weight * size)
        rest = abs(second).sum() + abs(self._mdp.flow(moved)).sum()
        return max(float(rest) / size, first_size)

    def solve(self, z: Array, r: Array) -> Step:
        """The step; raises RuntimeError if the equations are singular up to rounding."""
        mdp, pairs = self._mdp, self._rho.size
        size, visits = self._nodes, self._rho.ravel()
        right = np.concatenate([-r.ravel(), z, np.zeros(2 * mdp.num_states)])
        solved = self._factors.solve(self._rows * right)
        for _ in range(2):
            solved = solved + self._factors.solve(self._rows * (right - self._matrix @ solved))
        dx, moved, relative = solved[:size], solved[size : size + pairs], solved[size + pairs : -mdp.num_states]
        shift = (moved / np.sqrt(visits)).reshape(self._rho.shape) - relative[:, None]
        return dx, shift, relative, solved[-mdp.num_states :]

    @cached_property
    def _matrix(self) -> Any:
        """Rows: the first equation per pair, the second per node, the third and fourth per state.

        Columns: dx, sqrt(rho) y, m and dv.
        """
        mdp, (states, actions), pairs = self._mdp, self._rho.shape, self._rho.size
        root: Any = sparse.diags_array(np.sqrt(self._rho.ravel()))
        inverse: Any = sparse.diags_array(1.0 / np.sqrt(self._rho.ravel()))
        total: Any = sparse.csr_array(sparse.kron(sparse.eye_array(states), np.ones((1, actions))))
        embed: Any = sparse.csr_array(sparse.eye_array(pairs, self._nodes))
        stiff = self._stiff + sparse.diags_array(self._anchor)
        balance: Any = sparse.diags_array(-self._visits)
        flow: Any = mdp.flow_matrix
        return sparse.csc_array(
            sparse.block_array(
                [
                    [embed, self._weight * inverse, -self._weight * total.T, -flow.T],
                    [stiff, -embed.T @ root, None, None],
                    [None, total @ root, balance, None],
                    [None, flow @ root, None, None],
                ]
            )
        )

    @cached_property
    def _rows(self) -> Array:
        """Scales of the rows: their largest entry becomes one."""
        return np.asarray(1.0 / abs(self._matrix).max(axis=1).toarray().ravel())

    @cached_property
    def _factors(self) -> Any:
        return splu(sparse.csc_array(sparse.diags_array(self._rows) @ self._matrix))


def _is_dense(matrix: Any) -> bool:
    return bool(DENSE_FROM <= matrix.shape[0] <= DENSE_UP_TO and matrix.nnz > DENSE * matrix.shape[0] ** 2)


class _DenseFactors:
    """Elimination of a dense matrix, with pivoting."""

    def __init__(self, matrix: Any) -> None:
        from scipy.linalg import lu_factor  # here, as the import takes a tenth of a second

        self._factors = lu_factor(matrix.toarray(), check_finite=False)

    def solve(self, right: Array) -> Array:
        from scipy.linalg import lu_solve

        return np.asarray(lu_solve(self._factors, right, check_finite=False))


def _factors(matrix: Any, ordering: Literal["MMD_AT_PLUS_A", "NATURAL"]) -> Any:
    if _is_dense(matrix):
        return _DenseFactors(matrix)
    return splu(matrix, permc_spec=ordering, diag_pivot_thresh=0.0, options={"SymmetricMode": True})
