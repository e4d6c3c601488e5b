"""Occupancy matching with an expert known from finitely many demonstrations.

Pairs (s_i, a_i) sampled at times t_i estimate the expert's occupancy by the measure

    m(s,a)  proportional to  sum over i with (s_i, a_i) = (s, a) of  w_i gamma^t_i,      sum m = 1/(1-gamma),

which is zero at pairs that no demonstration takes. In general it is no occupancy measure: flow m equals p0 only up to
sampling error. It can still be matched,

    min over rho in the flow polytope of   -lambda Hbar(rho) + psi*(rho - m),

where psi* is finite at some occupancy measure. For psi_GA (Ho & Ermon 2016, Eq. 15) and for classes of bounded costs it
is finite everywhere. For psi that confine the learner to the support of m, it is finite on that support. For `Constant`
it is finite nowhere, because it requires rho = m (Corollary 3.2.1 needs the exact expert). Neither Proposition 3.2 nor
its dual bounds require m to be an occupancy measure, so solutions are certified like those of `match_occupancy`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gail.exact.imitation.cost_classes import TOLERANCE, match_cost_class
from gail.exact.imitation.linear_costs.feasibility import occupancy_with_expectations
from gail.exact.imitation.matching import match_occupancy
from gail.exact.imitation.measures import leads_to, obeys_flow, pairs_within, total_mass, validate_measure, without_pair
from gail.exact.imitation.problem_checks import bytes_to_match
from gail.exact.imitation.smooth_costs.smooth_matching import match_smoothly
from gail.exact.occupancy import flow_residual, occupancy_of, policy_of
from gail.exact.planning.warm_start import validate_start
from gail.exact.problems import Matching, validate_entropy_weight
from gail.exact.process.arrays import Array, real_numbers
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.memory import require_memory
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import (
    BoundedCosts,
    Constant,
    LinearCosts,
    Regularizer,
    SmoothConjugate,
    needs_coverage,
    requires_equality,
    restricted,
    validate_regularizer,
)
from gail.exact.solution import Solution, Status, certify


class InvalidSamples(ValueError):
    """Sampled pairs that do not fit each other or the process; the message names the first of them."""


class NoFiniteMatch(ValueError):
    """psi* of the measure is infinite at every occupancy of the process: the problem has no solution."""


def empirical_occupancy(
    mdp: FiniteMDP, states: ArrayLike, actions: ArrayLike, times: ArrayLike, weights: ArrayLike | None = None
) -> Array:
    """The measure (S, A) of sampled pairs, scaled to the process's mass: an estimate of the expert's occupancy measure.

    `states`, `actions` and `times` (n,) are whole numbers, each time the number of steps since its episode's start;
    `weights` (n,) say how much each sample counts, equally by default. Episodes cut after T steps lack a share gamma^T
    of the mass, which is spread in proportion to the rest.

    Raises:
        InvalidOccupancy: episodes of the process can end, so that its occupancies have no common mass.
        InvalidSamples: no samples, unequal lengths, no whole numbers, a state, action or time that does not exist,
            weights that are negative or not finite, or all samples have weight zero after discounting.
        TypeError: the process is no FiniteMDP.
    """
    validate_process(mdp)
    mass = total_mass(mdp)
    where = _whole_numbers("states", states, mdp.num_states), _whole_numbers("actions", actions, mdp.num_actions)
    when = _whole_numbers("times", times, None)
    counts = np.ones(when.size) if weights is None else real_numbers("weights", weights, InvalidSamples)
    sizes = {"states": where[0].shape, "actions": where[1].shape, "times": when.shape, "weights": counts.shape}
    if len(set(sizes.values())) > 1:
        raise InvalidSamples(f"samples must have one length, got {', '.join(f'{n} {s}' for n, s in sizes.items())}")
    wrong = np.flatnonzero(~((counts >= 0.0) & (counts < np.inf)))
    if wrong.size:
        raise InvalidSamples(f"weight {counts[wrong[0]]} of sample {wrong[0]}: weights must be finite and nonnegative")
    visits = np.zeros((mdp.num_states, mdp.num_actions))
    largest = float(counts.max()) or 1.0
    np.add.at(visits, where, counts / largest * mdp.discount ** when.astype(np.float64))
    total = float(visits.sum())
    if total == 0.0:
        raise InvalidSamples(f"all {when.size} samples have weight zero after discounting by {mdp.discount} per step")
    return np.asarray(visits * (mass / total))


def match_empirical(
    mdp: FiniteMDP,
    expert_measure: ArrayLike,
    psi: Regularizer,
    entropy_weight: float = 1.0,
    *,
    start: Solution | None = None,
) -> Solution:
    """The occupancy measure nearest to a measure under psi, with the cost that certifies it.

    `expert_measure` is (S, A), of mass 1/(1-gamma), such as `empirical_occupancy` makes it; if it satisfies the flow
    constraints, this is `match_occupancy`. Otherwise the statuses have the same meaning, except that DUAL_NOT_ATTAINED
    (the cost is None) also occurs without entropy, where psi* excludes pairs on which the measure has mass. `start` is
    the solution of a nearby problem (see `warm_start`).

    Raises:
        InvalidOccupancy: the measure is negative somewhere, of another mass, or on unreachable states; or episodes of
            the process can end (see `gail.exact.process.absorbing_states.continuing`).
        NoFiniteMatch: psi* is infinite at every occupancy, as for `Constant`, for `LinearSpan` if no policy has the
            measure's feature expectations, and for `ReverseKL` and `Jeffreys` if no policy stays on its support.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the method would need more than is available.
        LinearProgramFailed: HiGHS returned no solution, where lambda = 0.
        ValueError: a negative entropy weight, or a start for another size.
        TypeError: psi is a Python class, or of a kind not solved here; or the start is not a Solution.
    """
    validate_process(mdp)
    validate_regularizer(psi)
    earlier = validate_start(mdp, start)
    weight = validate_entropy_weight(entropy_weight)
    measure = validate_measure(mdp, expert_measure)
    if obeys_flow(mdp, measure):
        return match_occupancy(mdp, measure, psi, weight, start=start)
    # Constraints are factored as a whole without entropy too: no cost is known to be optimal beforehand.
    needed = max(bytes_to_match(mdp, psi, one, conic=False) for one in (weight, 1.0))
    require_memory(needed, f"matching on {mdp.num_states} states and {mdp.num_actions} actions")
    if hasattr(psi, "restricted"):
        psi.conjugate(measure, measure)  # raises unless its arrays fit, before they are restricted to fewer states
    problem = Matching(mdp, measure, psi, weight)
    if isinstance(psi, Constant):
        residual = flow_residual(mdp, measure)
        state = int(np.argmax(abs(residual)))
        raise NoFiniteMatch(
            f"Constant demands rho = measure, but the measure is no occupancy (its flow is off at state {state} by "
            f"{residual[state]:+.6g}), so psi* is infinite at every policy; use a psi with finite psi*, as Logistic()"
        )
    if isinstance(psi, SmoothConjugate):
        return _match_on_support(problem, psi, earlier)
    if isinstance(psi, LinearCosts) and requires_equality(psi):
        return _match_expectations(problem, earlier)
    if isinstance(psi, LinearCosts | BoundedCosts):
        return match_cost_class(problem, psi, earlier)
    raise TypeError(
        f"{type(psi).__name__} has no smooth separable conjugate, no linear costs and no bounded costs (see "
        "regularizers.protocols)"
    )


def _match_on_support(problem: Matching, psi: SmoothConjugate, earlier: Solution | None) -> Solution:
    """The solution under a smooth psi*; where psi* is infinite off the support, on the part of it that policies keep.

    The measure on pairs that no such policy takes adds a constant to psi*, or makes it infinite.
    """
    if not needs_coverage(psi):
        return match_smoothly(problem, psi, earlier)
    mdp, name = problem.mdp, type(psi).__name__
    part, seen = Reachable(mdp), problem.expert > 0.0
    within = pairs_within(part.mdp, seen[part.mask])
    if within is None:
        raise NoFiniteMatch(
            f"{name} is infinite off the support of the measure, and every policy leaves it: {_exit(mdp, seen)}; "
            "use a psi that is finite there, such as Logistic()"
        )
    kept = np.zeros_like(seen)
    kept[part.mask] = within
    lost = np.argwhere(seen & ~kept)
    if not lost.size:
        return match_smoothly(problem, psi, earlier)
    if not np.isfinite(problem.primal(occupancy_of(mdp, policy_of(kept)))):
        state, action = lost[0]
        raise NoFiniteMatch(
            f"{name} is infinite unless the learner has the support of the measure, to which state {state}, action "
            f"{action} belongs, but no policy that takes it stays there; use a psi with finite psi*, as Logistic()"
        )
    found = match_smoothly(replace(problem, expert=np.where(kept, problem.expert, 0.0)), psi, earlier)
    # Costs of the excluded pairs tend to minus infinity, costs of the pairs after them to plus infinity.
    status = Status.NOT_CONVERGED if found.status is Status.NOT_CONVERGED else Status.DUAL_NOT_ATTAINED
    return replace(found, problem=problem, cost=None, values=None, status=status)


def _exit(mdp: FiniteMDP, seen: NDArray[np.bool_]) -> str:
    """The first place where every policy has to leave the support (S, A), in words."""
    unseen = without_pair(seen)
    begun = np.flatnonzero(unseen & (mdp.initial > 0.0))
    if begun.size:
        return f"episodes may begin at state {begun[0]}, where the measure is zero"
    state, action = np.argwhere(leads_to(mdp, unseen) & seen)[0]
    return f"state {state}, action {action}, for example, may lead to a state where the measure is zero"


def _match_expectations(problem: Matching, earlier: Solution | None) -> Solution:
    """The solution under `LinearSpan`: the measure is replaced by an occupancy measure with its feature
    expectations."""
    part = Reachable(problem.mdp)
    small_psi = restricted(problem.psi, part.mask)
    assert isinstance(small_psi, LinearCosts)
    assert isinstance(problem.psi, LinearCosts)
    small = Matching(part.mdp, part.restrict(problem.expert), small_psi, problem.entropy_weight)
    alike = occupancy_with_expectations(small, small_psi)
    if alike is None:
        raise NoFiniteMatch(
            f"{type(problem.psi).__name__} demands the measure's feature expectations, which no policy has; use a psi "
            "that penalises their difference, such as L2Ball(features)"
        )
    found = match_cost_class(replace(problem, expert=part.extend(alike, 0.0)), problem.psi, earlier)
    if found.cost is None:
        return replace(found, problem=problem)
    return certify(
        problem, found.policy, found.cost, found.values, found.relative_values, tolerance=TOLERANCE, trace=found.trace
    )


def _whole_numbers(name: str, given: ArrayLike, count: int | None) -> NDArray[np.int64]:
    """Whole numbers (n,) from zero, below a count if there is one."""
    array = np.asarray(given)
    if array.ndim != 1 or array.size == 0:
        raise InvalidSamples(f"{name} must be a list of at least one whole number, got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise InvalidSamples(f"{name} must be whole numbers, got {array.dtype}")
    wrong = np.flatnonzero((array < 0) | (array >= (np.inf if count is None else count)))
    if wrong.size:
        limit = "" if count is None else f"; the process has {count}"
        raise InvalidSamples(f"sample {wrong[0]}: {name} has {array[wrong[0]]}{limit}")
    return array.astype(np.int64)
