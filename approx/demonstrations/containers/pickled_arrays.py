"""What the names in a pickle stand for: small constructors of numpy's types and arrays, and records.

numpy's own constructors trust the state that they are given, sizes and pointers included. These compare it with the
bytes in the pickle. `pickles` lists the names.
"""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations


class Name(Enum):
    """The names that a pickle may call."""

    DTYPE = auto()
    NDARRAY = auto()
    RECONSTRUCT = auto()
    SCALAR = auto()
    FROM_BUFFER = auto()
    ENCODE = auto()
    TRAJECTORY = auto()


ALLOWED: dict[tuple[Any, Any], Name] = {
    ("numpy", "dtype"): Name.DTYPE,
    ("numpy", "ndarray"): Name.NDARRAY,
    ("numpy.core.multiarray", "_reconstruct"): Name.RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): Name.RECONSTRUCT,
    ("numpy.core.multiarray", "scalar"): Name.SCALAR,
    ("numpy._core.multiarray", "scalar"): Name.SCALAR,
    ("numpy.core.numeric", "_frombuffer"): Name.FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): Name.FROM_BUFFER,
    ("_codecs", "encode"): Name.ENCODE,
    ("imitation.data.types", "Trajectory"): Name.TRAJECTORY,
    ("imitation.data.types", "TrajectoryWithRew"): Name.TRAJECTORY,
}


class DTypeBuilder:
    """A numpy type under construction."""

    def __init__(self, code: Any) -> None:
        if not isinstance(code, str) or code[:1] not in ("b", "i", "u", "f", "O") or not code[1:].isdecimal():
            raise InvalidDemonstrations(f"the pickle has an array of type {str(code)[:20]!r}: numbers are needed")
        self.value = np.dtype(object) if code[0] == "O" else np.dtype(code)

    def build(self, state: Any) -> DTypeBuilder:
        """Take the byte order from the state."""
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise InvalidDemonstrations("the pickle has an array of a compound type: numbers are needed")
        if state[1] in ("<", ">"):
            self.value = self.value.newbyteorder(state[1])
        return self


class ArrayBuilder:
    """A numpy array under construction, and its places in the memo."""

    def __init__(self) -> None:
        self.places: list[int] = []

    def build(self, state: Any) -> NDArray[Any]:
        """The array that the state describes."""
        _, shape, dtype, fortran, content = state
        dtype, count = dtype.value, math.prod(shape)
        if dtype.hasobject:
            if not isinstance(content, list) or len(content) != count:
                raise InvalidDemonstrations(f"the pickle has an array of shape {shape} without its {count} objects")
            array = _one_axis(content)
        else:
            content = content.encode("latin-1") if isinstance(content, str) else content  # Python 2 wrote bytes as text
            if len(content) != count * dtype.itemsize:
                raise InvalidDemonstrations(
                    f"the pickle has an array of shape {shape} and type {dtype} in {len(content)} bytes"
                )
            array = np.frombuffer(content, dtype) if count else np.empty(0, dtype)
            array = array.astype(dtype.newbyteorder("="), copy=False)
        return array.reshape(shape, order="F" if fortran else "C")


class Record:
    """The fields of another library's object, without its class."""

    def __init__(self, name: Any, arguments: Any) -> None:
        if name is not Name.TRAJECTORY or arguments != ():
            raise InvalidDemonstrations("the pickle makes an object in an unknown way")
        self.fields: dict[str, Any] = {}

    def build(self, state: Any) -> Record:
        """Take the fields from the state."""
        if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
            raise InvalidDemonstrations("the pickle gives an object a state that is not a dict of named fields")
        self.fields = dict(state)
        return self


def _one_axis(content: list[Any]) -> NDArray[Any]:
    """A list as an array of objects with one axis, even if the objects have lengths."""
    array = np.empty(len(content), object)
    for i, item in enumerate(content):
        array[i] = item
    return array


def call(name: Any, arguments: Any) -> Any:
    """The result of calling an allowed name."""
    if not isinstance(arguments, tuple):
        raise InvalidDemonstrations("the pickle calls something without a tuple of arguments")
    match name, arguments:
        case Name.DTYPE, (code, *_):
            return DTypeBuilder(code)
        case Name.RECONSTRUCT, (Name.NDARRAY, *_):
            return ArrayBuilder()
        case Name.SCALAR, (DTypeBuilder() as dtype, bytes() | str() as content):
            return ArrayBuilder().build((1, (), dtype, False, content))[()]
        case Name.FROM_BUFFER, (
            bytes() | bytearray() as content,
            DTypeBuilder() as dtype,
            tuple() as shape,
            "C" | "F" as order,
        ):
            return ArrayBuilder().build((1, shape, dtype, order == "F", bytes(content)))
        case Name.ENCODE, (str() as text, "latin1" | "latin-1"):
            return text.encode("latin-1")
    raise InvalidDemonstrations(
        f"the pickle calls {name.name.lower() if isinstance(name, Name) else 'something'} with unknown arguments"
    )
