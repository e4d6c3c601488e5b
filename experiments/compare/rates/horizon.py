"""Sampled imitators on the family that separates them: regret against the horizon (theory.md, statement 18).

    cloning     loss <= eps H^2,   eps = E_{s ~ p_E} TV(pi(.|s), pi_E(.|s)),            H = 1/(1-gamma)
    matching    loss <= eps H,     eps = TV of the normalised state-action occupancies.

A slope in H is defined only while eps does not move with H. The family is that of
`gail.exact.statements.learning.compounding_error`: on the track and off it, where every step costs 1. It is posed so
that both errors stand still:

- Data. Of each horizon, as many pairs (s, a), drawn from p_E, the expert's normalised occupancy: all of them on the
  track. Whoever recorded them noted the wrong action with probability eps. The most likely policy given the data strays
  with the recorded frequency, so the clone's eps is the same for all horizons but for binomial noise.
- What is seen. One flag, 0 on the track and 1 off it. On the track a learner's logits are its biases; the flag's
  weights appear in no clone's likelihood, and stay where they begin, at 0. So a clone does off the track what it
  learned on it. Here that is the mistake: the actions' names are exchanged off the track, so that repeating the
  expert's action stays off, and k = eps. Its exact loss is

      gamma eps / ((1-gamma) (1 - gamma (1 - eps) + gamma eps)),   of order eps H^2 while eps H << 1.

- Matching. GAIL has the same class of policies and the same pairs. It visits the state off the track, learns that the
  expert does not, and gives the flag its weight. How well it matches is set by Eq. 15 itself: neither the noise of the
  data nor lambda vanishes. At small H the optimum strays a little more (a later cost weighs gamma), and by H = 8 its
  normalised TV is constant to about a tenth. Sampled GAIL has in addition the error of its batches, of one size
  relative to that of the optimum. Nothing forces its TV to be constant, so it is measured at every horizon, and fitted
  beside the regret: regret = TV H up to the visits of (on, stray), so that the slope is 1 plus that of the TV.

Regrets are exact: expected cost beyond the expert's, by linear solves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gail.approx import CloningSettings, PolicySettings, SpaceSpec, clone
from gail.exact import FiniteMDP, match_empirical, occupancy_of
from gail.exact.regularizers import Logistic
from gail.exact.statements.learning.compounding_error import cloning_error, matching_error
from gail.experiments.compare.analysis import slope
from gail.experiments.compare.problem import Algorithm, Array, Problem, pose
from gail.experiments.compare.sampled.datasets import Dataset, steps_to_clone
from gail.experiments.compare.sampled.episodes import Episodes
from gail.experiments.compare.sampled.training import policy_table, train
from gail.experiments.compare.settings import SampledSettings
from gail.experiments.reports.interquartile import Interval
from gail.experiments.verify.instances import Instance

MISTAKE = 0.003
"""Probability that a recorded action is wrong: small against 1/64, so that cloning is in its quadratic regime."""

HORIZONS = (4.0, 8.0, 16.0, 32.0, 64.0)
"""Effective horizons 1/(1-gamma)."""

PAIRS = 20_000
"""Recorded pairs per horizon: some sixty of them wrong."""

_ENTROPY_WEIGHT = 0.2  # the optimum strays in some of every hundred steps: a batch holds enough of them

SETTINGS = SampledSettings(
    batch=4_000, iterations=80, copies=200, max_kl=0.003, anneal_to=0.02, discriminator_rate=0.1, damping=1e-3
)
"""Of GAIL. The trust region is smaller than the mistake: a longer step reaches a policy that strays no more, from
which nothing sampled leads back."""

NETWORK = PolicySettings(hidden=())
CLONING = CloningSettings(learning_rate=0.05, minibatch=1_024, patience=10, max_epochs=100)
"""Of the clone."""


@dataclass(frozen=True, eq=False)
class Imitator:
    """One algorithm, over N horizons and K seeds.

    Attributes:
        regret: (N, K) expected discounted cost beyond the expert's.
        error: (N, K) the algorithm's own eps, as statement 18 defines it.
        exact: (N,) regret of the exact answer: the clone that strays with probability `MISTAKE`, or the optimum of
            Eq. 15 against the expected data.
        exact_error: (N,) that answer's own eps.
        regret_slope: of the mean regret in the horizon, log axes, with its bootstrap interval over seeds.
        error_slope: of the mean error; 0 is what the statement's slopes presume.
    """

    regret: Array
    error: Array
    exact: Array
    exact_error: Array
    regret_slope: Interval
    error_slope: Interval


@dataclass(frozen=True, eq=False)
class HorizonRates:
    """Cloning and matching against the horizon."""

    horizons: Array
    """(N,) effective horizons."""
    seeds: tuple[int, ...]
    cloning: Imitator
    """Bound: its error times the squared horizon."""
    matching: Imitator
    """Bound: its error times the horizon."""


def mirrored_family(horizon: float, entropy_weight: float = _ENTROPY_WEIGHT) -> Problem:
    """The family's member of effective horizon `horizon` > 1, posed with psi_GA.

    State 0 is on the track, 1 off it; action 0 goes on as one is, action 1 changes over. The expert takes 0 on the
    track, 1 off it.
    """
    on, off = [1.0, 0.0], [0.0, 1.0]
    mdp = FiniteMDP([[on, off], [off, on]], [1.0, 0.0], 1.0 - 1.0 / horizon)
    cost = np.array([[0.0, 0.0], [1.0, 1.0]])
    expert = occupancy_of(mdp, np.array([[1.0, 0.0], [0.0, 1.0]]))
    instance = Instance(f"recovery, horizon {horizon:g}", mdp, expert, cost, None)
    return pose(instance, Logistic(), entropy_weight, observations=np.array([[0.0], [1.0]]))


def recorded(problem: Problem, pairs: int, mistake: float, rng: np.random.Generator) -> Dataset:
    """So many pairs of the expert's normalised occupancy, each action noted wrongly with probability `mistake`."""
    wrong = (rng.random(pairs) < mistake).astype(np.int64)
    single = np.ones(pairs, dtype=np.int64)  # episodes of one step, each of weight gamma^0
    episodes = Episodes(np.zeros(pairs, dtype=np.int64), wrong, single, single == 0)
    return Dataset(_noted(problem, float(wrong.mean())), episodes, 0.0)


