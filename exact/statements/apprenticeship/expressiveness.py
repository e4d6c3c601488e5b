"""A cost class that cannot express the expert's cost does not make the learner imitate (expected failure).

    10  psi = the indicator of {F w : w in W}: matching may reach psi* = 0 (the l2 ball, FEM), or psi* < 0 (the
        simplex, GTAL), at an occupancy that differs from the expert's and has a higher expected cost

(Ho & Ermon 2016, section 4). The check uses a minimal process. Three roads lead from a start to a goal: the "north"
pass, the "south" pass with as many cells of the same heights, and a short, level "tunnel". The features are the length
and the height of a road. The expert's cost is another one: the south pass and the tunnel are dangerous, so the expert
goes north.

- <rho_south - rho_E, F w> = 0 for every w, and <rho_south - rho_E, c> > 0: no F w, with any potential shaping, is the
  expert's cost, and FEM cannot distinguish the passes. Going south is an optimum of FEM; with a small entropy weight
  the optimum takes each pass with probability 1/2.
- The tunnel is better than the expert in both features, so GTAL's optimum is the tunnel, at a negative value.
- `Logistic`, whose costs are functions of the state and action, recovers the expert on the same process. So the class
  causes the failure, not the expert or the process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gail.exact.imitation.dual_bound import with_dual_bound
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import feature_expectations, occupancy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import L2Ball, Logistic, Simplex
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import Verdicts

ROADS = ("north", "south", "tunnel")
"""Roads that the actions take at the start, in the order of the actions."""

NORTH, SOUTH, TUNNEL = range(3)

HEIGHTS = (1.0, 2.0, 1.0)
"""Heights of the cells of each pass; the tunnel has one cell, of height zero."""

LITTLE_ENTROPY = 0.01
"""Entropy weight, in units of the tunnel's feature gap; so small that the optimum rarely takes the tunnel."""

TOLERANCE = 1e-8
"""Tolerance of minima, relative to the values that features take on one road."""

SEEN = 0.3
"""Least size of an expected failure, as a share of the effect of taking the south pass."""


@dataclass(frozen=True, eq=False)
class UnexpressiveInstance:
    """The process of the module docstring, with cost (S, A), features (S, A, 2) and the expert's occupancy (S, A).

    State 0 is the start: action k takes road k of `roads`, which lists the road's states in order. On a road every
    action moves to the next state. The goal is the last state and absorbing.
    """

    mdp: FiniteMDP
    cost: Array
    features: Array
    expert_occupancy: Array
    roads: dict[str, tuple[int, ...]]

    @property
    def state_names(self) -> tuple[str, ...]:
        """(S,) names of the states, for pictures."""
        cells = [f"{road} {place + 1}" for road, states in self.roads.items() for place in range(len(states))]
        return ("start", *cells, "goal")

    def road(self, action: int) -> Array:
        """The policy (S, A) that takes one road; uniform in the other states, where actions have no effect."""
        policy = np.full(self.cost.shape, 1.0 / self.cost.shape[1])
        policy[0] = np.eye(self.cost.shape[1])[action]
        return policy

    def regret(self, occupancy: Array) -> float:
        """Expected cost minus the expert's."""
        return float(np.sum((occupancy - self.expert_occupancy) * self.cost))

    def misplaced(self, occupancy: Array) -> float:
        """l1 distance of the state occupancies to the expert's."""
        return float(abs((occupancy - self.expert_occupancy).sum(axis=1)).sum())


def unexpressive_instance(discount: float = 0.9) -> UnexpressiveInstance:
    """The process with three roads.

    Raises:
        ValueError: the discount is not in (0, 1); at 0 no state but the start counts.
    """
    if not 0.0 < discount < 1.0:
        raise ValueError(f"discount must lie in (0, 1), got {discount}")
    length = len(HEIGHTS)
    cells = (range(1, length + 1), range(length + 1, 2 * length + 1), range(2 * length + 1, 2 * length + 2))
    roads = {road: tuple(states) for road, states in zip(ROADS, cells, strict=True)}
    goal = 2 * length + 2
    transitions = np.zeros((goal + 1, len(ROADS), goal + 1))
    for action, states in enumerate(roads.values()):
        transitions[0, action, states[0]] = 1.0
        for here, there in zip(states, (*states[1:], goal), strict=True):
            transitions[here, :, there] = 1.0
    transitions[goal, :, goal] = 1.0
    mdp = FiniteMDP(transitions, np.eye(goal + 1)[0], discount)
    features = np.zeros((goal + 1, len(ROADS), 2))
    features[1:goal, :, 0] = 1.0
    features[1:goal, :, 1] = np.array([*HEIGHTS, *HEIGHTS, 0.0])[:, None]
    cost = np.zeros((goal + 1, len(ROADS)))
    cost[[*roads["south"], *roads["tunnel"]]] = 1.0
    blank = UnexpressiveInstance(mdp, cost, features, np.zeros_like(cost), roads)
    return replace(blank, expert_occupancy=occupancy_of(mdp, blank.road(NORTH)))


