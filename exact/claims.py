"""Kinds of claims, and the two that a signed gap makes.

With p the value of a solver's point and d the bound that it proves, weak duality says d <= p for every such pair, and
p - d = 0 only at an optimum. A gap d > p refutes; a gap p > d says that the solver fell short, and nothing about the
statement. So the two are claims of different kinds.
"""

from __future__ import annotations

from collections.abc import Mapping

from gail.exact.certificates import Certificate


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
