"""The average cost per step (Puterman 1994, chapter 8).

20  On a recurrent process, the least average cost is the bound of some bias; no policy has a lower average, and no
other
    bias a higher bound. It is the limit of discounting: (1-gamma) V_gamma differs from it by at most (1-gamma) times
    the range of the bias, at every state.

The range bounds the difference because g/(1-gamma) + h - min h and g/(1-gamma) + h - max h enclose the fixed point of
the discounted Bellman operator.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gail.exact.planning.average_cost import NotRecurrent, solve_average_rl, stationary_distribution
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-8
"""Relative tolerance; HiGHS stops at absolute violations of 1e-10."""

DISCOUNTS = (0.5, 0.9, 0.99, 0.999)

POINTS = 20


def check_average_cost(
    mdp: FiniteMDP, cost: Array, entropy_weight: float, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 20 for a cost (S, A), at lambda = 0 and lambda > 0; no certificates if the process is not recurrent."""
    verdicts = Verdicts("Average cost", instance)
    scaled = cost / (float(abs(cost).max()) or 1.0)
    for label, weight in (("lambda = 0", 0.0), ("with entropy", entropy_weight)):
        try:
            _check(verdicts, label, mdp, scaled, weight, rng)
        except NotRecurrent:
            break
    return verdicts.verification()


def _check(
    verdicts: Verdicts, label: str, mdp: FiniteMDP, cost: Array, weight: float, rng: np.random.Generator
) -> None:
    found = solve_average_rl(mdp, cost, weight)
    unit = 1.0 + weight
    verdicts.solved(f"{label}: the bias proves the average cost", found.gap / unit, TOLERANCE)
    verdicts.claim(f"{label}: the policy's distribution is stationary", found.flow_residual, TOLERANCE)
    averages = [
        _average(mdp, cost, weight, rng.dirichlet(np.full(mdp.num_actions, 0.5), size=mdp.num_states))
        for _ in range(POINTS)
    ]
    verdicts.at_most(
        f"{label}: no policy has a lower average", found.average / unit, np.array(averages) / unit, TOLERANCE
    )
    bounds = []
    for size in np.geomspace(1e-3, 10.0, POINTS):
        bias = found.bias + size * rng.normal(size=mdp.num_states)
        bounds.append(replace(found, bias=bias).bound)
    verdicts.at_most(f"{label}: no bias has a higher bound", np.array(bounds) / unit, found.average / unit, TOLERANCE)
    apart, allowed = [], []
    for discount in DISCOUNTS:
        planned = solve_rl(FiniteMDP(mdp.transitions, mdp.initial, discount), cost, weight)
        assert planned.values is not None
        apart.append(float(abs((1.0 - discount) * planned.values - found.average).max()))
        allowed.append((1.0 - discount) * float(np.ptp(found.bias)))
    verdicts.at_most(f"{label}: it is the limit of discounting", apart, allowed, TOLERANCE, scale=unit)


def _average(mdp: FiniteMDP, cost: Array, weight: float, policy: Array) -> float:
    """Average cost of a policy that takes every action, minus lambda times its entropy per step."""
    stationary = stationary_distribution(mdp, policy)
    surprise = np.log(np.maximum(policy, 1e-300))
    return float(np.sum(stationary * (cost + weight * surprise)))
