"""HDF5 files, with what they say compared with what is there before it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.errors import InvalidDemonstrations, optional, readable

_COMPRESSION_LIMIT = 1032
"""Deflate cannot compress any better, so that a dataset which claims to be larger is damaged or hostile."""
_SMALL = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, an `h5py.File`, for reading."""
    h5py = optional("h5py", "an HDF5 file")
    path.open("rb").close()  # HDF5 has no word of its own for a file that is not there
    with readable("HDF5 file"):
        file = h5py.File(path, "r")
    try:
        yield file
    finally:
        file.close()


def names(group: Any) -> list[str]:
    """What a group holds."""
    with readable("HDF5 file"):
        # A name that is no UTF-8 comes as bytes.
        return [name if isinstance(name, str) else repr(name) for name in group]


def subgroup(group: Any, name: str) -> Any:
    """A group inside a group."""
    found = _inside(group, name)
    if not isinstance(found, optional("h5py", "an HDF5 file").Group):
        raise InvalidDemonstrations(f"{name} is not a group")
    return found


def dataset(group: Any, name: str, where: str = "") -> Any:
    """A dataset inside a group; what it claims to hold is in the file."""
    label = f"{where}{name}"
    if name not in names(group):
        raise InvalidDemonstrations(f"{where}there is no {name}; the file holds {', '.join(names(group)) or 'nothing'}")
    found = _inside(group, name)
    if not isinstance(found, optional("h5py", "an HDF5 file").Dataset):
        raise InvalidDemonstrations(f"{label} is a group of parts: an array is needed")
    with readable("HDF5 file"):
        outside = found.is_virtual or found.external
        shape, size, stored = found.shape, found.nbytes, found.id.get_storage_size()
    if outside:
        raise InvalidDemonstrations(f"{label} is kept in another file")
    if shape is None or len(shape) == 0:
        raise InvalidDemonstrations(f"{label} has shape {shape}: an array with rows is needed")
    if size > _COMPRESSION_LIMIT * stored + _SMALL:
        raise InvalidDemonstrations(f"{label} claims {size} bytes, out of {stored}")
    return found


def _inside(group: Any, name: str) -> Any:
    h5py = optional("h5py", "an HDF5 file")
    with readable("HDF5 file"):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InvalidDemonstrations(f"{name} is kept elsewhere")
        return group[name]


def content(found: Any) -> NDArray[Any]:
    """A whole dataset."""
    with readable("HDF5 file"):
        return np.asarray(found[()])
