"""Composite observations in Minari's files: a Dict has its keys, a Tuple `_index_0`, ... or 0, ..."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations
from gail.approx.demonstrations.native_spaces import in_rows

FLAT = "gail_flat_spaces"
"""Key of metadata.json: the arrays are in flat spaces, as this project writes them."""


def ordered_parts(names: Iterable[str], space: Any) -> list[tuple[str, Any]]:
    """The parts of a composite observation in the order of the recorded space, each with its own space.

    Args:
        names: the parts that the file holds.
        space: the space as metadata.json describes it; without a description, keys are sorted.
    """
    held = sorted(names, key=lambda name: (_position(name), name))
    parts = space.get("subspaces") if isinstance(space, dict) else None
    if isinstance(parts, dict) and sorted(parts) == sorted(held):
        return list(parts.items())
    if isinstance(parts, list) and len(parts) == len(held):
        return list(zip(held, parts, strict=True))
    return [(name, None) for name in held]


def _position(name: str) -> int:
    """The position of a part of a Tuple, which is its name; -1 for a key of a Dict."""
    number = name.removeprefix("_index_")
    return int(number) if number.isdecimal() else -1


def side_by_side(parts: Sequence[NDArray[Any]], what: str) -> NDArray[Any]:
    """The rows of several arrays side by side, each array with one axis per row.

    Raises:
        InvalidDemonstrations: there are no parts, or their numbers of rows differ.
    """
    lengths = sorted({len(part) for part in parts})
    if len(lengths) != 1:
        raise InvalidDemonstrations(f"{what}: its parts have {lengths or 'no'} rows; one number of rows is needed")
    return np.concatenate([in_rows(part) for part in parts], axis=1)
