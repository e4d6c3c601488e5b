"""What checking statements on instances found: one table for people, one file with every claim."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from gail.approx.atomic_files import write_text
from gail.exact import Certificate, Verification
from gail.experiments.instances import Instance
from gail.experiments.report import Report
from gail.experiments.statements import Statement, Trial

HEADER = ("statement", "instance", "claims", "worst violation", "its tolerance", "verdict")

_NUMBERS = ("worst on", "violation", "tolerance", "verdict")
_WIDE = 130  # columns of a terminal that has room for what each statement says


@dataclass(frozen=True, eq=False)
class Finding:
    """One statement on one instance."""

    statement: Statement
    instance: Instance
    verification: Verification

    @property
    def worst(self) -> Certificate:
        """The claim that is nearest to failing, or fails worst."""
        return max(self.verification.certificates, key=_severity)


def check_statements(
    chosen: Sequence[Statement],
    instances: Sequence[Instance],
    entropy_weight: float,
    seed: int,
    tolerance: float | None,
    console: Console,
) -> list[Finding]:
    """Check statements on instances; each has its own random points, whatever else is checked.

    A statement with an instance of its own is checked once. With a tolerance, every numerical claim is judged by it.
    """
    work = [(s, i) for n, i in enumerate(instances) for s in chosen if n == 0 or not s.own_instance]
    findings = []
    with console.status("") as status:
        for number, (statement, instance) in enumerate(work, start=1):
            status.update(f"{number} of {len(work)}: {statement.title} on {instance.name}")
            reason = statement.silent(instance)
            if reason is not None:
                console.print(f"{statement.name} says nothing about {instance.name}: {reason}.", soft_wrap=True)
                continue
            found = statement.check(Trial(instance, entropy_weight, np.random.default_rng(seed)))
            if found.certificates:
                findings.append(Finding(statement, instance, _judged(found, tolerance)))
    return findings


def _judged(verification: Verification, tolerance: float | None) -> Verification:
    """By one tolerance instead of each claim's own; claims that have none are true or false."""
    if tolerance is None:
        return verification
    claims = tuple(
        replace(claim, tolerance=tolerance) if claim.tolerance > 0.0 else claim for claim in verification.certificates
    )
    return replace(verification, certificates=claims)


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """One row per statement, at the instance where it is worst; claims that fail are listed in full."""
    wide = console.width >= _WIDE
    table = Table("statement", *(["what it says"] if wide else []), *_NUMBERS, title="Statements")
    for statement in dict.fromkeys(finding.statement for finding in findings):
        same = [finding for finding in findings if finding.statement is statement]
        worst = max(same, key=lambda finding: _severity(finding.worst)).worst
        verdict = "holds" if all(finding.verification.holds for finding in same) else "FAILS"
        colour = "green" if verdict == "holds" else "bold red"
        numbers = f"{worst.violation:.1e}", f"{worst.tolerance:.0e}", f"[{colour}]{verdict}[/{colour}]"
        table.add_row(statement.name, *([statement.title] if wide else []), worst.instance, *numbers)
    console.print(table)
    for finding in findings:
        for claim in finding.verification.certificates:
            if not claim.holds:
                console.print(
                    f"[bold red]FAILS[/bold red] on {claim.instance}: {claim.statement}: violation "
                    f"{claim.violation:.3g}, tolerance {claim.tolerance:.1g} ({_numbers(claim, 3)})",
                    soft_wrap=True,
                )


def report_findings(findings: Sequence[Finding], report: Report) -> None:
    """Every statement on every instance."""
    report.heading("Every statement")
    report.paragraph(
        "Each statement is several claims; the row shows the one nearest to failing. A violation is relative to the "
        "numbers compared; claims with tolerance 0 are true or false. Every claim stands in `claims.csv`, beside this "
        "file."
    )
    report.table(HEADER, [_row(finding) for finding in findings])


def write_claims(findings: Sequence[Finding], path: Path) -> None:
    """One line per claim."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "instance", "claim", "violation", "tolerance", "holds", "numbers"))
    for finding in findings:
        for claim in finding.verification.certificates:
            numbers = _numbers(claim, 17)
            judged = f"{claim.violation:.3e}", f"{claim.tolerance:.0e}", claim.holds
            writer.writerow((finding.statement.name, claim.instance, claim.statement, *judged, numbers))
    write_text(path, text.getvalue())


def _numbers(claim: Certificate, digits: int) -> str:
    """What the violation was computed from."""
    return "; ".join(f"{name} {value:.{digits}g}" for name, value in claim.numbers.items())


def _row(finding: Finding) -> tuple[str, ...]:
    worst = finding.worst
    verdict = "holds" if finding.verification.holds else "FAILS"
    claims = str(len(finding.verification.certificates))
    title = finding.statement.title
    return (title, worst.instance, claims, f"{worst.violation:.1e}", f"{worst.tolerance:.0e}", verdict)


def _severity(claim: Certificate) -> float:
    """Violation in units of the tolerance; claims without a tolerance are worst as soon as they are violated."""
    if np.isnan(claim.violation):
        return np.inf
    if claim.tolerance > 0.0:
        return claim.violation / claim.tolerance
    return 0.0 if claim.holds else np.inf
