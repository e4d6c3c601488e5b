"""The verdict of one statement on one instance, and the claim that decides it.

| verdict  | meaning                                                                                              |
|----------|------------------------------------------------------------------------------------------------------|
| holds    | every claim is within its tolerance                                                                  |
| FAILS    | some claim is not within its tolerance                                                               |
| UNSOLVED | a solver did not reach the optimum: the statement is neither confirmed nor refuted                   |
| ERROR    | the check raised another exception: the program is wrong, or double precision does not suffice       |
| not applicable | the statement does not apply to the instance |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from gail.exact import BackendFailed, Certificate, LinearProgramFailed, NotOptimal, Status, Verification
from gail.exact.statements.certificates import IndependentCheck, Premise
from gail.experiments.verify.instances import Instance
from gail.experiments.verify.statement import Statement, Trial


class Verdict(Enum):
    """A verdict; the value is its text in tables. The order is from best to worst."""

    NOT_APPLICABLE = "not applicable"
    HOLDS = "holds"
    UNSOLVED = "UNSOLVED"
    FAILS = "FAILS"
    ERROR = "ERROR"


SEVERITY = tuple(Verdict)
"""All verdicts, from best to worst."""

_LONGEST_REASON = 240


@dataclass(frozen=True, eq=False)
class Finding:
    """The result of checking one statement on one instance.

    Attributes:
        verification: all claims; no claims if the statement does not apply, one failed claim if the check raised.
        raised: the exception of the check, if it raised one.
        reason: one line: why the statement does not apply, or the exception.
    """

    statement: Statement
    instance: Instance
    verification: Verification
    raised: Exception | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict, by the table at the top of this module."""
        claims = self.verification.certificates
        if isinstance(self.raised, NotOptimal | BackendFailed | LinearProgramFailed):
            return Verdict.UNSOLVED
        if self.raised is not None:
            return Verdict.ERROR
        if not claims:
            return Verdict.NOT_APPLICABLE
        if not all(claim.holds for claim in claims if isinstance(claim, Premise)):
            return Verdict.UNSOLVED
        return Verdict.HOLDS if self.verification.holds else Verdict.FAILS

    @property
    def place(self) -> str:
        """Name of the process on which the check ran."""
        return self.statement.own_instance or self.instance.name

    @property
    def own(self) -> tuple[Certificate, ...]:
        """The claims that do not use the general conic solver."""
        return tuple(claim for claim in self.verification.certificates if not isinstance(claim, IndependentCheck))

    @property
    def worst(self) -> Certificate | None:
        """The claim of `own` with the largest violation in units of its tolerance; None if there are no claims."""
        return max(self.own, key=severity, default=None)

    @property
    def independent_check(self) -> Certificate | None:
        """The worst claim that uses the general conic solver; None if there is no such claim."""
        return max(self.second_opinions, key=severity, default=None)

    @property
    def second_opinions(self) -> tuple[IndependentCheck, ...]:
        """The claims that use the general conic solver."""
        return tuple(claim for claim in self.verification.certificates if isinstance(claim, IndependentCheck))

    @property
    def lacks_independent_check(self) -> bool:
        """Whether the general conic solver was called but failed, or reported an inaccurate solution."""
        if not self.statement.independent_check or self.raised is not None or self.independent_check is not None:
            return False
        conic = self.verification.solutions.get("conic")
        return conic is None or conic.status is Status.BACKEND_INACCURATE


def outcome(statement: Statement, trial: Trial, tolerance: float | None) -> Finding:
    """Check a statement. `tolerance`, if given, replaces the tolerance of every numerical claim."""
    instance, nothing = trial.instance, Verification((), {})
    reason = statement.inapplicable(instance)
    if reason is not None:
        return Finding(statement, instance, nothing, reason=reason)
    try:
        with np.errstate(all="ignore"):  # an overflow makes a violation NaN or infinite, and such a claim never holds
            found = statement.check(trial)
    except Exception as error:  # the other statements are still checked; this error is shown with their results
        line = f"{type(error).__name__}: {' '.join(str(error).split())}"
        line = line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."
        claim = Certificate(f"{statement.title}: {line}", statement.own_instance or instance.name, np.nan, 0.0, {})
        return Finding(statement, instance, Verification((claim,), {}), error, line)
    if not found.certificates:
        return Finding(statement, instance, nothing, reason=statement.nothing)
    return Finding(statement, instance, _judged(found, tolerance))


def severity(claim: Certificate) -> float:
    """Violation in units of the tolerance. For tolerance 0: 0 if the claim holds, else infinity. NaN is infinity."""
    if np.isnan(claim.violation):
        return np.inf
    if claim.tolerance > 0.0:
        return claim.violation / claim.tolerance
    return 0.0 if claim.holds else np.inf


def _judged(verification: Verification, tolerance: float | None) -> Verification:
    """The verification with this tolerance for every claim; claims with tolerance 0 are true or false and keep it."""
    if tolerance is None:
        return verification
    claims = tuple(
        replace(claim, tolerance=tolerance) if claim.tolerance > 0.0 else claim for claim in verification.certificates
    )
    return replace(verification, certificates=claims)
