"""Array types, and validation of numbers from the caller."""

from __future__ import annotations

import operator
from numbers import Real
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Array: TypeAlias = NDArray[np.float64]


Sparse: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"


def validate_count(name: str, value: int, least: int = 1) -> int:
    """A whole number given by the caller, such as a number of iterations.

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


def real_numbers(name: str, given: ArrayLike, error: type[ValueError]) -> Array:
    """A float64 copy of an array of real numbers; a sparse matrix becomes dense.

    Raises:
        error: the array holds complex numbers (their imaginary parts would be lost) or text, is not an array, or is a
            tensor with gradients or in a sparse layout.
    """
    if getattr(given, "requires_grad", False):
        raise error(f"{name} is a tensor with gradients, which would be lost: pass {name}.detach()")
    if callable(getattr(given, "to_dense", None)) and "strided" not in str(getattr(given, "layout", "strided")):
        raise error(f"{name} is a tensor in the layout {given.layout}: pass {name}.to_dense()")  # type: ignore[union-attr]
    if sparse.issparse(given):
        given = given.toarray()
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as reason:
        raise error(f"{name} must be an array of real numbers: {str(reason).splitlines()[0]}") from None
    wrong = "" if array.dtype.kind in "biufO" else str(array.dtype)
    if array.dtype.kind == "O":
        wrong = next((type(entry).__name__ for entry in array.flat if not isinstance(entry, Real)), "")
    if wrong:
        raise error(f"{name} must be an array of real numbers, got {wrong}")
    return array.astype(np.float64)
