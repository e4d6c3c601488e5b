"""Regret of sampled cloning and GAIL against the horizon, on a family that separates them (statement 18).

    cloning     loss <= eps H^2,   eps = E_{s ~ p_E} TV(pi(.|s), pi_E(.|s)),            H = 1/(1-gamma)
    matching    loss <= eps H,     eps = TV of the normalised state-action occupancies.

A slope in H is meaningful only if eps does not depend on H. The family is that of
`gail.exact.statements.learning.compounding_error`: one state on the track, one off the track, where every step costs 1.
Data and observations are chosen so that both eps stay constant:

- Data. At each horizon there is the same number of pairs (s, a), drawn from p_E, the expert's normalised occupancy
  measure; all of them are on the track. Each recorded action is wrong with probability eps. The maximum likelihood
  policy leaves the track with the recorded frequency of wrong actions, so the clone's eps is the same at all horizons
  up to binomial noise.
- Observations. The observation is one flag: 0 on the track, 1 off it. On the track the logits of a policy are its
  biases. The weights of the flag do not appear in the likelihood of the data, so in a clone they keep their initial
  value 0, and the clone acts off the track as on it. Off the track the names of the actions are exchanged, so repeating
  the expert's action stays off the track; the clone returns with probability k = eps. Its exact loss is

      gamma eps / ((1-gamma) (1 - gamma (1 - eps) + gamma eps)),   of order eps H^2 while eps H << 1.

- Matching. GAIL has the same class of policies and the same pairs. It visits the state off the track, learns that the
  expert does not, and changes the weights of the flag. Its eps follows from Eq. 15: the noise of the data and lambda do
  not vanish. At small H the optimum leaves the track slightly more often (a later cost has the factor gamma); from
  H = 8 its normalised TV is constant to about a tenth. Sampled GAIL also has the error of its batches, whose size
  relative to the optimum's error is the same. Its TV need not be constant, so it is measured at every horizon, and its
  slope is fitted too: regret = TV H up to the visits of (on, stray), so the slope of the regret is 1 plus the TV's.

Regrets are exact: expected cost minus the expert's, by linear solves.
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
"""Probability that a recorded action is wrong; small compared with 1/64, so that the clone's loss grows as H^2."""

HORIZONS = (4.0, 8.0, 16.0, 32.0, 64.0)
"""Effective horizons 1/(1-gamma)."""

PAIRS = 20_000
"""Recorded pairs per horizon; about sixty of them are wrong."""

_ENTROPY_WEIGHT = 0.2  # the optimum leaves the track in a few of 100 steps, so batches contain enough such steps

SETTINGS = SampledSettings(
    batch=4_000, iterations=80, copies=200, max_kl=0.003, anneal_to=0.02, discriminator_rate=0.1, damping=1e-3
)
"""Settings of GAIL. The trust region is smaller than the mistake: after a longer step the policy might never leave the
track, and then no sample leads back."""

NETWORK = PolicySettings(hidden=())
CLONING = CloningSettings(learning_rate=0.05, minibatch=1_024, patience=10, max_epochs=100)
"""Settings of cloning."""


@dataclass(frozen=True, eq=False)
class Imitator:
    """One algorithm, over N horizons and K seeds.

    Attributes:
        regret: (N, K) expected discounted cost minus the expert's.
        error: (N, K) the algorithm's eps, as statement 18 defines it.
        exact: (N,) regret of the exact solution for the expected data: the clone that leaves the track with probability
            `MISTAKE`, or the optimum of Eq. 15.
        exact_error: (N,) eps of the exact solution.
        regret_slope: slope of the mean regret against the horizon on log axes, with its bootstrap interval over seeds.
        error_slope: slope of the mean error; the statement's slopes assume 0.
    """

    regret: Array
    error: Array
    exact: Array
    exact_error: Array
    regret_slope: Interval
    error_slope: Interval


