"""Rows that are read in order, from an array or part by part from a file."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations, parsing


class Rows(Protocol):
    """A sequence of rows with a reading position."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all rows together."""

    def take(self, rows: int, /) -> NDArray[Any]:
        """The next `rows` rows."""


class Cursor:
    """Rows of an object that can be sliced: an array or an HDF5 dataset."""

    def __init__(self, source: Any) -> None:
        self._source, self._next = source, 0
        self.shape: tuple[int, ...] = source.shape

    def take(self, rows: int, /) -> NDArray[Any]:
        """The next `rows` rows."""
        with parsing("dataset"):
            taken = np.asarray(self._source[self._next : self._next + rows])
        self._next += rows
        return taken


def rows_of(values: Any, name: str) -> Rows:
    """The rows of `values`; raises `InvalidDemonstrations` if it is not an array with rows."""
    if not isinstance(values, np.ndarray) or values.ndim == 0:
        raise InvalidDemonstrations(f"{name}: a {type(values).__name__} where an array with rows is needed")
    return Cursor(values)
