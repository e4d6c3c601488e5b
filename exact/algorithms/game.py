"""The imitation game played step by step: one cost player, one policy player, exact expectations.

    min over policies  max over costs   -lambda H(pi) - psi(c) + E_pi[c] - E_E[c]

(Ho & Ermon 2016, Eq. 3). Algorithms are pairings of players:

| algorithm                              | cost player             | policy player      | point     |
|----------------------------------------|-------------------------|--------------------|-----------|
| GAIL, alternating (Algorithm 1)        | `BestCost`              | `NaturalStep`      | last      |
| GAIL, simultaneous descent-ascent      | `LogitAscent`           | `GradientStep`     | last      |
| FEM, GTAL by policy steps (Eq. 9-12)   | `BestCost`              | `NaturalStep`      | last      |
| MWAL / GTAL (Syed & Schapire 2008)     | `FeatureAscent`         | `BestPolicy`       | average   |
| the same on the l2 ball                | `FeatureAscent`         | `BestPolicy`       | average   |

Every iterate is evaluated on both sides of the convex program. Its occupancy gives a primal value; its cost, evaluated
by planning, gives a dual bound (Proposition 3.2). Their difference bounds the distance to the unknown optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from gail.exact.algorithms.argument_checks import validate_amount, validate_matching, validate_start
from gail.exact.occupancy import occupancy_of, policy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching, Planning
from gail.exact.process.arrays import Array, validate_count
from gail.exact.solution import Solution, certify


class CostPlayer(Protocol):
    """Chooses the next cost; its state is an array: a cost, logits, or weights."""

    def start(self, problem: Matching, occupancy: Array) -> Array:
        """The first state, given the first policy's occupancy."""

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        """The next state, given the current one and the learner's occupancy (S, A)."""

    def cost(self, state: Array) -> Array:
        """The cost (S, A) of a state."""


class PolicyPlayer(Protocol):
    """Chooses the next policy."""

    def respond(self, problem: Matching, policy: Array, cost: Array) -> Array:
        """The next policy (S, A), given the current one and a cost."""


@dataclass(frozen=True, eq=False)
class Run:
    """The record of an algorithm, compared with the convex program that it should solve.

    Attributes:
        problem: the program.
        policy: (S, A) the point returned.
        occupancy: (S, A) its occupancy.
        cost: (S, A) the cost returned, None where the last one was not finite.
        steps: the iterations after which the objective was evaluated.
        primal: the objective at each evaluated occupancy; +inf outside the domain.
        dual: the bound certified by each evaluated cost; -inf where it certifies none.
    """

    problem: Planning | Matching
    policy: Array
    occupancy: Array
    cost: Array | None
    steps: tuple[int, ...]
    primal: Array
    dual: Array

    def __repr__(self) -> str:
        states, actions = self.policy.shape
        return (
            f"Run({type(self.problem).__name__} on {states} states and {actions} actions, "
            f"{self.steps[-1]} iterations, gap {self.trace[-1]:.3g})"
        )

    @property
    def trace(self) -> Array:
        """Signed gap of each evaluated point against the best bound certified up to then."""
        return self.primal - np.maximum.accumulate(self.dual)

    def excess(self, bound: float) -> Array:
        """Signed distance of each evaluated objective to a given bound, such as a Solution's dual value."""
        return self.primal - bound

    def solution(self, tolerance: float) -> Solution:
        """The last point as a Solution: OPTIMAL when its recomputed relative gap is within tolerance.

        Raises:
            TypeError, ValueError: a tolerance that is no finite number, or negative.
        """
        validate_amount("tolerance", tolerance)
        values = None
        if self.cost is not None:
            values = solve_rl(self.problem.mdp, self.cost, self.problem.entropy_weight).values
        return certify(self.problem, self.policy, self.cost, values, tolerance=tolerance, trace=self.trace.tolist())


