"""GAN-GCL on enumerated paths (Finn, Christiano, Abbeel & Levine 2016), finite horizon.

Notation as in `gail.exact.process.paths`.

    17a  the dynamics cancel from D; D* = p/(p+q) minimises the loss
    17b  the best Z solves Z = E_mu[P e^r / mu~]: importance sampling from mu = (p+q)/2 with mu~ for its density
    17c  at the best Z the discriminator's gradient in r is K^T (p - p^), p^ = mu P e^r / (Z mu~) of mass one: the
         gradient of maximum entropy IRL, estimated with weights 1/mu~ held fixed
    17d  at p = p_r it equals the exact gradient, zero; at q = p_r it is half of it; in general it differs (shown)
    17e  the generator's objective is log Z + E_q[sum log pi - r], KL(q, p_r) at the exact Z; over policies its least
         value is log Z minus the soft optimum: zero for deterministic dynamics, else in general positive (shown)
    17f  weighted by P e^r / mu, a sampler mu > 0 estimates Z without bias: summed over all paths it is exact
    17g  for an expert that changes its policy from step to step, maximum entropy IRL and guided cost learning reach the
         optimum of min KL(q, P) subject to K^T q = K^T p (`gail.exact.algorithms.path_matching`). GAN-GCL reaches it if
         the dynamics are deterministic, and in one round if the expert is stationary; in general it does not (shown)

The published loss has the misprint 2 E_mu[2 mu~] for 2 E_mu[log 2 mu~] - E_q[log q]; the check uses the latter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.algorithms.gan_gcl import FittedDiscriminator, GuidedCostGame, gan_gcl
from gail.exact.algorithms.guided_cost_learning import guided_cost_learning, maxent_irl
from gail.exact.algorithms.path_matching import PathMatching
from gail.exact.algorithms.players import BestPolicy
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_horizon import at_every_step, time_expanded
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.paths import ImportanceSample, Paths, divergence, enumerate_paths
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import ROUNDING, Verdicts

DIRECTIONS = 8
"""Random perturbations and directions per claim."""

ROOT = 1e-9
"""Relative tolerance where Z comes from a bracketing root search."""

DIFFERENCE = 1e-5
"""Step of central differences of the loss."""

DIFFERENCE_TOLERANCE = 1e-7
"""Tolerance for those differences."""

VISIBLE = 1e-2
"""Least difference in a case of inequality."""

LEAST_CHANCE = 0.1
"""Least probability of an action times the number of actions, for experts whose optimum must be reached."""

ASCENT_STEPS, ROUNDS = 40, 15
"""Newton steps of maximum entropy IRL, and rounds of guided cost learning."""

REST = 1e-6
"""Gradient left where Newton steps no longer change the loss."""

CLOSED = 1e-9
"""Gap, in units of log-likelihood, that a converged run may leave."""


def check_guided_cost_learning(
    mdp: FiniteMDP, reward: ArrayLike, horizon: int, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 17 for one reward (S, A); the solution "soft" is the best generator's.

    The expert and the generator are two random policies; in general the expert's paths p are not p_r.

    Raises:
        TooManyPaths: the process has too many paths for this horizon.
    """
    verdicts = Verdicts("GAN-GCL", instance)
    rewards = np.asarray(reward, dtype=np.float64)
    paths = enumerate_paths(mdp, horizon)
    policies = rng.dirichlet(np.ones(mdp.num_actions), size=(2, mdp.num_states))
    expert, generator = (paths.distribution(policy) for policy in policies)
    verdicts.identity(
        "path probabilities sum to one", [expert.sum(), generator.sum(), paths.maxent(rewards).sum()], 1.0
    )
    game = GuidedCostGame(paths, expert, generator)
    log_z = game.best_log_partition(rewards)
    _discriminator(verdicts, game, rewards, log_z, policies[1], rng)
    _partition(verdicts, game, rewards, log_z, rng)
    _gradients(verdicts, paths, game, rewards, log_z)
    optimum = time_expanded(mdp, horizon)
    soft = solve_rl(optimum, -at_every_step(rewards, horizon), 1.0)
    _generator(verdicts, game, rewards, log_z, policies[1])
    _best_generator(verdicts, mdp, paths, rewards, soft.policy, -soft.dual_value)
    _runs(verdicts, mdp, paths, rng)
    return Verification(tuple(verdicts.certificates), {"soft": soft})


