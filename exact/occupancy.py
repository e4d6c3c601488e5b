"""Occupancy measures, policies, and causal entropy.

    rho_pi(s,a) = pi(a|s) sum_t gamma^t Pr(s_t = s | pi),     pi_rho(a|s) = rho(s,a) / rho(s),

a bijection between policies and {rho >= 0 : flow rho = p0} on the states with rho(s) > 0 (Ho & Ermon 2016,
Proposition 3.1). The total mass is 1/(1-gamma) if no episode ends. The causal entropy of a policy,
H(pi) = E_pi[-log pi(a|s)], is the concave function of its occupancy (Lemma 3.1)

    Hbar(rho) = - sum rho(s,a) log(rho(s,a) / rho(s)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.process.arrays import Array, real_numbers
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.precision import say_rounded, unit_of

FLOW_TOLERANCE = 1e-8
"""Largest accepted deviation of an expert's flow from p0, per state."""

ROUNDING = 1e-9
"""Largest accepted deviation of a policy's row sum from one."""


class InvalidOccupancy(ValueError):
    """Not an occupancy measure of the process; the message names the first invalid state and its value."""


class InvalidPolicy(ValueError):
    """Not a conditional distribution over actions; the message names the first invalid state and its value."""


def occupancy_of(mdp: FiniteMDP, policy: ArrayLike) -> Array:
    """Occupancy measure (S, A) of a policy (S, A), by one sparse linear solve.

    Raises:
        InvalidPolicy: not real numbers, wrong shape, negative or non-finite entries, rows that do not sum to one within
            1e-9.
    """
    pi = validate_policy(mdp, policy)
    return occupancy_along(mdp, pi, Chain(mdp, pi))


def occupancy_along(mdp: FiniteMDP, policy: Array, chain: Chain) -> Array:
    """`occupancy_of` for a valid policy (S, A) whose chain is given."""
    return visits_along(mdp, chain)[:, None] * policy


def visits_along(mdp: FiniteMDP, chain: Chain) -> Array:
    """(S,) discounted visits to each state from the start, for the chain of a policy.

    Where no episode ends their sum is 1/(1-gamma). The linear solve misses it by about eps/(1-gamma), its largest
    error, so it is imposed.
    """
    # Visits are nonnegative in exact arithmetic; rounding can give about -1e-17 at unvisited states.
    visits = np.maximum(chain.visits(mdp.initial), 0.0)
    return visits / ((1.0 - mdp.discount) * float(visits.sum())) if mdp.endless else visits


def policy_of(occupancy: ArrayLike) -> Array:
    """Policy (S, A) of an occupancy measure; uniform where rho(s) = 0, because rho does not determine the policy
    there."""
    rho = np.asarray(occupancy, dtype=np.float64)
    state = rho.sum(axis=1, keepdims=True)
    uniform = np.full_like(rho, 1.0 / rho.shape[1])
    policy = np.divide(rho, state, out=uniform, where=state > 0.0)
    # Division by a subnormal rho(s) is inexact, so the rows are normalised once more.
    normalised: Array = policy / policy.sum(axis=1, keepdims=True)
    return normalised


def causal_entropy(occupancy: ArrayLike) -> float:
    """Hbar(rho) of an occupancy measure (S, A), with 0 log 0 = 0; the policy's discounted causal entropy."""
    rho = np.asarray(occupancy, dtype=np.float64)
    return -float(rel_entr(rho, rho.sum(axis=1, keepdims=True)).sum()) + 0.0


def flow_residual(mdp: FiniteMDP, occupancy: ArrayLike) -> Array:
    """(S,) signed violation flow(rho) - p0 of the flow constraints."""
    return mdp.flow(np.asarray(occupancy, dtype=np.float64)) - mdp.initial


def feature_expectations(occupancy: ArrayLike, features: ArrayLike) -> Array:
    """(K,) expectations sum_{s,a} rho(s,a) F(s,a,k) of features (S, A, K)."""
    return np.tensordot(
        np.asarray(occupancy, dtype=np.float64), np.asarray(features, dtype=np.float64), axes=([0, 1], [0, 1])
    )


