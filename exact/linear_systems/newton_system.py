"""The linear system of Newton's method on the flow polytope.

With e = rho psi*'' >= 0, w = rho / (lambda + e), E the sum over actions and F the flow matrix, a Newton step of
`gail.exact.imitation.smooth_costs` has multipliers v and relative changes m of the state occupancy that solve, in v and
lambda m,

    [ F W F^T   F W E^T ] [    v     ]   [ F W g ]
    [ E W F^T     -D    ] [ lambda m ] = [ E W g ],      D(s) = sum_a w e / lambda,  W = diag(w),

where -D equals E W E^T - diag(rho(s)) / lambda, computed without cancellation. F W F^T is positive definite, and E W
F^T is a diagonal matrix times a discounted chain, whose principal submatrices are nonsingular; `multifrontal` requires
both. Both unknowns of a state are scaled by (lambda / rho(s))^(1/2), so that the diagonal is of order one even for
rarely visited states.

Every entry but D is linear in w, and the matrix of this linear map is built once. Where the states have no small
separators, the system is solved by minimal residuals (Paige & Saunders 1975). Such processes mix fast, so few
iterations suffice. Where most transitions have a positive probability, the matrix is computed and factored as a dense
one.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, minres

from gail.exact.linear_systems.markov_chain import MAX_SPARSE_LEVEL
from gail.exact.linear_systems.multifrontal import Elimination
from gail.exact.linear_systems.nested_dissection import Indices
from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.memory import require_memory

Columns: TypeAlias = "sparse.csc_array[np.float64]"

DIRECT_UP_TO = 1000
"""Number of states up to which elimination is used without small separators."""

DENSE_FROM, DENSE_UP_TO = 64, 2000
"""Numbers of states between which a dense matrix is considered."""

DENSE_SHARE = 0.02
"""Share of the products of F's entries that are not zero, from which the matrix is treated as dense."""

REFINEMENTS = 2
"""Number of refinement steps after a direct solve."""

MINRES_ACCURACY = 1e-12
MINRES_ITERATIONS = 2000

BYTES_PER_PRODUCT = 60.0
"""Peak memory in bytes, per product of two entries in one column of F, while the pattern is computed."""


class NewtonSystem:
    """The system of the module docstring; its pattern and elimination plan are fixed, the weights change.

    Raises:
        NotEnoughMemory: the system would need more than is available.
    """

    def __init__(self, mdp: FiniteMDP) -> None:
        self._mdp = mdp
        flow = sparse.csc_array(mdp.flow_matrix)
        counts = np.diff(flow.indptr).astype(np.float64)
        work = f"a Newton step of matching on {mdp.num_states} states"
        self._elimination: Elimination | None = None
        self._dense: Array | None = None
        products = float(np.sum(counts * (counts + 1.0))) / 2.0
        if DENSE_FROM <= mdp.num_states <= DENSE_UP_TO and products > DENSE_SHARE * counts.size * mdp.num_states**2:
            require_memory(8.0 * (2.0 * flow.shape[0] * flow.shape[1] + 16.0 * flow.shape[0] ** 2), work)
            self._dense = flow.toarray()
            return
        require_memory(BYTES_PER_PRODUCT * float(np.sum(counts * (counts + 3.0))) / 2.0, work)
        self._rows, self._columns, self._products = _pattern(flow, mdp.num_actions)
        if mdp.num_states <= DIRECT_UP_TO or mdp.level_width**2 <= MAX_SPARSE_LEVEL * mdp.num_states:
            pattern = sparse.csr_array((np.ones(flow.nnz), flow.indices, flow.indptr), shape=flow.shape[::-1])
            self._elimination = Elimination(sparse.csr_array(pattern.T @ pattern), self._rows, self._columns)
            require_memory(self._elimination.memory, work)

    def direction(
        self, occupancy: Array, weight: float, elasticity: Array, gradient: Array
    ) -> tuple[Array, Array, Array]:
        """Relative change y (S, A) of the occupancy measure, change y - m of the log-policy, multipliers v (S,)."""
        mdp, states = self._mdp, self._mdp.num_states
        metric = occupancy / (weight + elasticity)
        visits = occupancy.sum(axis=1)
        balance = np.tile(np.sqrt(weight / visits), 2)
        corner = -(metric * elasticity).sum(axis=1) / visits
        pull = metric * gradient
        right = balance * np.concatenate([mdp.flow(pull), pull.sum(axis=1)])
        if self._dense is not None:
            solved = balance * _solve_dense(self._dense, metric, corner, balance, right)
        else:
            data = np.asarray(self._products @ metric.ravel()) * balance[self._rows] * balance[self._columns]
            data[-states:] = corner
            solved = balance * self._solve(data, right)
        multipliers, relative = solved[:states], solved[states:, None] / weight
        change = (weight * relative + mdp.flow_adjoint(multipliers) - gradient) / (weight + elasticity)
        return change, change - relative, multipliers

    def _solve(self, data: Array, right: Array) -> Array:
        upper = sparse.csr_array((data, (self._rows, self._columns)), shape=(right.size, right.size))
        diagonal = upper.diagonal()

        def product(x: Array) -> Array:
            return np.asarray(upper @ x + upper.T @ x - diagonal * x)

        if self._elimination is None:
            half = right.size // 2
            # Preconditioner diag(G, D + 1/G): the scaled coupling is about one, so elimination of v leaves -(D + 1/G).
            scale = 1.0 / np.concatenate([diagonal[:half], 1.0 / diagonal[:half] - diagonal[half:]])
            operator = LinearOperator((right.size, right.size), matvec=product, dtype=np.float64)
            jacobi = LinearOperator((right.size, right.size), matvec=lambda x: scale * x, dtype=np.float64)
            found, _ = minres(operator, right, M=jacobi, rtol=MINRES_ACCURACY, maxiter=MINRES_ITERATIONS)
            return np.asarray(found)
        factors = self._elimination.factor(data)
        solution = factors.solve(right)
        for _ in range(REFINEMENTS):
            solution = solution + factors.solve(right - product(solution))
        return solution


