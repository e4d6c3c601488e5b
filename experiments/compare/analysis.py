"""Results over all cells: means over seeds, slopes, the parts of the gap, and the verdicts.

The gap J - J* of GAIL with networks is the sum of four parts. Each part is the difference of J between two computed
policies, so the sum is exact. All parts but the first may be negative.

    finite demonstrations      J(exact optimum against the demonstrations) - J*
    unfinished optimisation    J(exact GAIL after as many iterations)      - J(that optimum)
    finite batches and lag     J(sampled GAIL, tables)                     - J(exact GAIL)
    function approximation     J(sampled GAIL, networks)                   - J(sampled GAIL, tables)

The third part is not sampling error alone. Exact GAIL uses the best cost and the exact values for every policy. The
sampled discriminator and critic take a few Adam steps per iteration and lag behind the policy; larger batches do not
remove this lag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum

import numpy as np
from scipy import stats

from gail.experiments.compare.cells.cells import Cell, Record
from gail.experiments.compare.measures import ExactMeasures, Measures
from gail.experiments.compare.problem import Algorithm, Array
from gail.experiments.compare.settings import Architecture, Limits
from gail.experiments.reports.interquartile import Interval

_RESAMPLES = 2_000

_AGREES = "agrees with the exact one within the stated limits"
_DIFFERS = "does NOT agree with the exact one"


@dataclass(frozen=True)
class Row:
    """One cell with its record and the measures of its policy."""

    cell: Cell
    measures: Measures
    record: Record


class Part(Enum):
    """A part of the gap; the value is its name in pictures."""

    DEMONSTRATIONS = "finite demonstrations"
    OPTIMISATION = "unfinished optimisation"
    BATCHES = "finite batches and lag"
    APPROXIMATION = "function approximation"


@dataclass(frozen=True)
class GapParts:
    """The parts of one seed's gap, in units of J; parts that were not computed are missing."""

    size: int | None
    seed: int
    parts: Mapping[Part, float]


@dataclass(frozen=True)
class Verdict:
    """Whether an algorithm's sampled solution agrees with the exact one within limits, for its largest dataset."""

    algorithm: Algorithm
    architecture: Architecture
    size: int | None
    excess_share: float
    """Mean over seeds of (J - J*) / (J_uniform - J*)."""
    variation: float
    """Mean over seeds of the total variation to the exact optimum."""
    reached: bool
    sentence: str


def order(size: int | None) -> float:
    """Sort key of a number of demonstrations; None (the exact occupancy measure) comes last."""
    return float("inf") if size is None else float(size)


def mean_interval(samples: Array, seed: int = 0) -> Interval:
    """Mean of independent samples (n,), with its 95 % percentile bootstrap interval."""
    mean = float(np.mean(samples))
    if len(samples) == 1 or not np.all(np.isfinite(samples)) or np.ptp(samples) == 0.0:
        return Interval(mean, mean, mean)
    found = stats.bootstrap(
        (samples,), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=np.random.default_rng(seed)
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high))


