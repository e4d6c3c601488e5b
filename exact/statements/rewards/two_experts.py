"""What two experts with one reward determine (Cao, Cohen & Szpruch 2021).

25  A soft-optimal expert determines a state-action reward up to shaping: r = log pi_E + V - gamma E V, any V. Two of
    them, for two discounts or two dynamics, determine it up to {V_1 - gamma_1 E_1 V_1 = V_2 - gamma_2 E_2 V_2}. Their
    policies alone give the reward back, by a linear system. For two random dynamics what is left is a constant.

An expert from another start adds nothing: its policy is the same.
"""

from __future__ import annotations

import numpy as np

from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.rewards.ambiguity import RewardAmbiguity, reward_ambiguity
from gail.exact.rewards.shaping import compare_rewards
from gail.exact.statements.certificates import Verification
from gail.exact.statements.rewards.instances import mild_reward, random_dynamics
from gail.exact.statements.verdicts import Verdicts

MANY_PAIRS = 1000
"""Number of state-action pairs beyond which dense linear systems make the check slow."""

TOLERANCE = 1e-8

SLOWER = 0.6
"""The second discount, as a multiple of the first."""


def check_two_discounts(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 25 for the process and the same with another discount; no certificates beyond `MANY_PAIRS` pairs, or at
    discount zero."""
    verdicts = Verdicts("Two discounts", instance)
    if mdp.num_states * mdp.num_actions > MANY_PAIRS or mdp.discount == 0.0:
        return verdicts.verification()
    slower = FiniteMDP(mdp.transitions, mdp.initial, SLOWER * mdp.discount, mdp.terminal)
    alone = reward_ambiguity(mdp, state_only=False)
    shaping = mdp.flow_adjoint(rng.normal(size=mdp.num_states))
    shaping[~mdp.reachable] = 0.0
    verdicts.claim("one expert leaves every shaping open", alone.unexplained(shaping), TOLERANCE)
    found = reward_ambiguity([mdp, slower], state_only=False)
    _recover(verdicts, mdp, slower, found, rng)
    verdicts.at_most("two experts leave no more open than one", found.dimension, alone.dimension)
    return verdicts.verification()


def check_two_dynamics(instance: str, rng: np.random.Generator) -> Verification:
    """Statement 25 for two random dynamics, where a constant is left; and for one dynamics with two starts."""
    verdicts = Verdicts("Two dynamics", instance)
    one, other = random_dynamics(rng), random_dynamics(rng)
    found = reward_ambiguity([one, other], state_only=False)
    verdicts.identity("two random dynamics leave one dimension open", found.dimension, 1.0)
    reward, recovered = _recover(verdicts, one, other, found, rng)
    residual = compare_rewards(one, recovered, reward).constant_residual
    verdicts.claim("the recovered reward is the true one up to a constant", residual, TOLERANCE)
    moved = FiniteMDP(one.transitions, one.num_states - 1, one.discount)
    again = reward_ambiguity([one, moved], state_only=False)
    verdicts.identity("another start determines nothing more", again.dimension, one.num_states)
    return verdicts.verification()


def _recover(
    verdicts: Verdicts, one: FiniteMDP, other: FiniteMDP, found: RewardAmbiguity, rng: np.random.Generator
) -> tuple[Array, Array]:
    """A random reward (S, A), and what its two experts' policies say it is."""
    reward = mild_reward(one, rng, state_only=False)
    first, second = (solve_rl(mdp, -reward, 1.0).policy for mdp in (one, other))
    recovered = _reward_of(one, first, other, second)
    for name, mdp, policy in (("first", one, first), ("second", other, second)):
        explained = solve_rl(mdp, -recovered, 1.0).policy[mdp.reachable]
        claim = f"the recovered reward explains the {name} expert"
        verdicts.identity(claim, explained, policy[mdp.reachable], TOLERANCE)
    left = np.where(found.visited[:, None], recovered - reward, 0.0)
    verdicts.claim("the recovered reward is the true one up to what is open", found.unexplained(left), TOLERANCE)
    return reward, recovered


def _reward_of(one: FiniteMDP, first: Array, other: FiniteMDP, second: Array) -> Array:
    """(S, A) log pi_1 + V_1 - gamma_1 E_1 V_1 for the V_1, V_2 that make both experts' rewards equal."""
    both = np.repeat(one.reachable & other.reachable, one.num_actions)
    rows = [mdp.flow_matrix.T.toarray()[both] for mdp in (one, other)]
    wanted = (np.log(second) - np.log(first)).ravel()[both]
    potentials, *_ = np.linalg.lstsq(np.hstack([rows[0], -rows[1]]), wanted, rcond=None)
    return np.asarray(np.log(first) + one.flow_adjoint(potentials[: one.num_states]))