def _solve_dense(flow: Array, metric: Array, corner: Array, balance: Array, right: Array) -> Array:
    """The solution of the system for a dense F (S, S*A), by elimination with pivoting."""
    from scipy.linalg import lu_factor, lu_solve  # here, as the import takes a tenth of a second

    states, actions = metric.shape
    weighted = flow * metric.ravel()
    across = weighted.reshape(states, states, actions).sum(axis=2)
    matrix = np.empty((2 * states, 2 * states))
    matrix[:states, :states] = weighted @ flow.T
    matrix[:states, states:], matrix[states:, :states] = across, across.T
    matrix *= balance[:, None]
    matrix *= balance
    matrix[states:, states:] = np.diag(corner)
    factors = lu_factor(matrix, check_finite=False)
    solution = lu_solve(factors, right, check_finite=False)
    for _ in range(REFINEMENTS):
        solution = solution + lu_solve(factors, right - matrix @ solution, check_finite=False)
    return np.asarray(solution)


def _pattern(flow: Columns, actions: int) -> tuple[Indices, Indices, Sparse]:
    """(rows, columns) of the system's entries, each symmetric pair once, and the matrix that maps w to the entries.

    The last S entries are those of -D, which `direction` fills in. `flow` has one column per state-action pair.
    """
    states, pairs = flow.shape
    counts = np.diff(flow.indptr).astype(np.int64)
    owner = np.repeat(np.arange(pairs), counts)
    rows, columns, weights, owners = [], [], [], []
    # Products of entries k and k + shift of each column of F; over all shifts, every product occurs once.
    for shift in range(int(counts.max())):
        left = np.flatnonzero(np.arange(flow.nnz) + shift < flow.indptr[owner + 1])
        rows.append(flow.indices[left].astype(np.int64))
        columns.append(flow.indices[left + shift].astype(np.int64))
        weights.append(flow.data[left] * flow.data[left + shift])
        owners.append(owner[left])
    # Products of every entry of F with the entry of E in its column.
    rows.append(flow.indices.astype(np.int64))
    columns.append(states + owner // actions)
    weights.append(flow.data)
    owners.append(owner)
    one, other = np.concatenate(rows), np.concatenate(columns)
    key = np.minimum(one, other) * (2 * states) + np.maximum(one, other)
    named, entry = np.unique(key, return_inverse=True)
    ends = np.arange(states, 2 * states)
    matrix = sparse.csr_array(
        (np.concatenate(weights), (entry, np.concatenate(owners))), shape=(named.size + states, pairs)
    )
    found = np.concatenate([named // (2 * states), ends]), np.concatenate([named % (2 * states), ends])
    return found[0], found[1], matrix
