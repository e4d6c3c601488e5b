"""The problem that both engines solve: one finite process, one expert, one psi.

The exact engine solves, for each algorithm's own psi,

    J* = min over occupancy measures rho of   J(rho) = -lambda Hbar(rho) + psi*(rho - rho_E)         (Eq. 4),

and the sampled engine solves the same problem from samples (Algorithm 1):

| algorithm | its psi                                                        | the cost player                         |
|-----------|----------------------------------------------------------------|-----------------------------------------|
| fem       | costs in the unit l2 ball of features (Eq. 9, 10)              | the direction of the feature gap        |
| gtal      | costs in the simplex of features and their negatives (Eq. 9, 11) | the feature of the largest gap        |
| gail      | the chosen one, psi_GA by default (Eq. 15)                     | a discriminator                         |
| bc        | none; it is evaluated with the chosen one                      | none                                    |

All occupancy measures must have the same mass, so a process whose episodes may end is continued in an absorbing state
first. If only recordings of the expert are given, rho_E is the measure of their discounted visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gail.envs import GridLayout
from gail.exact import (
    FiniteMDP,
    Matching,
    Solution,
    continuing,
    continuing_cost,
    empirical_occupancy,
    match_empirical,
    match_occupancy,
    occupancy_of,
    policy_of,
)
from gail.exact.imitation.problem_checks import bytes_to_match
from gail.exact.process.absorbing_states import missing_mass
from gail.exact.process.memory import require_memory
from gail.exact.regularizers import L2Ball, Regularizer, Simplex
from gail.exact.regularizers.separable import Separable
from gail.experiments.compare.sampled.episodes import Episodes
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import Instance

Array = NDArray[np.float64]

_LEAST_GOAL_MASS = 1e-9


class Algorithm(Enum):
    """A sampled algorithm."""

    BC = "bc"
    FEM = "fem"
    GTAL = "gtal"
    GAIL = "gail"


@dataclass(frozen=True, eq=False)
class Problem:
    """A continuing process with an expert, a psi, and the observations of the states."""

    name: str
    """Its name in tables."""
    mdp: FiniteMDP
    """The process; no episode ends in it."""
    expert: Array
    """The expert's occupancy (S, A), or the measure of its recordings."""
    psi: Separable
    """The chosen cost regularizer."""
    entropy_weight: float
    """lambda."""
    observations: Array
    """(S, k): one row per state, which is all that a learner sees of it; the identity for unit vectors."""
    cost: Array | None
    """The task's cost (S, A), if it has one; no imitator sees it."""
    layout: GridLayout | None
    """The states' cells on a map, for pictures; None if there is no map."""
    recordings: Episodes | None
    """The expert's episodes, if the expert is known only from recordings."""

    @cached_property
    def one_hot(self) -> bool:
        """Whether the observations are unit vectors."""
        seen, states = self.observations, self.mdp.num_states
        if seen.shape != (states, states) or np.count_nonzero(seen) != states:
            return False
        return bool(np.all(seen.diagonal() == 1.0))

    @cached_property
    def features(self) -> Array:
        """(S, A, K) features of FEM and GTAL.

        If observations are unit vectors, the feature is the unit vector of the pair. Otherwise it is the state's
        observation, followed by the unit vector of the action.
        """
        states, actions = self.expert.shape
        if self.one_hot:
            return np.eye(states * actions).reshape(states, actions, states * actions)
        rows = np.repeat(self.observations[:, None, :], actions, axis=1)
        return np.concatenate([rows, np.broadcast_to(np.eye(actions), (states, actions, actions))], axis=2)

    def regularizer(self, algorithm: Algorithm) -> Regularizer:
        """The psi of an algorithm; the chosen psi for cloning, which has none of its own."""
        if algorithm is Algorithm.FEM:
            return L2Ball(self.features)
        if algorithm is Algorithm.GTAL:
            return Simplex(np.concatenate([self.features, -self.features], axis=2))
        return self.psi

    def matching(self, algorithm: Algorithm) -> Matching:
        """The convex program of an algorithm."""
        return Matching(self.mdp, self.expert, self.regularizer(algorithm), self.entropy_weight)

    def solve(self, algorithm: Algorithm) -> Solution:
        """The exact solution of an algorithm's convex program, with its certificate."""
        match = match_occupancy if self.recordings is None else match_empirical
        return match(self.mdp, self.expert, self.regularizer(algorithm), self.entropy_weight)


