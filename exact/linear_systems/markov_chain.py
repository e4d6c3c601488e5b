"""The Markov chain of one policy: its two linear systems, solved directly or by iteration.

Policy evaluation and occupancy are the two sides of one matrix:

    V = (I - gamma P_pi)^-1 r            (values of a per-state cost r),
    x = (I - gamma P_pi)^-T p            (discounted visits from a source p).

Direct. The transpose is an M-matrix with dominant columns, so elimination without pivoting is stable, and a
fill-reducing symmetric ordering may be used (Golub & Van Loan, section 4.1). Elimination is used if the states are
few, or have small separators, as in a gridworld. Few states without small separators would fill the factors: there the
matrix is treated as a dense one.

Iterative. Gauss-Seidel sweeps over the states in an order that follows the chain (`gauss_seidel`), alone if they
converge fast, otherwise as the preconditioner of stabilised bi-conjugate gradients. Residuals are recomputed, and the
solution is refined until they are rounding. Chains that sweeps alone solve are not factored. For a rough correction no
order is computed: the spectrum lies in the disc of radius gamma about one, which suits bi-conjugate gradients without a
preconditioner. Where they break down, x <- r + gamma P_pi x, a contraction by gamma, is used instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse.linalg import SuperLU, splu

from gail.exact.linear_systems.bicgstab import bicgstab
from gail.exact.linear_systems.gauss_seidel import SweepOrder, Sweeps, sweep_order
from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP

DIRECT_UP_TO = 1000
"""Number of states up to which every system is factored."""

DENSE_FROM = 100
"""Number of states from which a dense matrix is faster, if factors are not sparse."""

ITERATIVE_BEYOND = 300_000
"""Number of states beyond which no system is factored, unless the discount is one."""

MAX_SPARSE_LEVEL = 16.0
"""Squared level width per state up to which factors are assumed to be sparse."""

MAX_STEPS = 3000
"""Steps of bi-conjugate gradients before the contraction is used."""

MAX_SWEEPS = 100_000
"""Sweeps of the contraction in one correction."""

_Elimination: TypeAlias = Literal["NATURAL", "MMD_AT_PLUS_A"]
"""SuperLU's orders of elimination."""


class Chain:
    """The systems of I - gamma P_pi for a policy (S, A); factors are made when first needed, and kept.

    `order` is an order of the states for sweeps, found for a similar policy. If it is given, corrections use sweeps.
    Solutions use sweeps in any case, in their own order if none is given.
    """

    def __init__(self, mdp: FiniteMDP, policy: Array, order: SweepOrder | None = None) -> None:
        self._matrix = mdp.discounted_chain(policy)
        self._known_order = order
        # In the order of the stages the matrix is triangular: it is its own factor.
        self._elimination: Literal["NATURAL", "MMD_AT_PLUS_A"] = (
            "NATURAL" if mdp.stages is not None else "MMD_AT_PLUS_A"
        )
        self._factor_corrections = mdp.num_states <= DIRECT_UP_TO or mdp.discount == 1.0 or mdp.stages is not None
        self._mdp = mdp

    def values(self, cost: Array) -> Array:
        """(S,) discounted sum of a per-state cost (S,) from each state on; (S, k) for k costs (S, k)."""
        if self._factor_corrections:
            return self._factored_values(cost)
        if cost.ndim == 2:
            return np.column_stack([self.values(column) for column in cost.T])
        return self._solved(self._forward, cost, self._factored_values)

    def visits(self, source: Array) -> Array:
        """(S,) discounted visits to each state when `source` (S,) enters the chain."""
        if self._factor_corrections:
            return self._factored_visits(source)
        against = Sweeps(sparse.csr_array(self._arranged.T), self._order.cuts, self._order.partners, backwards=True)
        return self._solved(against, source, self._factored_visits)

    def correction(self, residual: Array, accuracy: float) -> Array:
        """`values` of a residual (S,) for a Newton step, to a relative accuracy."""
        if self._factor_corrections:
            return self._factored_values(residual)
        if self._known_order is None:
            return _reduced(self._matrix, residual, accuracy)
        return self._order.restored(self._forward.reduced(residual[self._order.states], accuracy))

    def _solved(self, sweeps: Sweeps, right: Array, factored: Callable[[Array], Array]) -> Array:
        """The solution by sweeps alone where they converge fast; else by factorization where the factors are sparse."""
        arranged = right[self._order.states]
        solution = sweeps.solution(arranged)
        if solution is None:
            # The level width is computed once per process, and only when the choice depends on it.
            if (
                self._mdp.num_states <= ITERATIVE_BEYOND
                and self._mdp.level_width**2 <= MAX_SPARSE_LEVEL * self._mdp.num_states
            ):
                return factored(right)
            solution = sweeps.refined(arranged)
        return self._order.restored(solution)

    def _factored_visits(self, source: Array) -> Array:
        if self._is_dense:
            return np.asarray(lu_solve(self._dense_factors, source, trans=1, check_finite=False))
        return np.asarray(self._factors.solve(source), dtype=np.float64)

    def _factored_values(self, cost: Array) -> Array:
        if self._is_dense:
            return np.asarray(lu_solve(self._dense_factors, cost, check_finite=False))
        # The stubs do not know the second argument.
        return np.asarray(self._factors.solve(cost, "T"), dtype=np.float64)  # type: ignore[call-overload]

    @property
    def order(self) -> SweepOrder | None:
        """The order of the states for sweeps; None if the systems are factored."""
        return None if self._factor_corrections else self._order

    @cached_property
    def _order(self) -> SweepOrder:
        return sweep_order(self._matrix) if self._known_order is None else self._known_order

    @cached_property
    def _arranged(self) -> Sparse:
        return self._order.arranged(self._matrix)

    @cached_property
    def _forward(self) -> Sweeps:
        return Sweeps(self._arranged, self._order.cuts, self._order.partners)

    @property
    def _is_dense(self) -> bool:
        """Whether the states are few, and sparse factors would not be sparse."""
        mdp = self._mdp
        few = DENSE_FROM <= mdp.num_states <= DIRECT_UP_TO and mdp.stages is None
        return few and mdp.level_width**2 > MAX_SPARSE_LEVEL * mdp.num_states

    @cached_property
    def _dense_factors(self) -> tuple[Array, Any]:
        return lu_factor(np.eye(self._matrix.shape[0]) - self._matrix.toarray(), check_finite=False)

    @cached_property
    def _factors(self) -> SuperLU:
        identity = sparse.eye_array(self._matrix.shape[0], format="csr")
        return splu(
            sparse.csc_array(sparse.csr_array(identity - self._matrix).T),
            permc_spec=self._elimination,
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )


def _reduced(matrix: Sparse, right: Array, accuracy: float) -> Array:
    """x with |right - (x - matrix x)| <= accuracy |right|, Euclidean, without an order of the states."""
    enough = accuracy * float(np.linalg.norm(right))
    solution = bicgstab(lambda x: np.asarray(x - matrix @ x), right, enough, MAX_STEPS)
    residual = right - (solution - matrix @ solution)
    for _ in range(MAX_SWEEPS):
        # Rounding separates the recursive residual, which stops the iteration, from the true one.
        if float(np.linalg.norm(residual)) <= 2.0 * enough:
            break
        solution = solution + residual
        residual = np.asarray(matrix @ residual)
    return solution
