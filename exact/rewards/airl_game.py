"""The game of adversarial IRL (Fu, Luo & Levine 2018, Algorithm 1) with exact expectations.

Each round fits the discriminator against the learner (`airl`). The learner's reward is log D - log(1-D) = f - log pi,
whose expected sum is E_pi[f] + H(pi): the entropy is part of it already. Then the learner becomes

    pi'  =  argmax_pi  eta E_pi[f] + (1-eta) E_pi[log pi_old] + H(pi),

the soft-optimal policy of f for eta = 1, and a partial step towards it else. If the best logit is attained, then f =
log pi_E + log rho_E(s)/rho_pi(s), and the round is a step in KL(rho_pi || rho_E): the fixed point is rho_pi = rho_E.
Full steps may go round in a circle where occupancy measures react strongly, as on maps with deterministic moves. If
it is not attained, as for state-only g with sampled next states and stochastic dynamics, the game ends elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.occupancy import occupancy_of, policy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.rewards.airl import AirlFit, NextState, fit_airl

RAREST = 1e-300
"""Least probability of an action whose logarithm a partial step uses."""


@dataclass(frozen=True, eq=False)
class AirlRun:
    """What the game has reached.

    Attributes:
        fit: the best discriminator against `policy`; its reward is what was learned.
        policy: (S, A) the learner's.
        occupancy: (S, A) its occupancy measure.
        distances: the largest |rho_pi - rho_E| after each round.
        losses: the discriminator's loss in each round, before the learner's step.
    """

    fit: AirlFit
    policy: Array
    occupancy: Array
    distances: Array
    losses: Array

    @property
    def distance(self) -> float:
        """The largest |rho_pi - rho_E| at the end."""
        return float(self.distances[-1])


def play_airl(
    mdp: FiniteMDP,
    expert: ArrayLike,
    rounds: int,
    *,
    state_only: bool = True,
    shaping: bool = True,
    next_state: NextState = "sampled",
    step_size: float = 0.25,
) -> AirlRun:
    """Fit and step in turn, from the uniform policy; the arguments are those of `fit_airl`, `step_size` is eta.

    Raises:
        InvalidOccupancy, NotEnoughMemory: see `fit_airl`.
        ValueError: a step size outside (0, 1], fewer rounds than one, or a learner that a large step left without an
            action.
        TypeError: rounds that are no whole number, or the process is not a FiniteMDP.
    """
    validate_process(mdp)
    rounds = validate_count("rounds", rounds)
    if not 0.0 < step_size <= 1.0:
        raise ValueError(f"step_size must be above 0 and at most 1, got {step_size}")
    rho = validate_occupancy(mdp, expert)
    policy = policy_of(np.ones_like(rho))
    distances, losses = np.zeros(rounds), np.zeros(rounds)
    for index in range(rounds):
        fit = fit_airl(mdp, rho, policy, state_only=state_only, shaping=shaping, next_state=next_state)
        policy = learner_step(mdp, fit, policy, step_size)
        distances[index] = abs(occupancy_of(mdp, policy) - rho).max()
        losses[index] = fit.loss
    fit = fit_airl(mdp, rho, policy, state_only=state_only, shaping=shaping, next_state=next_state)
    return AirlRun(fit, policy, occupancy_of(mdp, policy), distances, losses)


def learner_step(mdp: FiniteMDP, fit: AirlFit, policy: Array, step_size: float) -> Array:
    """(S, A) pi' of the module's docstring."""
    kept = (1.0 - step_size) * np.log(np.maximum(policy, RAREST))
    return solve_rl(mdp, -step_size * fit.shaped(mdp) - kept, 1.0).policy
