"""What became of one statement on one instance: its verdict, and the claim that decides it.

A statement holds if all its claims do. If a solver fell short, the claims that rest on it say nothing: the statement is
neither shown nor refuted. If it raised, something is wrong with the program or beyond double precision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from gail.exact import BackendFailed, Certificate, LinearProgramFailed, NotOptimal, Status, Verification
from gail.exact.statements.certificates import Premise, SecondOpinion
from gail.experiments.verify.instances import Instance
from gail.experiments.verify.statement import Statement, Trial


class Verdict(Enum):
    """From the best to the worst, as tables write it."""

    SILENT = "silent"
    HOLDS = "holds"
    UNSOLVED = "UNSOLVED"
    FAILS = "FAILS"
    ERROR = "ERROR"


SEVERITY = tuple(Verdict)
"""From the best to the worst."""

_LONGEST_REASON = 240


@dataclass(frozen=True, eq=False)
class Finding:
    """One statement on one instance.

    Attributes:
        verification: all claims; none where the statement is silent, and a single one that fails where it raised.
        raised: what the check raised, if it did.
        reason: why the statement is silent, or what was raised, as one line.
    """

    statement: Statement
    instance: Instance
    verification: Verification
    raised: Exception | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """What may be said of the statement."""
        claims = self.verification.certificates
        if isinstance(self.raised, NotOptimal | BackendFailed | LinearProgramFailed):
            return Verdict.UNSOLVED
        if self.raised is not None:
            return Verdict.ERROR
        if not claims:
            return Verdict.SILENT
        if not all(claim.holds for claim in claims if isinstance(claim, Premise)):
            return Verdict.UNSOLVED
        return Verdict.HOLDS if self.verification.holds else Verdict.FAILS

    @property
    def place(self) -> str:
        """The name of the process that it was shown on."""
        return self.statement.own_instance or self.instance.name

    @property
    def own(self) -> tuple[Certificate, ...]:
        """The claims that rest on no general solver."""
        return tuple(claim for claim in self.verification.certificates if not isinstance(claim, SecondOpinion))

    @property
    def worst(self) -> Certificate | None:
        """The one of these that is nearest to failing, or fails worst."""
        return max(self.own, key=severity, default=None)

    @property
    def second_opinion(self) -> Certificate | None:
        """The worst claim of the general solver, where it was asked and had something to say."""
        asked = (claim for claim in self.verification.certificates if isinstance(claim, SecondOpinion))
        return max(asked, key=severity, default=None)

    @property
    def lacks_second_opinion(self) -> bool:
        """Whether the general solver was asked in vain: it failed, or is wrong by its own account."""
        if not self.statement.second_opinion or self.raised is not None or self.second_opinion is not None:
            return False
        conic = self.verification.solutions.get("conic")
        return conic is None or conic.status is Status.BACKEND_INACCURATE


def outcome(statement: Statement, trial: Trial, tolerance: float | None) -> Finding:
    """Check a statement; with a tolerance, every numerical claim is judged by it instead of by its own."""
    instance, nothing = trial.instance, Verification((), {})
    reason = statement.silent(instance)
    if reason is not None:
        return Finding(statement, instance, nothing, reason=reason)
    try:
        with np.errstate(all="ignore"):  # what overflows is NaN or infinite in a violation, and never holds
            found = statement.check(trial)
    except Exception as error:  # one statement's trouble must not cost the others, and is shown with theirs
        line = f"{type(error).__name__}: {' '.join(str(error).split())}"
        line = line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."
        claim = Certificate(f"{statement.title}: {line}", statement.own_instance or instance.name, np.nan, 0.0, {})
        return Finding(statement, instance, Verification((claim,), {}), error, line)
    if not found.certificates:
        return Finding(statement, instance, nothing, reason=statement.nothing)
    return Finding(statement, instance, _judged(found, tolerance))


def severity(claim: Certificate) -> float:
    """Violation in units of the tolerance; claims without a tolerance are worst as soon as they are violated."""
    if np.isnan(claim.violation):
        return np.inf
    if claim.tolerance > 0.0:
        return claim.violation / claim.tolerance
    return 0.0 if claim.holds else np.inf


def _judged(verification: Verification, tolerance: float | None) -> Verification:
    """By one tolerance instead of each claim's own; claims that have none are true or false."""
    if tolerance is None:
        return verification
    claims = tuple(
        replace(claim, tolerance=tolerance) if claim.tolerance > 0.0 else claim for claim in verification.certificates
    )
    return replace(verification, certificates=claims)
