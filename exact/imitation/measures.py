"""Measures on state-action pairs that estimate an expert's occupancy measure but need not be one.

The occupancy measures of a process whose episodes never end are the measures of mass 1/(1-gamma) with flow rho = p0 (Ho
& Ermon 2016, Proposition 3.1). Finitely many demonstrations give a measure m of that mass whose flow differs from p0 by
sampling error.

Some psi* are infinite off the support of m. Let K be the largest set of pairs with m > 0 such that every successor of a
pair in K has a pair in K. K is found by removing pairs that lead elsewhere until none is left. A policy stays on the
support if and only if it takes only pairs of K. Such a policy exists if and only if p0 lies on states of K.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gail.exact.occupancy import (
    FLOW_TOLERANCE,
    InvalidOccupancy,
    flow_residual,
    nonnegative_pairs,
    occupancy_of,
    policy_of,
    refuse_policy,
)
from gail.exact.process.absorbing_states import missing_mass
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP

MASS_TOLERANCE = 1e-8
"""Largest relative difference between a measure's total and the process's mass that is accepted as rounding."""


def total_mass(mdp: FiniteMDP) -> float:
    """1/(1-gamma), the mass of every occupancy.

    Raises:
        InvalidOccupancy: episodes can end, so that there is no such mass.
    """
    part = mdp.reachable_part()
    if missing_mass(part).any():
        state, action = np.argwhere((missing_mass(mdp) > 0.0) & mdp.reachable[:, None])[0]
        raise InvalidOccupancy(
            f"episodes may end after state {state}, action {action}, so occupancies have no common mass that a measure "
            "could have; make the process continuing(mdp), and append to the demonstrations that end their steps in "
            f"its absorbing state {mdp.num_states}"
        )
    return float(part.lifetime.max())


def validate_measure(mdp: FiniteMDP, measure: ArrayLike) -> Array:
    """A measure (S, A) of the process's mass on pairs of reachable states, scaled exactly to that mass.

    Raises:
        InvalidOccupancy: episodes can end; no real numbers, wrong shape, negative or non-finite entries, another mass,
            or mass on unreachable states.
    """
    mass = total_mass(mdp)
    given = nonnegative_pairs(mdp, "measure", measure)
    beyond = np.argwhere((given > 0.0) & ~mdp.reachable[:, None])
    if beyond.size:
        state, action = beyond[0]
        raise InvalidOccupancy(
            f"measure is {given[state, action]:.6g} at state {state}, action {action}, but no policy reaches that "
            "state: the demonstrations are of another process"
        )
    total = float(given.sum())
    if abs(total - mass) > MASS_TOLERANCE * mass:
        refuse_policy("measure", given)
        raise InvalidOccupancy(
            f"measure has mass {total:.9g}, but occupancies of the process have 1/(1-gamma) = {mass:.9g}: "
            "multiply it by the quotient"
        )
    return np.asarray(given * (mass / total))


def obeys_flow(mdp: FiniteMDP, measure: Array) -> bool:
    """Whether a measure is an occupancy, up to what `validate_occupancy` allows."""
    return bool(abs(flow_residual(mdp, measure)).max() <= FLOW_TOLERANCE)


def pairs_within(mdp: FiniteMDP, support: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """The pairs (S, A) visited by policies that never leave a set of pairs (S, A); None if there are none.

    All states must be reachable by some policy, not necessarily by these.
    """
    kept = support.copy()
    while True:
        outside = without_pair(kept)
        leaving = kept & leads_to(mdp, outside)
        if not leaving.any():
            break
        kept &= ~leaving
    if np.any(outside & (mdp.initial > 0.0)):
        return None
    visits = occupancy_of(mdp, policy_of(kept))
    return kept & (visits > 0.0)


def without_pair(pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S,) the states that have no pair in a set of pairs (S, A)."""
    return np.asarray(np.count_nonzero(pairs, axis=1) == 0)


def leads_to(mdp: FiniteMDP, states: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S, A) the pairs that may lead to some of the states (S,)."""
    chances = np.asarray(mdp.transitions @ states.astype(np.float64), dtype=np.float64)
    return np.asarray(chances.reshape(mdp.num_states, mdp.num_actions) > 0.0)
