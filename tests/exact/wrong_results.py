"""Runs a check with one wrong ingredient after another, and tells which claims this violates.

An ingredient is a function, method or property of `gail.exact` that a module of statements uses; a profile of the
honest run finds them. Its result is changed in one place at a time, in each of `KINDS`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import itertools
import sys
import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

import numpy as np
from scipy import sparse

from gail.exact import Certificate, FiniteMDP, Status, Verification
from gail.exact.problems import Matching, Planning

STATEMENTS = "gail.exact.statements"
RESULTS = tuple(f"{STATEMENTS}.{name}" for name in ("certificates", "verdicts", "worst_case"))
"""Modules that turn numbers into claims: they are never wrong here, their own tests break them."""

Case = Callable[[], Verification]


# Which functions and methods a check calls, and what they return.


@dataclass(frozen=True)
class Ingredient:
    """A function, method or property of `gail.exact` that a module of statements uses."""

    module: str
    name: str

    @property
    def owner(self) -> Any:
        """The module or class that has it."""
        return functools.reduce(getattr, self.name.split(".")[:-1], sys.modules[self.module])

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def found(self) -> Any:
        return vars(self.owner).get(self.last)


@dataclass
class Observer:
    """Notes the ingredients of a run with one result each, and the lines that make claims."""

    ingredients: dict[Ingredient, Any] = dataclasses.field(default_factory=dict)
    lines: set[tuple[str, int]] = dataclasses.field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        module, caller = str(frame.f_globals.get("__name__")), frame.f_back
        if caller is None or not module.startswith("gail.exact"):
            return
        if module in RESULTS:
            self.lines.add((caller.f_code.co_filename, caller.f_lineno))
            return
        one = Ingredient(module, frame.f_code.co_qualname)
        if event != "return" or one in self.ingredients or "<" in one.name or one.last.startswith("__"):
            return
        if module.startswith(STATEMENTS) and one.last.startswith("_"):
            return  # a wrong distance would refute also that a thing is at no distance from itself
        # What is computed once may be asked for by a solver first.
        if from_statements(caller) or isinstance(one.found, functools.cached_property):
            self.ingredients[one] = result


def from_statements(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(STATEMENTS)


@functools.cache
def observed(case: Case) -> tuple[Verification, Observer]:
    """A case's own result, and what was noted on the way."""
    observer = Observer()
    before = sys.getprofile()
    sys.setprofile(observer)
    try:
        verification = case()
    finally:
        sys.setprofile(before)
    return verification, observer


# Wrong results.

KINDS = ("uneven", "negated", "raised", "lowered", "shrunk", "reversed", "levelled", "partly")


def changed(value: Any, kind: str, call: int) -> Any:
    """A number or an array that is not what it should be; `call` makes two calls different."""
    if isinstance(value, Status):
        return Status.NOT_CONVERGED if value is Status.OPTIMAL else Status.OPTIMAL
    array = np.asarray(value)
    if array.dtype == bool:
        return ~array if array.ndim else not value
    wave = np.sin(1.0 + call + np.arange(array.size).reshape(array.shape))
    with np.errstate(all="ignore"):
        other = {
            "uneven": lambda: array * (1.0 + 0.3 * wave),
            "negated": lambda: -array,
            "raised": lambda: array + 100.0 * (1.0 + abs(array)),
            "lowered": lambda: array - 100.0 * (1.0 + abs(array)),
            "shrunk": lambda: 0.1 * np.nan_to_num(array, posinf=1.0, neginf=-1.0),
            "reversed": lambda: array[::-1].copy() if array.ndim else 2.0 * array,
            "levelled": lambda: 0.5 * (array + array.mean(axis=-1, keepdims=True)) if array.ndim else 0.5 * array,
            "partly": lambda: np.where((wave == np.sin(1.0)) & (call == 0), -0.01 * array, array),
        }[kind]()
    return other if array.ndim else float(other)


def places(value: Any) -> Iterator[tuple[int | str, ...]]:
    """Where numbers lie in a result: the fields of its data classes and the entries of its tuples that lead there."""
    numbers = isinstance(value, np.ndarray) and value.dtype.kind in "fb" and value.size > 0
    if numbers or isinstance(value, bool | float | Status | np.floating | np.bool_):
        yield ()
    elif isinstance(value, tuple | list):
        for index, entry in enumerate(value[:3]):
            yield from ((index, *place) for place in places(entry))
    elif dataclasses.is_dataclass(value) and not isinstance(value, FiniteMDP | Matching | Planning):
        for one in dataclasses.fields(value):
            yield from ((one.name, *place) for place in places(getattr(value, one.name)))


