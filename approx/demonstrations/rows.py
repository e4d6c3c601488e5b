"""Rows that are taken from the first to the last: an array's, or those of a file that is read part by part."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations, readable


class Rows(Protocol):
    """A sequence of rows and how far it was read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all rows together."""

    def take(self, rows: int, /) -> NDArray[Any]:
        """The next ones."""


class Cursor:
    """Rows of what can be sliced: an array, or a dataset of HDF5."""

    def __init__(self, source: Any) -> None:
        self._source, self._next = source, 0
        self.shape: tuple[int, ...] = source.shape

    def take(self, rows: int, /) -> NDArray[Any]:
        """The next ones."""
        with readable("dataset"):
            taken = np.asarray(self._source[self._next : self._next + rows])
        self._next += rows
        return taken


def rows_of(values: Any, name: str) -> Rows:
    """Rows of an array, if it is one."""
    if not isinstance(values, np.ndarray) or values.ndim == 0:
        raise InvalidDemonstrations(f"{name}: a {type(values).__name__} where an array with rows is needed")
    return Cursor(values)
