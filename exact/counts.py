"""Whole numbers that a caller chooses, such as iterations, steps of a horizon, or sizes."""

from __future__ import annotations

import operator


def validate_count(name: str, value: int, least: int = 1) -> int:
    """A whole number, such as of iterations.

    Raises:
        TypeError: not a whole number.
        ValueError: less than `least`.
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number such as {least + 10}, got {value!r}") from None
    if count < least:
        raise ValueError(f"{name} must be at least {least}, got {count}")
    return count
