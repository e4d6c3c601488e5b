"""Occupancy matching under bounded costs: an interior point method for total variation and transport distances.

    min  -lambda Hbar(rho) + <c0, rho - rho_E> + sum_i l_i abs(f_i)     s.t.  flow rho = p0,  B^T f = rho - rho_E
    max  V_lambda(c) - <rho_E, c>                                       s.t.  c = c0 + x,  abs(B x) <= l

(Ho & Ermon 2016, Proposition 3.2, with psi a constant on a polytope of costs). With multipliers f = f+ - f-,
slacks s+- = l -+ B x, the multipliers v of the flow, and the policy pi of rho, the central path is

    lambda log pi + c0 + x = flow* v,     B^T f = rho - rho_E,     f+ s+ = f- s- = mu  ->  0.

Each step is a Newton step on these equations (`newton_systems`), with Mehrotra's (1992) targets for mu, never far below
the residual of the second equation. The policy is moved and rho is recomputed from it, so the flow constraints hold
throughout. Where the entropy dominates, log pi moves by y - m. Where the bounds dominate (rho = rho_E there), rho moves
to rho (1 + y).

The gap is estimated by sum f s, plus the residual of the second equation, plus that of pi in planning with the cost
c0 + x, which is certified. It falls geometrically down to rounding. The best iterate is returned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from gail.exact.imitation.bounded_costs.barrier import CentralPoint, near_central_path
from gail.exact.imitation.bounded_costs.equal_mass import with_equal_mass
from gail.exact.imitation.bounded_costs.newton_systems import Solver, system_of
from gail.exact.occupancy import causal_entropy, occupancy_of, policy_of
from gail.exact.planning.bellman import certified_value
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array, Sparse
from gail.exact.regularizers import BoundedCosts
from gail.exact.regularizers.transport import reach

MAX_ITERATIONS = 200

SETTLED = 1e-12
"""Estimated gap, relative to the objective, at which the iteration ends."""

GOOD = 1e-9
"""Estimated relative gap below which few stalls end the iteration."""

FAILED = 1e-5
"""Estimated relative gap above which another start is tried."""

MAX_STALLS = 4
"""Consecutive iterations that may fail to halve the least gap, once it is below `GOOD`; earlier, five times as many."""

TO_THE_BOUNDARY = 0.995
"""Largest share of the way to the boundary taken in one step."""

CENTRED = 0.01
"""Smallest complementarity target, relative to the residual."""

LONGEST = 10.0
"""Largest change of a log-policy in one step."""


@dataclass(frozen=True, eq=False)
class _Point:
    """An interior iterate: log-policy, occupancy measure, x, v, and multipliers and slacks of both bounds."""

    log_policy: Array
    rho: Array
    x: Array
    v: Array
    force: Array
    """(2, m): f+ and f-."""
    slack: Array
    """(2, m): s+ and s-."""


def match_bounded(problem: Matching, psi: BoundedCosts, trace: list[float]) -> tuple[Array, Array]:
    """The optimal policy and cost, both (S, A), all states reachable, for lambda > 0.

    Appends to the trace the estimated gap before each iteration.
    """
    mdp, expert = problem.mdp, problem.expert
    bounds, lengths = psi.bounds(mdp.num_states, mdp.num_actions)
    if lengths.size == 0:  # a single pair: nothing to choose
        return np.ones_like(expert), np.full_like(expert, psi.center)
    best, least = _descend(problem, psi, _start(problem, bounds, lengths), trace)
    if least > FAILED * max(problem.unit, abs(problem.primal(best.rho))):
        nearer, gap = _descend(problem, psi, _from_barrier(near_central_path(problem, psi)), trace)
        best = nearer if gap < least else best
    policy, cost = np.exp(best.log_policy), psi.center + best.x[: expert.size].reshape(expert.shape)
    anchored = bool(np.asarray(bounds @ np.ones(bounds.shape[1])).any())
    return (policy, cost) if anchored else with_equal_mass(problem, policy, cost)


def _descend(problem: Matching, psi: BoundedCosts, point: _Point, trace: list[float]) -> tuple[_Point, float]:
    """The iteration from a point: the iterate with the least estimated gap, and this gap."""
    mdp, weight, expert = problem.mdp, problem.entropy_weight, problem.expert
    bounds, lengths = psi.bounds(mdp.num_states, mdp.num_actions)
    system = system_of(mdp, weight, bounds)
    scale = weight * float(np.log(mdp.num_actions + 1.0)) * float(expert.sum())
    best, least, stalls = point, np.inf, 0
    values: Array | None = None
    for _ in range(MAX_ITERATIONS):
        cost = psi.center + point.x[: expert.size].reshape(expert.shape)
        difference = np.pad((point.rho - expert).ravel(), (0, bounds.shape[1] - expert.size))
        stationarity = weight * point.log_policy + cost - mdp.flow_adjoint(point.v)
        residual = float(lengths.max() * abs(bounds.T @ (point.force[0] - point.force[1]) - difference).sum())
        complementarity = float(np.sum(point.force * point.slack))
        values = soft_optimum(mdp, cost, weight, values).relative
        planned = float(np.sum(point.rho * cost)) - weight * causal_entropy(point.rho)
        gap = complementarity + residual + planned - certified_value(mdp, cost, weight, values)
        trace.append(gap)
        if not np.isfinite(gap):
            break
        stalls = 0 if gap < 0.5 * least else stalls + 1
        if gap < least:
            best, least = point, gap
        if least <= SETTLED * scale or stalls >= (MAX_STALLS if least <= GOOD * scale else 5 * MAX_STALLS):
            break
        stiffness = (point.force / point.slack).sum(axis=0)
        try:
            solve = system.factor(point.rho, stiffness)
        except RuntimeError:  # singular up to rounding: no further progress is possible
            break
        newton = _Newton(bounds, solve, point, difference, stationarity)
        ahead = newton.step(np.zeros_like(point.slack))
        reach = min(1.0, ahead.reach)
        predicted = np.sum((point.force + reach * ahead.force) * (point.slack + reach * ahead.slack))
        centring = float(np.clip(predicted / complementarity, 0.0, 1.0)) ** 3
        centring = max(centring, min(0.5, CENTRED * residual / complementarity))
        target = centring * complementarity / point.slack.size
        # Mehrotra's second-order correction: the product of the two changes.
        step = newton.step(target - ahead.force * ahead.slack)
        if not step.finite:
            break
        point = _moved(problem, bounds, stiffness, point, step)
    return best, least


def _from_barrier(point: CentralPoint) -> _Point:
    """The same point, with the policy as a variable of its own."""
    log_policy = np.log(np.maximum(point.optimum.policy, 1e-300))
    rho = np.maximum(point.occupancy, 1e-300)
    return _Point(log_policy, rho, point.x, point.optimum.relative, point.force, point.slack)


def _start(problem: Matching, bounds: Sparse, lengths: Array) -> _Point:
    """The middle of the bounds, and the expert's policy kept away from the boundary."""
    mdp = problem.mdp
    log_policy = np.log(0.9 * policy_of(problem.expert) + 0.1 / mdp.num_actions)
    rho = _occupancy(problem, log_policy)
    slack = np.tile(lengths, (2, 1))
    force = float(rho.mean()) * float(lengths.mean()) / slack
    return _Point(log_policy, rho, np.zeros(bounds.shape[1]), np.zeros(mdp.num_states), force, slack)


