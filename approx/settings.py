"""Checks of settings: every frozen settings class names the fields that a rule holds for.

A class calls `require` in its `__post_init__`, so that settings with which nothing can be trained are never made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class InvalidSettings(ValueError):
    """A field of a settings class has a value that it cannot have; the message names field and value."""


def require(
    settings: object,
    *,
    at_least_one: tuple[str, ...] = (),
    not_negative: tuple[str, ...] = (),
    positive: tuple[str, ...] = (),
    fraction: tuple[str, ...] = (),
) -> None:
    """Check fields of a settings object, by name; None always passes, and of a tuple every entry must pass.

    Args:
        settings: the object.
        at_least_one: fields that must be 1 or more.
        not_negative: fields that must be finite, and 0 or more.
        positive: fields that must be finite and above 0.
        fraction: fields that must lie in [0, 1].

    Raises:
        InvalidSettings: a field breaks its rule.
    """
    _check(settings, at_least_one, lambda value: value >= 1, "at least 1 is needed")
    _check(settings, not_negative, lambda value: 0.0 <= value < math.inf, "a finite number of at least 0 is needed")
    _check(settings, positive, lambda value: 0.0 < value < math.inf, "a positive number is needed")
    _check(settings, fraction, lambda value: 0.0 <= value <= 1.0, "a number between 0 and 1 is needed")


def _check(settings: object, names: tuple[str, ...], fits: Callable[[Any], bool], wanted: str) -> None:
    for name in names:
        value = getattr(settings, name)
        entries = value if isinstance(value, tuple) else (value,)
        if not all(entry is None or fits(entry) for entry in entries):
            raise InvalidSettings(f"{name} is {value}: {wanted}")
