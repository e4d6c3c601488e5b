"""The report of rates: errors against batch size and horizon, with fitted slopes and the slopes of the theory.

`batch-rates.csv` has a row per size, seed and measure. `horizon-rates.csv` has a row per horizon, seed and algorithm.
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
    """All measured rates."""

    batches: BatchRates
    optimum: BatchRates
    """The same with the exact optimum's policy as the learner; its best cost is the dual cost."""
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
    """Measure rates in the batch size on a problem, and rates in the horizon on the family of `horizon`.

    Batches at a fixed learner use `batch_seeds`. Whole trainings use every other seed of `seeds`; theory predicts no
    slope for them, so fewer seeds suffice.

    Raises:
        InvalidRequest: psi is not psi_GA, or states are not unit vectors.
        NotOptimal: an exact solution is not certified.
        TrainingFailed: a number of a training is not finite.
    """
    optimum = problem.solve(Algorithm.GAIL).require_optimal().policy
    return Rates(
        batch_rates(problem, batches, batch_seeds),
        batch_rates(problem, batches, batch_seeds, learner=optimum),
        training_rates(problem, trained_batches, seeds[::2]),
        horizon_rates(horizons, seeds),
    )


def write_rates(rates: Rates, folder: Path) -> Path:
    """Write `rates.html`, its pictures and both tables into a folder; returns the report's path."""
    write_text(folder / "batch-rates.csv", _table(_batch_rows(rates)))
    write_text(folder / "horizon-rates.csv", _table(_horizon_rows(rates.horizons)))
    report = Report("gail compare: rates", "How errors fall with the batch size, and regrets grow with the horizon.")
    add_rates(rates, report)
    path = folder / "rates.html"
    report.write(path)
    return path


def add_rates(rates: Rates, report: Report) -> None:
    """Add the sections on rates to a report."""
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
        ["JSD estimated by the discriminator, fixed learner", *_with_interval(fixed.divergence.slope), "-1/2"],
        ["learned cost against the best cost, fixed learner", *_with_interval(fixed.cost.slope), "-1/2"],
        ["learned cost against the dual cost, exact optimum", *_with_interval(rates.optimum.cost.slope), "-1/2"],
        ["whole trainings: TV to the exact optimum", *_with_interval(trained.variation.slope), "none: the lag remains"],
        ["whole trainings: cost up to shaping", *_with_interval(trained.cost.slope), "none: the lag remains"],
    ]


def horizon_slopes(rates: HorizonRates) -> list[list[str]]:
    """The table of slopes in the horizon, as text."""
    return [
        ["cloning: regret", *_with_interval(rates.cloning.regret_slope), "2"],
        ["GAIL: regret", *_with_interval(rates.matching.regret_slope), "1"],
        ["cloning: its eps, E TV(pi, pi_E)", *_with_interval(rates.cloning.error_slope), "0 (assumed above)"],
        [
            "GAIL: its eps, TV of normalised occupancies",
            *_with_interval(rates.matching.error_slope),
            "0 (assumed above)",
        ],
    ]


def _batch_caption(rates: Rates) -> str:
    return (
        "Left: errors of a discriminator (a table) fitted to batches of n steps of a fixed learner against the exact "
        f"expert. The learner takes the expert's action with probability {SHARE:.0%} and a uniform one otherwise; its "
        f"exact JSD to the expert is {rates.batches.exact_divergence:.4f} nats. The third curve uses the exact "
        "optimum's policy. Crosses: the part of the error that is due to incomplete fitting. The estimated JSD has a "
        "positive bias of order 1/n, which makes the slope steeper for small batches. Costs are compared at pairs that "
        "both sides visit, weighted by the learner's visits. "
        f"Right: whole trainings of {rates.trainings.iterations} iterations; dashed lines: exact players after the "
        "same number of iterations. Small dots are seeds, dotted lines have slope -1/2."
    )


def _horizon_caption(rates: HorizonRates) -> str:
    return (
        "Left: regrets on a family of two-state processes in which the expert recovers from mistakes. Dots: sampled "
        f"imitators, evaluated exactly, means over {len(rates.seeds)} seeds with 95 % intervals. Solid lines: exact "
        "solutions for the expected data. Dashed lines: the bounds of the theory. Both algorithms get the same number "
        "of recorded pairs at every horizon, with the same expected share of wrong actions, and have the same class of "
        "policies. Off the track, where the clone has no data, it repeats what it learned on the track. GAIL visits "
        "the state off the track and learns to return. Right: the error eps of each algorithm. The theory's slopes "
        "assume that eps does not depend on the horizon; GAIL's eps is only measured, not fixed by the data."
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


def _with_interval(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return "-", "-"
    return f"{interval.estimate:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    content = io.StringIO()
    writer = csv.DictWriter(content, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()