def check_guided_cost_inequalities(instance: str) -> Verification:
    """The cases of inequality in statement 17, on a minimal process: a coin toss with a reward for heads.

    There is one action, so every generator equals the expert and cannot reach p_r: the least KL(q, p_r) is
    log((1+e)/2) - 1/2, the expert is not p_r, and the discriminator's gradient is not the exact one. The process of
    17g has two states and two actions, and its expert changes its policy from step to step.
    """
    verdicts = Verdicts("GAN-GCL, inequality", instance)
    coin = FiniteMDP([[[0.0, 0.5, 0.5]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]], [1.0, 0.0, 0.0], 0.5)
    reward = np.array([[0.0], [1.0], [0.0]])
    paths = enumerate_paths(coin, 2)
    expert = paths.distribution(np.ones((3, 1)))
    best = divergence(expert, paths.maxent(reward))
    verdicts.identity("the coin's least KL(q, p_r)", best, np.log((1.0 + np.e) / 2.0) - 0.5)
    verdicts.differs("with stochastic dynamics the least KL(q, p_r) is positive", best, VISIBLE)
    game = GuidedCostGame(paths, expert, expert)
    log_z = game.best_log_partition(reward)
    exact = paths.maxent_gradient(reward, expert)
    difference = float(abs(game.gradient(reward, log_z)[0] + exact).max())
    verdicts.differs("where neither p nor q is p_r, the gradient is not the exact one", difference, VISIBLE)
    off = abs(log_z - paths.log_partition(reward))
    verdicts.differs("where neither p nor q is p_r, Z is not the partition function", off, VISIBLE)
    _elsewhere(verdicts)
    return verdicts.verification()


def _discriminator(
    verdicts: Verdicts, game: GuidedCostGame, reward: Array, log_z: float, policy: Array, rng: np.random.Generator
) -> None:
    """17a, and the loss in terms of mu and mu~."""
    paths, p, q = game.paths, game.expert, game.generator
    without = paths.returns(reward) - log_z - paths.log_likelihood(policy)
    verdicts.identity("the dynamics cancel from D", game.log_odds(reward, log_z), without)
    best = p / (p + q)
    least = _cross_entropy(p, q, best)
    jensen_shannon = 0.5 * (divergence(p, 0.5 * (p + q)) + divergence(q, 0.5 * (p + q)))
    verdicts.identity("the least loss is 2 log 2 - 2 JSD", least, 2.0 * np.log(2.0) - 2.0 * jensen_shannon)
    others = [game.loss(reward, log_z)]
    for scale in np.geomspace(1e-4, 3.0, DIRECTIONS):
        odds = np.log(p / q) + scale * rng.normal(size=p.shape)
        others.append(_cross_entropy(p, q, 1.0 / (1.0 + np.exp(-odds))))
    verdicts.at_most("D* = p/(p+q) has the least loss", least, others)
    mixture = game.mixture_estimate(reward, log_z)
    unnormalised = np.log(paths.dynamics) + paths.returns(reward) - log_z
    stated = -float(p @ unnormalised) - float(q @ np.log(q)) + float((p + q) @ np.log(2.0 * mixture))
    claim = "the loss is log Z - E_p[log P e^r] + 2 E_mu[log 2 mu~] - E_q[log q]"
    verdicts.identity(claim, game.loss(reward, log_z), stated)


