"""Actions outside the action space.

Expert data contains such actions: a Gaussian policy's actions are unbounded, and those of 2016 were recorded before
clipping. They are kept as recorded. The environment clips them, so the clipped action is the executed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.policies.spaces import SpaceSpec

_CHUNK = 1 << 16


@dataclass(frozen=True)
class OutsideBounds:
    """How far recorded actions leave the task's box."""

    entries: int
    """Number of action entries outside their bounds."""
    of: int
    """Number of action entries in all."""
    step: int
    """Flat index of the step with the entry farthest outside."""
    entry: int
    """Index of that entry in the action."""
    value: float
    """Its value."""
    low: float
    """Its lower bound."""
    high: float
    """Its upper bound."""

    def __str__(self) -> str:
        return (
            f"{self.entries:,} of {self.of:,} action entries ({self.entries / self.of:.1%}) are outside the task's "
            f"bounds: the farthest is {self.value:g} outside [{self.low:g}, {self.high:g}] (entry {self.entry}, step "
            f"{self.step}); they are kept as recorded, and the environment clips them"
        )


def outside_bounds(actions: NDArray[Any], spec: SpaceSpec) -> OutsideBounds | None:
    """A summary of the entries of `actions`, shape (N, m), outside the bounds of `spec`; None if all are inside."""
    low, high = np.asarray(spec.action_low), np.asarray(spec.action_high)
    entries, farthest, place = 0, 0.0, (0, 0)
    for start in range(0, len(actions), _CHUNK):
        chunk = actions[start : start + _CHUNK].astype(np.float64)
        excess = np.maximum(low - chunk, chunk - high)
        # Storing a bound as float32 may round it outwards by half a unit in the last place.
        found = excess > 1e-6 * np.maximum(1.0, np.abs(chunk))
        entries += int(found.sum())
        excess[~found] = 0.0
        largest = int(excess.argmax())
        if excess.flat[largest] > farthest:
            row, entry = divmod(largest, chunk.shape[1])
            farthest, place = float(excess.flat[largest]), (start + row, entry)
    if entries == 0:
        return None
    step, entry = place
    return OutsideBounds(
        entries, actions.size, step, entry, float(actions[place]), float(low[entry]), float(high[entry])
    )
