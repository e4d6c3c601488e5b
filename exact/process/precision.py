"""Numbers stored in less than double precision: how far their sums may be off, and the warning that they were.

k numbers of a type with unit eps, each rounded, have a sum that is off by at most about k eps times the largest partial
sum. Probabilities of that type cannot sum to one within 1e-9, so their own unit decides what counts as rounding.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np


class RoundedInput(UserWarning):
    """Numbers in less than double precision were normalised; the message says which, and how far they were off."""


def unit_of(given: Any) -> float:
    """The eps of the type that numbers are stored in if it is coarser than float64, otherwise 0."""
    kind = getattr(given, "dtype", None)
    try:
        dtype = np.dtype(kind) if isinstance(kind, np.dtype | type) else np.asarray(given).dtype
    except (TypeError, ValueError, RuntimeError):
        return 0.0
    return float(np.finfo(dtype).eps) if dtype.kind == "f" and dtype.itemsize < 8 else 0.0


def say_rounded(what: str, off: float) -> None:
    """Warn that `what` was normalised."""
    message = f"{what}: stored in less than double precision, off by up to {off:.1e}; normalised in double precision"
    warnings.warn(message, RoundedInput, stacklevel=4)