def validate_policy(mdp: FiniteMDP, policy: ArrayLike) -> Array:
    """The policy as a float64 (S, A) array whose rows sum to one.

    Raises:
        InvalidPolicy: see `occupancy_of`.
    """
    pi = real_numbers("policy", policy, InvalidPolicy)
    shape = (mdp.num_states, mdp.num_actions)
    if pi.shape != shape:
        raise InvalidPolicy(f"policy must have shape (states, actions) = {shape}, got {pi.shape}")
    wrong = np.argwhere(~((pi >= 0.0) & (pi < np.inf)))
    if wrong.size:
        state, action = wrong[0]
        raise InvalidPolicy(
            f"policy: probability {pi[state, action]} at state {state}, action {action} must be finite and nonnegative"
        )
    sums = pi.sum(axis=1, keepdims=True)
    distance = abs(sums[:, 0] - 1.0)
    off = np.flatnonzero(distance > ROUNDING + unit_of(policy) * pi.shape[1])
    if not off.size and distance.max() > ROUNDING:
        say_rounded("policy", float(distance.max()))
    if off.size:
        if bool(np.all(abs(flow_residual(mdp, pi)) <= FLOW_TOLERANCE)):
            raise InvalidPolicy(
                "policy looks like an occupancy measure: it obeys the flow constraints, and its rows do not sum to "
                "one. Pass policy_of(occupancy)"
            )
        raise InvalidPolicy(f"policy: the row of state {off[0]} sums to {sums[off[0], 0]:.12g}, must sum to one")
    normalised: Array = pi / sums
    return normalised


def nonnegative_pairs(mdp: FiniteMDP, name: str, values: ArrayLike) -> Array:
    """Finite, nonnegative numbers (S, A), one per state-action pair; `name` is used in the error message.

    Raises:
        InvalidOccupancy: not real numbers, wrong shape, negative or non-finite entries.
    """
    given = real_numbers(name, values, InvalidOccupancy)
    shape = (mdp.num_states, mdp.num_actions)
    if given.shape != shape:
        raise InvalidOccupancy(f"{name} must have shape (states, actions) = {shape}, got {given.shape}")
    wrong = np.argwhere(~((given >= 0.0) & (given < np.inf)))
    if wrong.size:
        state, action = wrong[0]
        raise InvalidOccupancy(
            f"{name} is {given[state, action]} at state {state}, action {action}, must be finite and nonnegative"
        )
    return given


def refuse_policy(name: str, given: Array) -> None:
    """Refuse a policy (S, A) that was passed in place of an occupancy measure.

    Raises:
        InvalidOccupancy: every row sums to one.
    """
    if bool(np.all(abs(given.sum(axis=1) - 1.0) <= ROUNDING)):
        raise InvalidOccupancy(
            f"{name} looks like a policy: each of its {given.shape[0]} rows sums to one. An occupancy measure rho(s,a) "
            "is required: pass occupancy_of(mdp, policy)"
        )


def _refuse_normalised(mdp: FiniteMDP, given: Array) -> None:
    """Refuse an occupancy measure (S, A) that was divided by its mass, or by 1/(1-gamma).

    Raises:
        InvalidOccupancy: the measure of its policy, divided by either, is what was given, and has another mass.
    """
    mass = float(given.sum())
    if mass <= 0.0:
        return
    meant = occupancy_of(mdp, policy_of(given))
    whole = float(meant.sum())
    if np.allclose(meant * (mass / whole), given, rtol=1e-6, atol=1e-9 * mass):
        raise InvalidOccupancy(
            f"occupancy has the mass {mass:.6g} where {whole:.6g} is needed, the expected discounted number of steps: "
            f"it looks normalised or rescaled. Multiply it by {whole / mass:.6g}"
        )


def validate_occupancy(mdp: FiniteMDP, occupancy: ArrayLike) -> Array:
    """An expert's occupancy measure (S, A), checked, and projected exactly onto the flow polytope.

    The result is the occupancy measure of its policy: the given measure up to the accepted flow residual of 1e-8 per
    state. With any residual, dual objectives would be unbounded along potential shaping. Of numbers in less than double
    precision, residuals up to that precision of the total mass are accepted too; the warning `RoundedInput` says so.

    Raises:
        InvalidOccupancy: not real numbers, wrong shape, negative or non-finite entries, or a flow residual beyond 1e-8.
    """
    rho = nonnegative_pairs(mdp, "occupancy", occupancy)
    residual = flow_residual(mdp, rho)
    off = np.flatnonzero(abs(residual) > FLOW_TOLERANCE + unit_of(occupancy) * rho.sum())
    if not off.size and abs(residual).max() > FLOW_TOLERANCE:
        say_rounded("occupancy", float(abs(residual).max()))
    if off.size:
        refuse_policy("occupancy", rho)
        _refuse_normalised(mdp, rho)
        raise InvalidOccupancy(
            f"occupancy violates the flow at state {off[0]} by {residual[off[0]]:+.6g}; at most 1e-8 is accepted. "
            "For the empirical measure of demonstrations use match_empirical"
        )
    return occupancy_of(mdp, policy_of(rho))
