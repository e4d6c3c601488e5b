"""Atomic writes: a file is written under a temporary name, synced, then renamed.

A crash, a full disk or an interrupt in the middle of a write leaves the previous file as it was.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

StrPath: TypeAlias = str | os.PathLike[str]
"""Path of a file: every function that reads or writes a file takes a string or a path."""


def write_bytes(path: StrPath, content: bytes) -> None:
    """Write `content` to `path`; an existing file is replaced only once all content is on disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes private files; results should be readable by others
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: StrPath, content: str) -> None:
    """Write text as UTF-8, atomically."""
    write_bytes(path, content.encode())


@contextmanager
def replacing(path: StrPath) -> Iterator[Path]:
    """A temporary path for large content, renamed to `path` if the block succeeds.

    Raises:
        FileExistsError: `path` is a folder, or a folder was written where a file is.
    """
    path = Path(path)
    if path.is_dir():
        raise FileExistsError(errno.EEXIST, "a folder of that name is there already", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", suffix=".partial") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        os.replace(temporary, path)