def _partition(verdicts: Verdicts, game: GuidedCostGame, reward: Array, log_z: float, rng: np.random.Generator) -> None:
    """17b and 17f."""
    paths, mu = game.paths, 0.5 * (game.expert + game.generator)
    unnormalised = paths.dynamics * np.exp(paths.returns(reward) - log_z)
    estimate = float(mu @ (unnormalised / game.mixture_estimate(reward, log_z)))
    verdicts.identity("the best Z is the importance sampling estimate from mu by mu~", estimate, 1.0, ROOT)
    losses = [game.loss(reward, log_z + change) for change in (-1.0, -1e-2, -1e-4, 1e-4, 1e-2, 1.0)]
    verdicts.at_most("no other Z has less loss", game.loss(reward, log_z), losses)
    sampler = rng.dirichlet(np.ones(mu.size))
    sampler = 0.5 * (sampler + game.generator)
    unbiased = ImportanceSample(paths, sampler, sampler).log_partition(reward)
    verdicts.identity("weights P e^r / mu estimate Z without bias", unbiased, paths.log_partition(reward))


def _gradients(verdicts: Verdicts, paths: Paths, game: GuidedCostGame, reward: Array, log_z: float) -> None:
    """17c and 17d."""
    p, q, mu = game.expert, game.generator, 0.5 * (game.expert + game.generator)
    gradient, _ = game.gradient(reward, log_z)
    differences = []
    for index in range(min(reward.size, DIRECTIONS)):
        change = np.zeros(reward.size)
        change[index] = DIFFERENCE
        ahead, behind = (game.loss(reward + sign * change.reshape(reward.shape), log_z) for sign in (1.0, -1.0))
        differences.append((ahead - behind) / (2.0 * DIFFERENCE))
    verdicts.identity(
        "the gradient is that of the loss", gradient[: len(differences)], differences, DIFFERENCE_TOLERANCE
    )
    estimated = mu * paths.dynamics * np.exp(paths.returns(reward) - log_z) / game.mixture_estimate(reward, log_z)
    by_sampling = paths.expected_counts(p - estimated)
    verdicts.identity("the gradient is that of maximum entropy IRL, weights 1/mu~", -gradient, by_sampling, ROOT)
    optimal = paths.maxent(reward)
    log_partition = paths.log_partition(reward)
    for name, there, factor in (
        ("at p = p_r the gradient is the exact one, zero", GuidedCostGame(paths, optimal, q), 1.0),
        ("at q = p_r the gradient is half of the exact one", GuidedCostGame(paths, p, optimal), 0.5),
    ):
        verdicts.identity(f"{name}: Z is exact", there.best_log_partition(reward), log_partition, ROOT)
        slope, _ = there.gradient(reward, log_partition)
        verdicts.identity(name, -slope, factor * paths.maxent_gradient(reward, there.expert))


def _generator(verdicts: Verdicts, game: GuidedCostGame, reward: Array, log_z: float, policy: Array) -> None:
    """17e for the given generator: the objective at any Z, and at the exact one."""
    paths, q = game.paths, game.generator
    likelihood = paths.log_likelihood(policy)
    expected = float(q @ (likelihood - paths.returns(reward)))
    claim = "the generator's objective is log Z + E_q[sum log pi - r]"
    verdicts.identity(claim, game.generator_objective(reward, log_z), log_z + expected)
    exact = paths.log_partition(reward)
    claim = "the generator's objective is KL(q, p_r) at the exact Z"
    verdicts.identity(claim, game.generator_objective(reward, exact), divergence(q, paths.maxent(reward)))


def _best_generator(
    verdicts: Verdicts, mdp: FiniteMDP, paths: Paths, reward: Array, policy: Array, soft_value: float
) -> None:
    """17e over all policies: the gap between log Z and the soft value."""
    best = divergence(paths.distribution(policy), paths.maxent(reward))
    least = paths.log_partition(reward) - soft_value
    verdicts.identity("the least KL(q, p_r) is log Z minus the soft value", best, least, ROOT)
    if _is_deterministic(mdp):
        verdicts.claim("the least KL(q, p_r) is zero with deterministic dynamics", abs(best), ROOT)
    else:
        verdicts.at_most("the least KL(q, p_r) is not negative with stochastic dynamics", 0.0, best, ROUNDING)


