"""Coordinates of demonstrated observations from which nothing can be learned, as they are.

Learners standardize observations, so units do not matter. Two things remain: a coordinate that never changes, and one
whose changes are lost, in the precision of its numbers or below the least deviation that standardization divides by.
"""

from __future__ import annotations

import numpy as np

from gail.approx.demonstrations import Demonstrations
from gail.approx.networks.normalization import LEAST_STD

_LEAST_LEVELS = 100
"""Distinct values within one standard deviation below which rounding hides the changes of a coordinate."""
_SHOWN = 5


def odd_coordinates(demonstrations: Demonstrations) -> list[str]:
    """A sentence on coordinates that never change, and one on those whose changes are lost."""
    observations = demonstrations.trajectories.observations
    values = observations.astype(np.float64)
    mean, std = values.mean(axis=0), values.std(axis=0)
    constant = (values == values[0]).all(axis=0)
    spacing = np.spacing(np.abs(observations).max(axis=0)).astype(np.float64)
    lost = ~constant & ((std < LEAST_STD) | (std < _LEAST_LEVELS * spacing))
    found = []
    if constant.any() and len(values) > 1:
        found.append(
            f"{_listed(constant, [f'{value:g}' for value in values[0]])} in every demonstrated step: "
            "such coordinates say nothing about the expert's actions"
        )
    if lost.any():
        found.append(
            f"{_listed(lost, [f'{m:g} ± {s:.2g}' for m, s in zip(mean, std, strict=True)])}: changes that small are "
            f"lost in {observations.dtype} or in standardization; subtract an offset or change the unit in the "
            "environment and in the file"
        )
    return found


def _listed(which: np.ndarray, words: list[str]) -> str:
    places = np.flatnonzero(which)
    shown = ", ".join(f"[{place}] is {words[place]}" for place in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f"observation{shown}{more}"