def pose(
    instance: Instance,
    psi: Regularizer,
    entropy_weight: float = 0.1,
    *,
    observations: Array | None = None,
    recordings: Episodes | None = None,
) -> Problem:
    """Pose the comparison on an instance.

    Args:
        instance: the process, its expert, its cost.
        psi: the regularizer of `Algorithm.GAIL`.
        entropy_weight: lambda > 0, so that the optimum is unique.
        observations: (S, k) observations of the instance's states; unit vectors by default.
        recordings: episodes of the expert on the instance's states; they replace the instance's expert.

    Raises:
        InvalidRequest: no discriminator exists for psi, the entropy weight is not positive, or the expert never visits
            the map's goal.
        InvalidMDP: the discount is 1.
        NotEnoughMemory: the unit vectors need more memory than is available.
    """
    if not isinstance(psi, Separable):
        raise InvalidRequest(
            f"psi {type(psi).__name__} cannot be played from samples: it has no discriminator loss; choose a surrogate "
            "loss or an f-divergence, for instance logistic"
        )
    if not 0.0 < entropy_weight < np.inf:
        raise InvalidRequest(f"the entropy weight is {entropy_weight}: a positive number is needed (unique optimum)")
    terminates = bool(missing_mass(instance.mdp).any())
    if observations is None:
        states = instance.mdp.num_states + terminates
        require_memory(8.0 * states**2, f"seeing {states} states as unit vectors")
    mdp = continuing(instance.mdp) if terminates else instance.mdp
    cost = instance.cost
    if cost is not None and terminates:
        cost = continuing_cost(cost)
    if recordings is None:
        policy = policy_of(instance.expert_occupancy)
        added = mdp.num_states - len(policy)
        uniform = np.full((added, mdp.num_actions), 1.0 / mdp.num_actions)
        expert = occupancy_of(mdp, np.concatenate([policy, uniform]))
    else:
        recordings = recordings.continued(mdp, instance.mdp.num_states) if terminates else recordings
        expert = empirical_occupancy(mdp, recordings.states, recordings.actions, recordings.times)
    layout = None if terminates else instance.layout
    _check_goal(layout, expert)
    seen = _seen(observations, mdp.num_states)
    return Problem(instance.name, mdp, expert, psi, entropy_weight, seen, cost, layout, recordings)


def check_memory(problem: Problem, algorithms: tuple[Algorithm, ...]) -> None:
    """Check that every exact solution fits into memory; raises `NotEnoughMemory` with the needed and available size."""
    states, actions = problem.expert.shape
    size = problem.observations.size if Algorithm.GAIL in algorithms or Algorithm.BC in algorithms else 0
    linear = {Algorithm.FEM, Algorithm.GTAL} & set(algorithms)
    count = states * actions if problem.one_hot else problem.observations.shape[1] + actions
    entries = (6 * len(linear)) * states * actions * count  # six: psi keeps copies of the features
    require_memory(8.0 * (size + entries), f"features for {states} states and {actions} actions")
    for algorithm in algorithms:
        psi = problem.regularizer(algorithm)
        needed = bytes_to_match(problem.mdp, psi, problem.entropy_weight, conic=False)
        require_memory(needed, f"the exact solution of {algorithm.value} on {states} states and {actions} actions")


def _check_goal(layout: GridLayout | None, expert: Array) -> None:
    if layout is None or not layout.goals.any():
        return
    mass = float(expert[layout.of_state(layout.goals)].sum() / expert.sum())
    if mass < _LEAST_GOAL_MASS:
        row, column = np.argwhere(layout.goals)[0]
        raise InvalidRequest(
            f"the expert never visits the goal at row {row}, column {column} (its share of the expert's visits is "
            f"{mass:.1e}), so there is nothing to imitate: use another map, a higher discount, or a less random expert "
            "(--expert-entropy-weight)"
        )


def _seen(observations: Array | None, states: int) -> Array:
    """(S, k) observations; those of an added absorbing state are zeros."""
    if observations is None:
        return np.eye(states)
    return np.concatenate([observations, np.zeros((states - len(observations), observations.shape[1]))])
