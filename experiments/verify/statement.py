"""A statement of the theory with its check, and the input of a check: instance, entropy weight, random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gail.exact import Verification
from gail.experiments.verify.instances import Array, Instance


@dataclass(frozen=True)
class Trial:
    """The input of a check."""

    instance: Instance
    """The process and its expert."""
    entropy_weight: float
    """lambda, positive."""
    rng: np.random.Generator
    """Draws the random points at which claims are tested."""

    @property
    def cost(self) -> Array:
        """The instance's cost (S, A); if it has none, a random cost with entries in [0, 1)."""
        if self.instance.cost is not None:
            return self.instance.cost
        return self.rng.random(self.instance.expert_occupancy.shape)

    @property
    def unit_cost(self) -> Array:
        """The cost (S, A), mapped affinely onto [0, 1]; a constant cost becomes zero."""
        cost = self.cost
        largest = float(abs(cost).max())
        if largest == 0.0:
            return cost
        scaled = cost / largest  # before the difference, which could overflow
        spread = float(np.ptp(scaled))
        return (scaled - scaled.min()) / spread if spread > 0.0 else np.zeros_like(cost)


@dataclass(frozen=True)
class Statement:
    """A statement and its check."""

    number: int
    """Its number, 1 to 25, in docs/theory.md."""
    name: str
    """Its name on the command line."""
    title: str
    """Its title in tables."""
    check: Callable[[Trial], Verification]
    """Runs the check; returns no claims if the statement does not apply."""
    own_instance: str | None = None
    """Name of the process on which the check runs, if the check ignores the trial's instance and uses its own."""
    inapplicable: Callable[[Instance], str | None] = lambda instance: None
    """Returns the reason if the statement does not apply to an instance, else None."""
    nothing: str = "there is nothing to check"
    """The reason that is reported if the check returns no claims."""
    independent_check: bool = False
    """Whether a general conic solver solves the same problem for comparison."""
