"""Other layouts of finite processes, converted to the rows s*A + a of P(.|s,a).

| layout | as in | constructor of `FiniteMDP` |
|---|---|---|
| (S, A, S), or sparse (S*A, S) | this library; `transition_matrix` of seals | `FiniteMDP(...)` |
| (A, S, S), or one (S, S) matrix per action | pymdptoolbox | `from_action_matrices` |
| rows of the feasible pairs, with their states and actions | QuantEcon's `DiscreteDP` | `from_pairs` |
| probabilities and successors per pair, in lists | mdpsolver | `from_successor_lists` |

Gymnasium's dictionaries of lists hold rewards and ends of episodes too: `gail.envs.from_table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from gail.exact.process.arrays import Sparse, real_numbers


def stacked_actions(matrices: Any, error: type[ValueError]) -> Sparse | NDArray[Any]:
    """Rows s*A + a from one (S, S) matrix per action, dense or sparse.

    Raises:
        error: there are none, or their shapes differ or are not square.
    """
    parts: list[Any] = [
        part if sparse.issparse(part) else real_numbers("transitions", part, error) for part in matrices
    ]
    shapes = {part.shape for part in parts}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or len(set(next(iter(shapes)))) != 1:
        found = ", ".join(map(str, sorted(shapes))) or "no matrix"
        raise error(f"transitions must be one square matrix (S, S) per action, got {found}")
    if not any(sparse.issparse(part) for part in matrices):
        kept: NDArray[Any] = np.stack(parts, axis=1)
        return kept.astype(np.result_type(*(np.asarray(part).dtype for part in matrices)))  # it decides about rounding
    states, actions = parts[0].shape[0], len(parts)
    rows = sparse.csr_array(sparse.vstack([sparse.csr_array(part) for part in parts]))  # row a*S + s
    order = np.arange(states * actions).reshape(actions, states).T.ravel()
    return sparse.csr_array(rows[order])


def feasible_pairs(
    states: ArrayLike, actions: ArrayLike, transitions: Any, error: type[ValueError]
) -> tuple[Sparse, NDArray[np.intp]]:
    """Rows s*A + a from those of the feasible pairs, and for each pair (s, a) the row that it was given, (S, A).

    An action that is not feasible in a state does what the state's first feasible action does. Optimal costs stay the
    same at lambda = 0; with an entropy weight the copy counts as one more action, and its state's entropy grows.

    Raises:
        error: lengths differ, a pair is repeated or out of range, or a state has no action.
    """
    rows = transitions
    if not sparse.issparse(rows):
        rows = real_numbers("transitions", rows, error).astype(np.asarray(rows).dtype)
    who, what = (np.asarray(one) for one in (states, actions))
    if rows.ndim != 2 or who.shape != (rows.shape[0],) or what.shape != who.shape:
        raise error(f"one state, one action and one row each: got {who.shape}, {what.shape} and {rows.shape}")
    if who.dtype.kind not in "iu" or what.dtype.kind not in "iu":
        raise error(f"states and actions must be whole numbers, got {who.dtype} and {what.dtype}")
    count = rows.shape[1]
    bad = np.flatnonzero((who < 0) | (who >= count) | (what < 0))
    if bad.size:
        raise error(f"pair {bad[0]} is state {who[bad[0]]}, action {what[bad[0]]}: states are 0 to {count - 1}")
    given = np.full((count, int(what.max()) + 1), -1, dtype=np.intp)
    for row, pair in enumerate(zip(who, what, strict=True)):
        if given[pair] >= 0:
            raise error(f"state {pair[0]}, action {pair[1]} is listed twice, as pairs {given[pair]} and {row}")
        given[pair] = row
    stuck = np.flatnonzero((given < 0).all(axis=1))
    if stuck.size:
        raise error(f"state {stuck[0]} has no action: every state needs one")
    first = given[np.arange(count), np.argmax(given >= 0, axis=1)]
    given = np.where(given < 0, first[:, None], given)
    return sparse.csr_array(sparse.csr_array(rows)[given.ravel()]), given


def successor_lists(
    probabilities: Sequence[Sequence[Sequence[float]]],
    successors: Sequence[Sequence[Sequence[int]]],
    error: type[ValueError],
) -> Sparse:
    """Rows s*A + a from the probabilities of each pair's successors.

    Raises:
        error: the lists differ in length, states in their number of actions, or a successor is no state.
    """
    count, actions = len(probabilities), {len(row) for row in probabilities}
    if not count or len(actions) != 1 or {len(row) for row in successors} != actions or len(successors) != count:
        raise error(
            f"probabilities and successors must have one list per state and action, the same number of actions in each "
            f"state; got {count} and {len(successors)} states with {sorted(actions)} actions"
        )
    starts, columns, values = [0], list[int](), list[float]()
    for state, (row, ends) in enumerate(zip(probabilities, successors, strict=True)):
        for action, (chances, places) in enumerate(zip(row, ends, strict=True)):
            if len(chances) != len(places):
                where = f"state {state}, action {action}"
                raise error(f"{where} has {len(chances)} probabilities and {len(places)} successors")
            bad = [place for place in places if not 0 <= place < count]
            if bad:
                raise error(f"state {state}, action {action}: successor {bad[0]} is no state of 0 to {count - 1}")
            columns += places
            values += chances
            starts.append(len(columns))
    shape = (count * actions.pop(), count)
    return sparse.csr_array((np.array(values, dtype=np.float64), np.array(columns), np.array(starts)), shape=shape)


def start_of(initial: Any, states: int, error: type[ValueError]) -> Any:
    """The start distribution: as given, or all mass on the state whose index was given."""
    if isinstance(initial, bool | np.bool_) or not isinstance(initial, int | np.integer):
        return initial
    if not 0 <= initial < states:
        raise error(f"initial is state {initial}: states are 0 to {states - 1}")
    return np.eye(1, states, int(initial))[0]


def mask_of(terminal: Any, states: int, error: type[ValueError]) -> NDArray[np.bool_]:
    """The boolean mask (S,) of terminal states: as given, or from a list of states."""
    given = np.zeros(states, dtype=np.bool_) if terminal is None else np.array(terminal)
    if given.size == 0:
        given = np.zeros(states, dtype=np.bool_)
    listed = given.dtype.kind in "iu" and given.ndim == 1
    if listed and given.size == states and set(given.tolist()) <= {0, 1}:
        raise error(f"terminal is {given.tolist()}: a mask or a list of states? A mask must be boolean")
    if listed:
        bad = given[(given < 0) | (given >= states)]
        if bad.size:
            raise error(f"terminal lists state {bad[0]}: states are 0 to {states - 1}")
        mask = np.zeros(states, dtype=np.bool_)
        mask[given] = True
        return mask
    if given.shape != (states,) or given.dtype != np.bool_:
        raise error(
            f"terminal must be a boolean mask of shape ({states},) or a list of states, got {given.dtype} {given.shape}"
        )
    return given
