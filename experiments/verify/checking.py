"""Check statements on instances. Print one table, and write one CSV file with every claim."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gail.approx.atomic_files import write_text
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.page import Report
from gail.experiments.verify.instances import Instance
from gail.experiments.verify.notes import claimed, inapplicable_notes, notes, numbers_behind
from gail.experiments.verify.statement import Statement, Trial
from gail.experiments.verify.verdicts import SEVERITY, Finding, Verdict, outcome, severity

HEADER = (
    "no.",
    "statement",
    "--statement",
    "instance",
    "claims",
    "worst violation",
    "tolerance",
    "conic",
    "verdict",
)

ONE_SIDED, MISSING = "one-sided", "not converged"
"""What the column `conic` says where there is no violation to show."""

_WIDE = 140  # columns from which the table has room for the statements' titles
_COLOURS = {"holds": "green", "not applicable": "dim", "no independent check": "dim", "UNSOLVED": "bold yellow"}


def check_statements(
    chosen: Sequence[Statement],
    instances: Sequence[Instance],
    entropy_weight: float,
    seed: int,
    tolerance: float | None,
    console: Console,
) -> list[Finding]:
    """Check statements on instances; returns one finding per pair of statement and instance.

    Every check starts from the same seed, so its random points do not depend on the other checks. A statement with an
    instance of its own is checked once. `tolerance`, if given, replaces the tolerance of every numerical claim.

    Raises:
        InvalidRequest: no statement applies to any instance.
    """
    work = [(s, i) for n, i in enumerate(instances) for s in chosen if n == 0 or s.own_instance is None]
    findings = []
    with console.status("") as status:
        for number, (statement, instance) in enumerate(work, start=1):
            status.update(f"{number} of {len(work)}: {statement.title} on {escape(instance.name)}")
            trial = Trial(instance, entropy_weight, np.random.default_rng(seed))
            findings.append(outcome(statement, trial, tolerance))
    if all(finding.verdict is Verdict.NOT_APPLICABLE for finding in findings):
        raise InvalidRequest(f"nothing was checked: {'; '.join(inapplicable_notes(findings))}")
    return findings


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print one row per statement, for the instance with its worst result, and the notes below the table."""
    wide = console.width >= _WIDE
    headers = "statement", *(["title"] if wide else []), "worst on", "violation", "tolerance", "conic", "verdict"
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for header in headers:
        table.add_column(header, no_wrap=True, overflow="ellipsis", max_width=12 if header == "worst on" else None)
    for statement in dict.fromkeys(finding.statement for finding in findings):
        same = [finding for finding in findings if finding.statement is statement]
        worst = max(same, key=_rank)
        colour = _COLOURS.get(worst.verdict.value, "bold red")
        verdict = f"[{colour}]{worst.verdict.value}[/{colour}]"
        title = [statement.title] if wide else []
        table.add_row(statement.name, *title, escape(worst.place), *_numbers(worst, _opinions(same)), verdict)
    opinions = opinions_in_words(findings)
    if opinions is not None:
        console.print(opinions, style="dim", highlight=False, soft_wrap=True)
    console.print(table)
    for remark in notes(findings):
        colour = _COLOURS.get(remark.mark, "bold red")
        console.print(f"[{colour}]{remark.mark}[/{colour}] {escape(remark.text)}", soft_wrap=True, highlight=False)


def report_findings(findings: Sequence[Finding], report: Report) -> None:
    """Add one row per statement and instance to a report, and the notes."""
    report.heading("All statements")
    report.paragraph(
        "Each statement is checked by several claims; `claims.csv`, beside this file, lists them all. A row shows the "
        "claim with the largest violation in units of its tolerance. A violation is relative to the numbers compared; "
        "claims with tolerance 0 are true or false. The column `conic` shows the worst violation of a general conic "
        "solver on the same problem; that solver is less accurate. Where it did not converge, the column says so, or "
        "that the check was one-sided: the solver found nothing better. Verdicts: holds - every claim is within its "
        "tolerance; FAILS - some claim is not; UNSOLVED - a solver did not reach the optimum, so the statement is "
        "neither confirmed nor refuted; ERROR - the check raised an exception; not applicable - the statement does "
        "not apply to the instance."
    )
    opinions = opinions_in_words(findings)
    if opinions is not None:
        report.paragraph(opinions)
    report.table(HEADER, [_row(finding) for finding in findings])
    for remark in notes(findings):
        report.paragraph(f"{remark.mark}: {remark.text}")


def write_claims(findings: Sequence[Finding], path: Path) -> None:
    """Write a CSV file with one line per claim."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("number", "name", "instance", "verdict", "claim", "violation", "tolerance", "holds", "numbers"))
    for finding in findings:
        statement, verdict = finding.statement, finding.verdict.value
        for claim in finding.verification.certificates:
            judged = f"{claim.violation:.3e}", f"{claim.tolerance:.0e}", claim.holds, numbers_behind(claim, 17)
            writer.writerow((statement.number, statement.name, finding.place, verdict, claimed(claim), *judged))
    write_text(path, text.getvalue())


def _row(finding: Finding) -> tuple[str, ...]:
    statement, claims = finding.statement, str(len(finding.verification.certificates))
    numbers = _numbers(finding, _opinions([finding]))
    return (
        str(statement.number),
        statement.title,
        statement.name,
        finding.place,
        claims,
        *numbers,
        finding.verdict.value,
    )


def _rank(finding: Finding) -> tuple[int, float]:
    worst = finding.worst
    return SEVERITY.index(finding.verdict), severity(worst) if worst is not None else -1.0


def _numbers(finding: Finding, conic: str) -> tuple[str, str, str]:
    """Violation and tolerance of the worst claim, and the conic solver's violation."""
    worst = finding.worst
    if worst is None or finding.raised is not None:
        return "", "", ""
    return f"{worst.violation:.1e}", f"{worst.tolerance:.0e}", conic


def _opinions(findings: Sequence[Finding]) -> str:
    """The conic solver's worst violation for one statement, or why there is none; "" if it was not called.

    A check that only looked for a contradiction, and found none, has no number: 0 would look like agreement.
    """
    asked = [claim for finding in findings for claim in finding.second_opinions]
    compared = [claim for claim in asked if not claim.one_sided or not claim.holds]
    if compared:
        return f"{max(compared, key=severity).violation:.0e}"
    if asked:
        return ONE_SIDED
    return MISSING if any(finding.lacks_independent_check for finding in findings) else ""


def opinions_in_words(findings: Sequence[Finding]) -> str | None:
    """How many second opinions agree on both sides; None if the conic solver was not called."""
    asked = [claim for finding in findings for claim in finding.second_opinions]
    one_sided = sum(claim.one_sided for claim in asked)
    missing = sum(finding.lacks_independent_check for finding in findings)
    if not asked and not missing:
        return None
    why = " (the solver did not converge, and found nothing better)" if one_sided else ""
    return (
        f"Second opinions of a general conic solver: {len(asked) - one_sided} two-sided, {one_sided} {ONE_SIDED}{why}, "
        f"{missing} {MISSING}."
    )
