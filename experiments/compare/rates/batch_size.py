"""Errors of the discriminator at a fixed learner against the batch size.

Let p be the normalised occupancy measure of a fixed learner, p^ the visit frequencies of n sampled steps, and p_E the
exact expert's normalised occupancy measure. The discriminator that fits p^ and p_E best is D = p^ / (p^ + p_E), with
the loss 2 log 2 - 2 JSD(p^, p_E). So the estimate log 2 - loss / 2 is JSD(p^, p_E), and with
h = (1/2) log(2 p / (p + p_E))

    JSD(p^, p_E) - JSD(p, p_E) = <h, p^ - p>  +  (1/4) sum (p^ - p)^2 p_E / (p (p + p_E))  +  ...

The linear term has mean 0 and order n^-1/2 if h is not constant. At p = p_E it vanishes, and order n^-1 remains. The
quadratic term is positive and of order (visited pairs) / n, so it dominates in small batches. The slope -1/2 therefore
requires a learner away from the expert, and batches that are large compared with the number of pairs. The learner here
takes, in every state, the expert's action with probability `SHARE` and a uniform one otherwise. To first order, the
error of the cost c = log D at a pair is p_E / (p + p_E) (p^ - p) / p, so its root mean square, weighted by p, has order
n^-1/2 as well. Costs are compared only at pairs that both sides visit: without a visit of the learner the best D is 0,
and its cost is not finite.

The steps of one copy of the environment are dependent. Every batch therefore has the same number of rounds, several
lifetimes 1/(1-gamma) long, and larger batches have more copies. Their visits are means over more independent copies,
so changes of the correlation do not affect the slope. Copies start at p0; the first ten lifetimes are not counted.

Equal steps have equal terms in the loss, so the discriminator is fitted to the batch's frequencies. This is the loss of
`Discriminator.update` on the batch's steps, with one row per pair. Adam's rate falls geometrically. The best fit is
known in closed form, so the error of the fit is recorded too; it has to be small compared with the sampling error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from gail.approx import Discriminator, DiscriminatorSettings, Policy, PolicySettings, SpaceSpec
from gail.approx.trajectories.sampler import Sampler
from gail.exact import occupancy_of, policy_of
from gail.exact.regularizers import Logistic
from gail.experiments.compare.analysis import slope
from gail.experiments.compare.measures import jensen_shannon
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.sampled.datasets import weighted_pairs
from gail.experiments.compare.sampled.players import IdentityMoments, cost_player, cost_table, every_pair
from gail.experiments.compare.sampled.training import environments
from gail.experiments.compare.settings import QUICK, SampledSettings
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.interquartile import Interval

SHARE = 0.3
"""Probability of the expert's action in the fixed learner."""

BATCHES = (30_000, 100_000, 300_000, 1_000_000, 3_000_000)
"""Steps per batch. On the 8 x 8 map smaller batches do not show the slope -1/2 yet: rare pairs are hardly visited, and
the error of the learned cost falls faster."""

SEEDS = tuple(range(20))
"""The root mean square of K errors has a relative uncertainty of 1/sqrt(2K); with K = 10 slopes are too uncertain."""

_COUNTED, _WARM_UP = 25.0, 10.0  # rounds of every copy, in lifetimes 1/(1-gamma)
_CHUNK = 50_000  # steps in memory at a time; only their counts are kept
_FIT = DiscriminatorSettings(hidden=(), learning_rate=0.3, steps=600, max_steps=600, gradient_penalty=0.0)
_LAST_RATE = 1e-4  # as a share of the first


@dataclass(frozen=True, eq=False)
class Errors:
    """One error over N sizes and K seeds.

    Attributes:
        values: (N, K) errors, signed if they can be negative.
        unfitted: (N, K) the part due to incomplete fitting of the discriminator; None for whole trainings.
        floor: the error of exact players after as many iterations; None at a fixed learner.
        slope: slope of the root mean square against the size on log axes, with its bootstrap interval over seeds; None
            for one size.
    """

    values: Array
    unfitted: Array | None
    floor: float | None
    slope: Interval | None

    @property
    def root_mean_square(self) -> Array:
        """(N,) root mean square over seeds."""
        return np.asarray(np.sqrt(np.mean(self.values**2, axis=1)))


@dataclass(frozen=True, eq=False)
class BatchRates:
    """Errors against batch size, at a fixed learner.

    Attributes:
        sizes: (N,) steps per batch.
        exact_divergence: JSD of learner and expert, in nats.
        divergence: the discriminator's estimate minus `exact_divergence`.
        cost: root mean square of learned minus exact cost, weighted by the learner's visits, at pairs that both visit.
    """

    sizes: tuple[int, ...]
    exact_divergence: float
    divergence: Errors
    cost: Errors


def between(problem: Problem, share: float = SHARE) -> Array:
    """(S, A) the policy that takes the expert's action with probability `share`, and a uniform one otherwise."""
    return share * policy_of(problem.expert) + (1.0 - share) / problem.mdp.num_actions


