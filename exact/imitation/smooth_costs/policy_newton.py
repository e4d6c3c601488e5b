"""Newton's method over policies, for separable smooth psi* and lambda > 0.

    F(rho) = -lambda Hbar(rho) + psi*(rho - rho_E)

is minimised on the flow polytope. At a policy pi with occupancy rho and g = grad F = lambda log pi + c, the direction
d minimises the quadratic model <g, d> + <d, F'' d>/2 over flow d = 0. In the relative variables d = rho * y and
m(s) = sum_a d(s,a) / rho(s), with multipliers v,

    (lambda + e) y = lambda m + flow* v - g,     e = rho psi*'' >= 0,

so y is eliminated entry by entry and (m, v) solve a sparse symmetric system
(`gail.exact.linear_systems.newton_system`). No division by an occupancy occurs. The step is taken in policies, and the
occupancy recomputed from them, so every iterate is positive and satisfies the flow. Two curves are tried,

    log pi + t (y - m)                        suits the entropy;
    log pi + log(1 + t y) - log(1 + t m)      moves occupancy measures on a line, and suits entries where psi* has more
                                              curvature than the entropy; mixed with the first curve in the
                                              proportion e : lambda,

and the first one on which F decreases by Armijo's rule is taken. Both have the same tangent. Because the flow
constraints are linear, both keep Newton's quadratic convergence.

Pairs that learner and expert hardly visit do not affect F. The search ends once F has settled to rounding and the
certified gap no longer falls, even if such pairs still change.

Along with the policy comes the cost c = flow* v - lambda log pi, for which it is soft-optimal with the values v. At the
solution this is the gradient of psi*. Near it, v is known to higher accuracy than the difference of the occupancy
measures that determines the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from gail.exact.linear_systems.newton_system import NewtonSystem
from gail.exact.occupancy import occupancy_of
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import SmoothConjugate

ACCEPTED = 1e-8
"""Relative gap up to which the result is called optimal: where costs are large, rounding leaves more than 1e-10."""

MAX_ITERATIONS = 100

SHORT = 1e-2
"""Share of a step below which the quadratic model is poor."""

MAX_SHORT = 6
"""Consecutive steps of which so small a share is taken, before the search gives up: a better start is needed."""

SETTLED = 1e-14
"""Size of a step, in l1 relative to the total mass, below which another step would be rounding."""

SHIFT_SCALE = 1e-8
"""Weight of the largest change of a log-policy in the size of a step."""

QUADRATIC_PHASE = 1e-8
"""Size of a step below which convergence is quadratic; a step that fails to halve is then rounding."""

FINAL_GAP = 1e-12
"""Certified relative gap below which one more step is the last, because it squares the distance."""

MAX_STALLS = 4
"""Iterations in a row that may fail to halve the least certified gap, once that gap is accepted."""

SUFFICIENT = 1e-4
"""Least share of the decrease predicted by the gradient that a step must achieve."""

ROUNDING = 1e-13
"""Decrease relative to the objective below which differences of its values are rounding."""

MAX_NEGLIGIBLE = 8
"""Consecutive steps that may predict a decrease below `ROUNDING` without lowering the certified gap."""

PROGRESS = 0.9
"""A step lowers the certified gap if the new gap is below this factor times the least of the last three."""

TO_THE_BOUNDARY = 0.99
"""Largest share of an occupancy that one step may remove."""

LONGEST = 100.0
"""Largest change of a log-policy in one step; it limits only pairs whose probability becomes negligible."""


@dataclass(frozen=True, eq=False)
class Minimiser:
    """A policy (S, A), a cost (S, A) for which it is soft-optimal, and its certified gap relative to the objective.

    The gap is infinite if none was certified.
    """

    policy: Array
    cost: Array
    gap: float


def minimiser(problem: Matching, psi: SmoothConjugate, log_policy: Array, trace: list[float] | None) -> Minimiser:
    """The minimising policy, found from a policy's logarithm (S, A); all states reachable, lambda > 0."""
    mdp, weight = problem.mdp, problem.entropy_weight
    system = NewtonSystem(mdp)
    point = _point(problem, log_policy)
    values: Array | None = None
    multipliers = np.zeros(mdp.num_states)
    last_size, negligible, short = np.inf, 0, 0
    best, best_multipliers, least, stalls = point, multipliers, np.inf, 0
    for _ in range(MAX_ITERATIONS):
        _, cost = psi.conjugate(point.occupancy, problem.expert)
        if trace is not None:
            values = soft_optimum(mdp, cost, weight, values).relative
            trace.append(point.value - problem.dual(cost, values))
            stalls = 0 if trace[-1] < 0.5 * least else stalls + 1
            if trace[-1] < least:
                best, best_multipliers, least = point, multipliers, trace[-1]
            if stalls >= MAX_STALLS and least <= ACCEPTED * max(abs(point.value), problem.unit):
                break  # only pairs of negligible probability still move
        certified = trace is not None and trace[-1] <= FINAL_GAP * max(abs(point.value), problem.unit)
        # The known multipliers are subtracted from the gradient: the rest vanishes at the optimum, and with it
        # the rounding of the linear solve.
        gradient = weight * point.log_policy + cost - mdp.flow_adjoint(multipliers)
        elasticity = psi.conjugate_elasticity(point.occupancy, problem.expert)
        change, shift, correction = system.direction(point.occupancy, weight, elasticity, gradient)
        multipliers = multipliers + correction
        # Rare pairs matter little in the occupancy measure, but their costs matter in the certificate.
        size = float(abs(point.occupancy * change).sum() / point.occupancy.sum())
        size = max(size, SHIFT_SCALE * float(abs(shift).max()))
        slope = float(np.sum(gradient * point.occupancy * change))
        moved, share = _line_search(problem, point, _Step(change, shift, elasticity / (weight + elasticity)), slope)
        short = short + 1 if share < SHORT else 0
        if moved is None or short >= MAX_SHORT:
            break
        falling = trace is not None and trace[-1] < PROGRESS * min(trace[-4:-1], default=np.inf)
        significant = abs(slope) > ROUNDING * max(abs(point.value), problem.unit)
        negligible = 0 if significant or falling else negligible + 1
        point = moved
        settled = size <= SETTLED or last_size <= 2 * size <= QUADRATIC_PHASE or negligible >= MAX_NEGLIGIBLE
        if certified or (settled and not falling):
            break
        last_size = size
    # F falls with every step, but the certified gap may rise: an earlier point is returned only if its gap is accepted.
    if stalls and least <= ACCEPTED * max(abs(best.value), problem.unit):
        point, multipliers = best, best_multipliers
    cost = mdp.flow_adjoint(multipliers) - weight * point.log_policy
    return Minimiser(np.exp(point.log_policy), cost, least / max(abs(best.value), problem.unit))


