"""The report of `gail verify`: all statements, the values of both routes, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.page import Report
from gail.experiments.verify.both_routes import Theory, report_routes
from gail.experiments.verify.checking import report_findings, write_claims
from gail.experiments.verify.instances import Instance
from gail.experiments.verify.pictures.by_statement import ILLUSTRATIONS, StatementPicture
from gail.experiments.verify.psi_choices import MakePsi
from gail.experiments.verify.psi_statements import proposition_name
from gail.experiments.verify.statement import Trial
from gail.experiments.verify.verdicts import Finding, Verdict


def theories(
    findings: Sequence[Finding], instances: Sequence[Instance], entropy_weight: float, choices: dict[str, MakePsi]
) -> list[Theory]:
    """The results for Proposition 3.2 and Corollary 3.2.1, one `Theory` per instance."""
    collected = []
    for instance in instances:
        here = {one.statement.name: one.verification for one in findings if one.instance is instance and _judged(one)}
        propositions = {name: here[proposition_name(name)] for name in choices if proposition_name(name) in here}
        if propositions:
            collected.append(Theory(instance, entropy_weight, propositions, here.get("cor-3.2.1")))
    return collected


def check_report_folder(folder: Path) -> None:
    """Check that a report can be written into a folder; call it before long computations.

    Raises:
        InvalidRequest: the folder or one of its parents is a file.
    """
    for part in (folder, *folder.parents):
        if part.exists() and not part.is_dir():
            raise InvalidRequest(f"--out {folder}: {part} is a file; the report needs a folder")


def write_report(findings: Sequence[Finding], collected: Sequence[Theory], entropy_weight: float, folder: Path) -> Path:
    """Write `report.html`, `pictures` and `claims.csv` into a folder; returns the report's path."""
    report = Report("gail verify", "Statements of Ho & Ermon (2016) and of related papers, checked numerically.")
    report_findings(findings, report)
    for theory in collected:
        report_routes(theory, report)
    for heading, expected_failure in (("Pictures of statements", False), ("Expected failures", True)):
        due = [
            (one, shown)
            for one in ILLUSTRATIONS
            if one.expected_failure is expected_failure and (shown := _shown(one, findings))
        ]
        if due:
            report.heading(heading)
        for one, shown in due:
            _illustrate(one, shown, entropy_weight, report)
    path = folder / "report.html"
    write_claims(findings, folder / "claims.csv")
    report.write(path)
    return path


def _illustrate(one: StatementPicture, instances: Sequence[Instance], entropy_weight: float, report: Report) -> None:
    trials = [Trial(instance, entropy_weight, np.random.default_rng(0)) for instance in instances]
    where = f" Instance: {instances[0].name}." if one.first_only else ""
    where += " --mdp chooses another." if one.first_only and len(instances) > 1 else ""
    try:
        with np.errstate(all="ignore"):
            report.figure(one.name, one.draw(trials), one.caption + where)
    except Exception as error:  # the report is written even if one picture cannot be drawn
        report.paragraph(f"The picture `{one.name}` could not be drawn: {type(error).__name__}: {error}")


def _shown(one: StatementPicture, findings: Sequence[Finding]) -> list[Instance]:
    """The instances on which one of the illustration's statements was checked."""
    checked = (finding.instance for finding in findings if finding.statement.name in one.shows and _judged(finding))
    return list({id(instance): instance for instance in checked}.values())


def _judged(finding: Finding) -> bool:
    return finding.raised is None and finding.verdict is not Verdict.NOT_APPLICABLE