class RunRecorder:
    """Collects the evaluations of a run."""

    def __init__(self, problem: Planning | Matching) -> None:
        self._problem = problem
        self._steps: list[int] = []
        self._primal: list[float] = []
        self._dual: list[float] = []

    def record(self, step: int, occupancy: Array, cost: Array, values: Array | None = None) -> float:
        """Evaluate one point; planning computes the values (S,) of the cost if they are not given. Returns the gap."""
        if values is None and np.all(np.isfinite(cost)):
            values = solve_rl(self._problem.mdp, cost, self._problem.entropy_weight).values
        self._steps.append(step)
        self._primal.append(self._problem.primal(occupancy))
        self._dual.append(self._problem.dual(cost, values))
        return self._primal[-1] - max(self._dual)

    def finished(self, policy: Array, cost: Array) -> Run:
        """The finished run."""
        return Run(
            self._problem,
            policy,
            occupancy_of(self._problem.mdp, policy),
            cost if np.all(np.isfinite(cost)) else None,
            tuple(self._steps),
            np.array(self._primal),
            np.array(self._dual),
        )


def play(
    problem: Matching,
    cost_player: CostPlayer,
    policy_player: PolicyPlayer,
    iterations: int,
    *,
    start: Array | None = None,
    order: Literal["alternating", "simultaneous"] = "alternating",
    point: Literal["last", "average"] = "last",
    evaluate_every: int = 1,
) -> Run:
    """Play the game from a policy (S, A), uniform by default.

    "alternating" is the order of the paper's Algorithm 1: the policy responds to the new cost. "simultaneous":
    both respond to the other's previous move. "average" evaluates and returns the mean occupancy and the mean cost
    so far, which is where no-regret players converge (Freund & Schapire 1999); the last iterates need not.

    Raises:
        InvalidPolicy: the start is not a policy of the process.
        InvalidOccupancy: the expert's occupancy is not one of the process.
        TypeError: counts that are not whole, a player or psi that is a Python class, a player of the other role, or a
            psi that a player does not take.
        ValueError: an unknown order or point, counts below one, or a negative entropy weight.
    """
    if order not in ("alternating", "simultaneous") or point not in ("last", "average"):
        raise ValueError(
            f'order must be "alternating" or "simultaneous", point "last" or "average"; got {order!r}, {point!r}'
        )
    validate_matching(problem)
    _validate_role("cost_player", cost_player, "BestCost()", ("start", "respond", "cost"))
    _validate_role("policy_player", policy_player, "NaturalStep(1.0)", ("respond",))
    iterations = validate_count("iterations", iterations)
    evaluate_every = validate_count("evaluate_every", evaluate_every)
    mdp, recorder = problem.mdp, RunRecorder(problem)
    policy = validate_start(mdp, start)
    occupancy = occupancy_of(mdp, policy)
    state = cost_player.start(problem, occupancy)
    cost = cost_player.cost(state)
    mean = _Mean()
    for iteration in range(1, iterations + 1):
        state = cost_player.respond(problem, state, occupancy)
        best_response = cost_player.cost(state)
        policy = policy_player.respond(problem, policy, best_response if order == "alternating" else cost)
        occupancy, cost = occupancy_of(mdp, policy), best_response
        evaluated = (occupancy, cost)
        if point == "average":
            evaluated = mean.include(evaluated)
        if iteration % evaluate_every == 0 or iteration == iterations:
            recorder.record(iteration, *evaluated)
    return recorder.finished(policy_of(evaluated[0]) if point == "average" else policy, evaluated[1])


def _validate_role(name: str, player: object, example: str, moves: tuple[str, ...]) -> None:
    """Check that a player is an instance with the methods of its role, and without those of the other role."""
    if isinstance(player, type):
        raise TypeError(f"{name} must be an instance such as {example}, got the class {player.__name__}")
    has_cost = callable(getattr(player, "cost", None))
    if has_cost is not ("cost" in moves) or not all(callable(getattr(player, move, None)) for move in moves):
        raise TypeError(f"{name} must be a player such as {example}, got {type(player).__name__}")


class _Mean:
    """Running means of occupancies and costs."""

    def __init__(self) -> None:
        self._count = 0
        self._means: Sequence[Array] = ()

    def include(self, arrays: tuple[Array, Array]) -> tuple[Array, Array]:
        self._count += 1
        old = self._means or arrays
        occupancy, cost = (mean + (new - mean) / self._count for mean, new in zip(old, arrays, strict=True))
        self._means = (occupancy, cost)
        return occupancy, cost
