"""GAIL's discriminator as a reward: frozen after k iterations of the exact game, and planned for from scratch.

The game is GAIL with lambda = 0: one scaled gradient step of the logistic discriminator, and one natural gradient step
of the policy, in turn, with exact expectations. D(s,a) is the probability of the learner. After each of some iterations
k three discriminators are frozen, and their reward log (1-D)/D is planned for:

| name | reward |
|---|---|
| of the game | minus the logits of the game's own D, which lags behind the policy |
| fitted | log rho_E / rho_pi: the best D against the current policy |
| union | log rho_E / mean of rho_pi over the policies so far: the best D against all of them |

Logits are rounded to `DIGITS` digits: where the game has converged, D = 1/2 up to rounding, and what is left of D tells
nothing of the expert. The regret is the true one, at lambda = 0, of the worst optimal policy of that reward
(`gail.exact.transfer`). Beside it stands the regret of the game's own policy, and the correlation of each reward with
the true one, over the visits of the expert, of the uniform policy, and of both in equal parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gail.exact import Matching, Planning, Transfer, occupancy_of, transfer
from gail.exact.algorithms import LogitAscent, NaturalStep, play
from gail.exact.process.arrays import Array
from gail.exact.regularizers import Logistic
from gail.experiments.transfer.pairs import Pair

ITERATIONS = 1000
STEP_D, STEP_PI = 1.0, 0.1
DIGITS = 9
POINTS = 16
"""Iterations that are measured, evenly on a log scale."""

OF_GAME, FITTED, UNION = "of the game", "fitted", "union"


@dataclass(frozen=True)
class FrozenPoint:
    """One frozen discriminator.

    Attributes:
        discriminator: which of the module's table.
        iteration: k.
        source, target: relative regret of planning for its reward there.
        certified: whether both plans and both optima are certified.
        correlations: with the true reward, by whose visits; NaN for a constant reward.
    """

    discriminator: str
    iteration: int
    source: float
    target: float
    certified: bool
    correlations: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class FrozenStudy:
    """The frozen discriminators, the game's own policies, and levels to compare with.

    Attributes:
        points: one per discriminator and iteration.
        policies: relative regret of the game's policy on the source, by iteration.
        expert: that of the expert, which is soft-optimal.
        constant: relative regret of a constant D on source and target: of the worst policy.
        last: (S, A) the game's reward after the last iteration.
    """

    points: tuple[FrozenPoint, ...]
    policies: Mapping[int, float]
    expert: float
    constant: tuple[float, float]
    last: Array


@dataclass
class _Recorded:
    """`LogitAscent` that keeps its logits, and the learner's occupancy measures that they answer."""

    player: LogitAscent
    logits: list[Array] = field(default_factory=list)
    occupancies: list[Array] = field(default_factory=list)

    def start(self, problem: Matching, occupancy: Array) -> Array:
        return self.player.start(problem, occupancy)

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        state = self.player.respond(problem, state, occupancy)
        self.logits.append(state)
        self.occupancies.append(occupancy)
        return state

    def cost(self, state: Array) -> Array:
        return self.player.cost(state)


def freeze(pair: Pair, iterations: int = ITERATIONS) -> FrozenStudy:
    """Play the game on the source, and judge its discriminators there and on the target."""
    expert = pair.expert.occupancy
    record = _Recorded(LogitAscent(STEP_D, scaled=True))
    problem = Matching(pair.source, expert, Logistic(), 0.0)
    play(problem, record, NaturalStep(STEP_PI), iterations, evaluate_every=iterations)
    sums = np.cumsum(record.occupancies, axis=0)
    points, policies = [], {}
    for k in measured(iterations):
        rho = record.occupancies[k - 1]
        rewards = {
            OF_GAME: _rounded(-record.logits[k - 1]),
            FITTED: _rounded(np.log(expert / rho)),
            UNION: _rounded(np.log(expert * k / sums[k - 1])),
        }
        points += [_judged(pair, name, k, reward) for name, reward in rewards.items()]
        policies[k] = relative_regret(pair, rho)
    constant = _on_both(pair, np.zeros_like(expert))
    levels = (constant[0].relative_regret, constant[1].relative_regret)
    return FrozenStudy(tuple(points), policies, relative_regret(pair, expert), levels, _rounded(-record.logits[-1]))


def measured(iterations: int) -> list[int]:
    """1, ..., `iterations`, about `POINTS` of them, evenly on a log scale."""
    return sorted({int(k) for k in np.geomspace(1, iterations, POINTS).round()})


def _rounded(logits: Array) -> Array:
    """Without digits that are rounding, and without negative zeros."""
    return np.asarray(np.round(logits, DIGITS) + 0.0)


def _judged(pair: Pair, name: str, iteration: int, reward: Array) -> FrozenPoint:
    source, target = _on_both(pair, reward)
    certified = source.certified and target.certified
    return FrozenPoint(
        name, iteration, source.relative_regret, target.relative_regret, certified, correlations(pair, reward)
    )


def _on_both(pair: Pair, reward: Array) -> tuple[Transfer, Transfer]:
    return transfer(reward, pair.source, -pair.reward), transfer(reward, pair.target, -pair.reward)


def relative_regret(pair: Pair, occupancy: Array) -> float:
    """Of an occupancy measure on the source, at lambda = 0: 0 for the optimum, 1 for the uniform policy."""
    best = transfer(pair.reward, pair.source, -pair.reward).optimum.dual_value
    cost = np.repeat(-pair.reward[:, None], pair.source.num_actions, axis=1)
    value, uniform = (Planning(pair.source, cost, 0.0).primal(one) for one in (occupancy, _uniform(pair)))
    return (value - best) / (uniform - best)


def correlations(pair: Pair, reward: Array) -> dict[str, float]:
    """Of a reward (S, A) with the true one, over visits of the expert, of both in equal parts, and of uniform play."""
    expert, uniform = pair.expert.occupancy, _uniform(pair)
    visits = {"expert": expert, "mixed": 0.5 * (expert + uniform), "uniform": uniform}
    truth = np.broadcast_to(pair.reward[:, None], reward.shape)
    return {name: weighted_correlation(reward, truth, weights) for name, weights in visits.items()}


def weighted_correlation(one: Array, other: Array, weights: Array) -> float:
    """Pearson's correlation of two arrays under weights; NaN where one of them is constant."""
    share = weights / weights.sum()
    first, second = (values - np.sum(share * values) for values in (one, other))
    sizes = float(np.sqrt(np.sum(share * first**2) * np.sum(share * second**2)))
    return float(np.sum(share * first * second)) / sizes if sizes > 0.0 else float("nan")


def _uniform(pair: Pair) -> Array:
    actions = pair.source.num_actions
    return occupancy_of(pair.source, np.full((pair.source.num_states, actions), 1.0 / actions))
