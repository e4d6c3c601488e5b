"""Linked states of deterministic dynamics (Fu, Luo & Levine 2018, Definition B.1).

Two states are linked if some state can reach both in one step. The classes are those of the transitive closure. P_a V
is the same for all actions a if and only if V is constant on every class. So the number of classes is the dimension of
the state-only rewards that explain the same soft-optimal expert (`ambiguity`), and Fu et al.'s condition, one class,
says that the reward is known up to a constant.

The end of an episode is one more state, where V = 0: the class that contains it adds no dimension. A state that no
action leads to, such as a start that is never visited again, is a class of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.reachability import Reachable


def is_deterministic(mdp: FiniteMDP) -> bool:
    """Whether every action leads to one state, or ends the episode, with probability one."""
    counts, sums = _rows(mdp)
    return bool(np.all((counts == 0) | ((counts == 1) & (sums == 1.0))))


def _rows(mdp: FiniteMDP) -> tuple[NDArray[np.int64], Array]:
    """The number of next states of each pair, and their probability."""
    counts = np.diff(mdp.transitions.indptr).astype(np.int64)
    return counts, np.asarray(mdp.transitions.sum(axis=1), dtype=np.float64)


def linked_classes(mdp: FiniteMDP) -> NDArray[np.int64]:
    """(S,) class of each state: 1, 2, ..., n; 0 for the class of the end; -1 for states that no policy visits.

    The largest entry, n, is the dimension of the ambiguity.

    Raises:
        ValueError: some action has more than one possible next state; the message names the first one.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    part = Reachable(mdp)
    if not is_deterministic(part.mdp):
        _refuse(mdp)
    found = np.full(mdp.num_states, -1, dtype=np.int64)
    found[part.mask] = _numbered(_components(part.mdp))
    return found


def _refuse(mdp: FiniteMDP) -> None:
    (counts, sums), actions = _rows(mdp), mdp.num_actions
    random = (counts > 1) | ((counts == 1) & (sums < 1.0))
    state, action = divmod(int(np.flatnonzero(random & np.repeat(mdp.reachable, actions))[0]), actions)
    ways = int(counts[state * actions + action])
    raise ValueError(
        f"linked classes need deterministic dynamics, but action {action} at state {state} has {ways} possible next "
        "states or may end the episode: use reward_ambiguity"
    )


def _components(mdp: FiniteMDP) -> NDArray[np.int64]:
    """(S+1,) component of each state and of the end, which is the last node.

    The process is a reachable part: at discount zero each of its states leads to itself, so that nothing is linked.
    """
    states, actions = mdp.num_states, mdp.num_actions
    counts = np.diff(mdp.transitions.indptr)
    successors = np.full(states * actions, states, dtype=np.int64)
    successors[counts > 0] = mdp.transitions.indices
    first = np.repeat(successors[::actions], actions)
    graph = sparse.csr_array((np.ones(successors.size), (first, successors)), shape=(states + 1, states + 1))
    labels: NDArray[np.int64] = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def _numbered(components: NDArray[np.int64]) -> NDArray[np.int64]:
    """(S,) the components renumbered from 1 on, with 0 for that of the last node."""
    others = np.unique(components[components != components[-1]])
    numbers = np.zeros(components.max() + 1, dtype=np.int64)
    numbers[others] = np.arange(1, others.size + 1)
    return numbers[components[:-1]]
