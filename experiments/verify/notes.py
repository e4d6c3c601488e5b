"""The notes below a table of findings: failed claims, statements that do not apply, failures of the conic solver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gail.exact import Certificate
from gail.exact.statements.certificates import Premise
from gail.experiments.verify.verdicts import Finding, Verdict

Key = TypeVar("Key")


@dataclass(frozen=True)
class Note:
    """One remark, printed as one line."""

    mark: str
    """The kind of note: a verdict, or "no independent check"."""
    text: str
    """Statement and instance, by their command-line names, and the reason."""


def notes(findings: Sequence[Finding]) -> list[Note]:
    """All notes: failed claims, then statements that do not apply, then failures of the conic solver."""
    complaints = [line for finding in findings for line in _complaints(finding)]
    inapplicable_ones = [Note(Verdict.NOT_APPLICABLE.value, line) for line in inapplicable_notes(findings)]
    lacking = _grouped((one.statement.name, one.place) for one in findings if one.lacks_independent_check)
    if not lacking:
        return complaints + inapplicable_ones
    listed = "; ".join(f"{name} on {places}" for name, places in lacking.items())
    reason = "the general conic solver failed or was inaccurate"
    return [*complaints, *inapplicable_ones, Note("no independent check", f"for {listed}: {reason}")]


def inapplicable_notes(findings: Sequence[Finding]) -> list[str]:
    """One line per statement that does not apply: its name, the instances, the reason."""
    inapplicable = [finding for finding in findings if finding.verdict is Verdict.NOT_APPLICABLE]
    grouped = _grouped(((one.statement.name, one.reason), one.place) for one in inapplicable)
    return [f"{name} on {places}: {reason}" for (name, reason), places in grouped.items()]


def claimed(claim: Certificate) -> str:
    """The text of a claim without the title of its statement."""
    return claim.statement.partition(": ")[2] or claim.statement


def numbers_behind(claim: Certificate, digits: int) -> str:
    """The numbers from which the violation was computed, as text with so many significant digits."""
    return "; ".join(f"{name} {value:.{digits}g}" for name, value in claim.numbers.items())


def _complaints(finding: Finding) -> list[Note]:
    verdict, where = finding.verdict, f"{finding.statement.name} on {finding.place}"
    if finding.raised is not None:
        return [Note(verdict.value, f"{where}: {finding.reason}")]
    failed = (claim for claim in finding.verification.certificates if not claim.holds)
    return [Note(verdict.value, f"{where}: {_complaint(claim, verdict)}") for claim in failed]


def _complaint(claim: Certificate, verdict: Verdict) -> str:
    numbers = numbers_behind(claim, 3)
    violated = f"{claimed(claim)}: violation {claim.violation:.3g}, tolerance {claim.tolerance:.1g}"
    violated += f" ({numbers})" if numbers else ""
    if isinstance(claim, Premise):
        return f"{violated}; the solver did not reach the optimum, so the statement is not refuted"
    return f"{violated}; the claim depends on an unsolved problem" if verdict is Verdict.UNSOLVED else violated


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, str]:
    """Group the pairs by their first member; the second members are joined by commas."""
    groups: dict[Key, list[str]] = {}
    for first, second in pairs:
        groups.setdefault(first, []).append(second)
    return {first: ", ".join(seconds) for first, seconds in groups.items()}
