"""The longest expected discounted duration of an episode, from every state.

    u(s) = max over policies of E[sum_t gamma^t | s_0 = s],     u = max over a of 1 + gamma E[u(s') | s,a],

by policy iteration (Howard 1960). Where episodes end early, u is far below 1/(1-gamma).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.process.arrays import Array, Sparse

DIRECT_UP_TO = 3000
"""Number of states up to which chains are factored; beyond it, 1/(1-gamma) is the bound."""

MAX_ITERATIONS = 200

MARGIN = 1e-9
"""Relative amount by which u is enlarged, so that its inequality holds in spite of rounding."""


def longest_lifetimes(transitions: Sparse, discount: float) -> Array:
    """(S,) a function u with u >= 1 + gamma E[u(s') | s,a] for every action, gamma < 1: the least, up to rounding.

    `transitions` is (S*A, S).
    """
    pairs, states = transitions.shape
    longest = np.full(states, 1.0 / (1.0 - discount))
    if states > DIRECT_UP_TO:
        return longest
    rows = np.arange(states) * (pairs // states)
    chosen = np.zeros(states, dtype=np.int64)
    for _ in range(MAX_ITERATIONS):
        chain = sparse.csc_array(sparse.eye_array(states) - discount * transitions[rows + chosen])
        steps = np.asarray(splu(chain).solve(np.ones(states)), dtype=np.float64)
        ahead = 1.0 + discount * np.asarray(transitions @ steps).reshape(states, -1)
        better = ahead.max(axis=1) > (1.0 + 0.1 * MARGIN) * steps
        if not better.any():
            return np.asarray(np.minimum((1.0 + MARGIN) * steps, longest))
        chosen = np.where(better, ahead.argmax(axis=1), chosen)
    return longest
