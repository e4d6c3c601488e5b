"""The worst of many trials of one claim, as one certificate with the numbers of that trial."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gail.exact.statements.certificates import Certificate, IndependentCheck, Verification


@dataclass(frozen=True)
class WorstCases:
    """Collects trials by claim; `subject` names what the claims are about, `instance` the instance."""

    subject: str
    instance: str
    worst: dict[str, Certificate] = field(default_factory=dict)

    def note(self, claim: str, violation: float, tolerance: float, **numbers: float) -> None:
        """One trial. NaN counts as worse than any number."""
        self._keep(claim, Certificate(f"{self.subject}: {claim}", self.instance, violation, tolerance, numbers))

    def equal(self, claim: str, left: float, right: float, unit: float, tolerance: float, **numbers: float) -> None:
        """One trial of left = right, relative to `unit`; equal infinities agree."""
        self.note(claim, _apart(left, right, unit), tolerance, left=left, right=right, **numbers)

    def independent_check(self, claim: str, left: float, right: float, unit: float, tolerance: float) -> None:
        """One trial of left = right, where one number is a general solver's; see `IndependentCheck`."""
        numbers, statement = {"left": left, "right": right}, f"{self.subject}: {claim}"
        self._keep(claim, IndependentCheck(statement, self.instance, _apart(left, right, unit), tolerance, numbers))

    def at_most(self, claim: str, smaller: float, larger: float, unit: float, tolerance: float) -> None:
        """One trial of smaller <= larger, relative to `unit`."""
        with np.errstate(invalid="ignore"):
            excess = 0.0 if smaller <= larger else (smaller - larger) / unit
        self.note(claim, excess, tolerance, smaller=smaller, larger=larger)

    def verification(self) -> Verification:
        """One certificate per claim, in the order of their first trials."""
        return Verification(tuple(self.worst.values()), {})

    def _keep(self, claim: str, trial: Certificate) -> None:
        known = self.worst.get(claim)
        if known is None or np.isnan(trial.violation) or trial.violation > known.violation:
            self.worst[claim] = trial


def _apart(left: float, right: float, unit: float) -> float:
    return 0.0 if left == right else abs(left - right) / unit
