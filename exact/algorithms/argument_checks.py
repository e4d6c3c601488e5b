"""Checks of the arguments of every algorithm; an error is one line with the argument's name and value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import validate_occupancy, validate_policy
from gail.exact.problems import Matching, validate_entropy_weight
from gail.exact.process.arrays import Array, real_numbers
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.regularizers import validate_regularizer


def validate_amount(name: str, value: float, *, positive: bool = False) -> float:
    """A finite number that is not negative, such as a step size; with `positive`, nor zero.

    Raises:
        TypeError: not a number.
        ValueError: NaN, infinite or negative.
    """
    try:
        amount = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    if not 0.0 <= amount < np.inf or (positive and amount == 0.0):
        raise ValueError(f"{name} must be finite and {'positive' if positive else 'not negative'}, got {amount}")
    return amount


def validate_table(name: str, table: ArrayLike, shape: tuple[int, int]) -> Array:
    """A finite array (S, A), such as logits, as float64.

    Raises:
        ValueError: no real numbers, another shape, or an entry that is not finite.
    """
    array = real_numbers(name, table, ValueError)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape (states, actions) = {shape}, got {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        state, action = bad[0]
        raise ValueError(f"{name} must be finite, got {array[state, action]} at state {state}, action {action}")
    return array


def validate_features(features: ArrayLike, shape: tuple[int, int]) -> Array:
    """Finite cost features (S, A, K) of a process, K >= 1, as float64.

    Raises:
        ValueError: no real numbers, another shape, or an entry that is not finite.
    """
    array = real_numbers("features", features, ValueError)
    if array.ndim != 3 or array.shape[:2] != shape or array.shape[2] == 0:
        raise ValueError(f"features must have shape (states, actions, K) = {(*shape, 'K')}, got {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        state, action, which = bad[0]
        value = array[state, action, which]
        raise ValueError(f"features must be finite, got {value} at state {state}, action {action}, feature {which}")
    return array


def validate_matching(problem: Matching) -> None:
    """Check a matching problem before an algorithm runs on it.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of the process.
        TypeError: not a Matching, of a FiniteMDP and an instance of a psi.
        ValueError: a negative or non-finite entropy weight.
    """
    if not isinstance(problem, Matching):
        raise TypeError(f"problem must be a Matching(mdp, expert, psi, entropy_weight), got {problem!r}")
    validate_process(problem.mdp)
    validate_regularizer(problem.psi)
    validate_entropy_weight(problem.entropy_weight)
    validate_occupancy(problem.mdp, problem.expert)


def validate_start(mdp: FiniteMDP, start: ArrayLike | None) -> Array:
    """The starting policy (S, A); uniform if None.

    Raises:
        InvalidPolicy: not a policy of the process.
    """
    if start is None:
        return np.full((mdp.num_states, mdp.num_actions), 1.0 / mdp.num_actions)
    return validate_policy(mdp, start)


def validate_psi(problem: Matching, kind: type, method: str) -> None:
    """Check that psi is of the kind that a method needs.

    Raises:
        TypeError: it is another.
    """
    if not isinstance(problem.psi, kind):
        raise TypeError(f"{method} is for psi {kind.__name__}, got {type(problem.psi).__name__}")