@dataclass(frozen=True, eq=False)
class HorizonRates:
    """Errors and regrets of cloning and matching against the horizon."""

    horizons: Array
    """(N,) effective horizons."""
    seeds: tuple[int, ...]
    cloning: Imitator
    """Bound on its regret: its error times the squared horizon."""
    matching: Imitator
    """Bound on its regret: its error times the horizon."""


def mirrored_family(horizon: float, entropy_weight: float = _ENTROPY_WEIGHT) -> Problem:
    """The family's process with effective horizon `horizon` > 1, as a problem with psi_GA.

    State 0 is on the track, state 1 off it. Action 0 stays in the state, action 1 changes it. The expert takes action 0
    on the track and action 1 off it.
    """
    on, off = [1.0, 0.0], [0.0, 1.0]
    mdp = FiniteMDP([[on, off], [off, on]], [1.0, 0.0], 1.0 - 1.0 / horizon)
    cost = np.array([[0.0, 0.0], [1.0, 1.0]])
    expert = occupancy_of(mdp, np.array([[1.0, 0.0], [0.0, 1.0]]))
    instance = Instance(f"recovery, horizon {horizon:g}", mdp, expert, cost, None)
    return pose(instance, Logistic(), entropy_weight, observations=np.array([[0.0], [1.0]]))


def recorded(problem: Problem, pairs: int, mistake: float, rng: np.random.Generator) -> Dataset:
    """`pairs` pairs from the expert's normalised occupancy measure; each action is wrong with probability `mistake`."""
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
    """Train cloning and GAIL at every horizon and seed, evaluate them exactly, and fit slopes.

    Args:
        horizons: effective horizons, each above 1, at least two.
        seeds: seeds of data and trainings.
        settings: settings of GAIL.
        mistake: probability that a recorded action is wrong.
        pairs: recorded pairs per horizon.

    Raises:
        ValueError: fewer than two horizons, or no seed.
        TrainingFailed: a number of a training is not finite.
    """
    if len(horizons) < 2 or not seeds:
        raise ValueError(f"a slope needs at least 2 horizons and 1 seed, got {len(horizons)} and {len(seeds)}")
    measured = np.array([[_trained(one, seed, settings, mistake, pairs) for seed in seeds] for one in horizons])
    exact = np.array([_exactly(one, mistake) for one in horizons])
    lengths = np.asarray(horizons, dtype=np.float64)
    found = [_imitator(lengths, measured[:, :, k], exact[:, k]) for k in range(2)]
    return HorizonRates(lengths, tuple(seeds), *found)


def _noted(problem: Problem, frequency: float) -> Array:
    """(2, 2) the measure, of mass H, of recordings with this share of wrong actions."""
    return np.array([[1.0 - frequency, frequency], [0.0, 0.0]]) / (1.0 - problem.mdp.discount)


def _trained(
    horizon: float, seed: int, settings: SampledSettings, mistake: float, pairs: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """(2, 2): regret and eps of the clone, regret and eps of GAIL."""
    problem = mirrored_family(horizon)
    data = recorded(problem, pairs, mistake, np.random.default_rng((seed, round(1e6 * horizon))))
    spec = SpaceSpec(1, 2, None, None)
    cloned = policy_table(problem, clone(steps_to_clone(problem, data), spec, CLONING, seed, NETWORK).policy)
    matched = train(problem, Algorithm.GAIL, data, settings, seed).policy
    return _measured(problem, cloned, matched)


def _exactly(horizon: float, mistake: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """(2, 2): the same for the exact solutions for the expected data."""
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
    """An `Imitator` from regrets and errors (N, K, 2), and the exact ones (N, 2)."""
    regret, error = measured[..., 0], measured[..., 1]
    return Imitator(regret, error, exact[:, 0], exact[:, 1], _fitted(horizons, regret), _fitted(horizons, error))


def _fitted(horizons: Array, values: Array) -> Interval:
    found = slope(horizons.tolist(), list(values))
    if found is None:
        raise ValueError("no slope in the horizon: the mean of some horizon is not positive")
    return found
