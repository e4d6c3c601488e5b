"""Planning for the average cost per step, without discounting, on recurrent processes.

    min over stationary distributions d of   -lambda Hbar(d) + <d, c>,
    sum_a d(s,a) = sum_{s',a'} P(s|s',a') d(s',a'),   sum d = 1,   d >= 0
    max over h of                            min_s (T h - h)(s),      T h = soft minimum over a of c + E[h(s')]

(Puterman 1994, chapter 8 and section 8.8; with entropy: Ziebart 2010). At the solution T h = g + h, with the average
cost g and the bias h, which is determined up to a constant. The bound holds for every h, since d sums T h - h to at
most its own value. The process must be recurrent: every state leads to every other under some policy. Its discount and
start play no part. (1 - gamma) V_gamma tends to g as gamma tends to one.

For lambda > 0 every policy that is soft-optimal takes every action, so its chain is irreducible, and Newton's method on
T h - h = g is policy iteration: one bordered linear system per step. For lambda = 0 the bias of a small entropy weight
gives the first policy, and policy iteration continues from it. Where a policy on the way has several recurrent classes,
or the gap stays open, HiGHS solves the linear program.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from gail.exact.occupancy import causal_entropy, policy_of
from gail.exact.planning.bellman import soft_backup, soft_minimum
from gail.exact.planning.linear_program import LinearProgramFailed
from gail.exact.problems import validate_entropy_weight
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost, validate_process
from gail.exact.solution import NotOptimal, Status

TOLERANCE = 1e-8
"""Gap, relative to the largest cost, up to which the result is called optimal."""

MAX_ITERATIONS = 200

SETTLED = 8 * float(np.finfo(np.float64).eps)
"""Spread of T h - h, relative to the largest cost and bias, that is rounding."""

SMALL = 1e-3
"""Entropy weight, relative to the largest cost, whose bias gives the first policy for lambda = 0."""

TIED = 1e-12
"""Relative difference of action values below which two actions are tied."""

FEASIBILITY = 1e-10
"""HiGHS' tolerance on constraints of both sides."""


class NotRecurrent(ValueError):
    """Some state does not lead to some other, or episodes end; the message names the states."""


@dataclass(frozen=True, eq=False)
class AverageSolution:
    """A policy with its average cost, and the bound of its bias.

    Attributes:
        mdp: the process.
        cost: (S, A).
        entropy_weight: lambda.
        policy: (S, A).
        stationary: (S, A) its stationary distribution over pairs, of sum one.
        bias: (S,) h.
    """

    mdp: FiniteMDP
    cost: Array
    entropy_weight: float
    policy: Array
    stationary: Array
    bias: Array

    @cached_property
    def average(self) -> float:
        """-lambda Hbar(d) + <d, c>: an upper bound on the least average cost."""
        spent = float(np.sum(self.stationary * self.cost))
        return spent - self.entropy_weight * causal_entropy(self.stationary) if self.entropy_weight > 0.0 else spent

    @cached_property
    def bound(self) -> float:
        """min_s (T h - h)(s): a lower bound."""
        return float(_excess(self.mdp, self.cost, self.entropy_weight, self.bias).min())

    @property
    def gap(self) -> float:
        """average - bound, signed."""
        return self.average - self.bound

    @property
    def relative_gap(self) -> float:
        """The gap over the largest cost plus lambda."""
        unit = float(abs(self.cost).max()) + self.entropy_weight
        return self.gap / unit if unit > 0.0 else self.gap

    @cached_property
    def flow_residual(self) -> float:
        """Largest violation of stationarity, and of sum one."""
        inflow = np.asarray(self.mdp.transitions.T @ self.stationary.ravel())
        return max(float(abs(self.stationary.sum(axis=1) - inflow).max()), abs(float(self.stationary.sum()) - 1.0))

    @property
    def status(self) -> Status:
        """OPTIMAL if the gap is closed and the distribution stationary."""
        closed = abs(self.relative_gap) <= TOLERANCE and self.flow_residual <= TOLERANCE
        return Status.OPTIMAL if closed else Status.NOT_CONVERGED

    def __repr__(self) -> str:
        states, actions = self.policy.shape
        return (
            f"AverageSolution({states} states and {actions} actions, {self.status.name}, average {self.average:.9g}, "
            f"relative gap {self.relative_gap:.3g})"
        )

    def require_optimal(self, tolerance: float = TOLERANCE) -> AverageSolution:
        """This solution, if its certificate shows that it is optimal.

        Raises:
            NotOptimal: the relative gap (of either sign) or the flow residual exceeds the tolerance.
        """
        if abs(self.relative_gap) <= tolerance and self.flow_residual <= tolerance:
            return self
        raise NotOptimal(
            f"average {self.average:.12g}, bound {self.bound:.12g}, relative gap {self.relative_gap:.3g}, "
            f"flow residual {self.flow_residual:.3g}; required {tolerance:.1g}"
        )


