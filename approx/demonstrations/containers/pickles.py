"""Pickles of arrays, numbers, text, lists, tuples and dicts, read without running code from the file.

A pickle is a program, and its author chooses which functions it calls. This module replaces Python's interpreter by one
that knows only the instructions that data needs. A called name must be in the list below. Each name stands for code of
this package, not numpy's, because numpy trusts the state that it is given, sizes and pointers included. Objects of the
last row become records of their fields; `imitation` is not imported.

| name | under |
|---|---|
| dtype, ndarray | numpy |
| _reconstruct, scalar | numpy.core.multiarray, numpy._core.multiarray |
| _frombuffer | numpy.core.numeric, numpy._core.numeric |
| encode | _codecs |
| Trajectory, TrajectoryWithRew | imitation.data.types |

All other names and instructions are refused; the error names them. Protocol 5 may leave arrays out of the file
(out-of-band buffers); such pickles are refused, because the arrays are not there.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, Protocol

from gail.approx.demonstrations.containers.pickled_arrays import ALLOWED, ArrayBuilder, DTypeBuilder, Record, call
from gail.approx.demonstrations.errors import InvalidDemonstrations, parsing


class Stream(Protocol):
    """The methods of a binary file that reading a pickle needs."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""

    def readline(self) -> bytes:
        """Up to the end of a line."""


def unpickle(stream: Stream, size: int) -> Any:
    """The value of the pickle that begins at the stream's position, of at most `size` bytes.

    Raises:
        InvalidDemonstrations: it is damaged, or uses a name or an instruction that is not allowed.
    """
    machine = _Machine()
    with parsing("pickle"):
        for opcode, argument, _ in pickletools.genops(_Bounded(stream, size)):  # type: ignore[arg-type]
            machine.run(opcode.name, argument)
        (result,) = machine.stack
    return result


class _Bounded:
    """A stream that refuses a length beyond its end before memory is allocated for it."""

    def __init__(self, stream: Stream, left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise EOFError(f"{size} bytes are announced, {self._left} are there")
        self._left -= size
        return self._stream.read(size)

    def readline(self) -> bytes:
        line = self._stream.readline()
        self._left -= len(line)
        return line


class _Machine:
    """The stack machine that runs a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, opcode: str, argument: Any) -> None:
        """Carry out one instruction."""
        if opcode in _LITERALS:
            self.stack.append(_LITERALS[opcode]() if argument is None else argument)
        elif opcode in _STEPS:
            _STEPS[opcode](self, argument)
        elif opcode == "NEXT_BUFFER":
            raise InvalidDemonstrations(
                "the pickle has arrays outside the file (out-of-band buffers): write them into it"
            )
        else:
            raise InvalidDemonstrations(f"the pickle uses the instruction {opcode}: only plain data is read")

    def pop_mark(self) -> list[Any]:
        start = self._marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def mark(self, _: Any) -> None:
        self._marks.append(len(self.stack))

    def pop(self, _: Any) -> None:
        self.stack.pop()

    def append(self, _: Any) -> None:
        item = self.stack.pop()
        self._top(list).append(item)

    def appends(self, _: Any) -> None:
        items = self.pop_mark()
        self._top(list).extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._put([key, value])

    def set_items(self, _: Any) -> None:
        self._put(self.pop_mark())

    def new_list(self, _: Any) -> None:
        self.stack.append(self.pop_mark())

    def new_dict(self, _: Any) -> None:
        items = self.pop_mark()
        self.stack.append({})
        self._put(items)

    def new_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self.pop_mark()))

    def _put(self, items: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):  # hashing a deep enough tuple overflows the interpreter's stack
                raise InvalidDemonstrations(f"the pickle has a dict with a key of type {type(key).__name__}")
            target[key] = value

    def _top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise InvalidDemonstrations(f"the pickle uses a {type(self.stack[-1]).__name__} as a {kind.__name__}")
        return self.stack[-1]

    def put(self, place: int) -> None:
        self._memo[place] = self.stack[-1]
        if isinstance(self.stack[-1], ArrayBuilder):
            self.stack[-1].places.append(place)

    def memoize(self, _: Any) -> None:
        self.put(len(self._memo))

    def get(self, place: int) -> None:
        self.stack.append(self._memo[place])

    def name(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def stack_name(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._name(module, name)

    def _name(self, module: str, name: str) -> None:
        if (module, name) not in ALLOWED:
            raise InvalidDemonstrations(
                f"the pickle names {str(module)[:80]}.{str(name)[:80]}, which may run code: only arrays, numbers, "
                "text, lists and dicts are read"
            )
        self.stack.append(ALLOWED[module, name])

    def reduce(self, _: Any) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        self.stack.append(call(name, arguments))

    def new_object(self, _: Any) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        self.stack.append(Record(name, arguments))

    def build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, DTypeBuilder | ArrayBuilder | Record):
            raise InvalidDemonstrations(f"the pickle sets the state of a {type(target).__name__}")
        built = target.build(state)
        self.stack[-1] = built
        if isinstance(target, ArrayBuilder):
            for place in target.places:
                self._memo[place] = built


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:
        items = tuple(machine.stack[-count:])
        if len(items) < count:
            raise InvalidDemonstrations("the pickle takes from an empty stack")
        del machine.stack[-count:]
        machine.stack.append(items)

    return step


def _nothing(_: _Machine, __: Any) -> None:
    """Frames and versions need no action here."""


_LITERALS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    **dict.fromkeys(
        (
            *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
            *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
            *("BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        ),
        lambda: None,
    ),
}

_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _nothing,
    "FRAME": _nothing,
    "STOP": _nothing,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "LIST": _Machine.new_list,
    "TUPLE": _Machine.new_tuple,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "DICT": _Machine.new_dict,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.stack_name,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.new_object,
    "BUILD": _Machine.build,
}
