"""Composite observations in Minari's files: a Dict has its keys, a Tuple `_index_0`, ... or 0, ..."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations
from gail.approx.demonstrations.native_spaces import part_order

FLAT = "gail_flat_spaces"
"""Key of metadata.json: the arrays are in flat spaces, as this project writes them."""


def sorted_parts(names: Iterable[str]) -> list[str]:
    """The names of the parts in the order of `gail.approx.demonstrations.native_spaces.part_order`."""
    return sorted(names, key=lambda name: part_order(name.removeprefix("_index_")))


def side_by_side(parts: Sequence[NDArray[Any]], what: str) -> NDArray[Any]:
    """The rows of several arrays side by side, each array with one axis per row.

    Raises:
        InvalidDemonstrations: there are no parts, or their numbers of rows differ.
    """
    lengths = sorted({len(part) for part in parts})
    if len(lengths) != 1:
        raise InvalidDemonstrations(f"{what}: its parts have {lengths or 'no'} rows; one number of rows is needed")
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
