"""The report of a comparison, and its tables: `cells.csv` (a row per cell) and `curves.csv` (a row per evaluation)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from gail.approx.atomic_files import write_text
from gail.exact import NoFiniteMatch, match_empirical, occupancy_of, policy_of
from gail.exact.regularizers import Constant, Logistic
from gail.experiments.compare.analysis import Part, Row, order, ranked_summary
from gail.experiments.compare.comparison import Comparison
from gail.experiments.compare.measures import total_variation
from gail.experiments.compare.problem import Algorithm, Array
from gail.experiments.compare.report.cost_pictures import CLIPPED, beside, cost_maps, cost_scale, visited
from gail.experiments.compare.report.pictures import (
    COLOURS,
    difference_map,
    errors_by_size,
    parts_of_the_gap,
    training_curves,
)
from gail.experiments.compare.settings import Architecture, SampledSettings
from gail.experiments.compare.shaping import distance_by_shaping, nearest_by_shaping
from gail.experiments.reports.figures import BOUND, discriminator_map, occupancy_maps
from gail.experiments.reports.interquartile import Interval
from gail.experiments.reports.page import Report

HEADER = ["algorithm", "learner", "demonstrations", "excess share", "excess / |J*|", "JSD to expert", "TV to expert"]
HEADER += ["TV to optimum", "true return", "causal entropy"]
_NAMES = ["excess_share", "excess_relative", "jsd_expert", "variation_expert", "variation_optimum", "true_return"]
_NAMES += ["entropy"]


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Write `report.html`, its pictures and both tables into a folder; returns the report's path."""
    write_text(folder / "cells.csv", _table([cell_row(found, row) for row in found.rows]))
    write_text(folder / "curves.csv", _table([one for row in found.rows for one in _curve_rows(row)]))
    problem = found.problem
    report = Report(
        "gail compare",
        f"{problem.name}: {problem.mdp.num_states} states, {problem.mdp.num_actions} actions, discount "
        f"{problem.mdp.discount:g}, psi {type(problem.psi).__name__}, lambda {problem.entropy_weight:g}.",
    )
    _verdicts(found, report)
    _exact(found, report)
    report.heading("Sampled solutions, evaluated exactly")
    report.paragraph(
        "Means over seeds; with several seeds, 95 % bootstrap intervals in brackets. J is the objective with the "
        "algorithm's own psi against the true expert, J* its minimum. The excess is J - J*; the excess share is "
        "(J - J*) / (J_uniform - J*): 1 for the uniform policy, 0 for the exact optimum. JSD is the Jensen-Shannon "
        "divergence in nats, TV the total variation, at most 1. Returns are discounted. bc (cloning) has no psi of its "
        "own and is evaluated with the chosen one."
    )
    report.table(HEADER, summary_rows(found))
    if found.rows:
        _pictures(found, report)
    path = folder / "report.html"
    report.write(path)
    return path


def _verdicts(found: Comparison, report: Report) -> None:
    report.heading("Verdict")
    rows = [[one.algorithm.value, "yes" if one.reached else "NO", one.sentence] for one in found.verdicts]
    if rows:
        report.table(["algorithm", "agrees?", "details"], rows)
    for cell, reason in found.failures.items():
        report.paragraph(f"`{cell.name}` could not be trained: {reason}")
    settings = found.preset.of(found.architecture)
    honoured = "episodes restart with probability 1 - gamma" if settings.restarts else "NOT USED: visits undiscounted"
    left_out = max((row.record.left_out for row in found.rows), default=0.0)
    report.paragraph(
        f"Settings: {_rounds(settings)}. Discount in the visits: {honoured}. Step t of a demonstration has the weight "
        f"gamma^t; at most a share of {left_out:.1e} of the discounted mass lies beyond the demonstrations' ends."
    )


def _rounds(settings: SampledSettings) -> str:
    return ", then ".join(f"{phase.iterations} iterations of {phase.batch:,} steps" for phase in settings.phases)


def _exact(found: Comparison, report: Report) -> None:
    report.heading("Exact solutions")
    rows = []
    for algorithm, yardstick in found.yardsticks.items():
        optimum = yardstick.optimum
        own = type(yardstick.problem.psi).__name__
        values = [f"{optimum.primal_value:.9g}", f"{optimum.relative_gap:.1e}", optimum.status.name]
        variation = total_variation(optimum.occupancy, found.problem.expert)
        rows.append([algorithm.value, own, *values, f"{variation:.4f}"])
    report.table(["algorithm", "psi", "J*", "certified gap, relative", "status", "TV of optimum and expert"], rows)
    if found.problem.recordings is not None:
        count = found.problem.recordings.count
        report.paragraph(
            f"The expert is known from {count} recorded episodes: J* is computed against the measure of all of them."
        )
        report.paragraph(_constant_beside(found))