def check_unexpressive_class(member: UnexpressiveInstance, instance: str) -> Verification:
    """Statement 10: both classes fail, in value and in occupancy; `Logistic` does not fail.

    Solutions: "FEM", with a small entropy weight, and "GTAL" are the solutions of the two algorithms; "FEM, at its
    worst" is the worst optimum of FEM without entropy; "logistic" has the entropy weight of "FEM".
    """
    verdicts = Verdicts("An unexpressive class", instance)
    mdp, expert, features = member.mdp, member.expert_occupancy, member.features
    roads = [occupancy_of(mdp, member.road(action)) for action in range(len(ROADS))]
    gaps = [feature_expectations(rho - expert, features) for rho in roads]
    _premises(verdicts, member, roads)
    little = LITTLE_ENTROPY * float(np.linalg.norm(gaps[TUNNEL]))
    solutions = {
        "FEM": match_occupancy(mdp, expert, L2Ball(features), little),
        "FEM, at its worst": with_dual_bound(
            Matching(mdp, expert, L2Ball(features), 0.0),
            member.road(SOUTH),
            np.zeros_like(member.cost),
            tolerance=TOLERANCE,
        ),
        "GTAL": match_occupancy(mdp, expert, Simplex(features), 0.0),
        "logistic": match_occupancy(mdp, expert, Logistic(), little),
    }
    for name, solution in solutions.items():
        verdicts.solved(f"{name}: certified as optimal", solution.relative_gap, TOLERANCE)
    for name in ("FEM", "FEM, at its worst"):
        value, _ = L2Ball(features).conjugate(solutions[name].occupancy, expert)
        verdicts.identity(f"{name}: psi* = 0", value, 0.0, TOLERANCE)
        _fails(verdicts, name, member, solutions[name], roads)
    verdicts.identity("GTAL: psi* is that of the tunnel", solutions["GTAL"].primal_value, gaps[TUNNEL].max(), TOLERANCE)
    verdicts.differs("GTAL: psi* < 0", -solutions["GTAL"].primal_value, SEEN * float(abs(gaps[TUNNEL]).min()))
    _fails(verdicts, "GTAL", member, solutions["GTAL"], roads)
    scale = member.misplaced(roads[SOUTH])
    recovered = float(abs(solutions["logistic"].occupancy - expert).sum()) / scale
    verdicts.claim("logistic: the occupancy is the expert's", recovered, TOLERANCE)
    regret = member.regret(solutions["logistic"].occupancy) / member.regret(roads[SOUTH])
    verdicts.claim("logistic: no regret", abs(regret), TOLERANCE)
    at_expert = Matching(mdp, expert, Logistic(), 0.0)
    claim = "logistic, without entropy: the other roads are worse than the expert"
    verdicts.differs(claim, min(map(at_expert.primal, roads[SOUTH:])) - at_expert.primal(expert), SEEN)
    return Verification(tuple(verdicts.certificates), solutions)


def _premises(verdicts: Verdicts, member: UnexpressiveInstance, roads: list[Array]) -> None:
    mdp, features = member.mdp, member.features
    best = solve_rl(mdp, member.cost, entropy_weight=0.0).primal_value
    verdicts.identity("the expert is optimal for its cost", np.sum(member.expert_occupancy * member.cost), best)
    south, tunnel = (feature_expectations(roads[k] - member.expert_occupancy, features) for k in (SOUTH, TUNNEL))
    verdicts.identity("no w distinguishes the passes", south, 0.0)
    verdicts.differs("the expert's cost distinguishes the passes", member.regret(roads[SOUTH]), SEEN * mdp.discount)
    verdicts.differs("the tunnel is better in every feature", -float(tunnel.max()), SEEN * mdp.discount**2)
    shapings = np.stack([mdp.flow_adjoint(one).ravel() for one in np.eye(mdp.num_states)], axis=1)
    span = np.hstack([features.reshape(member.cost.size, -1), shapings])
    target = member.cost.ravel()
    weights = np.linalg.lstsq(span, target)[0]
    unexplained = float(np.linalg.norm(target - span @ weights) / np.linalg.norm(target))
    verdicts.differs("no F w, with any potential shaping, is the expert's cost", unexplained, 0.1 * mdp.discount)


def _fails(verdicts: Verdicts, name: str, member: UnexpressiveInstance, solution: Solution, roads: list[Array]) -> None:
    """The occupancy differs from the expert's, and its expected cost is higher."""
    for what, measure in (("differs from the expert", member.misplaced), ("has a higher cost", member.regret)):
        verdicts.differs(f"{name}: {what}", measure(solution.occupancy), SEEN * measure(roads[SOUTH]))
