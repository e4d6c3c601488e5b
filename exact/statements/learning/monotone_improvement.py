"""Monotone improvement (Schulman et al. 2015, Theorem 1 and Algorithm 1), stated for rewards r = -c.

    16  eta(pi') >= L_pi(pi') - C max_s KL(pi(.|s), pi'(.|s)),     C = 4 eps gamma / (1-gamma)^2,
        L_pi(pi') = eta(pi) + sum_s rho_pi(s) sum_a pi'(a|s) A_pi(s,a),     eps = max |A_pi(s,a)|,

with the old policy first in KL and rho_pi unnormalised; policy iteration that maximises the right side never gets
worse. The check also runs the natural policy gradient, which does not use the bound.
"""

from __future__ import annotations

import numpy as np

from gail.exact.algorithms.trust_region import natural_gradient_run, penalised_run, penalised_step, surrogate
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import policy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.reachability import Reachable
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.verdicts import ROUNDING, Verdicts

PAIRS = 32
"""Random pairs of policies, from nearly equal to unrelated."""

ITERATIONS = 12
"""Iterations of the monotone run; the bound is conservative, so the run need not reach the optimum."""


def check_monotone_improvement(mdp: FiniteMDP, cost: Array, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 16 for one cost (S, A), discount < 1; the solution "optimum" is policy iteration's.

    Raises:
        ValueError: the discount is one, where C is infinite.
    """
    verdicts = Verdicts("TRPO's bound", instance)
    optimum = solve_rl(mdp, cost, entropy_weight=0.0)
    part = Reachable(mdp)
    small, small_cost = part.mdp, part.restrict(cost)
    shape = small_cost.shape
    unit = float(abs(small_cost).max()) * float(small.initial @ small.lifetime) + 1e-300
    achieved, predicted = [], []
    for distance in np.geomspace(1e-4, 1.0, PAIRS):
        old = rng.dirichlet(np.ones(shape[1]), size=shape[0])
        new = (1.0 - distance) * old + distance * rng.dirichlet(np.ones(shape[1]), size=shape[0])
        model = surrogate(small, old, small_cost)
        achieved.append(float(small.initial @ model.values) - _expected(small, new, small_cost))
        predicted.append(model.bound(new))
    verdicts.at_most("eta(pi') >= L(pi') - C max KL at random pairs", predicted, achieved, ROUNDING, unit)
    uniform = np.full(shape, 1.0 / shape[1])
    model = surrogate(small, uniform, small_cost)
    best = model.bound(penalised_step(model))
    challengers = []
    for distance in np.geomspace(1e-12, 0.5, PAIRS):
        greedy = np.eye(shape[1])[model.advantage.argmax(axis=1)]
        challengers.append(model.bound((1.0 - distance) * uniform + distance * greedy))
        noise = np.exp(distance * model.advantage / max(float(np.ptp(model.advantage)), 1e-300))
        challengers.append(model.bound(policy_of(uniform * noise)))
    verdicts.at_most("the step maximises the right side", challengers, best, ROUNDING, unit)
    run = penalised_run(mdp, cost, ITERATIONS)
    rises = float(np.diff(run.primal).max(initial=0.0))
    numbers = {"start": float(run.primal[0]), "end": float(run.primal[-1]), "optimum": optimum.dual_value}
    verdicts.claim("policy iteration on the bound never gets worse", beyond(rises) / unit, ROUNDING, **numbers)
    verdicts.at_most("the run is never below the optimum", optimum.dual_value, run.primal, ROUNDING, unit)
    natural = natural_gradient_run(mdp, cost, ITERATIONS, 1.0 / unit)
    rises = float(np.diff(natural.primal).max(initial=0.0))
    verdicts.claim("natural policy gradient never gets worse", beyond(rises) / unit, ROUNDING)
    return Verification(tuple(verdicts.certificates), {"optimum": optimum})


def _expected(mdp: FiniteMDP, policy: Array, cost: Array) -> float:
    return float(mdp.initial @ Chain(mdp, policy).values((policy * cost).sum(axis=1)))
