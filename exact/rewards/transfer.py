"""A learned reward under other dynamics: plan with it, and pay the true cost.

    regret = max over pi in argmax_pi (lambda H(pi) + E_pi[r])  of  (-lambda H(pi) + E_pi[c])  -  optimum of c

At lambda > 0 the optimal policy of r is unique. At lambda = 0 it is not: a reward that is constant has every policy for
an optimum. So the regret is that of the worst policy among those that take only actions whose value is maximal up to
`TIES`, and `least_regret` that of the best. A reward transfers if the former is zero. Both come from planning for -c
and for c on a process in which every other action is replaced by an optimal one. The regret is measured from a
certified bound on the true optimum, and relative to the excess cost of the uniform policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gail.exact.occupancy import occupancy_of
from gail.exact.planning.bellman import action_values
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Planning
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost, validate_process
from gail.exact.rewards.shaping import RewardComparison, compare_rewards
from gail.exact.solution import Solution, Status

TIES = 1e-8
"""Difference of action values, relative to the largest entry of the reward, up to which two actions are tied."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """What a learned reward is worth on a process.

    Attributes:
        policy: (S, A) an optimal policy of the learned reward, the one of highest true cost.
        value: its true cost, -lambda H + E[c].
        best_value: the least true cost among the optimal policies of the learned reward; equal at lambda > 0.
        uniform_value: the true cost of the uniform policy.
        optimum: the solution for the true cost; its dual value bounds the least true cost from below.
        planned: the solution for the learned reward.
        comparison: how far the learned reward is from -c, up to shaping and up to a constant.
    """

    policy: Array
    value: float
    best_value: float
    uniform_value: float
    optimum: Solution
    planned: Solution
    comparison: RewardComparison

    @property
    def regret(self) -> float:
        """value minus the certified bound, signed: at least the true regret, up to rounding."""
        return self.value - self.optimum.dual_value

    @property
    def least_regret(self) -> float:
        """The same for the best choice among ties."""
        return self.best_value - self.optimum.dual_value

    @property
    def relative_regret(self) -> float:
        """0 for an optimal policy, 1 for one that is no better than uniform; NaN where uniform is optimal."""
        spread = self.uniform_value - self.optimum.dual_value
        floor = self.optimum.gap + 1e-12 * max(abs(self.uniform_value), self.optimum.problem.unit)
        return self.regret / spread if spread > floor else float("nan")

    @property
    def certified(self) -> bool:
        """Whether both planning problems were solved to optimality."""
        return self.optimum.status is Status.OPTIMAL and self.planned.status is Status.OPTIMAL

    def __repr__(self) -> str:
        return (
            f"Transfer(regret {self.regret:.3g}, relative {self.relative_regret:.3g}, "
            f"with the best ties {self.least_regret:.3g}, {'certified' if self.certified else 'NOT CERTIFIED'})"
        )


def transfer(reward: ArrayLike, mdp: FiniteMDP, cost: ArrayLike, entropy_weight: float = 0.0) -> Transfer:
    """Plan for a learned reward on a process, and judge the policy by the true cost.

    Args:
        reward: the learned reward: (S,), (S, A), or of transitions, (S, A, S), whose expectation under this process is
            taken. The end of an episode has no transition: give f of `AirlFit` as `fit.shaped(mdp)`.
        mdp: the process, not necessarily the one on which the reward was learned.
        cost: the true cost, (S,), (S, A) or (S, A, S).
        entropy_weight: lambda, for planning and for judging; 0 by default.

    Raises:
        InvalidCost: reward or cost have another shape or entries that are not finite.
        ValueError: the entropy weight is negative or not finite.
        NotEnoughMemory: planning or comparing would need more than is available.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    learned, true = validate_cost(mdp, reward, "reward"), validate_cost(mdp, cost)
    planned, optimum = (solve_rl(mdp, one, entropy_weight) for one in (-learned, true))
    problem = Planning(mdp, true, entropy_weight)
    worst = best = planned.policy
    if entropy_weight == 0.0:
        tied = _tied(mdp, learned, planned)
        worst, best = (_among(mdp, one, tied) for one in (-true, true))
    uniform = np.full_like(true, 1.0 / mdp.num_actions)
    value, best_value, uniform_value = (problem.primal(occupancy_of(mdp, one)) for one in (worst, best, uniform))
    comparison = compare_rewards(mdp, learned, -true)
    return Transfer(worst, value, best_value, uniform_value, optimum, planned, comparison)


def _tied(mdp: FiniteMDP, reward: Array, planned: Solution) -> NDArray[np.bool_]:
    """(S, A) the actions that are optimal for the reward up to `TIES`."""
    assert planned.values is not None  # planning always has values
    values = action_values(mdp, -reward, planned.values)
    return np.asarray(values <= values.min(axis=1, keepdims=True) + TIES * float(abs(reward).max()))


def _among(mdp: FiniteMDP, cost: Array, allowed: NDArray[np.bool_]) -> Array:
    """(S, A) a policy of least cost among those that take allowed actions only."""
    states, actions = allowed.shape
    # Every action stands for itself if it is allowed, else for the first one that is.
    stands_for = np.where(allowed, np.arange(actions), allowed.argmax(axis=1)[:, None])
    rows = (np.arange(states)[:, None] * actions + stands_for).ravel()
    restricted = FiniteMDP(mdp.transitions[rows], mdp.initial, mdp.discount, mdp.terminal)
    chosen = solve_rl(restricted, cost.ravel()[rows].reshape(states, actions), 0.0).policy
    policy = np.zeros_like(chosen)
    np.add.at(policy, (np.arange(states)[:, None], stands_for), chosen)
    return policy