@dataclass(frozen=True, eq=False)
class _Point:
    """An iterate: log-policy, occupancy measure, objective."""

    log_policy: Array
    occupancy: Array
    value: float


def _point(problem: Matching, log_policy: Array) -> _Point:
    log_policy = log_policy - logsumexp(log_policy, axis=1, keepdims=True)
    # Positive even where visits underflow: the Newton system must have no empty row.
    occupancy = np.maximum(occupancy_of(problem.mdp, np.exp(log_policy)), 1e-300)
    return _Point(log_policy, occupancy, problem.primal(occupancy))


@dataclass(frozen=True, eq=False)
class _Step:
    """A Newton step (S, A): relative change y of the occupancy, change y - m of the log-policy, psi's share in F''."""

    change: Array
    shift: Array
    share: Array

    def shifted(self, log_policy: Array, length: float) -> Array:
        """The unnormalised log-policy after a share of the step, along the first curve."""
        moved: Array = log_policy + length * np.clip(self.shift, -LONGEST, LONGEST)
        return moved

    def scaled(self, log_policy: Array, length: float) -> Array:
        """The same along the second curve."""
        relative, of_state = length * self.change, length * (self.change - self.shift)
        scaled = np.log1p(np.maximum(relative, -TO_THE_BOUNDARY)) - np.log1p(np.maximum(of_state, -TO_THE_BOUNDARY))
        moved: Array = (1.0 - self.share) * self.shifted(log_policy, length) + self.share * (log_policy + scaled)
        return moved


def _line_search(problem: Matching, point: _Point, direction: _Step, slope: float) -> tuple[_Point | None, float]:
    """Backtrack along a step to sufficient decrease: the point, None where rounding permits none, and the share
    taken."""
    slack = ROUNDING * max(abs(point.value), problem.unit)
    step = 1.0
    while step > 1e-10:
        for move in (direction.shifted, direction.scaled):
            trial = _point(problem, move(point.log_policy, step))
            if trial.value <= point.value + SUFFICIENT * step * min(slope, 0.0) + slack:
                return trial, step
        step *= 0.5
    return None, 0.0
