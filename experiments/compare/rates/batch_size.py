"""What a batch's size does to the discriminator at a fixed learner.

At a fixed learner with occupancy rho, let p^ be the visits of n sampled steps, as frequencies, and p_E the exact
expert's. The discriminator that fits them best has the loss 2 log 2 - 2 JSD(p^, p_E), and D = p^ / (p^ + p_E). So the
estimate log 2 - loss / 2 is JSD(p^, p_E), and with h = (1/2) log(2 p / (p + p_E))

    JSD(p^, p_E) - JSD(p, p_E) = <h, p^ - p>  +  (1/4) sum (p^ - p)^2 p_E / (p (p + p_E))  +  ...

Linear term: mean 0, of order n^-1/2, as long as h is not constant; at p = p_E it vanishes, and n^-1 is left. Quadratic
term: positive, of order (visited pairs) / n, so that it outweighs the linear one in small batches. The slope -1/2
therefore belongs to learners away from the expert and batches that are large beside the number of pairs. The
learner here mixes, in every state, the expert's action with probability `SHARE` and a uniform one: neither the expert
nor where trainings begin. The cost c = log D errs at a pair by p_E / (p + p_E) (p^ - p) / p to first order, so its
root mean square, weighted by rho, is of order n^-1/2 as well. Only pairs that both sides visit have a cost to learn:
without a visit of the learner the best D is 0, and its cost is not finite.

Steps of one copy depend on each other. Every batch therefore has the same number of rounds of all copies, some
lifetimes long, and a larger one has more copies: its visits are then means over more independent copies, and no change
of correlation mixes into the slope. Copies begin at p0; the first rounds, ten lifetimes, are played and not counted.

Equal steps give equal terms of the loss, so the discriminator is fitted to the batch's frequencies; that is the loss
of `Discriminator.update` on its steps, with one row per pair. Adam's rate falls geometrically. What the fit lacks is
known, since the best fit is: it is recorded, and has to be small beside the sampling error.
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
from gail.experiments.compare.sampled.players import AsTheyAre, cost_player, cost_table, every_pair
from gail.experiments.compare.sampled.training import environments
from gail.experiments.compare.settings import QUICK, SampledSettings
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.interquartile import Interval

SHARE = 0.3
"""Of the expert in the fixed learner."""

BATCHES = (30_000, 100_000, 300_000, 1_000_000, 3_000_000)
"""Steps in a batch. On the 8 x 8 map smaller ones are not yet in the regime of -1/2: rare pairs are hardly visited, and
the learned cost falls faster at first."""

SEEDS = tuple(range(20))
"""The root mean square of K errors is uncertain by its 1/sqrt(2K)th part: 10 would leave a slope too uncertain."""

_COUNTED, _WARM_UP = 25.0, 10.0  # rounds of every copy, in lifetimes 1/(1-gamma)
_CHUNK = 50_000  # steps held at a time: only their counts are kept
_FIT = DiscriminatorSettings(hidden=(), learning_rate=0.3, steps=600, gradient_penalty=0.0)
_LAST_RATE = 1e-4  # as a share of the first


@dataclass(frozen=True, eq=False)
class Errors:
    """One error over N sizes and K seeds.

    Attributes:
        values: (N, K), with their sign if they have one.
        unfitted: (N, K) what the fit of the discriminator adds to them; None for whole trainings.
        floor: what exact players leave after as many iterations; None at a fixed learner.
        slope: of the root mean square in the size, log axes, with its bootstrap interval over seeds; None for one size.
    """

    values: Array
    unfitted: Array | None
    floor: float | None
    slope: Interval | None

    @property
    def root_mean_square(self) -> Array:
        """(N,) over seeds."""
        return np.asarray(np.sqrt(np.mean(self.values**2, axis=1)))


@dataclass(frozen=True, eq=False)
class BatchRates:
    """Errors against batch size, at a fixed learner.

    Attributes:
        sizes: (N,) steps per batch.
        exact_divergence: JSD of learner and expert, in nats.
        divergence: the discriminator's estimate less that.
        cost: root mean square of learned less exact cost, weighted by the learner's visits where both sides have some.
    """

    sizes: tuple[int, ...]
    exact_divergence: float
    divergence: Errors
    cost: Errors


def between(problem: Problem, share: float = SHARE) -> Array:
    """(S, A) the policy that is the expert's with probability `share` in every state, and uniform otherwise."""
    return share * policy_of(problem.expert) + (1.0 - share) / problem.mdp.num_actions


def batch_rates(
    problem: Problem,
    sizes: Sequence[int] = BATCHES,
    seeds: Sequence[int] = SEEDS,
    *,
    learner: Array | None = None,
    settings: SampledSettings = QUICK.table,
) -> BatchRates:
    """Sample a fixed learner, fit the discriminator against the exact expert, and measure both of its errors.

    Args:
        problem: with psi_GA and states as unit vectors.
        learner: a policy (S, A) without zeros; `between` by default. At the exact optimum's the best cost is the dual
            cost, so that the second error is the learned cost's distance to that.
        sizes: steps per batch.
        seeds: of batches.
        settings: whether the discount is honoured (`restarts`); nothing else of it is used.

    Raises:
        InvalidRequest: another psi, or other features.
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
    """(S, A) counts of at least `size` steps of a policy without zeros, from copies that have forgotten their start."""
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
    """The table of logits that tells a learner's visits (S, A) from the exact expert's, and its loss."""
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
    """Of the estimated divergence and the cost; then the fit's share in both, from the best fit to this batch."""
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
    """A policy (S, A) without zeros as one that the sampler can play."""
    states, actions = table.shape
    policy = Policy(SpaceSpec(states, actions, None, None), PolicySettings(hidden=()), torch.Generator().manual_seed(0))
    policy.moments = AsTheyAre(states)
    weight, bias = policy.network.parameters()
    with torch.no_grad():
        weight.copy_(torch.from_numpy(np.log(table).T))
        bias.zero_()
    return policy


def root_slope(sizes: Sequence[int], errors: Array) -> Interval | None:
    """Slope of the root mean square: half that of the mean square."""
    found = slope(sizes, list(errors**2))
    return None if found is None else Interval(0.5 * found.estimate, 0.5 * found.low, 0.5 * found.high)


def check_rates(problem: Problem) -> None:
    """That rates are defined for a problem; raise `InvalidRequest` where not."""
    if not isinstance(problem.psi, Logistic):
        raise InvalidRequest(
            f"psi {type(problem.psi).__name__}: rates are of the Jensen-Shannon divergence, which is logistic's"
        )
    if not problem.one_hot:
        raise InvalidRequest("rates are of tables: states have to be seen as unit vectors")