def slope(sizes: Sequence[int], errors: Sequence[Array], seed: int = 0) -> Interval | None:
    """Slope of log(mean error) against log(size), with its 95 % bootstrap interval over seeds.

    `errors` has an array (n,) per size. None for fewer than two sizes, or if a mean is not positive and finite.
    """
    means = np.array([np.mean(one) for one in errors])
    if len(sizes) < 2 or not np.all(means > 0.0) or not np.all(np.isfinite(means)):
        return None
    places, rng = np.log(np.asarray(sizes, dtype=np.float64)), np.random.default_rng(seed)
    fitted = float(stats.linregress(places, np.log(means)).slope)
    drawn = np.array([[np.mean(rng.choice(one, len(one))) for one in errors] for _ in range(_RESAMPLES // 4)])
    centred = places - places.mean()
    slopes = (np.log(np.maximum(drawn, 1e-300)) @ centred) / (centred @ centred)
    low, high = np.quantile(slopes, (0.025, 0.975))
    return Interval(fitted, float(low), float(high))


def summary(rows: Sequence[Row]) -> dict[tuple[Algorithm, Architecture, int | None], dict[str, Interval]]:
    """Of every algorithm and dataset size, each measure's mean over seeds."""
    groups: dict[tuple[Algorithm, Architecture, int | None], list[Measures]] = {}
    for row in rows:
        key = (row.cell.algorithm, row.cell.architecture, row.cell.demonstrations)
        groups.setdefault(key, []).append(row.measures)
    names = [field.name for field in fields(Measures)]
    found = {}
    for key, members in groups.items():
        values = {name: [getattr(one, name) for one in members] for name in names}
        known = {name: np.array(these) for name, these in values.items() if None not in these}
        found[key] = {name: mean_interval(these) for name, these in known.items()}
    return found


def ranked_summary(
    rows: Sequence[Row],
) -> list[tuple[tuple[Algorithm, Architecture, int | None], dict[str, Interval]]]:
    """The summary, sorted by dataset size, then algorithm, then architecture."""
    place = list(Algorithm).index
    return sorted(summary(rows).items(), key=lambda item: (order(item[0][2]), place(item[0][0]), item[0][1].value))


def gap_parts(rows: Sequence[Row], yardstick: ExactMeasures) -> list[GapParts]:
    """The parts of the gap, for every seed and size for which GAIL was trained with tables."""
    gail = {(row.cell.architecture, row.cell.demonstrations, row.cell.seed): row for row in rows if _is_gail(row)}
    found = []
    for (architecture, size, seed), row in gail.items():
        if architecture is not Architecture.TABLE or row.record.matched is None or row.record.played is None:
            continue
        matched, played = yardstick.objective(row.record.matched), yardstick.objective(row.record.played)
        parts = {
            Part.DEMONSTRATIONS: matched - yardstick.optimum.primal_value,
            Part.OPTIMISATION: played - matched,
            Part.BATCHES: row.measures.objective - played,
        }
        networks = gail.get((Architecture.MLP, size, seed))
        if networks is not None:
            parts[Part.APPROXIMATION] = networks.measures.objective - row.measures.objective
        found.append(GapParts(size, seed, parts))
    return found


def comparable(gap_parts: Sequence[GapParts], size: int | None) -> list[GapParts]:
    """The seeds of a size for which all parts are known, so that the means of the parts add up to the mean gap.

    If no seed has all parts, all seeds of the size.
    """
    own = [one for one in gap_parts if one.size == size]
    return [one for one in own if len(one.parts) == len(Part)] or own


def _is_gail(row: Row) -> bool:
    return row.cell.algorithm is Algorithm.GAIL


def verdict(
    rows: Sequence[Row],
    algorithm: Algorithm,
    architecture: Architecture,
    limits: Limits,
    expert: str = "the exact expert",
) -> Verdict | None:
    """Whether the sampled solution of an algorithm agrees with the exact one; None if the algorithm was not trained.

    `expert` describes the dataset of size None in the verdict's sentence.
    """
    own = [row for row in rows if (row.cell.algorithm, row.cell.architecture) == (algorithm, architecture)]
    if not own:
        return None
    size = max((row.cell.demonstrations for row in own), key=order)
    largest = [row.measures for row in own if row.cell.demonstrations == size]
    share = float(np.mean([one.excess_share for one in largest]))
    variation = float(np.mean([one.variation_optimum for one in largest]))
    reached = share <= limits.excess and variation <= limits.variation  # False for NaN
    data = expert if size is None else f"{size} demonstrations"
    sentence = (
        f"{algorithm.value} ({architecture.value}), {data}: the sampled solution {_AGREES if reached else _DIFFERS}: "
        f"{share:.2%} of the uniform policy's excess is left (limit {limits.excess:.2%}), total variation to the exact "
        f"optimum {variation:.4f} (limit {limits.variation:g})"
    )
    return Verdict(algorithm, architecture, size, share, variation, reached, sentence)