def _constant_beside(found: Comparison) -> str:
    """A paragraph on recordings as the expert: J* with the chosen psi, and whether psi Constant has a solution.

    psi Constant requires that the imitator's occupancy measure equals the recordings' measure.
    """
    problem = found.problem
    chosen = found.yardsticks.get(Algorithm.GAIL) or found.yardsticks.get(Algorithm.BC)
    beside = ""
    if chosen is not None:
        optimum, psi = chosen.optimum, type(problem.psi).__name__
        beside = f"psi {psi} has a solution for this measure: J* = {optimum.primal_value:.9g}, relative certified gap "
        beside += f"{optimum.relative_gap:.1e}. "
    try:
        constant = match_empirical(problem.mdp, problem.expert, Constant(), problem.entropy_weight)
    except NoFiniteMatch as error:
        return f"{beside}psi Constant has no solution for this measure: {error}."
    best = f"{constant.primal_value:.9g}"
    return f"{beside}psi Constant has one too, because the measure is an occupancy measure: J* = {best}."


def summary_rows(found: Comparison) -> list[list[str]]:
    """The table of means over seeds, as text."""
    rows = []
    for (algorithm, architecture, size), measured in ranked_summary(found.rows):
        label = "exact" if size is None else str(size)
        rows.append(
            [algorithm.value, architecture.value, label, *(_with_interval(measured.get(name)) for name in _NAMES)]
        )
    return rows


