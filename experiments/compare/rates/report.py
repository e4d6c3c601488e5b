"""The report of rates: what batches and horizons do to errors, with fitted slopes beside the theory's.

`batch-rates.csv` has a row per size, seed and measure, `horizon-rates.csv` one per horizon, seed and algorithm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gail.approx.atomic_files import write_text
from gail.experiments.compare.problem import Algorithm, Problem
from gail.experiments.compare.rates.batch_size import BATCHES, SEEDS, SHARE, BatchRates, Errors, batch_rates
from gail.experiments.compare.rates.horizon import HORIZONS, HorizonRates, Imitator, horizon_rates
from gail.experiments.compare.rates.pictures import batch_picture, horizon_picture
from gail.experiments.compare.rates.whole_training import TRAINED_BATCHES, TrainingRates, training_rates
from gail.experiments.reports.interquartile import Interval
from gail.experiments.reports.page import Report

_HEADER = ["error", "fitted slope", "95 % interval", "theory"]


@dataclass(frozen=True, eq=False)
class Rates:
    """All studies of rates."""

    batches: BatchRates
    optimum: BatchRates
    """The same at the exact optimum's policy, where the best cost is the dual cost."""
    trainings: TrainingRates
    horizons: HorizonRates


def measure_rates(
    problem: Problem,
    seeds: Sequence[int] = tuple(range(10)),
    batches: Sequence[int] = BATCHES,
    batch_seeds: Sequence[int] = SEEDS,
    trained_batches: Sequence[int] = TRAINED_BATCHES,
    horizons: Sequence[float] = HORIZONS,
) -> Rates:
    """Measure rates in batch size on a problem, and in the horizon on the constructed family.

    Batches at a fixed learner have seeds of their own; whole trainings take every other of `seeds`: they have no slope
    to be settled.

    Raises:
        InvalidRequest: psi is not the logistic one, or states are not seen as unit vectors.
        NotOptimal: an exact solution is not proven.
        TrainingFailed: a training's numbers are not finite any more.
    """
    optimum = problem.solve(Algorithm.GAIL).require_optimal().policy
    return Rates(
        batch_rates(problem, batches, batch_seeds),
        batch_rates(problem, batches, batch_seeds, learner=optimum),
        training_rates(problem, trained_batches, seeds[::2]),
        horizon_rates(horizons, seeds),
    )


def write_rates(rates: Rates, folder: Path) -> Path:
    """Write `rates.html`, its pictures and both tables into a folder; give the report's path."""
    write_text(folder / "batch-rates.csv", _table(_batch_rows(rates)))
    write_text(folder / "horizon-rates.csv", _table(_horizon_rows(rates.horizons)))
    report = Report("gail compare: rates", "How errors fall with the batch, and regrets grow with the horizon.")
    add_rates(rates, report)
    path = folder / "rates.html"
    report.write(path)
    return path


def add_rates(rates: Rates, report: Report) -> None:
    """The sections on rates of a report."""
    report.heading("Rates in the batch size")
    report.table(_HEADER, batch_slopes(rates))
    report.figure("batch-rates", batch_picture(rates.batches, rates.optimum, rates.trainings), _batch_caption(rates))
    report.heading("Rates in the horizon")
    report.table(_HEADER, horizon_slopes(rates.horizons))
    report.figure("horizon-rates", horizon_picture(rates.horizons), _horizon_caption(rates.horizons))


def batch_slopes(rates: Rates) -> list[list[str]]:
    """The table of slopes in the batch size, as text."""
    fixed, trained = rates.batches, rates.trainings
    return [
        ["JSD, the discriminator's estimate", *_told(fixed.divergence.slope), "-1/2"],
        ["cost of that learner", *_told(fixed.cost.slope), "-1/2"],
        ["cost at the exact optimum, to the dual cost", *_told(rates.optimum.cost.slope), "-1/2"],
        ["TV of trained policy and optimum", *_told(trained.variation.slope), "none: the players' lag stays"],
        ["trained and dual cost modulo shaping", *_told(trained.cost.slope), "none: the players' lag stays"],
    ]


