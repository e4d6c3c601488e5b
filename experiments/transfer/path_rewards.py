"""GAN-GCL (Finn, Christiano, Abbeel & Levine 2016) and guided cost learning on all paths of the source.

Paths have the fewest steps in which every state can be seen, and no discount. The expert's path distribution is p_r
for r = log pi_E; so both find log pi_E, up to what paths of this length do not determine. A process with more than
`MOST_PATHS` of them is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gail.exact import FiniteMDP
from gail.exact.algorithms import BestPolicy, FittedDiscriminator, gan_gcl, guided_cost_learning, match_paths
from gail.exact.process.arrays import Array
from gail.exact.process.paths import TooManyPaths
from gail.experiments.transfer.pairs import Pair

MOST_PATHS = 20_000

ROUNDS = 30

CLOSED = 1e-6
"""Largest difference of visits at which a run counts as converged."""


def learned_on_paths(pair: Pair) -> Iterator[tuple[str, Array | None, str]]:
    """Name, reward (S, A) or None, and a note, of GAN-GCL and of GCL."""
    names = ("GAN-GCL, paths", "GCL, paths")
    horizon = steps_to_see_all(pair.source)
    try:
        problem = match_paths(pair.source, horizon, pair.expert.policy, MOST_PATHS)
    except TooManyPaths:
        reason = f"left out: to see every state takes {horizon} steps, and there are over {MOST_PATHS:,} such paths"
        yield from ((name, None, reason) for name in names)
        return
    runs = (
        gan_gcl(problem, FittedDiscriminator(), BestPolicy(), ROUNDS),
        guided_cost_learning(problem, ROUNDS),
    )
    for name, run in zip(names, runs, strict=True):
        note = f"all {len(run.density):,} paths of {horizon} steps"
        left = float(run.violation[-1])
        yield name, pair.entropy_weight * run.reward, note if left <= CLOSED else f"{note}; visits differ by {left:.1e}"


def steps_to_see_all(mdp: FiniteMDP) -> int:
    """The least T such that every reachable state is one of s_0, ..., s_{T-1} of some path."""
    table = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)
    moves: NDArray[np.bool_] = np.any(table > 0.0, axis=1)
    seen: NDArray[np.bool_] = np.asarray(mdp.initial > 0.0)
    steps = 1
    while not np.array_equal(seen & mdp.reachable, mdp.reachable):
        seen, steps = seen | moves[seen].any(axis=0), steps + 1
    return steps
