"""The optimum of AIRL (Fu, Luo & Levine 2018), for experts that are soft-optimal with entropy weight 1.

23  With the expected next state, or deterministic dynamics, and a state-only true reward, state-only AIRL attains the
    best logit. At the expert f is log pi_E and g is the true reward up to what `reward_ambiguity` leaves open; against
    another learner g has the log ratio of state visits in addition. State-action AIRL, with and without shaping (the
    latter is GAN-GCL for single transitions), has f = log pi_E always, and g is the true reward up to shaping.

Expected failure: with sampled next states and stochastic dynamics no state-only g and h attain the best logit, which
does not depend on the next state. The optimum is biased.
"""

from __future__ import annotations

import numpy as np

from gail.exact.occupancy import occupancy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.rewards.airl import AirlFit, fit_airl
from gail.exact.rewards.ambiguity import RewardAmbiguity, reward_ambiguity
from gail.exact.rewards.linked_classes import is_deterministic
from gail.exact.rewards.shaping import compare_rewards
from gail.exact.rewards.transfer import transfer
from gail.exact.solution import Solution
from gail.exact.statements.certificates import Verification
from gail.exact.statements.rewards.instances import mild_reward, random_dynamics
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-8

MANY_PAIRS = 600
"""Number of state-action pairs beyond which the dense regression makes the check slow."""

MISFIT, BIAS, REGRET = 1e-3, 0.1, 1e-3
"""Least loss beyond the best logit's, least error of the reward, and least relative regret in the expected failure."""


def check_airl(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 23 for random true rewards; returns no certificates beyond `MANY_PAIRS` state-action pairs."""
    verdicts = Verdicts("AIRL", instance)
    if mdp.num_states * mdp.num_actions > MANY_PAIRS:
        return verdicts.verification()
    reward, ambiguity = mild_reward(mdp, rng), reward_ambiguity(mdp)
    expert = solve_rl(mdp, -reward, 1.0)
    fit = fit_airl(mdp, expert.occupancy, next_state="expected")
    _fitted(verdicts, fit)
    _explained(verdicts, "g is the true reward, up to what is not determined", ambiguity, fit.reward - reward)
    _advantage(verdicts, "f is log pi_E", mdp, fit, expert)
    again = solve_rl(mdp, -fit.reward, 1.0).policy[mdp.reachable]
    verdicts.identity("g has the expert for its optimum", again, expert.policy[mdp.reachable], TOLERANCE)
    _sampled(verdicts, mdp, expert, fit)
    learner = 0.5 * expert.policy + 0.5 * rng.dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    against = fit_airl(mdp, expert.occupancy, learner, next_state="expected")
    experts, learners = (one.sum(axis=1) for one in (expert.occupancy, occupancy_of(mdp, learner)))
    ratio = np.log(np.divide(experts, learners, out=np.ones(mdp.num_states), where=mdp.reachable))
    claim = "against another learner g also has the log ratio of visits"
    _explained(verdicts, claim, ambiguity, against.reward - reward - ratio)
    _pairs(verdicts, mdp, rng)
    return verdicts.verification()


def _fitted(verdicts: Verdicts, fit: AirlFit) -> None:
    verdicts.solved("the discriminator is the best one", (fit.loss - fit.bound) / fit.least_loss, TOLERANCE)
    verdicts.identity("the best logit is attained", fit.loss, fit.least_loss)


def _explained(verdicts: Verdicts, claim: str, ambiguity: RewardAmbiguity, difference: Array) -> None:
    verdicts.claim(claim, ambiguity.unexplained(np.where(ambiguity.visited, difference, 0.0)), TOLERANCE)


def _advantage(verdicts: Verdicts, claim: str, mdp: FiniteMDP, fit: AirlFit, expert: Solution) -> None:
    verdicts.identity(claim, fit.shaped(mdp)[mdp.reachable], np.log(expert.policy[mdp.reachable]), TOLERANCE)


def _sampled(verdicts: Verdicts, mdp: FiniteMDP, expert: Solution, fit: AirlFit) -> None:
    sampled = fit_airl(mdp, expert.occupancy)
    claim = "sampled next states do not lower the loss"
    verdicts.at_most(claim, fit.loss, sampled.loss)
    if is_deterministic(mdp.reachable_part()):
        claim = "with deterministic dynamics they do not raise it"
        verdicts.at_most(claim, sampled.loss, fit.loss)


def _pairs(verdicts: Verdicts, mdp: FiniteMDP, rng: np.random.Generator) -> None:
    """State-action rewards, with sampled next states."""
    reward = mild_reward(mdp, rng, state_only=False)
    expert = solve_rl(mdp, -reward, 1.0)
    for name, shaping in (("state-action AIRL", True), ("GAN-GCL of single transitions", False)):
        fit = fit_airl(mdp, expert.occupancy, state_only=False, shaping=shaping)
        _advantage(verdicts, f"{name} has f = log pi_E", mdp, fit, expert)
        residual = compare_rewards(mdp, fit.reward, reward).shaping_residual
        verdicts.claim(f"{name} has the true reward up to shaping", residual, TOLERANCE)


def check_airl_bias(instance: str) -> Verification:
    """The expected failure of statement 23, on Fu et al.'s table: 16 states, 4 actions, a goal, random transitions."""
    verdicts = Verdicts("AIRL, sampled next states", instance)
    rng = np.random.default_rng(0)
    mdp = random_dynamics(rng)
    reward = np.eye(mdp.num_states)[-1]
    expert = solve_rl(mdp, -reward, 1.0).occupancy
    expected, sampled = (fit_airl(mdp, expert, next_state=one) for one in ("expected", "sampled"))
    residual = compare_rewards(mdp, expected.reward, reward).constant_residual
    verdicts.claim("with expected next states g is the true reward up to a constant", residual, TOLERANCE)
    verdicts.solved("the discriminator with sampled next states is the best one", sampled.loss - sampled.bound, 1e-9)
    verdicts.differs("with sampled next states the best logit is not attained", sampled.misfit, MISFIT)
    residual = compare_rewards(mdp, sampled.reward, reward).constant_residual
    verdicts.differs("with sampled next states g is not the true reward up to a constant", residual, BIAS)
    regret = transfer(sampled.reward, random_dynamics(rng), -reward).relative_regret
    verdicts.differs("with sampled next states g has regret under other dynamics", regret, REGRET)
    return verdicts.verification()
