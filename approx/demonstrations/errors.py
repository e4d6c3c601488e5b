"""Errors about demonstration files: one line with the file, the field, the episode and the value."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from gail.approx.atomic_files import replacing
from gail.approx.trajectories.trajectories import InvalidTrajectories

_NO_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
_NO_PLACE = (FileExistsError, *_NO_FILE)
_REASONS = {FileNotFoundError: "there is no such file", IsADirectoryError: "a folder where a file is needed"}


class InvalidDemonstrations(ValueError):
    """Demonstrations are malformed or do not fit the task; the message names the field, the place and the value."""


class BrokenEpisode(InvalidDemonstrations):
    """One episode of a file is malformed; the others may be used without it."""


_LONGEST = 400


def printable(text: str) -> str:
    """Text from a file, cut to 400 characters, with unprintable characters escaped."""
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Put the file's name in front of error messages about its content."""
    try:
        yield
    except (InvalidTrajectories, InvalidDemonstrations) as error:
        kind = BrokenEpisode if isinstance(error, BrokenEpisode) else InvalidDemonstrations
        raise kind(f"{path}: {printable(str(error))}") from error
    except _NO_FILE as error:
        where = error.filename or path
        raise InvalidDemonstrations(f"{where}: {_REASONS.get(type(error), error.strerror)}") from error


@contextmanager
def parsing(kind: str) -> Iterator[None]:
    """Turn every exception of a parser into an error that says: the file is not a readable `kind`."""
    try:
        yield
    except (InvalidDemonstrations, *_NO_FILE):
        raise
    except Exception as error:  # damaged files make parsers raise many kinds of exceptions
        said = " ".join(str(error)[:_LONGEST].split()) or type(error).__name__
        raise InvalidDemonstrations(f"not a readable {kind} ({said})") from error


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path, renamed to `path` if the block succeeds; an existing folder is never replaced."""
    try:
        with replacing(path) as temporary:
            yield temporary
    except _NO_PLACE as error:
        raise InvalidDemonstrations(f"{path} cannot be written: {error.strerror or error}") from error


def import_optional(module: str, what: str) -> ModuleType:
    """Import a package of the extra `data`; the error for a missing package names the install command."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InvalidDemonstrations(
            f'{what} needs the package {module.partition(".")[0]}: pip install "gail[data]"'
        ) from error
