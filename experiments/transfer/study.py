"""Every learned reward on source and target, and what the processes leave ambiguous.

    relative regret = (cost of the worst optimal policy of the learned reward - optimum) / (cost of uniform - optimum)

at lambda = 0 and at the expert's lambda (`gail.exact.transfer`). The error of a reward is the largest deviation from
the true one after the best constant, or after the best shaping of that process, relative to the range of the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gail.exact import reward_ambiguity, transfer
from gail.exact.process.arrays import Array
from gail.experiments.transfer.frozen import ITERATIONS, FrozenStudy, freeze
from gail.experiments.transfer.learned import Learned, learned_rewards
from gail.experiments.transfer.pairs import Pair
from gail.experiments.transfer.slip import SlipPoint, bias_of_sampling


@dataclass(frozen=True)
class Row:
    """One reward on one process at one entropy weight; numbers are None where there is no reward.

    Attributes:
        pair, reward, kind, note: see `Learned`.
        process: source or target.
        entropy_weight: of planning and judging.
        regret: in units of the true cost.
        relative_regret: that of the worst optimal policy of the reward.
        least_relative_regret: that of the best one.
        certified: whether plan and optimum are certified.
        constant_error, shaping_error: see the module.
    """

    pair: str
    reward: str
    kind: str
    note: str
    process: str
    entropy_weight: float
    regret: float | None = None
    relative_regret: float | None = None
    least_relative_regret: float | None = None
    certified: bool | None = None
    constant_error: float | None = None
    shaping_error: float | None = None


@dataclass(frozen=True)
class Ambiguity:
    """The space of rewards that explain the same experts on some processes of a pair.

    Attributes:
        pair: its name.
        processes: whose experts are known.
        kind: rewards of states, or of states and actions.
        dimension: of the space.
        only_constants: whether it holds nothing but constants.
        kept, dropped: the least singular value that counts as positive, and the largest that counts as zero.
    """

    pair: str
    processes: str
    kind: str
    dimension: int
    only_constants: bool
    kept: float
    dropped: float


@dataclass(frozen=True, eq=False)
class PairStudy:
    """What was measured on one pair."""

    pair: Pair
    rewards: tuple[Learned, ...]
    rows: tuple[Row, ...]
    ambiguities: tuple[Ambiguity, ...]
    frozen: FrozenStudy

    def learned(self, name: str) -> Array:
        """(S,) or (S, A) the reward of a method that has one."""
        found = next(one.reward for one in self.rewards if one.name == name)
        assert found is not None
        return found


@dataclass(frozen=True, eq=False)
class TransferStudy:
    """All pairs, and the bias of sampled next states."""

    pairs: tuple[PairStudy, ...]
    slips: tuple[SlipPoint, ...]

    @property
    def rows(self) -> list[Row]:
        """The rows of all pairs."""
        return [row for one in self.pairs for row in one.rows]


def study_pairs(pairs: Sequence[Pair], tell: Callable[[str], None] = lambda name: None) -> TransferStudy:
    """Measure pairs one after the other; `tell` is called with the name of each before it begins."""
    found = []
    for pair in pairs:
        tell(pair.name)
        found.append(study_pair(pair))
    return TransferStudy(tuple(found), tuple(bias_of_sampling()))


def study_pair(pair: Pair, iterations: int = ITERATIONS) -> PairStudy:
    """Measure one pair; `iterations` is the length of GAIL's game."""
    frozen = freeze(pair, iterations)
    rewards = learned_rewards(pair, frozen.last)
    rows = [row for one in rewards for row in _rows(pair, one)]
    return PairStudy(pair, tuple(rewards), tuple(rows), tuple(_ambiguities(pair)), frozen)


def _rows(pair: Pair, learned: Learned) -> list[Row]:
    return [_row(pair, learned, process, weight) for process in pair.processes for weight in (0.0, pair.entropy_weight)]


def _row(pair: Pair, learned: Learned, process: str, weight: float) -> Row:
    key = (pair.name, learned.name, learned.kind, learned.note, process, weight)
    if learned.reward is None:
        return Row(*key)
    found = transfer(learned.reward, pair.processes[process], -pair.reward, weight)
    spread = found.uniform_value - found.optimum.dual_value
    size, errors = float(np.ptp(pair.reward)), found.comparison
    return Row(
        *key,
        found.regret,
        found.relative_regret,
        found.least_regret / spread,
        found.certified,
        errors.constant_residual / size,
        errors.shaping_residual / size,
    )


def _ambiguities(pair: Pair) -> list[Ambiguity]:
    known = {"source": [pair.source], "target": [pair.target], "source and target": [pair.source, pair.target]}
    found = []
    for kind in ("state", "state-action"):
        for name, processes in known.items():
            one = reward_ambiguity(processes, state_only=kind == "state")
            found.append(Ambiguity(pair.name, name, kind, one.dimension, one.only_constants, one.kept, one.dropped))
    return found