def horizon_slopes(rates: HorizonRates) -> list[list[str]]:
    """The table of slopes in the horizon, as text."""
    return [
        ["cloning: regret", *_told(rates.cloning.regret_slope), "2"],
        ["GAIL: regret", *_told(rates.matching.regret_slope), "1"],
        ["cloning: its eps, E TV(pi, pi_E)", *_told(rates.cloning.error_slope), "0, or slopes mean nothing"],
        [
            "GAIL: its eps, TV of normalised occupancies",
            *_told(rates.matching.error_slope),
            "0, or slopes mean nothing",
        ],
    ]


def _batch_caption(rates: Rates) -> str:
    return (
        f"Left: a fixed learner, {SHARE:.0%} the expert and else uniform in every state, whose exact JSD is "
        f"{rates.batches.exact_divergence:.4f} nats, and the exact optimum's policy; the "
        "discriminator, a table, is fitted to each batch against the "
        "exact expert until what the fit lacks (crosses) is small. The estimate is biased upwards by a term of order "
        "1/n, which steepens the slope where batches are small. Cost: weighted by the learner's visits, at pairs that "
        f"both sides visit. Right: whole trainings of {rates.trainings.iterations} iterations each; dashed, what exact "
        "players leave after as many. Points are seeds, dotted lines have slope -1/2."
    )


def _horizon_caption(rates: HorizonRates) -> str:
    return (
        f"Sampled imitators of {len(rates.seeds)} seeds (dots, means with 95 % intervals), evaluated exactly, and the "
        "exact answers to the expected data (lines), on the two-state family in which an expert recovers. Both see the "
        "same number of recorded pairs at every horizon, with the same share of wrong actions, and have the same "
        "policies. The clone repeats off the track, where it has no data, what it learned on it; GAIL goes there and "
        "learns to come back. Right: each algorithm's own error, which has to stand still for the slopes to mean "
        "anything; GAIL's is measured, not imposed."
    )


def _batch_rows(rates: Rates) -> list[dict[str, Any]]:
    fixed, trained = rates.batches, rates.trainings
    studies: list[tuple[str, str, Sequence[int], Errors]] = [
        ("fixed learner", "divergence", fixed.sizes, fixed.divergence),
        ("fixed learner", "cost", fixed.sizes, fixed.cost),
        ("exact optimum", "cost", rates.optimum.sizes, rates.optimum.cost),
        ("training", "variation", trained.sizes, trained.variation),
        ("training", "cost", trained.sizes, trained.cost),
    ]
    rows = []
    for study, measure, sizes, errors in studies:
        for i, size in enumerate(sizes):
            for k, value in enumerate(errors.values[i]):
                unfitted = None if errors.unfitted is None else float(errors.unfitted[i, k])
                row = {"study": study, "measure": measure, "batch": size, "repetition": k, "error": float(value)}
                rows.append({**row, "error_of_fit": unfitted, "floor": errors.floor})
    return rows


def _horizon_rows(rates: HorizonRates) -> list[dict[str, Any]]:
    algorithms: list[tuple[str, Imitator]] = [("bc", rates.cloning), ("gail", rates.matching)]
    rows = []
    for name, one in algorithms:
        for i, horizon in enumerate(rates.horizons.tolist()):
            exact = {"exact_regret": float(one.exact[i]), "exact_eps": float(one.exact_error[i])}
            for k, seed in enumerate(rates.seeds):
                own = {"regret": float(one.regret[i, k]), "eps": float(one.error[i, k])}
                rows.append({"algorithm": name, "horizon": horizon, "seed": seed, **own, **exact})
    return rows


def _told(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return "-", "-"
    return f"{interval.estimate:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    content = io.StringIO()
    writer = csv.DictWriter(content, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()
