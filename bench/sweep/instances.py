"""The instances of the sweep: each follows from its number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from gail.exact import FiniteMDP, occupancy_of
from gail.exact import regularizers as psi_of

DISCOUNTS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Instance:
    """A problem of the sweep, with the words that describe it."""

    mdp: FiniteMDP
    expert: Any
    psi: Any
    weight: float
    process: str
    expert_kind: str


def instance(number: int, *, large: bool = False) -> Instance:
    """The instance of a number; psi runs through the library."""
    rng = np.random.default_rng([number, int(large)])
    states = int(rng.integers(61, 501)) if large else round(np.exp(rng.uniform(0.0, np.log(60.0))))
    actions = int(rng.integers(1 if states > 1 else 2, 6))
    process = str(rng.choice(["dense", "sparse", "chain", "deterministic", "ending", "unreachable"]))
    transitions = _transitions(rng, process, states, actions)
    start = rng.dirichlet(np.full(states, float(rng.choice([0.05, 1.0]))))
    if process == "unreachable":
        start[states // 2 :] = 0.0
    if not start.sum() > 0.0:
        start[0] = 1.0
    terminal = transitions.sum(axis=2).min(axis=1) < 1.0 - 1e-9
    discount = float(rng.choice(DISCOUNTS))
    mdp = FiniteMDP(transitions, start / start.sum(), discount, terminal=terminal)
    kind = str(rng.choice(["uniform", "random", "deterministic", "nearly deterministic", "soft-optimal"]))
    weight = float(10.0 ** rng.uniform(-6.0, 2.0))
    expert = occupancy_of(mdp, _expert(rng, kind, mdp))
    makers = list(_psi_makers())
    return Instance(mdp, expert, makers[number % len(makers)](rng, states, actions), weight, process, kind)


def _transitions(rng: np.random.Generator, process: str, states: int, actions: int) -> Any:
    table = np.zeros((states, actions, states))
    for s in range(states):
        for a in range(actions):
            if process == "chain":
                table[s, a, min(states - 1, s + 1) if a == 0 else max(0, s - 1)] = 1.0
            elif process == "deterministic":
                table[s, a, rng.integers(states)] = 1.0
            elif process == "dense":
                table[s, a] = rng.dirichlet(np.ones(states))
            else:
                within = states // 2 if process == "unreachable" and s < states // 2 else states
                branches = min(3, within)
                table[s, a, rng.choice(within, branches, replace=False)] = rng.dirichlet(np.ones(branches))
    if process == "ending":
        ends = rng.random(states) < 0.3
        table[ends] *= rng.random((int(ends.sum()), actions, 1))
    return table


def _expert(rng: np.random.Generator, kind: str, mdp: FiniteMDP) -> Any:
    shape = (mdp.num_states, mdp.num_actions)
    if kind == "uniform":
        return np.full(shape, 1.0 / shape[1])
    if kind == "random":
        return rng.dirichlet(np.full(shape[1], 0.5), size=shape[0])
    if kind == "soft-optimal":
        logits = rng.normal(size=shape) * 10.0 ** rng.uniform(-1.0, 1.3)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)
    chosen = np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    if kind == "nearly deterministic":
        chosen = chosen + 10.0 ** rng.uniform(-12.0, -3.0)
    return chosen / chosen.sum(axis=1, keepdims=True)


def _psi_makers() -> Iterator[Callable[[np.random.Generator, int, int], Any]]:
    def features(rng: np.random.Generator, states: int, actions: int) -> Any:
        return rng.normal(size=(states, actions, int(rng.integers(1, 5)))) * 10.0 ** rng.uniform(-2.0, 2.0)

    def lipschitz(rng: np.random.Generator, states: int, actions: int) -> Any:
        points = rng.normal(size=(states * actions, 2))
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        if states * actions <= 100:
            return psi_of.Lipschitz(distances.reshape(states, actions, states, actions))
        ring = np.arange(states * actions)
        away = np.roll(ring, 1)
        lengths = distances[ring, away]
        graph = sparse.coo_array(
            (np.tile(lengths, 2), (np.append(ring, away), np.append(away, ring))), shape=2 * (len(ring),)
        )
        return psi_of.Lipschitz.on_graph(sparse.csr_array(graph))

    yield lambda rng, s, a: psi_of.Constant()
    yield lambda rng, s, a: psi_of.Quadratic(float(10.0 ** rng.uniform(-2.0, 2.0)))
    yield lambda rng, s, a: psi_of.L2Ball(features(rng, s, a))
    yield lambda rng, s, a: psi_of.Simplex(features(rng, s, a))
    yield lambda rng, s, a: psi_of.LinearSpan(features(rng, s, a))
    yield lambda rng, s, a: psi_of.LInfBall()
    yield lipschitz
    for one in (psi_of.Logistic, psi_of.Exponential, psi_of.TruncatedQuadratic, psi_of.Hinge, psi_of.Jeffreys,
                psi_of.ReverseKL, psi_of.ForwardKL):  # fmt: skip
        yield lambda rng, s, a, one=one: one()
