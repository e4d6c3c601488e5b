"""Value iteration V <- T V without entropy, on the states whose values still change: a first guess for policy
iteration.

Information moves one state per sweep, so the number of sweeps is about the length of the longest relevant path, but
most states settle much earlier. After every few sweeps, states whose values hardly change are no longer updated. The
policy iteration that follows corrects the resulting error.

States are updated in blocks, so that the action values of a block stay in the cache, and threads share the blocks.
Every state is updated from the same V, so the result does not depend on the block size or the number of threads, bit
for bit.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gail.exact.planning.bellman import least_value
from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP

ROUND = 10
"""Sweeps per round; after each round the states to update are chosen again."""

SETTLED = 1e-3
"""Change of a value, relative to the largest change, below which the state is no longer updated."""

WORTHWHILE = 0.7
"""Share of changing states above which all states are updated: gathering the transitions of some would take longer."""

BLOCK = 65_536
"""Approximate number of state-action pairs per block."""

WORKERS = min(4, os.cpu_count() or 1)
"""Number of threads; with more, memory bandwidth is the limit."""


Block: TypeAlias = "tuple[slice | NDArray[np.intp], Sparse, Array]"
"""Some states, with their transitions and costs."""


def warm_values(mdp: FiniteMDP, cost: Array, rounds: int) -> Array:
    """(S,) approximate result of `rounds` rounds of value iteration from zero, for a cost (S, A)."""
    values, states = np.zeros(mdp.num_states), np.arange(mdp.num_states)
    blocks = _blocks(mdp, cost, states)
    with ThreadPoolExecutor(WORKERS) as pool:
        # With one block, threads would only add overhead.
        share = pool.map if len(blocks) > 1 else map
        for _ in range(rounds):
            changes: list[Array] = []
            for _ in range(ROUND):
                changes = [*share(_change, blocks, repeat(values), repeat(mdp.discount))]
                for (where, _, _), change in zip(blocks, changes, strict=True):
                    values[where] += change
            size = np.abs(np.concatenate(changes))
            moving = states[size > SETTLED * size.max()]
            if 0 < moving.size < WORTHWHILE * states.size:
                states, blocks = moving, _blocks(mdp, cost, moving)
    return values


def _blocks(mdp: FiniteMDP, cost: Array, states: NDArray[np.intp]) -> list[Block]:
    """Ascending states, cut into blocks."""
    actions, length = mdp.num_actions, max(1, BLOCK // mdp.num_actions)
    blocks: list[Block] = []
    for first in range(0, states.size, length):
        part = states[first : first + length]
        run = slice(int(part[0]), int(part[-1]) + 1)
        if run.stop - run.start == part.size:  # a slice is copied several times faster than a selection
            blocks.append((run, mdp.transitions[run.start * actions : run.stop * actions], cost[run]))
        else:
            rows = (part[:, None] * actions + np.arange(actions)).ravel()
            blocks.append((part, mdp.transitions[rows], cost[part]))
    return blocks


def _change(block: Block, values: Array, discount: float) -> Array:
    """T V - V at the states of a block."""
    where, rows, cost = block
    action_value = np.asarray(rows @ values, dtype=np.float64).reshape(cost.shape)
    action_value *= discount
    action_value += cost
    least = least_value(action_value)
    least -= values[where]
    return least
