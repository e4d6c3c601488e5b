"""The report of a comparison, and its tables: `cells.csv`, a row per cell, and `curves.csv`, a row per evaluation."""

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
from gail.exact import Unmatchable, match_empirical, occupancy_of, policy_of
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
    """Write `report.html`, its pictures and both tables into a folder; give the report's path."""
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
    report.heading("Sampled solutions, judged exactly")
    report.paragraph(
        "Mean over seeds (95 % bootstrap interval, of several seeds). The excess is J - J*, J of the algorithm's own "
        "psi against the true expert; its share is of what the uniform policy has. Divergences in nats, variations at "
        "most 1, returns discounted. Cloning is judged by the chosen psi."
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
        report.table(["algorithm", "agrees?", "because"], rows)
    for cell, reason in found.failures.items():
        report.paragraph(f"`{cell.name}` could not be trained: {reason}")
    settings = found.preset.of(found.architecture)
    honoured = "by restarts with probability 1 - gamma" if settings.restarts else "NOT AT ALL: visits are undiscounted"
    left_out = max((row.record.left_out for row in found.rows), default=0.0)
    report.paragraph(
        f"Settings: {_rounds(settings)}, the discount honoured {honoured}. "
        f"Demonstrations weigh gamma^t per step; by being cut they lack at most {left_out:.1e} of the discounted mass."
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
            f"The expert is known from {count} recorded episodes: J* is against the measure of all of them."
        )
        report.paragraph(_constant_beside(found))


def _constant_beside(found: Comparison) -> str:
    """What psi Constant, which demands the expert's occupancy itself, makes of recordings, beside the chosen psi."""
    problem = found.problem
    chosen = found.yardsticks.get(Algorithm.GAIL) or found.yardsticks.get(Algorithm.BC)
    beside = ""
    if chosen is not None:
        optimum, psi = chosen.optimum, type(problem.psi).__name__
        beside = f"psi {psi} is well defined there: J* = {optimum.primal_value:.9g}, certified up to a relative gap of "
        beside += f"{optimum.relative_gap:.1e}. "
    try:
        constant = match_empirical(problem.mdp, problem.expert, Constant(), problem.entropy_weight)
    except Unmatchable as error:
        return f"{beside}psi Constant has no answer to that measure: {error}."
    best = f"{constant.primal_value:.9g}"
    return f"{beside}psi Constant has an answer as well, since the measure is an occupancy: J* = {best}."


def summary_rows(found: Comparison) -> list[list[str]]:
    """The table of means, as text."""
    rows = []
    for (algorithm, architecture, size), measured in ranked_summary(found.rows):
        label = "exact" if size is None else str(size)
        rows.append([algorithm.value, architecture.value, label, *(_told(measured.get(name)) for name in _NAMES)])
    return rows


def _told(interval: Interval | None) -> str:
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
        "Largest dataset, mean over seeds, before the iteration under way, by exact evaluation. The estimate is the "
    )
    caption += (
        "discriminator's, on the fresh batch: too low by what it lags behind, and at times too high, since batches are "
        "finite and copies begin at p0, so that the first batches over-weight the beginning."
    )
    report.figure("curves", training_curves(own, stars), caption)
    _rates(found, report)
    if found.dissections:
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
        where = f"{row.cell.size} demonstrations, seed {row.cell.seed}"
        report.figure("maps", occupancy_maps(layout, maps, policies), f"Visits and policies; {where}.")
        report.figure("difference", difference_map(layout, rho, optimum.occupancy), f"Their difference; {where}.")
    if row.record.logits is not None and isinstance(problem.psi, Logistic):
        _discriminators(found, row, rho, report)
    if row.record.cost is not None and optimum.cost is not None:
        _costs(found, row.record.cost, optimum.cost, report)


def _discriminators(found: Comparison, row: Row, rho: Array, report: Report) -> None:
    problem = found.problem
    assert row.record.logits is not None
    learned, both = expit(row.record.logits), rho + problem.expert
    exact = np.divide(rho, both, out=np.full_like(rho, 0.5), where=both > 0.0)
    text = "D, the probability of the learner: what was learned, and rho_pi / (rho_pi + rho_E) of this learner."
    report.figure("discriminators", beside(learned, exact, both, "D", (0.0, 1.0)), f"{text} Areas are visits.")
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
        "The learned cost beside the exact dual cost. Potential shaping, which changes no policy, was projected out: "
        "to the learned cost the Phi(s) - gamma E Phi(s') was added that brings it nearest, in least squares weighted "
        f"by the exact optimum's visits. What remains is {left:.3g} times what no potential explains of the dual cost. "
        f"The scale runs from {scale.low:.3g} to {scale.high:.3g}: all exact costs of visited pairs, and the learned "
        f"ones at all but {CLIPPED:.0%} of the optimum's visits; the learned costs of {scale.clipped} rarely visited "
        "pairs lie beyond, and are drawn at its ends."
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
        "Total variation to the exact optimum of the algorithm's own psi; of cloning, to the expert. Mean over seeds "
        "with its 95 % interval; slopes fitted over all sizes. Sampling error of demonstrations falls with slope -1/2; "
        "a sampled solution levels off where its own error is larger."
    )
    report.figure("errors", errors_by_size(arrays, colours), caption)


def _dissection(found: Comparison, report: Report) -> None:
    yardstick = found.yardsticks[Algorithm.GAIL]
    scale = yardstick.uniform - yardstick.optimum.primal_value
    report.heading("What GAIL's gap is made of")
    networks = len({one.seed for one in found.dissections if Part.APPROXIMATION in one.parts})
    whole = f"those seeds for which networks were trained, too ({networks})"
    seeds = whole if networks else "all seeds; no networks were trained"
    caption = (
        "Each part is the difference of J between two policies that were solved for or trained, so that they add up; "
        "negative parts are no mistake: a later stage happened to land nearer. Finite demonstrations: the exact "
        "optimum against them. Unfinished optimisation: exact GAIL, as many iterations. Finite batches, lagging "
        "players: sampled GAIL, tables; its discriminator and critic take a few Adam steps per iteration, and what "
        "they lag behind the policy no batch removes. Function approximation: networks instead. Bars, and their sum, "
        f"are means over {seeds}."
    )
    report.figure("parts", parts_of_the_gap(found.dissections, scale), caption)


def cell_row(found: Comparison, row: Row) -> dict[str, Any]:
    """A cell as a row of `cells.csv`."""
    cell, record = row.cell, row.record
    key = {"algorithm": cell.algorithm.value, "learner": cell.architecture.value, "demonstrations": cell.size}
    parts: dict[str, float | None] = {f"gap_{part.name.lower()}": None for part in Part}
    if cell.algorithm is Algorithm.GAIL and cell.architecture is Architecture.TABLE:
        for one in found.dissections:
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