def solve_average_rl(mdp: FiniteMDP, cost: ArrayLike, entropy_weight: float = 1.0) -> AverageSolution:
    """A policy of least average cost (S, A) per step. The default entropy weight is that of `solve_rl`.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        NotRecurrent: episodes end, or some state does not lead to some other.
        LinearProgramFailed: HiGHS returned no solution.
        ValueError: the entropy weight is negative or not finite.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    costs, weight = validate_cost(mdp, cost), validate_entropy_weight(entropy_weight)
    _require_recurrent(mdp)
    if weight > 0.0:
        return _with_entropy(mdp, costs, weight)
    found = _policy_iteration(mdp, costs)
    return found if found is not None and found.status is Status.OPTIMAL else _linear_program(mdp, costs)


def _with_entropy(mdp: FiniteMDP, costs: Array, weight: float) -> AverageSolution:
    bias, best, least = np.zeros(mdp.num_states), np.zeros(mdp.num_states), np.inf
    for _ in range(MAX_ITERATIONS):
        excess = _excess(mdp, costs, weight, bias)
        spread = float(np.ptp(excess))
        if spread < least:
            best, least = bias, spread
        elif spread <= 1e-9 * float(abs(costs).max() + weight):
            break  # Newton's method converges quadratically: the rest is rounding
        if spread <= SETTLED * float(abs(costs).max() + abs(bias).max()):
            break
        _, policy = soft_backup(_action_values(mdp, costs, bias), weight)
        entropy = np.sum(policy * np.log(np.maximum(policy, 1e-300)), axis=1)
        bias = _evaluated(mdp, policy, np.sum(policy * costs, axis=1) + weight * entropy)
    _, policy = soft_backup(_action_values(mdp, costs, best), weight)
    return AverageSolution(mdp, costs, weight, policy, stationary_distribution(mdp, policy), best)


def _policy_iteration(mdp: FiniteMDP, cost: Array) -> AverageSolution | None:
    """Howard's method for lambda = 0 from the bias of a small entropy weight; None if a chain has several classes."""
    size = float(abs(cost).max())
    if size == 0.0:
        uniform = np.full(cost.shape, 1.0 / cost.shape[1])
        return AverageSolution(mdp, cost, 0.0, uniform, stationary_distribution(mdp, uniform), np.zeros(mdp.num_states))
    states, bias = np.arange(mdp.num_states), _with_entropy(mdp, cost, SMALL * size).bias
    actions = _action_values(mdp, cost, bias).argmin(axis=1)
    for _ in range(MAX_ITERATIONS):
        policy = np.zeros_like(cost)
        policy[states, actions] = 1.0
        try:
            bias = _evaluated(mdp, policy, cost[states, actions])
            stationary = stationary_distribution(mdp, policy)
        except RuntimeError:
            return None
        if not np.all(np.isfinite(bias)):
            return None
        values = _action_values(mdp, cost, bias)
        better = values[states, actions] - values.min(axis=1) > TIED * (size + float(abs(bias).max()))
        if not better.any():
            break
        actions = np.where(better, values.argmin(axis=1), actions)
    return AverageSolution(mdp, cost, 0.0, policy, stationary, bias)


