"""What a statement of the theory needs, to be checked: an instance, an entropy weight, and random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gail.exact import Verification
from gail.experiments.verify.instances import Array, Instance


@dataclass(frozen=True)
class Trial:
    """One instance, with what a check needs besides."""

    instance: Instance
    """The process and its expert."""
    entropy_weight: float
    """lambda, positive."""
    rng: np.random.Generator
    """Of random points."""

    @property
    def cost(self) -> Array:
        """The instance's cost, or a random one."""
        if self.instance.cost is not None:
            return self.instance.cost
        return self.rng.random(self.instance.expert_occupancy.shape)

    @property
    def unit_cost(self) -> Array:
        """The cost, mapped onto [0, 1]."""
        cost = self.cost
        largest = float(abs(cost).max())
        if largest == 0.0:
            return cost
        scaled = cost / largest  # first, because the difference of two doubles may be none
        spread = float(np.ptp(scaled))
        return (scaled - scaled.min()) / spread if spread > 0.0 else np.zeros_like(cost)


@dataclass(frozen=True)
class Statement:
    """A statement and its check."""

    number: int
    """In the list of the theory."""
    name: str
    """For the command line."""
    title: str
    """For tables."""
    check: Callable[[Trial], Verification]
    """Runs it; no claims where there is nothing to show."""
    own_instance: str | None = None
    """The name of the process that it is shown on, where that is one of its own, whatever the trial's instance is."""
    silent: Callable[[Instance], str | None] = lambda instance: None
    """Why the statement says nothing about an instance, if so."""
    nothing: str = "there is nothing to show"
    """Why its check makes no claims, where it makes none."""
    second_opinion: bool = False
    """Whether a general solver is asked as well."""