def batch_rates(
    problem: Problem,
    sizes: Sequence[int] = BATCHES,
    seeds: Sequence[int] = SEEDS,
    *,
    learner: Array | None = None,
    settings: SampledSettings = QUICK.table,
) -> BatchRates:
    """Sample a fixed learner, fit the discriminator against the exact expert, and measure the errors of JSD and cost.

    Args:
        problem: a problem with psi_GA and states as unit vectors.
        learner: a policy (S, A) without zeros; `between` by default. For the exact optimum's policy the best cost is
            the dual cost, so the error of the cost is the distance between learned cost and dual cost.
        sizes: steps per batch.
        seeds: seeds of the batches.
        settings: only `restarts` is used: whether episodes restart with probability 1 - gamma.

    Raises:
        InvalidRequest: psi is not psi_GA, or states are not unit vectors.
    """
    check_rates(problem)
    policy = between(problem) if learner is None else learner
    rho = occupancy_of(problem.mdp, policy)
    found = np.array(
        [[_errors_of_a_batch(problem, policy, rho, size, seed, settings) for seed in seeds] for size in sizes]
    )
    divergence, cost, unfitted, unfitted_cost = np.moveaxis(found, -1, 0)
    return BatchRates(
        tuple(sizes),
        jensen_shannon(rho, problem.expert),
        Errors(divergence, unfitted, None, root_slope(sizes, divergence)),
        Errors(cost, unfitted_cost, None, root_slope(sizes, cost)),
    )


def sampled_visits(problem: Problem, policy: Array, size: int, seed: int, settings: SampledSettings) -> Array:
    """(S, A) counts of at least `size` steps of a policy without zeros, after a warm-up of ten lifetimes."""
    lifetime = 1.0 / (1.0 - problem.mdp.discount)
    copies = max(1, math.ceil(size / (_COUNTED * lifetime)))
    sampler = Sampler(environments(problem, replace(settings, copies=copies), (seed, size)))
    player, generator = _as_player(problem, policy), torch.Generator().manual_seed(seed)

    def counted(steps: int) -> Array:
        counts, missing = np.zeros(policy.size), steps
        while missing > 0:
            batch = sampler.collect(player, min(missing, _CHUNK), generator).trajectories
            pairs = batch.observations.argmax(axis=1) * policy.shape[1] + batch.actions
            counts += np.bincount(pairs, minlength=policy.size)
            missing -= batch.num_steps
        return counts.reshape(policy.shape)

    counted(math.ceil(_WARM_UP * lifetime) * copies)
    return counted(size)


def fitted_discriminator(problem: Problem, visits: Array) -> tuple[Discriminator, float]:
    """The discriminator (a table of logits) fitted to a learner's visits (S, A) and the exact expert's; its loss."""
    make = cost_player(problem, Algorithm.GAIL, _FIT)
    spec = SpaceSpec(problem.mdp.num_states, problem.mdp.num_actions, None, None)
    player = make(spec, weighted_pairs(problem, problem.expert).trajectories, torch.Generator().manual_seed(0))
    assert isinstance(player, Discriminator)
    learner, expert = (torch.from_numpy(one.ravel() / one.sum()).float() for one in (visits, problem.expert))
    every = every_pair(problem)
    pairs = player.moments(player.spec.encode_pairs(every.observations, every.actions))

    def loss() -> torch.Tensor:
        logits = player.network(pairs).squeeze(-1)
        total: torch.Tensor = problem.psi.discriminator_loss(logits, logits, learner, expert)
        return total

    for step in range(_FIT.steps):
        player.keep_pace(_LAST_RATE ** (step / _FIT.steps))
        player.optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        player.optimizer.step()
    with torch.no_grad():
        return player, float(loss())


def _errors_of_a_batch(
    problem: Problem, policy: Array, rho: Array, size: int, seed: int, settings: SampledSettings
) -> tuple[float, float, float, float]:
    """Errors of the estimated divergence and of the cost; then the parts of both due to incomplete fitting."""
    visits = sampled_visits(problem, policy, size, seed, settings)
    player, loss = fitted_discriminator(problem, visits)
    estimate = math.log(2.0) - 0.5 * loss
    sampled = visits * (problem.expert.sum() / visits.sum())
    both = (visits > 0.0) & (problem.expert > 0.0)
    learned = cost_table(problem, player)[both]
    exact, best = (problem.psi.conjugate(one, problem.expert)[1][both] for one in (rho, sampled))
    weights = rho[both] / rho[both].sum()

    def distance(one: Array) -> float:
        return math.sqrt(float(np.sum(weights * (learned - one) ** 2)))

    divergence = estimate - jensen_shannon(rho, problem.expert)
    return divergence, distance(exact), estimate - jensen_shannon(visits, problem.expert), distance(best)


def _as_player(problem: Problem, table: Array) -> Policy:
    """A table of probabilities (S, A) without zeros as a `Policy` for the sampler."""
    states, actions = table.shape
    policy = Policy(SpaceSpec(states, actions, None, None), PolicySettings(hidden=()), torch.Generator().manual_seed(0))
    policy.moments = IdentityMoments(states)
    weight, bias = policy.network.parameters()
    with torch.no_grad():
        weight.copy_(torch.from_numpy(np.log(table).T))
        bias.zero_()
    return policy


def root_slope(sizes: Sequence[int], errors: Array) -> Interval | None:
    """Slope of the root mean square of `errors` (N, K); it is half the slope of the mean square."""
    found = slope(sizes, list(errors**2))
    return None if found is None else Interval(0.5 * found.estimate, 0.5 * found.low, 0.5 * found.high)


def check_rates(problem: Problem) -> None:
    """Check that rates are defined for a problem; raises `InvalidRequest` if not."""
    if not isinstance(problem.psi, Logistic):
        raise InvalidRequest(
            f"psi {type(problem.psi).__name__}: rates are of the Jensen-Shannon divergence, which needs psi logistic"
        )
    if not problem.one_hot:
        raise InvalidRequest("rates are of tables: states have to be unit vectors; choose the features onehot")
