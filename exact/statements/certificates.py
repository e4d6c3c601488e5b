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


class Premise(Certificate):
    """That a solver reached its end, on which other claims rest: a violation is the solver's, and refutes nothing."""


class SecondOpinion(Certificate):
    """What a general solver makes of the same problem, no more accurate than that solver is."""


def beyond(excess: float) -> float:
    """The excess where it is positive, else zero; NaN stays NaN, which the built-in max would lose."""
    return 0.0 if excess <= 0.0 else float(excess)


def solved(
    statement: str, instance: str, gap: float, tolerance: float, numbers: Mapping[str, float]
) -> tuple[Certificate, Certificate]:
    """A solver's signed gap as its two claims: that it is closed, and that no bound exceeds a value."""
    signed = {**numbers, "signed_gap": gap}
    return (
        Premise(statement, instance, beyond(gap), tolerance, signed),
        Certificate(f"{statement}: the bound does not exceed the value", instance, beyond(-gap), tolerance, signed),
    )