def horizon_rates(
    horizons: Sequence[float] = HORIZONS,
    seeds: Sequence[int] = tuple(range(10)),
    settings: SampledSettings = SETTINGS,
    mistake: float = MISTAKE,
    pairs: int = PAIRS,
) -> HorizonRates:
    """Clone and train at every horizon and seed, measure exactly, fit slopes.

    Args:
        horizons: effective horizons, each above 1, at least two.
        seeds: of data and trainings.
        settings: GAIL's.
        mistake: probability that a recorded action is wrong.
        pairs: recorded pairs per horizon.

    Raises:
        ValueError: fewer than two horizons, or no seed.
        TrainingFailed: a training's numbers are not finite any more.
    """
    if len(horizons) < 2 or not seeds:
        raise ValueError(f"a slope needs at least 2 horizons and 1 seed, got {len(horizons)} and {len(seeds)}")
    measured = np.array([[_trained(one, seed, settings, mistake, pairs) for seed in seeds] for one in horizons])
    exact = np.array([_exactly(one, mistake) for one in horizons])
    lengths = np.asarray(horizons, dtype=np.float64)
    found = [_imitator(lengths, measured[:, :, k], exact[:, k]) for k in range(2)]
    return HorizonRates(lengths, tuple(seeds), *found)


def _noted(problem: Problem, frequency: float) -> Array:
    """The measure, of mass H, of recordings that hold this share of wrong actions."""
    return np.array([[1.0 - frequency, frequency], [0.0, 0.0]]) / (1.0 - problem.mdp.discount)


def _trained(
    horizon: float, seed: int, settings: SampledSettings, mistake: float, pairs: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """(2, 2): regret and own error, of the clone and of GAIL."""
    problem = mirrored_family(horizon)
    data = recorded(problem, pairs, mistake, np.random.default_rng((seed, round(1e6 * horizon))))
    spec = SpaceSpec(1, 2, None, None)
    cloned = policy_table(problem, clone(steps_to_clone(problem, data), spec, CLONING, seed, NETWORK).policy)
    matched = train(problem, Algorithm.GAIL, data, settings, seed).policy
    return _measured(problem, cloned, matched)


def _exactly(horizon: float, mistake: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The same of the exact answers to the expected data."""
    problem = mirrored_family(horizon)
    strays = [1.0 - mistake, mistake]
    optimum = match_empirical(problem.mdp, _noted(problem, mistake), problem.psi, problem.entropy_weight)
    return _measured(problem, np.array([strays, strays]), optimum.require_optimal(1e-6).policy)


def _measured(problem: Problem, cloned: Array, matched: Array) -> tuple[tuple[float, float], tuple[float, float]]:
    own = cloning_error(problem.mdp, cloned, problem.expert)
    distance = matching_error(problem.mdp, occupancy_of(problem.mdp, matched), problem.expert)
    return (_regret(problem, cloned), own), (_regret(problem, matched), distance)


def _regret(problem: Problem, policy: Array) -> float:
    assert problem.cost is not None
    return float(np.sum((occupancy_of(problem.mdp, policy) - problem.expert) * problem.cost))


def _imitator(horizons: Array, measured: Array, exact: Array) -> Imitator:
    """From regrets and errors (N, K, 2), and (N, 2) exact ones."""
    regret, error = measured[..., 0], measured[..., 1]
    return Imitator(regret, error, exact[:, 0], exact[:, 1], _fitted(horizons, regret), _fitted(horizons, error))


def _fitted(horizons: Array, values: Array) -> Interval:
    found = slope(horizons.tolist(), list(values))
    if found is None:
        raise ValueError("no slope: some horizon's mean is not positive")
    return found
