"""HDF5 files: the sizes that a file states are compared with its stored bytes before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations, import_optional, parsing
from gail.exact.process.memory import require_memory

_COMPRESSION_LIMIT = 1032
"""Largest compression ratio of deflate: a dataset that states a larger one is damaged or hostile."""
_SMALL = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, an `h5py.File`, for reading."""
    h5py = import_optional("h5py", "an HDF5 file")
    path.open("rb").close()  # a missing file raises Python's own error here, not HDF5's
    with parsing("HDF5 file"):
        file = h5py.File(path, "r")
    try:
        yield file
    finally:
        file.close()


def names(group: Any) -> list[str]:
    """The names in a group."""
    with parsing("HDF5 file"):
        # Names that are not UTF-8 come as bytes.
        return [name if isinstance(name, str) else repr(name) for name in group]


def subgroup(group: Any, name: str) -> Any:
    """A group inside a group."""
    found = _inside(group, name)
    if not isinstance(found, import_optional("h5py", "an HDF5 file").Group):
        raise InvalidDemonstrations(f"{name} is not a group")
    return found


def is_group(group: Any, name: str) -> bool:
    """Whether a name in a group is a group."""
    return name in names(group) and isinstance(_inside(group, name), import_optional("h5py", "an HDF5 file").Group)


def dataset(group: Any, name: str, where: str = "") -> Any:
    """A dataset inside a group, after a check that the file itself stores it; `where` starts error messages."""
    label = f"{where}{name}"
    if name not in names(group):
        raise InvalidDemonstrations(f"{label} is missing; the file holds {', '.join(names(group)) or 'nothing'}")
    found = _inside(group, name)
    if not isinstance(found, import_optional("h5py", "an HDF5 file").Dataset):
        raise InvalidDemonstrations(f"{label} is a group: an array is needed")
    with parsing("HDF5 file"):
        outside = found.is_virtual or found.external
        shape, size, stored = found.shape, found.nbytes, found.id.get_storage_size()
    if outside:
        raise InvalidDemonstrations(f"{label} is stored in another file")
    if shape is None or len(shape) == 0:
        raise InvalidDemonstrations(f"{label} has shape {shape}: an array with rows is needed")
    if size > _COMPRESSION_LIMIT * stored + _SMALL:
        raise InvalidDemonstrations(f"{label} claims {size} bytes in {stored} stored ones")
    return found


def _inside(group: Any, name: str) -> Any:
    h5py = import_optional("h5py", "an HDF5 file")
    with parsing("HDF5 file"):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InvalidDemonstrations(f"{name} is a link: the data itself is needed")
        return group[name]


def content(found: Any) -> NDArray[Any]:
    """A whole dataset."""
    require_memory(found.nbytes, f"reading {found.name} of shape {found.shape}")
    with parsing("HDF5 file"):
        return np.asarray(found[()])
