"""Certificates: the result of checking one inequality or identity on one instance, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gail.exact.solution import Solution


@dataclass(frozen=True)
class Certificate:
    """The result of one claim on one instance.

    Attributes:
        statement: the claim, with the name or number of its statement in the theory.
        instance: the caller's name of the instance.
        violation: the worst violation found, nonnegative; NaN when it could not be evaluated.
        tolerance: the largest violation that counts as rounding.
        numbers: the signed numbers that the violation was computed from, by name.
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
    """The claim that a solver converged, which other claims assume. A violation does not refute the statement."""


@dataclass(frozen=True)
class IndependentCheck(Certificate):
    """Agreement with a general solver on the same problem; only as accurate as that solver.

    Attributes:
        one_sided: whether only a contradiction was looked for, such as a lower value of a minimum, because the general
            solver did not converge: then no violation is no agreement.
    """

    one_sided: bool = False


def beyond(excess: float) -> float:
    """The excess if it is positive, else zero. NaN stays NaN; the built-in max would lose it."""
    return 0.0 if excess <= 0.0 else float(excess)


def solved(
    statement: str, instance: str, gap: float, tolerance: float, numbers: Mapping[str, float]
) -> tuple[Certificate, Certificate]:
    """Two claims about a solver's signed gap: it is closed (`Premise`), and the bound does not exceed the value."""
    signed = {**numbers, "signed_gap": gap}
    return (
        Premise(statement, instance, beyond(gap), tolerance, signed),
        Certificate(f"{statement}: the bound does not exceed the value", instance, beyond(-gap), tolerance, signed),
    )