def _runs(verdicts: Verdicts, mdp: FiniteMDP, paths: Paths, rng: np.random.Generator) -> None:
    """17g: a stationary expert, and one that changes."""
    chances = rng.dirichlet(np.ones(mdp.num_actions), size=(1 + paths.horizon) * mdp.num_states)
    policies = LEAST_CHANCE / mdp.num_actions + (1.0 - LEAST_CHANCE) * chances
    stationary, changing = (
        PathMatching(mdp, paths, paths.distribution(policy))
        for policy in (policies[: mdp.num_states], policies[mdp.num_states :])
    )
    optimum = maxent_irl(changing, ASCENT_STEPS, tolerance=CLOSED / 10.0)
    verdicts.solved("maximum entropy IRL reaches the optimum of its program", float(optimum.trace[-1]), CLOSED)
    guided = guided_cost_learning(changing, ROUNDS)
    verdicts.solved("guided cost learning reaches the same optimum", float(guided.trace[-1]), CLOSED)
    own = gan_gcl(stationary, FittedDiscriminator(), BestPolicy(), 1)
    verdicts.solved("for a stationary expert GAN-GCL needs one round", float(own.trace[-1]), CLOSED)
    verdicts.at_most("GAN-GCL's generator is the expert", divergence(stationary.expert, own.density), 0.0, CLOSED)
    if _is_deterministic(mdp):
        game = gan_gcl(changing, FittedDiscriminator(), BestPolicy(), 2 * ROUNDS)
        verdicts.solved("with deterministic dynamics GAN-GCL reaches the optimum", float(game.trace[-1]), CLOSED)


def _elsewhere(verdicts: Verdicts) -> None:
    """17g: a stationary point of GAN-GCL that is not the optimum."""
    mdp = FiniteMDP([[[1.0, 0.0], [0.5, 0.5]], [[0.9, 0.1], [0.9, 0.1]]], [1.0, 0.0], 0.5)
    paths = enumerate_paths(mdp, 3)
    first = np.array([0.9, 0.1, 0.9, 0.1, 0.1, 0.9])
    problem = PathMatching(mdp, paths, paths.distribution(np.column_stack([first, 1.0 - first])))
    optimum = maxent_irl(problem, ASCENT_STEPS, tolerance=CLOSED / 10.0)
    verdicts.solved("the optimum with stochastic dynamics and a changing expert", float(optimum.trace[-1]), CLOSED)
    run = gan_gcl(problem, FittedDiscriminator(), BestPolicy(), 4 * ROUNDS)
    game = GuidedCostGame(paths, problem.expert, run.density)
    slope, _ = game.gradient(run.reward, game.best_log_partition(run.reward))
    verdicts.identity("GAN-GCL ends at a stationary point", slope, 0.0, REST)
    shortfall = float(optimum.primal[-1] - run.dual[-1])
    verdicts.differs("GAN-GCL's reward is less likely than the optimal one", shortfall, VISIBLE)
    verdicts.differs("GAN-GCL's visits are not the expert's", float(run.violation[-1]), VISIBLE)
    off = divergence(run.density, paths.maxent(run.reward))
    verdicts.differs("GAN-GCL's paths are not those of its reward", off, VISIBLE)


def _is_deterministic(mdp: FiniteMDP) -> bool:
    branches = np.diff(mdp.transitions.indptr)
    return np.count_nonzero(mdp.initial) == 1 and bool(np.all(branches <= 1)) and not mdp.terminal.any()


def _cross_entropy(p: Array, q: Array, discriminator: Array) -> float:
    return -float(p @ np.log(discriminator)) - float(q @ np.log1p(-discriminator))