def changed_at(value: Any, place: tuple[int | str, ...], kind: str, call: int) -> Any:
    if not place:
        return value if value is None else changed(value, kind, call)
    key, *rest = place
    if isinstance(key, str):
        other = changed_at(getattr(value, key), tuple(rest), kind, call)
        return dataclasses.replace(value, **{key: other})
    entries = list(value)
    entries[key] = changed_at(entries[key], tuple(rest), kind, call)
    return type(value)(entries)


@contextlib.contextmanager
def replaced(owner: Any, name: str, other: Any) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextlib.contextmanager
def wrong(one: Ingredient, place: tuple[int | str, ...], kind: str) -> Iterator[None]:
    """Let statements get another result than the right one."""
    found, calls, name = one.found, itertools.count(), one.last

    def spoilt(right: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **options: Any) -> Any:
            result = right(*given, **options)
            return changed_at(result, place, kind, next(calls)) if from_statements(sys._getframe(1)) else result

        return call

    def attribute() -> property:
        asked: list[Any] = []  # one object has one wrong value, however often it is asked

        def ask(self: Any) -> Any:
            result = found.__get__(self, type(self))
            if not from_statements(sys._getframe(1)):
                return result
            if not any(other is self for other in asked):
                asked.append(self)
            return changed_at(result, place, kind, next(n for n, other in enumerate(asked) if other is self))

        return property(ask)

    with contextlib.ExitStack() as stack:
        if inspect.ismodule(one.owner):
            for module in statement_modules():
                here = vars(module).get(name)
                if inspect.isfunction(here) and inspect.unwrap(here) is found:
                    stack.enter_context(replaced(module, name, spoilt(here)))
        elif isinstance(found, property | functools.cached_property):
            stack.enter_context(replaced(one.owner, name, attribute()))
        elif isinstance(found, staticmethod | classmethod):
            stack.enter_context(replaced(one.owner, name, type(found)(spoilt(found.__func__))))
        else:
            stack.enter_context(replaced(one.owner, name, spoilt(found)))
        yield


def statement_modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith(STATEMENTS)]


def content(value: Any) -> Hashable:
    """What a value consists of, without what it has computed since; a `TypeError` for what is not known to last."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if sparse.issparse(value):
        return tuple(content(part) for part in (value.data, value.indices, value.indptr))
    if isinstance(value, tuple | list):
        return tuple(map(content, value))
    if isinstance(value, bool | int | float | str | Status | None):
        return value
    if dataclasses.is_dataclass(value):
        parts = (content(getattr(value, one.name)) for one in dataclasses.fields(value))
        return type(value), *parts
    raise TypeError(f"{type(value)} may change")


def remembering(right: Callable[..., Any]) -> Callable[..., Any]:
    """The function, evaluated only once for the same arguments."""
    known: dict[Hashable, Any] = {}

    @functools.wraps(right)
    def call(*given: Any, **options: Any) -> Any:
        try:
            key = content((given, tuple(sorted(options.items()))))
        except TypeError:
            return right(*given, **options)
        if key not in known:
            known[key] = right(*given, **options)
        return known[key]

    return call


@contextlib.contextmanager
def solved_once() -> Iterator[None]:
    """Within this, statements do not call a solver a second time for the same problem: its result is right anyway."""
    with contextlib.ExitStack() as stack:
        for module in statement_modules():
            for name, found in list(vars(module).items()):
                source = str(getattr(found, "__module__", ""))
                if inspect.isfunction(found) and source.startswith("gail.exact") and not source.startswith(STATEMENTS):
                    stack.enter_context(replaced(module, name, remembering(found)))
        yield


def violated(case: Case) -> set[str]:
    """The claims that numbers refute; none where the check cannot be evaluated at all.

    What is no number refutes nothing here, because it differs from itself too.
    """
    try:
        with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore", invalid="raise"):
            warnings.simplefilter("ignore")
            return {claim_of(one) for one in case().certificates if one.violation > one.tolerance}
    except Exception:  # what is wrong may be refused before anything is claimed
        return set()


def claim_of(certificate: Certificate) -> str:
    """The claim without its statement's title, in which the name of a psi may stand."""
    return certificate.statement.partition(": ")[2]


def never_violated(cases: list[Case], known: set[str]) -> set[str]:
    """The claims of a check that no wrong ingredient violates, nor are among those known to be."""
    claims, found = set(), set(known)
    for case in cases:
        verification, observer = observed(case)
        claims |= {claim_of(one) for one in verification.certificates}
        assert verification.holds
        with solved_once():
            for kind, (one, result) in itertools.product(KINDS, observer.ingredients.items()):
                for place in places(result):
                    if claims <= found:
                        break
                    with wrong(one, place, kind):
                        found |= violated(case)
    return claims - found