def _with_interval(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    if interval.low == interval.high:
        return f"{interval.estimate:.3g}"
    return f"{interval.estimate:.3g} ({interval.low:.3g}, {interval.high:.3g})"


def _pictures(found: Comparison, report: Report) -> None:
    shown = _shown(found)
    if shown is not None:
        _solution_pictures(found, shown, report)
    report.heading("Training")
    largest = max((row.cell.demonstrations for row in found.rows), key=order)
    stars = {one: yardstick.optimum.primal_value for one, yardstick in found.yardsticks.items()}
    own = [row for row in found.rows if row.cell.demonstrations == largest]
    own = [row for row in own if row.cell.architecture is found.architecture]
    caption = (
        "Largest dataset, means over seeds. Solid lines: exact evaluation of the policy before an iteration. Dashed "
    )
    caption += (
        "line (psi_GA only): the discriminator's estimate on this iteration's batch. It is too low because the "
        "discriminator lags behind the policy. Sometimes it is too high, because batches are finite and all copies "
        "start at p0, so the first batches over-represent early states."
    )
    report.figure("curves", training_curves(own, stars), caption)
    _rates(found, report)
    if found.gap_parts:
        _dissection(found, report)


def _shown(found: Comparison) -> Row | None:
    """GAIL's first seed of the largest dataset."""
    own = [row for row in found.rows if row.cell.algorithm is Algorithm.GAIL]
    own = [row for row in own if row.cell.architecture is found.architecture]
    return max(own, key=lambda row: (order(row.cell.demonstrations), -row.cell.seed), default=None)


def _solution_pictures(found: Comparison, row: Row, report: Report) -> None:
    problem, optimum = found.problem, found.yardsticks[Algorithm.GAIL].optimum
    layout, policy = problem.layout, row.record.policy
    rho = occupancy_of(problem.mdp, policy)
    report.heading("GAIL's solution")
    if layout is not None:
        own = policy_of(problem.expert)
        maps = {"expert": problem.expert, "exact optimum": optimum.occupancy, "sampled": rho}
        policies = {"expert": own, "exact optimum": optimum.policy, "sampled": policy}
        where = f"demonstrations: {row.cell.size}, seed {row.cell.seed}"
        report.figure("maps", occupancy_maps(layout, maps, policies), f"State occupancies and policies; {where}.")
        report.figure("difference", difference_map(layout, rho, optimum.occupancy), f"Sampled minus exact; {where}.")
    if row.record.logits is not None and isinstance(problem.psi, Logistic):
        _discriminators(found, row, rho, report)
    if row.record.cost is not None and optimum.cost is not None:
        _costs(found, row.record.cost, optimum.cost, report)


def _discriminators(found: Comparison, row: Row, rho: Array, report: Report) -> None:
    problem = found.problem
    assert row.record.logits is not None
    learned, both = expit(row.record.logits), rho + problem.expert
    exact = np.divide(rho, both, out=np.full_like(rho, 0.5), where=both > 0.0)
    text = "D, the probability of the learner. Learned: sampled. Exact: rho_pi / (rho_pi + rho_E) at this learner."
    report.figure("discriminators", beside(learned, exact, both, "D", (0.0, 1.0)), f"{text} Area grows with visits.")
    if problem.layout is not None:
        seen = visited(both)
        report.figure("learned-discriminator", discriminator_map(problem.layout, learned, seen, "learned D"), text)
        report.figure("exact-discriminator", discriminator_map(problem.layout, exact, seen, "exact D"), text)


def _costs(found: Comparison, learned: Array, exact: Array, report: Report) -> None:
    problem, rho = found.problem, found.yardsticks[Algorithm.GAIL].optimum.occupancy
    shaped = nearest_by_shaping(problem.mdp, learned, exact, rho)
    left = distance_by_shaping(problem.mdp, learned, exact, rho)
    scale = cost_scale(shaped, exact, rho)
    text = (
        "The learned cost and the exact dual cost, up to potential shaping, which changes no optimal policy: the "
        "shaping Phi(s) - gamma E Phi(s') that brings the learned cost nearest to the dual cost was added to it (least "
        f"squares weighted by the exact optimum's visits). The remaining difference is {left:.3g} times the part of "
        "the dual cost that no shaping removes (root mean squares with the same weights). "
        f"The scale from {scale.low:.3g} to {scale.high:.3g} covers all exact costs of visited pairs, and the learned "
        f"costs at all but {CLIPPED:.0%} of the optimum's visits; the learned costs of {scale.clipped} rarely visited "
        "pairs lie outside and are drawn at its ends."
    )
    limits = (scale.low, scale.high)
    seen = visited(rho)
    report.figure("costs", beside(shaped[seen], exact[seen], rho[seen], "cost", limits), text)
    if problem.layout is not None:
        maps = {"learned cost, shaped": shaped, "exact dual cost": exact}
        report.figure("cost-maps", cost_maps(problem.layout, maps, seen, limits), text)


def _rates(found: Comparison, report: Report) -> None:
    errors: dict[str, dict[int, list[float]]] = {}
    for row in found.rows:
        size = row.cell.demonstrations
        if size is None or row.cell.architecture is not found.architecture:
            continue
        name = row.cell.algorithm.value
        reached = row.measures.variation_expert if name == "bc" else row.measures.variation_optimum
        errors.setdefault(name, {}).setdefault(size, []).append(reached)
        if row.record.matched is not None:
            matched = found.yardsticks[Algorithm.GAIL].measure(row.record.matched).variation_optimum
            errors.setdefault("exact against demonstrations", {}).setdefault(size, []).append(matched)
    if not errors or len({size for by_size in errors.values() for size in by_size}) < 2:
        return
    report.heading("Error and number of demonstrations")
    arrays = {name: {size: np.array(these) for size, these in by_size.items()} for name, by_size in errors.items()}
    colours = {one.value: colour for one, colour in COLOURS.items()} | {"exact against demonstrations": BOUND}
    caption = (
        "Total variation to the exact optimum with the algorithm's own psi; for bc (cloning), to the expert. Exact "
        "against demonstrations: GAIL's exact optimum for the same demonstrations. Means over seeds with 95 % "
        "intervals; slopes are fitted over all sizes. The sampling error of demonstrations falls with slope -1/2. A "
        "curve becomes flat where the error of the training is larger."
    )
    report.figure("errors", errors_by_size(arrays, colours), caption)


def _dissection(found: Comparison, report: Report) -> None:
    yardstick = found.yardsticks[Algorithm.GAIL]
    scale = yardstick.uniform - yardstick.optimum.primal_value
    report.heading("Parts of GAIL's gap")
    networks = len({one.seed for one in found.gap_parts if Part.APPROXIMATION in one.parts})
    whole = f"the {networks} seeds for which networks were trained too"
    seeds = whole if networks else "all seeds; no networks were trained"
    caption = (
        "Each part is the difference of J between two computed policies, so the parts sum to the gap. A part is "
        "negative if the later policy is nearer to the optimum. Finite demonstrations: from the exact optimum to the "
        "exact optimum against the demonstrations. Unfinished optimisation: from there to exact GAIL after as many "
        "iterations. Finite batches and lag: from there to sampled GAIL with tables, whose discriminator and critic "
        "take a few Adam steps per iteration and lag behind the policy; larger batches do not remove this lag. "
        "Function approximation: from there to sampled GAIL with networks. Bars and diamonds (their sum) are means "
        f"over {seeds}."
    )
    report.figure("parts", parts_of_the_gap(found.gap_parts, scale), caption)


def cell_row(found: Comparison, row: Row) -> dict[str, Any]:
    """A cell as a row of `cells.csv`."""
    cell, record = row.cell, row.record
    key = {"algorithm": cell.algorithm.value, "learner": cell.architecture.value, "demonstrations": cell.size}
    parts: dict[str, float | None] = {f"gap_{part.name.lower()}": None for part in Part}
    if cell.algorithm is Algorithm.GAIL and cell.architecture is Architecture.TABLE:
        for one in found.gap_parts:
            if (one.size, one.seed) == (cell.demonstrations, cell.seed):
                parts |= {f"gap_{part.name.lower()}": value for part, value in one.parts.items()}
    rest = {"left_out": record.left_out, "env_steps": record.env_steps, "seconds": round(record.seconds, 3)}
    return {**key, "seed": cell.seed, **asdict(row.measures), **parts, **rest}


def _curve_rows(row: Row) -> list[dict[str, Any]]:
    cell = row.cell
    key = {"algorithm": cell.algorithm.value, "learner": cell.architecture.value, "demonstrations": cell.size}
    return [{**key, "seed": cell.seed, **asdict(point)} for point in row.record.curve]


def _table(rows: Sequence[dict[str, Any]]) -> str:
    content = io.StringIO()
    writer = csv.DictWriter(content, list(rows[0]) if rows else ["algorithm"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()
