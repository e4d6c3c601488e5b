"""The rewards that explain the same soft-optimal experts.

An expert that is soft-optimal on the process k determines its reward up to shaping: r and r + d have the same policy
if and only if

    d(s,a) = V_k(s) - gamma_k E_k[V_k(s') | s,a]      for some V_k, on the pairs that some policy visits

(Cao, Cohen & Szpruch 2021). The end of an episode has V_k = 0. With experts on several processes d must have this form
for each of them, and a state-only d(s) must be the same for all actions. Both are linear conditions on (V_1, ..., V_K),

    each row V_k(s) - gamma_k E_k[V_k(s') | s,a]  =  the mean of the rows of its group,

where a group is a pair (s,a), or a state s if rewards are state-only. Their null space is computed from a singular
value decomposition; d determines the V_k, so its dimension is that of the rewards d. For one process and state-only
rewards it is {V : P_a V is the same for all a}: a constant only for random processes (Zhang et al. 2024), one dimension
per class of linked states for deterministic ones (`linked_classes`). For one process and state-action rewards every V
is possible. Two discounts, or two sufficiently different dynamics, leave a constant only.

Where no episode ends the constants are always among the d. Where episodes end they are not, unless the expected
duration is the same for all policies, and the dimension can be 0. The reward at a state that no policy of any of the
processes visits is not determined at all: these states are left out of the dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.memory import require_memory

CONSTANT = 1e-8
"""Largest deviation from its mean, relative to its largest entry, of a direction that counts as constant."""


@dataclass(frozen=True, eq=False)
class RewardAmbiguity:
    """The linear space of the differences d between rewards that explain the same experts.

    Attributes:
        state_only: whether the rewards are state-only.
        visited: (S,) the states that some policy visits in at least one of the processes.
        potentials: for each process, (S, n): V_k of n basis vectors. Together they are orthonormal. Zero at states
            that no policy of this process visits.
        directions: (S, n), or (S, A, n): the differences d that belong to them; zero at states that are not visited.
        kept: the least singular value that counts as positive; infinite if there is none.
        dropped: the largest one that counts as zero; 0 if there is none. The dimension is certain where kept is much
            larger.
    """

    state_only: bool
    visited: NDArray[np.bool_]
    potentials: tuple[Array, ...]
    directions: Array
    kept: float
    dropped: float

    @property
    def dimension(self) -> int:
        """n."""
        return int(self.directions.shape[-1])

    @property
    def only_constants(self) -> bool:
        """Whether rewards are determined up to a constant: n = 0, or n = 1 with a constant direction."""
        if self.dimension == 0:
            return True
        entries = self.directions[self.visited]
        return self.dimension == 1 and float(np.ptp(entries)) <= CONSTANT * float(abs(entries).max())

    def unexplained(self, difference: ArrayLike) -> float:
        """Largest entry that is left of a difference of rewards, (S,) or (S, A) as `directions`, after the best d.

        Raises:
            ValueError: the difference has another shape.
        """
        given = np.asarray(difference, dtype=np.float64)
        if given.shape != self.directions.shape[:-1]:
            raise ValueError(f"difference must have shape {self.directions.shape[:-1]}, got {given.shape}")
        wanted = given[self.visited].ravel()
        basis, _ = np.linalg.qr(self.directions[self.visited].reshape(wanted.size, -1))
        return float(abs(wanted - basis @ (basis.T @ wanted)).max(initial=0.0))

    def __repr__(self) -> str:
        kind = "state-only" if self.state_only else "state-action"
        return (
            f"RewardAmbiguity({kind} rewards, dimension {self.dimension}, "
            f"{'constants at most' if self.only_constants else 'more than constants'}, "
            f"singular values kept from {self.kept:.2g}, dropped up to {self.dropped:.2g})"
        )


def reward_ambiguity(processes: FiniteMDP | Sequence[FiniteMDP], *, state_only: bool = True) -> RewardAmbiguity:
    """What soft-optimal experts on these processes, one each, leave undetermined of their common reward.

    Args:
        processes: one process, or several with the same states and actions.
        state_only: whether the reward is known to depend on the state only.

    Raises:
        ValueError: no process, or processes with other numbers of states or actions than the first.
        TypeError: not a FiniteMDP.
        NotEnoughMemory: the dense decomposition would need more than is available.
    """
    given = _validated(processes)
    rows, group, unknowns = _rows(given, state_only)
    held, size = rows.shape
    require_memory(
        8.0 * (2.0 * held * size + 4.0 * size * size),
        f"the ambiguity of rewards with {size} potentials on {held} state-action pairs",
    )
    null, kept, dropped = _null_space(_between(rows, group))
    means = np.asarray(_averaging(group) @ np.asarray(rows @ null), dtype=np.float64)
    return _result(given, state_only, unknowns, null, means, np.unique(group), (kept, dropped))


def _validated(processes: FiniteMDP | Sequence[FiniteMDP]) -> tuple[FiniteMDP, ...]:
    given = (processes,) if isinstance(processes, FiniteMDP) else tuple(processes)
    if not given:
        raise ValueError("processes must hold at least one process, got none")
    for index, mdp in enumerate(given):
        validate_process(mdp)
        if mdp.flow_matrix.shape != given[0].flow_matrix.shape:
            raise ValueError(
                f"process {index} has {mdp.num_states} states and {mdp.num_actions} actions, "
                f"the first has {given[0].num_states} and {given[0].num_actions}"
            )
    return given


def _rows(
    processes: Sequence[FiniteMDP], state_only: bool
) -> tuple[Sparse, NDArray[np.int64], list[NDArray[np.int64]]]:
    """All rows of V_k - gamma_k E_k[V_k], each row's group, and for each process the states of its unknowns."""
    blocks, groups, unknowns = [], [], []
    for mdp in processes:
        states = np.flatnonzero(mdp.reachable).astype(np.int64)
        pairs = np.flatnonzero(np.repeat(mdp.reachable, mdp.num_actions)).astype(np.int64)
        blocks.append(sparse.csr_array(mdp.flow_matrix.T)[pairs][:, states])
        groups.append(pairs // mdp.num_actions if state_only else pairs)
        unknowns.append(states)
    return sparse.csr_array(sparse.block_diag(blocks, format="csr")), np.concatenate(groups), unknowns


def _averaging(group: NDArray[np.int64]) -> Sparse:
    """(groups, rows): the mean over each group, in the order of the groups' numbers."""
    _, number, count = np.unique(group, return_inverse=True, return_counts=True)
    return sparse.csr_array((1.0 / count[number], (number, np.arange(group.size))), shape=(count.size, group.size))


def _between(rows: Sparse, group: NDArray[np.int64]) -> Array:
    """The rows minus the mean of their group, dense. Groups of one row are left out: they say nothing."""
    _, number, count = np.unique(group, return_inverse=True, return_counts=True)
    means = sparse.csr_array(_averaging(group) @ rows)
    return np.asarray((rows - means[number])[count[number] > 1].toarray(), dtype=np.float64)


def _null_space(matrix: Array) -> tuple[Array, float, float]:
    """Orthonormal columns of the null space, the least singular value kept, and the largest one dropped."""
    held, size = matrix.shape
    if held > size:
        matrix = np.asarray(linalg.qr(matrix, mode="r", check_finite=False)[0][:size], dtype=np.float64)
    _, found, right = linalg.svd(matrix, check_finite=False)
    values = np.zeros(size)
    values[: found.size] = found
    # The entries come from probabilities, so that rounding is relative to one, or to the largest singular value.
    tolerance = max(held, size) * float(np.finfo(np.float64).eps) * max(1.0, float(values.max(initial=0.0)))
    zero = values <= tolerance
    null = np.asarray(right, dtype=np.float64).T[:, zero]
    return null, float(values[~zero].min(initial=np.inf)), float(values[zero].max(initial=0.0))


def _result(
    processes: Sequence[FiniteMDP],
    state_only: bool,
    unknowns: Sequence[NDArray[np.int64]],
    null: Array,
    means: Array,
    groups: NDArray[np.int64],
    certificate: tuple[float, float],
) -> RewardAmbiguity:
    states, actions, dimension = processes[0].num_states, processes[0].num_actions, null.shape[1]
    potentials, start = [], 0
    for reached in unknowns:
        potential = np.zeros((states, dimension))
        potential[reached] = null[start : start + reached.size]
        potentials.append(potential)
        start += reached.size
    flat = np.zeros((states if state_only else states * actions, dimension))
    flat[groups] = means
    directions: Array = flat if state_only else flat.reshape(states, actions, dimension)
    visited = np.any([mdp.reachable for mdp in processes], axis=0)
    return RewardAmbiguity(state_only, visited, tuple(potentials), directions, *certificate)
