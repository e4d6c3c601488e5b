"""The Markov chain of one policy, factored once and solved many times.

Policy evaluation and occupancy are the two sides of one matrix:

    V = (I - gamma P_pi)^-1 r            (values of a per-state charge r),
    x = (I - gamma P_pi)^-T p            (discounted visits from a source p).

Its transpose is an M-matrix with dominant columns, so elimination without pivoting is stable, and a
fill-reducing symmetric ordering may be used (Golub & Van Loan, section 4.1).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.mdp import Array, FiniteMDP


class Chain:
    """Sparse LU factors of I - gamma P_pi for a policy (S, A)."""

    def __init__(self, mdp: FiniteMDP, policy: Array) -> None:
        matrix = sparse.csr_array(sparse.eye_array(mdp.num_states, format="csr") - mdp.discounted_chain(policy))
        self._factors = splu(
            sparse.csc_array(matrix.T),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def values(self, charge: Array) -> Array:
        """(S,) discounted sum of a per-state charge (S,) collected from each state on."""
        # The stubs do not know the second argument.
        return np.asarray(self._factors.solve(charge, "T"), dtype=np.float64)  # type: ignore[call-overload]

    def visits(self, source: Array) -> Array:
        """(S,) discounted visits to each state when `source` (S,) enters the chain."""
        return np.asarray(self._factors.solve(source), dtype=np.float64)
