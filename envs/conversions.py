"""Finite tasks from Gymnasium's transition tables and from networkx graphs, and a chain.

Gymnasium's tabular environments (FrozenLake, CliffWalking, Taxi) store their dynamics as a table
`P[s][a] = [(probability, next state, reward, done), ...]`. A transition with `done` ends the episode: here its
probability is missing from the row of (s, a), and s is marked terminal, so occupancy measures count exactly the
steps that the environment takes. The cost of (s, a) is minus the expected reward of its transitions. If
`gail.envs.tabular` samples the task, states, actions and endings have the original's distribution, and rewards its
mean.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import gymnasium
import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from gail.envs.finite import FiniteTask
from gail.exact.process.finite_mdp import FiniteMDP

Outcomes: TypeAlias = Sequence[tuple[float, int, float, bool]]
Table: TypeAlias = Mapping[int, Mapping[int, Outcomes]] | Sequence[Sequence[Outcomes]]
"""Gymnasium's layout: dictionaries or lists by state, then by action."""


class NotTabular(ValueError):
    """The environment or graph does not define finite dynamics that can be read."""


def from_gymnasium(env: gymnasium.Env[Any, Any], *, discount: float) -> FiniteTask[None]:
    """The finite task of an environment that has its transition table in `env.unwrapped.P`.

    Raises:
        NotTabular: the environment has no such table, or no `initial_state_distrib`.
    """
    table = getattr(env.unwrapped, "P", None)
    initial = getattr(env.unwrapped, "initial_state_distrib", None)
    if table is None or initial is None:
        raise NotTabular(f"{env} has no transition table: unwrapped.P and unwrapped.initial_state_distrib are needed")
    return from_table(table, np.asarray(initial, dtype=float), discount=discount)


def from_table(table: Table, initial: ArrayLike | int, *, discount: float) -> FiniteTask[None]:
    """The finite task of a transition table `table[s][a] = [(probability, next state, reward, done), ...]`.

    Raises:
        NotTabular: a state or an action is missing, or an entry has another form.
        InvalidMDP: probabilities do not sum to one, or the start is none.
    """
    rows, successors, probabilities, rewards, done = _columns(table)
    num_states, num_actions = len(table), len(table[0])
    cost = -np.bincount(rows, weights=probabilities * rewards, minlength=num_states * num_actions).astype(np.float64)
    going_on = ~done.astype(bool)
    transitions = sp.csr_array(
        (probabilities[going_on].astype(float), (rows[going_on], successors[going_on])),
        shape=(num_states * num_actions, num_states),
    )
    terminal = np.zeros(num_states, dtype=bool)
    terminal[rows[~going_on & (probabilities > 0.0)] // num_actions] = True
    mdp = FiniteMDP(transitions, initial, discount, terminal)
    return FiniteTask(mdp, cost.reshape(num_states, num_actions), None)


def _columns(table: Table) -> tuple[NDArray[Any], ...]:
    """Row s*A + a, next state, probability, reward and end of every entry."""
    num_states = len(table)
    entries = []
    for state in range(num_states):
        try:
            outcomes = [table[state][action] for action in range(len(table[0]))]
        except (KeyError, IndexError):
            raise NotTabular(
                f"state {state} lacks an action or is missing: states 0 to {num_states - 1} need the actions 0 to "
                f"{len(table[0]) - 1} of state 0"
            ) from None
        for action, listed in enumerate(outcomes):
            for entry in listed:
                if len(entry) != 4 or not 0 <= entry[1] < num_states:
                    raise NotTabular(
                        f"state {state}, action {action}: {entry!r} is no (probability, next state of 0 to "
                        f"{num_states - 1}, reward, done)"
                    )
                entries.append((state * len(outcomes) + action, entry[1], entry[0], entry[2], entry[3]))
    return tuple(np.array(column) for column in zip(*entries, strict=True))


def from_graph(graph: nx.DiGraph, *, start: Hashable, goal: Hashable, discount: float) -> FiniteTask[None]:
    """Walks on a directed graph: action k follows the k-th outgoing edge, in the graph's own order of edges.

    States are the graph's nodes, in its order of nodes. The cost of an edge is its attribute `cost`, or 1. Nodes with
    fewer edges than the largest out-degree repeat their last edge; a node without edges leads to itself, at cost 1.
    The goal leads to itself, at cost 0.

    Raises:
        NotTabular: start or goal is not a node.
    """
    index = {node: state for state, node in enumerate(graph.nodes)}
    for name, node in (("start", start), ("goal", goal)):
        if node not in index:
            raise NotTabular(f"the {name} {node!r} is not a node of the graph")
    num_actions = max(1, *(degree for _, degree in graph.out_degree))
    successors = np.empty((len(index), num_actions), dtype=np.int64)
    cost = np.empty((len(index), num_actions))
    for node, state in index.items():
        edges = [(index[other], float(data.get("cost", 1.0))) for _, other, data in graph.out_edges(node, data=True)]
        edges = [(state, 0.0)] if node == goal else edges or [(state, 1.0)]
        padded = edges + [edges[-1]] * (num_actions - len(edges))
        successors[state], cost[state] = zip(*padded, strict=True)
    initial = np.zeros(len(index))
    initial[index[start]] = 1.0
    return FiniteTask(FiniteMDP(_deterministic(successors), initial, discount), cost, None)


def chain(num_states: int, *, slip: float = 0.1, discount: float = 0.95) -> FiniteTask[None]:
    """A corridor: from the left end to an absorbing right end; actions left and right, reversed with probability slip.

    A step costs 1; at the right end it costs 0.
    """
    if num_states < 2 or not 0.0 <= slip <= 1.0:
        raise ValueError(f"a chain needs at least 2 states and a slip in [0, 1], got {num_states} and {slip}")
    states = np.arange(num_states)
    moves = np.stack([np.maximum(states - 1, 0), np.minimum(states + 1, num_states - 1)], axis=1)
    moves[-1] = num_states - 1
    transitions = (1.0 - slip) * _deterministic(moves) + slip * _deterministic(moves[:, ::-1])
    cost = np.ones((num_states, 2))
    cost[-1] = 0.0
    initial = np.zeros(num_states)
    initial[0] = 1.0
    return FiniteTask(FiniteMDP(sp.csr_array(transitions), initial, discount), cost, None)


def _deterministic(successors: np.ndarray[Any, np.dtype[np.int64]]) -> sp.csr_array:
    """Transitions (S*A, S) from (s, a) to `successors[s, a]` with probability 1."""
    rows = successors.size
    return sp.csr_array((np.ones(rows), successors.ravel(), np.arange(rows + 1)), shape=(rows, successors.shape[0]))
