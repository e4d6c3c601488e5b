"""The part of a report that shows a training: learning curve, diagnostics, where the time went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gail.approx.evaluation import Evaluation
from gail.approx.trust_region import StepOutcome
from gail.experiments import figures
from gail.experiments.learning_curves import young
from gail.experiments.report import Report
from gail.experiments.runs import Run, read_metrics
from gail.experiments.training_pictures import CAPTION, diagnostics


def report_training(report: Report, run: Run, evaluations: dict[str, Evaluation]) -> None:
    """Add a training's learning curve and diagnostics to a report."""
    rows = read_metrics(run.metrics)
    columns = {name: _column(rows, name) for name in rows[0] if name != "outcome"}
    names = {"expert": "expert", "behavioural cloning, same data": "cloning", "random policy": "random"}
    shown = {
        short: (evaluations[name].mean, evaluations[name].std) for name, short in names.items() if name in evaluations
    }
    columns["true_return"][young(run.config, columns["iteration"])] = np.nan
    title = f"{run.config.algorithm} on {run.config.task}, seed {run.config.seed}"
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


def _accepted(rows: list[dict[str, str]]) -> NDArray[np.bool_]:
    return np.array([row["outcome"] == StepOutcome.ACCEPTED.name.lower() for row in rows])


def _column(rows: list[dict[str, str]], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) if row[name] != "" else np.nan for row in rows])
