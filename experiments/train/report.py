"""The part of a report that shows a training: learning curve, diagnostics, shares of the time; or a clone's fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.evaluation import Evaluation
from gail.approx.policy_players.trust_region import StepOutcome
from gail.experiments.reports import figures
from gail.experiments.reports.page import Report
from gail.experiments.runs.config import RunConfig, unstructured
from gail.experiments.runs.learning_curves import biased_iterations
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.run import Run
from gail.experiments.train.pictures import CAPTION, cloning_errors, diagnostics


def report_training(report: Report, run: Run, evaluations: dict[str, Evaluation]) -> None:
    """Add a training's learning curve and diagnostics to a report."""
    rows = read_metrics(run.metrics)
    if not rows:
        report.paragraph("No iteration is on record in `metrics.csv`: there is no training to show.")
        return
    columns = {name: _column(rows, name) for name in rows[0] if name != "outcome"}
    names = {"expert": "expert", "behavioural cloning, same data": "cloning", "random policy": "random"}
    shown = {
        short: (evaluations[name].mean, evaluations[name].std) for name, short in names.items() if name in evaluations
    }
    columns["true_return"][biased_iterations(run.config, columns["iteration"])] = np.nan
    title = f"{run.config.name} on {run.config.task}, seed {run.config.seed}"
    report.figure(
        "learning-curve",
        figures.learning_curve(columns["env_steps"], columns["true_return"], shown, title),
        "True return of the episodes sampled while learning; bands are one standard deviation between episodes. Gaps "
        "follow checkpoints: the first episodes to end in new environments are the short ones, so they are left out.",
    )
    report.figure("diagnostics", diagnostics(columns["env_steps"], columns, _accepted(rows)), CAPTION)
    seconds = {part: columns[f"seconds_{part}"].sum() for part in ("sampling", "policy", "critic", "cost")}
    total = columns["seconds"].sum()
    steps = columns["env_steps"][-1]
    report.paragraph(
        f"{steps:,.0f} environment steps in {total:.0f} s: {steps / total:,.0f} steps/s end to end. "
        + ", ".join(f"{part} {value / total:.0%}" for part, value in seconds.items())
        + " (sampling is simulation and inference; cost is the discriminator)."
    )


def report_cloning(report: Report, run: Run, evaluations: dict[str, Evaluation]) -> None:
    """Add a clone's evaluation, the errors of its fit and its settings to a report."""
    report.heading("Evaluation")
    report.table(
        ("policy", "return", "length", "episodes"),
        [
            (name, f"{found.mean:,.1f} ± {found.std:,.1f}", f"{found.lengths.mean():.0f}", f"{len(found.returns)}")
            for name, found in evaluations.items()
        ],
    )
    report.heading("Fit")
    _report_fit(report, read_metrics(run.metrics))
    report.heading("Settings")
    report.table(("setting", "value"), _settings(run.config))


def _report_fit(report: Report, rows: list[dict[str, str]]) -> None:
    if not rows:
        report.paragraph("No epoch is on record in `metrics.csv`: there is no fit to show.")
        return
    epochs, training, validation = (_column(rows, name) for name in ("epoch", "training_error", "validation_error"))
    kept = epochs[validation == validation.min()][-1]
    report.figure(
        "cloning-errors",
        cloning_errors(epochs, training, validation, kept),
        "Error of the fit, the mean negative log-likelihood of the expert's actions, over epochs. Fitting stops when "
        "the error on held-out pairs has not fallen for long; the parameters of its least value are kept.",
    )


def _settings(config: RunConfig) -> list[tuple[str, str]]:
    """Every field of a config, by its path for `--set`."""
    return [(path, str(value)) for path, value in _leaves(unstructured(config), "")]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for name, part in value.items():
        yield from _leaves(part, f"{path}.{name}" if path else name)


def _accepted(rows: list[dict[str, str]]) -> NDArray[np.bool_]:
    return np.array([row["outcome"] == StepOutcome.ACCEPTED.name.lower() for row in rows])


def _column(rows: list[dict[str, str]], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) if row[name] != "" else np.nan for row in rows])
