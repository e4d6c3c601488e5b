"""After a training: evaluation, controls, result and report."""

from __future__ import annotations

from rich.console import Console

from gail.approx.policies.policy import Policy
from gail.experiments.reports.page import Report
from gail.experiments.runs.config import Cloning, Imitation
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.run import Run
from gail.experiments.train.controls import EPISODES, compare_with_controls, run_controls
from gail.experiments.train.evaluation import evaluate_policy, evaluate_random, evaluation_table, summary
from gail.experiments.train.report import report_cloning, report_training

FAILED = 1
"""Exit status of a run that does not beat its controls by the margin."""


def finish(run: Run, policy: Policy, console: Console) -> int:
    """Evaluate a finished run, write its result and report, and return the command's exit status."""
    config = run.config
    name = config.learner.title
    evaluations = {
        name: evaluate_policy(policy, config.task, EPISODES, 0, stochastic_actions=False),
        "random policy": evaluate_random(config.task, EPISODES, 0),
    }
    run.write_result({name: summary(found) for name, found in evaluations.items()})
    console.print(evaluation_table(policy, config.task, EPISODES, 0))
    status = 0
    report = Report(f"{config.name} on {config.task}", f"Seed {config.seed}.")
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
