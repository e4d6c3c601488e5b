"""One sampled training by the code that also trains on control tasks, with exact evaluations of its policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv

from gail.approx import Policy, SpaceSpec, Training, clone, imitation_against
from gail.approx.policies.distributions import Categorical
from gail.envs import StateFeatures, TabularVectorEnv
from gail.exact import Matching, occupancy_of, solve_rl
from gail.exact.algorithms import BestCost
from gail.exact.regularizers import Logistic
from gail.experiments.compare.measures import jensen_shannon
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.sampled.datasets import Dataset, steps_to_clone, weighted_pairs
from gail.experiments.compare.sampled.players import IdentityMoments, cost_player, cost_table, logit_table
from gail.experiments.compare.settings import SampledSettings

POINTS = 10
"""Approximate number of evaluations during a training."""


@dataclass(frozen=True)
class CurvePoint:
    """Exact evaluation of the policy before one iteration, and the discriminator's estimate on its batch."""

    iteration: int
    env_steps: int
    objective: float
    """J with the algorithm's own psi, against the true expert."""
    duality_gap: float
    """J minus the dual bound of the best cost against the learner."""
    jsd_expert: float
    """Jensen-Shannon divergence to the expert, in nats."""
    jsd_demonstrations: float
    """Jensen-Shannon divergence to the demonstrations' measure, in nats."""
    jsd_estimated: float | None
    """log 2 minus half the logistic discriminator's loss on the new batch; None for other cost players."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """The result of a training."""

    policy: Array
    """(S, A) the learned policy."""
    cost: Array | None
    """(S, A) the last cost; None for cloning."""
    logits: Array | None
    """(S, A) the discriminator's logits; None for other cost players."""
    curve: tuple[CurvePoint, ...]
    env_steps: int


def train(problem: Problem, algorithm: Algorithm, data: Dataset, settings: SampledSettings, seed: int) -> Sampled:
    """Train an algorithm on a dataset; it is fastest with one torch thread. Equal arguments give equal results."""
    if algorithm is Algorithm.BC:
        spec = SpaceSpec(problem.observations.shape[1], problem.mdp.num_actions, None, None)
        policy = clone(steps_to_clone(problem, data), spec, settings.cloning(), seed, settings.network()).policy
        return Sampled(policy_table(problem, policy), None, None, (), 0)
    tuned = settings.training(problem.mdp.discount, problem.entropy_weight)
    make_cost_player = cost_player(problem, algorithm, settings.discriminator())

    def make_envs(entropy: Sequence[int]) -> VectorEnv[Any, Any, Any]:
        return environments(problem, settings, entropy)

    pairs = weighted_pairs(problem, data.measure)
    training = imitation_against(make_cost_player, make_envs, pairs, tuned, seed)
    training.policy.moments = IdentityMoments(problem.observations.shape[1])
    curve = _played(training, problem, algorithm, data, settings.rounds)
    training.close()
    return Sampled(
        policy_table(problem, training.policy),
        cost_table(problem, training.cost_player),
        logit_table(problem, training.cost_player),
        curve,
        training.env_steps,
    )


def environments(problem: Problem, settings: SampledSettings, entropy: Sequence[int]) -> VectorEnv[Any, Any, Any]:
    """Copies of the process with the problem's observations; episodes restart with probability 1 - gamma."""
    restart = 1.0 - problem.mdp.discount if settings.restarts else 0.0
    cost = np.zeros(problem.expert.shape)  # imitators see no cost
    copies = TabularVectorEnv(problem.mdp, cost, settings.copies, horizon=None, restart=restart)
    envs = StateFeatures(copies, problem.observations)
    envs.reset(seed=int(np.random.SeedSequence(entropy).generate_state(1)[0]))
    return envs


def policy_table(problem: Problem, policy: Policy) -> Array:
    """(S, A) pi(a|s)."""
    with torch.no_grad():
        distribution = policy(torch.from_numpy(problem.observations))
        assert isinstance(distribution, Categorical)
        table: Array = torch.softmax(distribution.logits.double(), -1).numpy()
    return table


def _played(
    training: Training, problem: Problem, algorithm: Algorithm, data: Dataset, iterations: int
) -> tuple[CurvePoint, ...]:
    """Run all iterations; some policies are evaluated before their iteration, whose batch then is from this policy."""
    matching, every, curve = problem.matching(algorithm), max(1, iterations // POINTS), []
    for iteration in range(iterations):
        watched = iteration % every == 0 or iteration == iterations - 1
        policy = policy_table(problem, training.policy) if watched else None
        steps = training.env_steps
        report = training.step()
        if policy is not None:
            loss = report.cost.loss if report.cost is not None and isinstance(problem.psi, Logistic) else None
            curve.append(_point(matching, policy, data.measure, iteration, steps, loss))
    return tuple(curve)


def _point(
    matching: Matching, policy: Array, measure: Array, iteration: int, steps: int, loss: float | None
) -> CurvePoint:
    occupancy = occupancy_of(matching.mdp, policy)
    objective = matching.primal(occupancy)
    answer = BestCost().respond(matching, occupancy, occupancy)
    bound = -np.inf
    if np.all(np.isfinite(answer)):
        bound = matching.dual(answer, solve_rl(matching.mdp, answer, matching.entropy_weight).values)
    return CurvePoint(
        iteration,
        steps,
        objective,
        objective - bound,
        jensen_shannon(occupancy, matching.expert),
        jensen_shannon(occupancy, measure),
        None if loss is None else float(np.log(2.0) - 0.5 * loss),
    )