def stationary_distribution(mdp: FiniteMDP, policy: Array) -> Array:
    """(S, A) stationary distribution over pairs of a policy whose chain has one recurrent class."""
    bordered = _bordered(mdp, policy)
    found = splu(sparse.csc_array(bordered.T)).solve(np.append(np.zeros(mdp.num_states), 1.0))
    visits = np.maximum(found[:-1], 0.0)
    return np.asarray((visits / visits.sum())[:, None] * policy)


def _evaluated(mdp: FiniteMDP, policy: Array, spent: Array) -> Array:
    """(S,) bias h of a policy, of sum zero: h + g = spent + P_pi h."""
    found = splu(sparse.csc_array(_bordered(mdp, policy))).solve(np.append(spent, 0.0))
    return np.asarray(found[:-1])


def _bordered(mdp: FiniteMDP, policy: Array) -> Any:
    """[[I - P_pi, 1], [1^T, 0]]: nonsingular if the chain has one recurrent class."""
    states, pairs = mdp.num_states, policy.size
    rows = sparse.csr_array((policy.ravel(), np.arange(pairs), np.arange(0, pairs + 1, policy.shape[1])))
    chain: Any = sparse.eye_array(states) - rows @ mdp.transitions
    ones: Any = sparse.csr_array(np.ones((states, 1)))
    return sparse.block_array([[chain, ones], [ones.T, None]], format="csr")


def _action_values(mdp: FiniteMDP, cost: Array, bias: Array) -> Array:
    return np.asarray(cost + np.asarray(mdp.transitions @ bias).reshape(cost.shape))


def _excess(mdp: FiniteMDP, cost: Array, entropy_weight: float, bias: Array) -> Array:
    """(S,) T h - h."""
    return soft_minimum(_action_values(mdp, cost, bias), entropy_weight) - bias


def _require_recurrent(mdp: FiniteMDP) -> None:
    ending = np.flatnonzero(
        np.asarray(mdp.transitions.sum(axis=1)).reshape(-1, mdp.num_actions).min(axis=1) < 1.0 - 1e-9
    )
    if ending.size:
        raise NotRecurrent(f"episodes may end in state {ending[0]}; the average cost needs a process that never ends")
    states, actions = mdp.num_states, mdp.num_actions
    links = mdp.transitions.tocoo()
    graph = sparse.csr_array((np.ones(links.nnz), (links.row // actions, links.col)), shape=(states, states))
    count, labels = csgraph.connected_components(graph, directed=True, connection="strong")
    if count > 1:
        other = int(np.flatnonzero(labels != labels[0])[0])
        raise NotRecurrent(
            f"state {other} is not recurrent together with state 0: one of them does not lead to the other under any "
            "policy. Restrict the process to states that lead to each other"
        )


def _linear_program(mdp: FiniteMDP, cost: Array) -> AverageSolution:
    from scipy.optimize import linprog  # here, as the import takes a tenth of a second

    states, actions = mdp.num_states, mdp.num_actions
    out: Any = sparse.kron(sparse.eye_array(states), np.ones((1, actions)))
    equality: Any = sparse.vstack([out - mdp.transitions.T, sparse.csr_array(np.ones((1, cost.size)))], format="csc")
    result = linprog(
        cost.ravel(),
        A_eq=equality,
        b_eq=np.append(np.zeros(states), 1.0),
        bounds=(0.0, None),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    distribution = np.maximum(result.x, 0.0).reshape(cost.shape)
    distribution /= distribution.sum()
    bias = np.asarray(result.eqlin.marginals)[:states]
    return AverageSolution(mdp, cost, 0.0, policy_of(distribution), distribution, bias)
