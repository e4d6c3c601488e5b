"""Terminating processes as processes that never end.

When an episode ends, it moves to an additional state z = S, which no action leaves:

    P'(s'|s,a) = P(s'|s,a),     P'(z|s,a) = 1 - sum over s' of P(s'|s,a),     P'(z|z,a) = 1.

Policies act at the old states as before, so their occupancy measures there are unchanged. The rest of the mass
1/(1-gamma) lies at z. So all occupancy measures have the same mass, which a comparison by psi* needs: without z, psi*
may prefer policies whose episodes end later. (Ho & Ermon 2016 have no episodes that end; Kostrikov et al. 2019, section
4.2, add the state to episodes.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gail.exact.process.arrays import Array, real_numbers
from gail.exact.process.finite_mdp import ROUNDING, FiniteMDP, InvalidCost, InvalidMDP, validate_process


def continuing(mdp: FiniteMDP) -> FiniteMDP:
    """The process with an absorbing state S, in which episodes that would end continue for ever.

    State S is added whether or not any episode ends.

    Raises:
        InvalidMDP: the discount is 1, so an endless episode has infinite mass.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    if mdp.discount == 1.0:
        raise InvalidMDP("discount 1: an absorbing state would be visited infinitely often; use a discount below one")
    lacking = missing_mass(mdp)
    rows = sparse.hstack([mdp.transitions, sparse.csr_array(lacking.reshape(-1, 1))], format="csr")
    absorbing = sparse.csr_array(
        (np.ones(mdp.num_actions), (np.arange(mdp.num_actions), np.full(mdp.num_actions, mdp.num_states))),
        shape=(mdp.num_actions, mdp.num_states + 1),
    )
    return FiniteMDP(sparse.vstack([rows, absorbing], format="csr"), np.append(mdp.initial, 0.0), mdp.discount)


def continuing_cost(cost: ArrayLike) -> Array:
    """(S + 1, A) cost on `continuing(mdp)` of a cost (S, A) on the process: zero in the absorbing state.

    Raises:
        InvalidCost: not real numbers, or not two axes.
    """
    array = real_numbers("cost", cost, InvalidCost)
    if array.ndim != 2:
        raise InvalidCost(f"cost must have shape (states, actions), got {array.shape}")
    return np.concatenate([array, np.zeros((1, array.shape[1]))])


def missing_mass(mdp: FiniteMDP) -> Array:
    """(S, A) probability that the episode ends after each pair; a row sum within 1e-9 of one counts as one."""
    lacking = 1.0 - np.asarray(mdp.transitions.sum(axis=1), dtype=np.float64)
    return np.where(lacking > ROUNDING, lacking, 0.0).reshape(mdp.num_states, mdp.num_actions)
