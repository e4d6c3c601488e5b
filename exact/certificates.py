"""Verdicts on statements: one inequality or identity each, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gail.exact.solution import Solution


@dataclass(frozen=True)
class Certificate:
    """One verdict on one instance.

    Attributes:
        statement: what is claimed, by the number it has in the theory.
        instance: the caller's name of the instance.
        violation: the worst violation found, nonnegative; NaN when it could not be evaluated.
        tolerance: the violation that rounding excuses.
        numbers: what the violation was computed from, signed, by name.
    """

    statement: str
    instance: str
    violation: float
    tolerance: float
    numbers: Mapping[str, float]

    @property
    def holds(self) -> bool:
        """Whether the violation is within tolerance; never for NaN."""
        return self.violation <= self.tolerance


@dataclass(frozen=True, eq=False)
class Verification:
    """The certificates of one statement on one instance, and the solutions behind them by name."""

    certificates: tuple[Certificate, ...]
    solutions: Mapping[str, Solution]

    @property
    def holds(self) -> bool:
        """Whether every certificate holds."""
        return all(certificate.holds for certificate in self.certificates)
