"""The cost regularizers psi that the command line can name. Each is built for a given process.

Feature classes get three random features per pair, drawn from a fixed seed. The metric of the Lipschitz class is the
shortest path in a graph of pairs and states. Each pair is joined to its state by an edge of length 1/2, and two states
by an edge of length 1 if some action leads from one to the other. So the pairs of one state have distance 1. If the
graph is not connected, edges of length S (the number of states) join its components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from gail.exact import FiniteMDP
from gail.exact import regularizers as psi
from gail.experiments.errors import InvalidRequest

FEATURES = 3
"""Number of random features of the feature classes."""

Array = NDArray[np.float64]
MakePsi = Callable[[FiniteMDP], psi.Regularizer]


def random_features(mdp: FiniteMDP) -> Array:
    """(S, A, 3) standard normal features from a fixed seed, for the classes of costs that need features."""
    return np.random.default_rng(0).normal(size=(mdp.num_states, mdp.num_actions, FEATURES))


def _path_metric(mdp: FiniteMDP) -> psi.Lipschitz:
    states, actions = mdp.num_states, mdp.num_actions
    pairs = states * actions
    steps = sparse.coo_array(mdp.transitions)
    sources, targets = pairs + steps.row // actions, pairs + steps.col
    moves = np.unique(np.sort(np.stack([sources, targets], axis=1)[sources != targets], axis=1), axis=0)
    own = np.stack([np.arange(pairs), pairs + np.arange(pairs) // actions], axis=1)
    edges = np.concatenate([own, moves])
    lengths = np.concatenate([np.full(pairs, 0.5), np.ones(len(moves))])
    size = pairs + states
    parts, labels = csgraph.connected_components(_graph(edges, lengths, size), directed=False)
    first = np.array([np.flatnonzero(labels == part)[-1] for part in range(parts)])  # the last node is a state
    bridges = np.stack([np.full(parts - 1, first[0]), first[1:]], axis=1)
    lengths = np.concatenate([lengths, np.full(parts - 1, float(states))])
    return psi.Lipschitz.on_graph(_graph(np.concatenate([edges, bridges]), lengths, size), pairs)


def _graph(edges: NDArray[np.intp], lengths: Array, size: int) -> Any:
    rows, columns = edges.T
    both = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    return sparse.csr_array((np.tile(lengths, 2), both), shape=(size, size))


CHOICES: Mapping[str, MakePsi] = {
    "constant": lambda mdp: psi.Constant(),
    "logistic": lambda mdp: psi.Logistic(),
    "l2-ball": lambda mdp: psi.L2Ball(random_features(mdp)),
    "simplex": lambda mdp: psi.Simplex(random_features(mdp)),
    "linear-span": lambda mdp: psi.LinearSpan(random_features(mdp)),
    "linf-ball": lambda mdp: psi.LInfBall(),
    "lipschitz": _path_metric,
    "quadratic": lambda mdp: psi.Quadratic(1.0),
    "exponential": lambda mdp: psi.Exponential(),
    "truncated-quadratic": lambda mdp: psi.TruncatedQuadratic(),
    "hinge": lambda mdp: psi.Hinge(),
    "jeffreys": lambda mdp: psi.Jeffreys(),
    "reverse-kl": lambda mdp: psi.ReverseKL(),
    "forward-kl": lambda mdp: psi.ForwardKL(),
}
"""Command-line names; `gail.exact.regularizers` defines each psi."""


def find_psi(names: Sequence[str]) -> dict[str, MakePsi]:
    """The choices with these names; all if `names` is empty. Raises `InvalidRequest` for an unknown name."""
    for name in names:
        if name not in CHOICES:
            raise InvalidRequest(f"--psi {name}: known are {', '.join(CHOICES)}")
    return {name: CHOICES[name] for name in names or CHOICES}
