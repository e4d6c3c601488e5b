"""Helpers that turn an identity, a bound, or an expected failure into a `Certificate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.statements.certificates import Certificate, IndependentCheck, Premise, Verification, beyond, solved

ROUNDING = 1e-10
"""Relative tolerance of identities between sums and sparse linear solves in double precision."""


@dataclass(frozen=True)
class Verdicts:
    """Collects the certificates of one statement on one instance."""

    name: str
    instance: str
    certificates: list[Certificate] = field(default_factory=list)

    def identity(self, claim: str, left: ArrayLike, right: ArrayLike, tolerance: float = ROUNDING) -> None:
        """left = right entry by entry, relative to the largest entry of either (at least one)."""
        one, other = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
        scale = max(1.0, float(abs(one).max(initial=0.0)), float(abs(other).max(initial=0.0)))
        violation = float(abs(one - other).max(initial=0.0)) / scale
        self._add(claim, violation, tolerance, {"scale": scale})

    def at_most(
        self, claim: str, smaller: ArrayLike, larger: ArrayLike, tolerance: float = ROUNDING, scale: float = 1.0
    ) -> None:
        """smaller <= larger entry by entry, relative to the larger of `scale` and the largest entry."""
        less, more = np.broadcast_arrays(np.asarray(smaller, dtype=np.float64), np.asarray(larger, dtype=np.float64))
        unit = max(scale, float(abs(less).max(initial=0.0)), float(abs(more).max(initial=0.0)))
        worst = float((less - more).max(initial=-np.inf))
        numbers = {
            "least_slack": -worst,
            "smaller": float(less.max(initial=0.0)),
            "larger": float(more.max(initial=0.0)),
        }
        self._add(claim, beyond(worst) / unit, tolerance, numbers)

    def differs(self, claim: str, difference: float, least: float) -> None:
        """An expected failure: the difference must be at least `least`."""
        self._add(claim, beyond(least - difference), 0.0, {"difference": difference, "least": least})

    def claim(self, claim: str, violation: float, tolerance: float, **numbers: float) -> None:
        """Any other claim, with its violation and the numbers behind it."""
        self._add(claim, violation, tolerance, numbers)

    def solved(self, claim: str, gap: float, tolerance: float, **numbers: float) -> None:
        """A signed gap is zero. A positive gap is the solver's failure; a negative gap refutes the statement."""
        self.certificates.extend(solved(f"{self.name}: {claim}", self.instance, gap, tolerance, numbers))

    def premise(self, claim: str, violation: float, tolerance: float, **numbers: float) -> None:
        """A solver converged; see `Premise`."""
        self.certificates.append(Premise(f"{self.name}: {claim}", self.instance, violation, tolerance, numbers))

    def independent_check(self, claim: str, violation: float, tolerance: float, **numbers: float) -> None:
        """Agreement with a general solver; see `IndependentCheck`."""
        self.certificates.append(
            IndependentCheck(f"{self.name}: {claim}", self.instance, violation, tolerance, numbers)
        )

    def verification(self) -> Verification:
        """All certificates so far."""
        return Verification(tuple(self.certificates), {})

    def _add(self, claim: str, violation: float, tolerance: float, numbers: Mapping[str, float]) -> None:
        self.certificates.append(
            Certificate(f"{self.name}: {claim}", self.instance, violation, tolerance, dict(numbers))
        )
