"""Finite decision problems: the record that every builder returns, and random (Garnet) instances.

A *task* is a finite MDP together with the cost that its expert minimises:

    minimise over policies   E_π[c] = Σ_t γ^t E[c(s_t, a_t)] = ⟨ρ_π, c⟩.

The dynamics (S, A, P, p0, γ) are in :class:`gail.exact.FiniteMDP`, which has no cost, because imitation solves
for policies under many costs on the same dynamics. The layout gives the states' positions in a drawing, if they
have positions.

A Garnet(n, m, b) is a random MDP with n states, m actions and branching b. Each (s, a) leads to b distinct
states; every b-subset is equally likely. Their probabilities are the lengths of the b pieces into which b - 1
independent uniform cuts divide [0, 1] (a uniform point of the simplex). Archibald, McKinnon and Thomas (1995),
"On the generation of Markov decision processes".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gail.exact.process.finite_mdp import FiniteMDP, validate_cost

LayoutT = TypeVar("LayoutT", covariant=True)


@dataclass(frozen=True, eq=False)
class FiniteTask(Generic[LayoutT]):
    """A finite MDP, the cost to minimise on it, and how its states are laid out.

    Attributes:
        mdp: the dynamics, with S states and A actions.
        cost: c(s, a), shape (S, A), finite, paid each time a is taken in s. Stored read-only.
        layout: positions of the states (a ``GridLayout`` for gridworlds), or None if they have none.

    Raises:
        gail.exact.process.finite_mdp.InvalidCost: the cost has another shape than (S, A), or an entry that is not
        finite.
    """

    mdp: FiniteMDP
    cost: NDArray[np.float64]
    layout: LayoutT

    def __post_init__(self) -> None:
        cost = validate_cost(self.mdp, self.cost)
        cost.flags.writeable = False
        object.__setattr__(self, "cost", cost)


def garnet(
    num_states: int, num_actions: int, branching: int, rng: np.random.Generator, *, discount: float = 0.95
) -> FiniteTask[None]:
    """A random Garnet task: ``branching`` successors for each (s, a), cost uniform on [0, 1), uniform start.

    The same generator state gives the same task. Memory grows with S·A·branching, time with S·A·branching²; no array
    has S² entries.

    Raises:
        ValueError: a size is below one, or ``branching`` exceeds ``num_states``.
    """
    if min(num_states, num_actions) < 1:
        raise ValueError(f"need at least one state and one action, got {num_states} and {num_actions}")
    if not 1 <= branching <= num_states:
        raise ValueError(f"branching must lie between 1 and num_states = {num_states}, got {branching}")
    num_rows = num_states * num_actions
    successors = _random_subsets(num_rows, num_states, branching, rng)
    probabilities = _random_partitions(num_rows, branching, rng)
    transitions = sp.csr_array(
        (probabilities.ravel(), successors.ravel(), np.arange(num_rows + 1) * branching),
        shape=(num_rows, num_states),
    )
    initial = np.full(num_states, 1.0 / num_states)
    cost = rng.random((num_states, num_actions))
    return FiniteTask(FiniteMDP(transitions, initial, discount), cost, None)


def _random_subsets(count: int, population: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``count`` uniform subsets of range(population), one per row of a (count, size) array.

    Floyd's algorithm, all rows at once: element j draws from 0..top and takes ``top`` itself when the draw is
    already in its row. It needs no permutation of the population.
    """
    subsets = np.empty((count, size), dtype=np.int64)
    for column, top in enumerate(range(population - size, population)):
        drawn = rng.integers(0, top + 1, size=count)
        taken = (subsets[:, :column] == drawn[:, None]).any(axis=1)
        subsets[:, column] = np.where(taken, top, drawn)
    return subsets


def _random_partitions(count: int, parts: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """``count`` uniform points of the simplex with ``parts`` corners, one per row of a (count, parts) array."""
    cuts = np.sort(rng.random((count, parts - 1)), axis=1)
    return np.diff(cuts, axis=1, prepend=0.0, append=1.0)
