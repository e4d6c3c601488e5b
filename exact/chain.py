"""The Markov chain of one policy: its two linear systems, solved directly or by iteration.

Policy evaluation and occupancy are the two sides of one matrix:

    V = (I - gamma P_pi)^-1 r            (values of a per-state charge r),
    x = (I - gamma P_pi)^-T p            (discounted visits from a source p).

Direct. The transpose is an M-matrix with dominant columns, so elimination without pivoting is stable, and a
fill-reducing symmetric ordering may be used (Golub & Van Loan, section 4.1). Worth it where the states fall
apart by small separators, as those of a gridworld do, or are few.

Iterative. The spectrum lies in the disc of radius gamma about one, which suits stabilised bi-conjugate
gradients (van der Vorst 1992). Residuals are recomputed and the solution refined until they are rounding;
where the iteration breaks down, x <- b + gamma P_pi x, a contraction by gamma, takes over.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from gail.exact.mdp import Array, FiniteMDP, Sparse

FEW = 1000
"""States up to which everything is done by factors."""

MANY = 300_000
"""States beyond which nothing is, unless the discount is one."""

SLENDER = 16.0
"""Square of a level's width, per state, up to which factors are taken to stay sparse."""

ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""Residual relative to the solution that is rounding."""

REFINEMENT = 1e-6
"""Reduction of the residual asked of the iteration between two recomputations of it."""

MAX_STEPS = 3000
"""Steps of bi-conjugate gradients before the contraction takes over."""

MAX_SWEEPS = 100_000
"""Sweeps of the contraction in one correction."""


class Chain:
    """The systems of I - gamma P_pi for a policy (S, A); factors are made when first needed, and kept."""

    def __init__(self, mdp: FiniteMDP, policy: Array) -> None:
        self._matrix = mdp.discounted_chain(policy)
        few = mdp.num_states <= FEW or mdp.discount == 1.0
        self._factor_corrections = few
        # The level width is a property of the process, found once; it is not asked for where it decides nothing.
        self._factor_solutions = few or (mdp.num_states <= MANY and mdp.level_width**2 <= SLENDER * mdp.num_states)

    def values(self, charge: Array) -> Array:
        """(S,) discounted sum of a per-state charge (S,) collected from each state on."""
        if self._factor_solutions:
            return self._factored_values(charge)
        return _refined(self._matrix, charge)

    def visits(self, source: Array) -> Array:
        """(S,) discounted visits to each state when `source` (S,) enters the chain."""
        if self._factor_solutions:
            return np.asarray(self._factors.solve(source), dtype=np.float64)
        return _refined(sparse.csr_array(self._matrix.T), source)

    def correction(self, residual: Array, accuracy: float) -> Array:
        """`values` of a residual (S,), good enough for a Newton step: to a relative accuracy, or better."""
        if self._factor_corrections:
            return self._factored_values(residual)
        return _reduced(self._matrix, residual, accuracy)

    def _factored_values(self, charge: Array) -> Array:
        # The stubs do not know the second argument.
        return np.asarray(self._factors.solve(charge, "T"), dtype=np.float64)  # type: ignore[call-overload]

    @cached_property
    def _factors(self) -> SuperLU:
        identity = sparse.eye_array(self._matrix.shape[0], format="csr")
        return splu(
            sparse.csc_array(sparse.csr_array(identity - self._matrix).T),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )


def _refined(matrix: Sparse, right: Array) -> Array:
    """Solve x - matrix x = right until the recomputed residual is rounding."""
    solution, best = np.zeros_like(right), np.inf
    residual = right
    while True:
        size = float(np.linalg.norm(residual))
        if size <= ROUNDING * float(np.linalg.norm(solution)) or size > 0.5 * best:
            return solution
        best = size
        solution = solution + _reduced(matrix, residual, REFINEMENT)
        residual = right - (solution - matrix @ solution)


def _reduced(matrix: Sparse, right: Array, accuracy: float) -> Array:
    """x with |right - (x - matrix x)| <= accuracy |right|, Euclidean."""
    enough = accuracy * float(np.linalg.norm(right))
    solution = _bicgstab(matrix, right, enough)
    residual = right - (solution - matrix @ solution)
    for _ in range(MAX_SWEEPS):
        # The recursive residual that stopped the iteration drifts from the true one by rounding.
        if float(np.linalg.norm(residual)) <= 2.0 * enough:
            break
        solution = solution + residual
        residual = np.asarray(matrix @ residual)
    return solution


def _bicgstab(matrix: Sparse, right: Array, enough: float) -> Array:
    """Steps until the recursive residual is small enough; what there is when the recursion breaks down.

    Vectors are updated in place: with a million states, fresh memory costs more than the arithmetic.
    """
    solution, residual, search = np.zeros_like(right), right.copy(), right.copy()
    best, best_size = solution.copy(), float(np.linalg.norm(right))
    scratch = np.empty_like(right)
    along = float(right @ residual)
    for _ in range(MAX_STEPS):
        if best_size <= enough:
            break
        image = search - matrix @ search
        across = float(right @ image)
        if across == 0.0 or along == 0.0:
            break
        step = along / across
        residual -= np.multiply(step, image, out=scratch)
        turned = residual - matrix @ residual
        length = float(turned @ turned)
        damping = float(turned @ residual) / length if length > 0.0 else 0.0
        solution += np.multiply(step, search, out=scratch)
        solution += np.multiply(damping, residual, out=scratch)
        residual -= np.multiply(damping, turned, out=scratch)
        size = float(np.linalg.norm(residual))
        if not np.isfinite(size):
            break
        if size < best_size:
            best_size = size
            np.copyto(best, solution)
        last, along = along, float(right @ residual)
        if damping == 0.0:
            break
        search -= np.multiply(damping, image, out=scratch)
        search *= (along / last) * (step / damping)
        search += residual
    return best
