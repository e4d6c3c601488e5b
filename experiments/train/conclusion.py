"""After a training: evaluation, controls, result and report."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from gail.approx.policies.policy import Policy
from gail.experiments.reports.page import Report
from gail.experiments.runs.config import Cloning, Imitation
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import demonstrated_return
from gail.experiments.train.clone_beside import clone_beside
from gail.experiments.train.controls import EPISODES, compare_with_controls, run_controls
from gail.experiments.train.evaluation import evaluate_beside, evaluation_table, summary
from gail.experiments.train.report import report_cloning, report_training
from gail.experiments.train.symptoms import symptoms

FAILED = 1
"""Exit status of a run that does not beat its controls by the margin."""


def finish(run: Run, policy: Policy, console: Console) -> int:
    """Evaluate a finished run, write its result and report, and return the command's exit status."""
    config = run.config
    name = config.learner.title
    found = evaluate_beside(
        policy, config.task, EPISODES, 0, clone=clone_beside(run), demonstrated=demonstrated_return(config)
    )
    evaluations = {name: found.mean_actions, "random policy": found.random_play}
    if found.clone is not None:
        evaluations[Cloning.title] = found.clone
    result: dict[str, Any] = {kind: summary(one) for kind, one in evaluations.items()}
    result |= {} if found.demonstrated is None else {"demonstrations": {"mean": found.demonstrated}}
    run.write_result(result)
    console.print(evaluation_table(found, config.task, 0))
    rows = [] if isinstance(config.learner, Cloning) else read_metrics(run.metrics)
    warnings = symptoms(rows, found)
    for sentence in warnings:
        console.print(f"[bold red]Warning:[/bold red] {sentence}", soft_wrap=True, highlight=False)
    status = 0
    report = Report(f"{config.name} on {config.task}", f"Seed {config.seed}.")
    if warnings:
        report.heading("Warnings")
    for sentence in warnings:
        report.paragraph(sentence)
    if isinstance(config.learner, Cloning):
        report_cloning(report, run, evaluations)
    else:
        report_training(report, run, evaluations)
    report.write(run.folder / "report.html")
    if isinstance(config.learner, Imitation) and config.learner.controls is not None:
        if not run_controls(run, console):
            return INTERRUPTED
        verdict = compare_with_controls(run, policy)
        console.print(verdict.sentence, soft_wrap=True, highlight=False)
        report.heading("Controls")
        report.paragraph(verdict.sentence)
        report.write(run.folder / "report.html")
        status = 0 if verdict.passed else FAILED
    console.print(f"Everything is in [bold]{run.folder.resolve()}[/bold]", soft_wrap=True, highlight=False)
    return status