def _occupancy(problem: Matching, log_policy: Array) -> Array:
    # Positive even where visits underflow: the linear system must have no empty row.
    return np.maximum(occupancy_of(problem.mdp, np.exp(log_policy)), 1e-300)


@dataclass(frozen=True, eq=False)
class _Step:
    """Changes of the unknowns, and the largest share of them that stays inside."""

    dx: Array
    shift: Array
    relative: Array
    dv: Array
    force: Array
    slack: Array
    reach: float

    @property
    def finite(self) -> bool:
        """Whether the system could be solved; if not, no further progress is possible."""
        return all(np.isfinite(part).all() for part in (self.dx, self.shift, self.relative, self.dv))


@dataclass(frozen=True, eq=False)
class _Newton:
    """The linearised equations at a point, factored: one solve per right hand side."""

    bounds: Sparse
    solve: Solver
    point: _Point
    difference: Array
    stationarity: Array

    def step(self, target: Array) -> _Step:
        """The step to f s = target, (2, m)."""
        point = self.point
        wanted = target / point.slack
        z = self.difference - self.bounds.T @ (wanted[0] - wanted[1])
        dx, shift, relative, dv = self.solve(z, self.stationarity)
        along = np.asarray(self.bounds @ dx)
        slack = np.stack([-along, along])
        force = wanted - point.force - point.force / point.slack * slack
        farthest = min(reach(point.slack, slack), reach(point.force, force))
        return _Step(dx, shift, relative, dv, force, slack, farthest)


def _moved(problem: Matching, bounds: Sparse, stiffness: Array, point: _Point, step: _Step) -> _Point:
    length = min(1.0, TO_THE_BOUNDARY * step.reach)
    pairs = problem.expert.size
    stiff = np.asarray(abs(bounds).T @ stiffness)[:pairs].reshape(point.rho.shape)
    # Share of the bounds, as opposed to the entropy, in what determines rho: e / (lambda + e) with e = rho / h.
    bound = point.rho / (problem.entropy_weight * stiff + point.rho)
    relative = step.relative[:, None]
    additive = np.log1p(np.maximum(length * (step.shift + relative), -TO_THE_BOUNDARY))
    additive = additive - np.log1p(np.maximum(length * relative, -TO_THE_BOUNDARY))
    entropic = length * np.clip(step.shift, -LONGEST, LONGEST)
    log_policy = point.log_policy + (1.0 - bound) * entropic + bound * additive
    log_policy = log_policy - logsumexp(log_policy, axis=1, keepdims=True)
    return _Point(
        log_policy,
        _occupancy(problem, log_policy),
        point.x + length * step.dx,
        point.v + length * step.dv,
        point.force + length * step.force,
        point.slack + length * step.slack,
    )
