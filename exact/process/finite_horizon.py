"""Finite horizons as time-expanded processes.

A process run for T steps is a process on pairs (t, s), t = 0..T-1, numbered t*S + s:

    P((t+1, s') | (t, s), a) = P(s' | s, a),      every pair with t = T-1 is terminal.

Continuation is acyclic, so the discount may be 1. Policies on pairs are the time-dependent policies of the original
process. Occupancy measures become rho_t(s,a) = gamma^t Pr(s_t = s, a_t = a), of total mass sum_t gamma^t. So every
solver for infinite horizons also solves finite ones. With `Constant` psi, `solve_irl` is maximum causal entropy inverse
reinforcement learning with its backward soft recursion (Ziebart 2010, chapter 5)

    V_t(s) = -lambda log sum_a exp(-(c(s,a) + gamma E[V_{t+1}(s') | s,a]) / lambda),    V_T = 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.memory import require_memory

LINK_NUMBERS, ROW_NUMBERS = 8, 4
"""Peak memory of the expansion, in numbers of eight bytes: per transition and per row (s,a) of a step."""


def time_expanded(mdp: FiniteMDP, horizon: int, discount: float = 1.0) -> FiniteMDP:
    """The process run for `horizon` steps, on T*S states; state t*S + s is s at step t.

    The discount of `mdp` is not used: `discount` weights the steps, by default equally. Episodes that end before step T
    in the original process also end early in the expanded one.

    Raises:
        TypeError: the horizon is not a whole number, or the process is not a FiniteMDP.
        ValueError: the horizon is less than one.
        NotEnoughMemory: the expanded process would need more than is available.
        InvalidMDP: a discount outside [0, 1].
    """
    validate_process(mdp)
    horizon = validate_count("horizon", horizon)
    states, rows = mdp.num_states, mdp.num_states * mdp.num_actions
    numbers = LINK_NUMBERS * mdp.transitions.nnz + ROW_NUMBERS * rows + states
    require_memory(8.0 * horizon * numbers, f"{horizon} steps of {states} states and {mdp.num_actions} actions")
    # Block (t, t+1) is P; the last block row is empty.
    later = sparse.csr_array(sparse.kron(sparse.eye_array(horizon - 1), mdp.transitions, format="csr"))
    shifted = sparse.csr_array(
        (later.data, later.indices + states, np.append(later.indptr, np.full(rows, later.indptr[-1]))),
        shape=(horizon * rows, horizon * states),
    )
    initial = np.zeros(horizon * states)
    initial[:states] = mdp.initial
    terminal = np.tile(mdp.terminal, horizon)
    terminal[-states:] = True
    return FiniteMDP(shifted, initial, discount, terminal)


def by_step(array: ArrayLike, horizon: int) -> Array:
    """An array over expanded states, (T*S, ...), as (T, S, ...); a view where possible.

    Raises:
        ValueError: the length of the first axis is not a multiple of the horizon.
    """
    flat = np.asarray(array, dtype=np.float64)
    if horizon < 1 or flat.shape[0] % horizon:
        raise ValueError(f"{flat.shape[0]} expanded states do not divide into {horizon} steps")
    return flat.reshape(horizon, flat.shape[0] // horizon, *flat.shape[1:])


def at_every_step(array: ArrayLike, horizon: int) -> Array:
    """A cost, policy or state function (S, ...) of the original process, repeated at every step: (T*S, ...)."""
    stationary = np.asarray(array, dtype=np.float64)
    return np.tile(stationary, (horizon, *[1] * (stationary.ndim - 1)))


def over_time(occupancy: ArrayLike, horizon: int) -> Array:
    """(S, A) sum over steps of an occupancy measure (T*S, A); stationary costs and features depend on this sum only."""
    total: Array = by_step(occupancy, horizon).sum(axis=0)
    return total
