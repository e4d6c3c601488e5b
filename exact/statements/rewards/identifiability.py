"""Which state-only rewards explain the same soft-optimal expert (Fu, Luo & Levine 2018; Kim et al. 2021).

22  r and r' explain the same expert if and only if r - r' = V - gamma P_a V for one V and every action a. The dimension
    of these differences, a rank, is that of the null space {(g, V) : g(s) = V(s) - gamma E[V(s') | s,a]}, computed in
    another way; with deterministic dynamics it is the number of linked classes. A constant is among them exactly where
    no action changes the expected duration of an episode.

Expected failure: on a ring with an even number of states every move changes the side. The dimension is 2, and of two
rewards with the same expert only one has the right optimum where one of the actions stays.
"""

from __future__ import annotations

import numpy as np

from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.rewards.airl import fit_airl
from gail.exact.rewards.ambiguity import RewardAmbiguity, reward_ambiguity
from gail.exact.rewards.linked_classes import is_deterministic, linked_classes
from gail.exact.rewards.shaping import compare_rewards
from gail.exact.rewards.transfer import transfer
from gail.exact.statements.certificates import Verification
from gail.exact.statements.rewards.instances import mild_reward, ring
from gail.exact.statements.verdicts import Verdicts

FAR = 1e3
"""Least ratio of the singular values on both sides of the rank decision."""

TOLERANCE = 1e-8

VISIBLE = 1e-6
"""Least difference of policies whose rewards differ by more than shaping, and of a constant that is determined."""

LARGE = 0.1
"""Least difference in the expected failure."""


def check_identifiability(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 22 for a random state-only reward."""
    verdicts = Verdicts("Identifiability", instance)
    found = reward_ambiguity(mdp)
    claim = "singular values that count as positive are far above those that count as zero"
    verdicts.at_most(claim, FAR * found.dropped, min(found.kept, 1.0), 0.0)
    visited = found.visited
    shaping = mdp.flow_adjoint(found.potentials[0])[visited]
    directions = np.broadcast_to(found.directions[visited][:, None], shaping.shape)
    verdicts.identity("every direction is the shaping by its potential, for every action", shaping, directions)
    _other_route(verdicts, mdp, found)
    if is_deterministic(mdp.reachable_part()):
        classes = float(linked_classes(mdp).max())
        verdicts.identity("the dimension is the number of linked classes", found.dimension, classes)
    _constants(verdicts, mdp, found)
    _experts(verdicts, mdp, found, rng)
    return verdicts.verification()


def _other_route(verdicts: Verdicts, mdp: FiniteMDP, found: RewardAmbiguity) -> None:
    """The null space of (g, V) -> g(s) - V(s) + gamma E[V(s') | s,a], a matrix of twice as many columns."""
    part = mdp.reachable_part()
    own = np.repeat(np.eye(part.num_states), part.num_actions, axis=0)
    matrix = np.linalg.qr(np.hstack([own, -part.flow_matrix.T.toarray()]), mode="r")
    _, values, right = np.linalg.svd(matrix)
    rank = int(np.sum(values > max(own.shape) * np.finfo(np.float64).eps * values[0]))
    verdicts.identity("the dimension is that of the recovered null space", found.dimension, right.shape[0] - rank)
    recovered = np.zeros((mdp.num_states, right.shape[0] - rank))
    recovered[found.visited] = right[rank:, : part.num_states].T
    left = max((found.unexplained(one) for one in recovered.T), default=0.0)
    verdicts.claim("every recovered direction is explained", left, TOLERANCE)


def _constants(verdicts: Verdicts, mdp: FiniteMDP, found: RewardAmbiguity) -> None:
    each = np.ones((mdp.num_states, mdp.num_actions))
    shortest, longest = (solve_rl(mdp, sign * each, 0.0).values for sign in (1.0, -1.0))
    assert shortest is not None  # planning always has values
    assert longest is not None
    durations = abs(shortest + longest)[found.visited].max()
    left = found.unexplained(np.ones(mdp.num_states))
    if durations <= TOLERANCE * abs(shortest).max():
        verdicts.identity("where no action changes the duration, a constant is not determined", left, 0.0, TOLERANCE)
    else:
        verdicts.differs("where actions change the duration, the constant is determined", left, VISIBLE)


def _experts(verdicts: Verdicts, mdp: FiniteMDP, found: RewardAmbiguity, rng: np.random.Generator) -> None:
    reward = mild_reward(mdp, rng)
    same = reward + found.directions @ rng.normal(size=found.dimension)
    other = mild_reward(mdp, rng)
    change = other - reward
    expert, equal, changed = (solve_rl(mdp, -one, 1.0).policy[found.visited] for one in (reward, same, other))
    verdicts.identity("rewards that differ by a direction have one expert", expert, equal, TOLERANCE)
    if found.unexplained(change) > LARGE * abs(change).max() and mdp.discount > 0.0:
        difference = float(abs(expert - changed).max())
        verdicts.differs("other rewards have other experts", difference, VISIBLE)


def two_rewards(states: int) -> tuple[Array, Array]:
    """(S,) a reward in one state, and the same plus 1 on even and -1 on odd states."""
    reward = np.eye(states)[states // 2]
    return reward, reward + np.where(np.arange(states) % 2 == 0, 1.0, -1.0)


def check_two_sides(instance: str) -> Verification:
    """The expected failure of statement 22, on a ring of six states whose goal is state 3."""
    verdicts = Verdicts("Identifiability, two sides", instance)
    source, target = ring(6, 0.9), ring(6, 0.9, stays=True)
    reward, other = two_rewards(6)
    found = reward_ambiguity(source)
    verdicts.identity("the dimension is two", found.dimension, 2.0)
    verdicts.claim("both rewards differ by a direction", found.unexplained(other - reward), TOLERANCE)
    expert, same = (solve_rl(source, -one, 1.0) for one in (reward, other))
    verdicts.identity("both rewards have one expert", expert.policy, same.policy, TOLERANCE)
    fit = fit_airl(source, expert.occupancy)
    verdicts.claim("AIRL's reward explains the expert", found.unexplained(fit.reward - reward), TOLERANCE)
    residual = compare_rewards(source, fit.reward, reward).constant_residual
    verdicts.differs("AIRL's reward is not the true one up to a constant", residual, LARGE)
    verdicts.identity(
        "the true reward has no regret where an action stays", transfer(reward, target, -reward).regret, 0.0, TOLERANCE
    )
    regret = transfer(other, target, -reward).relative_regret
    verdicts.differs("the other reward has regret where an action stays", regret, LARGE)
    return verdicts.verification()
