"""Archives of arrays: numpy's `.npz`, a zip of `.npy` members, read without extra copies and without running code.

A member is read directly into its array, whole or some rows at a time. A member that lies uncompressed and aligned in
the file, as `write_archive` stores large ones, is memory-mapped instead: it needs no memory of its own, and changes to
the array do not reach the file. Object arrays are pickles, read with the allowed names of `pickles`. Sizes are compared
with the file's size before memory is allocated.
"""

from __future__ import annotations

import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gail.approx.demonstrations.containers.pickles import unpickle
from gail.approx.demonstrations.errors import InvalidDemonstrations, parsing, writing
from gail.exact.process.memory import require_memory

Array = NDArray[Any]

_KIND = ".npz of plain arrays"
_ALIGNMENT = 64
_ALIGNMENT_FIELD = 0xD935  # the zip extra field that Android's zipalign also uses for padding
_LARGE = 64 << 20
"""Archives of at least this many bytes are not compressed, so that they can be mapped."""
_MAPPED = 1 << 20
"""Members of fewer bytes are read, because a mapping needs at least one page."""
_DEFLATE_LIMIT = 1032
"""Largest compression ratio of deflate: a member that states a larger one is damaged or hostile."""
_CHUNK = 1 << 20


class Archive:
    """The arrays of an `.npz` by name. A context manager: members that are not mapped need the open file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with parsing(_KIND):
            self._stream = path.open("rb")
            try:
                self._zip = zipfile.ZipFile(self._stream)
            except BaseException:
                self._stream.close()
                raise
        self.names = tuple(name.removesuffix(".npy") for name in self._zip.namelist())

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._stream.close()

    def read(self, name: str) -> Array:
        """A whole array, in this machine's byte order; mapped if possible."""
        with self.member(name) as member:
            return member.whole()

    def rows(self, name: str) -> int:
        """Number of rows that an array claims to have, from its header: nothing else is read."""
        with self.member(name) as member:
            return member.shape[0] if member.shape else 0

    def member(self, name: str) -> Member:
        """An array whose rows are read part by part."""
        with parsing(_KIND):
            if f"{name}.npy" not in self._zip.namelist():
                raise InvalidDemonstrations(f"{name} is not an array")
            return Member(self._path, self._zip, self._stream, self._zip.getinfo(f"{name}.npy"))


class Member:
    """One array of an archive, whose rows are read in order."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, raw: BinaryIO, info: zipfile.ZipInfo) -> None:
        self._path, self._raw, self._info = path, raw, info
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidDemonstrations(f"{self._name} is compressed by method {info.compress_type}: 0 or 8 is needed")
        if info.file_size > _DEFLATE_LIMIT * info.compress_size + _CHUNK:
            raise InvalidDemonstrations(
                f"{self._name} claims {info.file_size} bytes in {info.compress_size} compressed ones"
            )
        self._stream = cast(zipfile.ZipExtFile, archive.open(info))
        with parsing(_KIND):
            self.shape, self._fortran, dtype = _read_header(self._stream, self._name)
            self._start = self._stream.tell()
        self._stored = dtype
        self.dtype = dtype.newbyteorder("=")
        self._objects = self._unpickled() if dtype.hasobject else None
        promised, found = math.prod(self.shape) * dtype.itemsize, info.file_size - self._start
        if self._objects is None and promised != found:
            raise InvalidDemonstrations(
                f"{self._name} needs {promised} bytes for shape {self.shape}; {found} are there"
            )

    def __enter__(self) -> Member:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    @property
    def _name(self) -> str:
        return self._info.filename.removesuffix(".npy")

    def whole(self) -> Array:
        """The whole array; no rows may have been taken before."""
        if self._objects is not None:
            return self._objects
        mapped = self._mapped()
        if mapped is not None:
            return mapped
        if not self._fortran:
            return self._read(self.shape)
        return self._read(self.shape[::-1]).T

    def take(self, rows: int) -> Array:
        """The next `rows` rows."""
        if self._objects is not None or self._fortran or not self.shape:
            raise InvalidDemonstrations(f"{self._name} is not stored row by row: plain numbers in C order are needed")
        return self._read((rows, *self.shape[1:]))

    def _read(self, shape: tuple[int, ...]) -> Array:
        require_memory(math.prod(shape) * self._stored.itemsize, f"reading {self._name} of shape {self.shape}")
        with parsing(_KIND):
            array = np.empty(shape, self._stored)
            view = array.reshape(-1).view(np.uint8).data
            while view:
                count = self._stream.readinto(view[:_CHUNK])
                if not count:
                    raise EOFError(f"{self._name} ends too early")
                view = view[count:]
            self._stream.peek(1)  # at the end of the member, this compares the check sum
            return array.astype(self.dtype, copy=False)

    def _mapped(self) -> Array | None:
        """The memory-mapped array; None if it is compressed, small, unaligned, or in another order."""
        size = self._info.file_size - self._start
        if self._info.compress_type != zipfile.ZIP_STORED or size < _MAPPED:
            return None
        if self._fortran or self._stored != self.dtype:
            return None
        with parsing(_KIND):
            self._raw.seek(self._info.header_offset)
            name, extra = struct.unpack("<26x2H", self._raw.read(30))
            offset = self._info.header_offset + 30 + name + extra
            if (offset + self._start) % self.dtype.itemsize:
                return None
            content = np.memmap(self._path, np.uint8, mode="c", offset=offset, shape=(self._info.file_size,))
            _compare_check_sum(content, self._info)
            return np.asarray(content)[self._start :].view(self.dtype).reshape(self.shape)

    def _unpickled(self) -> Array:
        with parsing(_KIND):
            array = unpickle(self._stream, self._info.file_size - self._start)
        if not isinstance(array, np.ndarray):
            raise InvalidDemonstrations(f"{self._name} is not an array, but a pickled {type(array).__name__}")
        self.shape, self.dtype = array.shape, array.dtype
        return array


def _compare_check_sum(content: Array, info: zipfile.ZipInfo) -> None:
    total = 0
    for start in range(0, len(content), _CHUNK):
        total = zlib.crc32(content[start : start + _CHUNK].data, total)
    if total != info.CRC:
        raise InvalidDemonstrations(f"the check sum of {info.filename.removesuffix('.npy')} does not agree")


def _read_header(stream: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type of an `.npy`."""
    try:
        version = npy.read_magic(stream)
    except ValueError:
        raise InvalidDemonstrations(f"{name} is not an array") from None
    if version not in ((1, 0), (2, 0)):
        raise InvalidDemonstrations(f"{name} is an .npy of version {version[0]}.{version[1]}: 1.0 or 2.0 is needed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of headers that Python 2 wrote, but reads them
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    if dtype.names is not None or dtype.subdtype is not None or (dtype.itemsize == 0 and not dtype.hasobject):
        raise InvalidDemonstrations(f"{name} is of type {dtype}: numbers are needed")
    if any(n < 0 for n in shape):
        raise InvalidDemonstrations(f"{name} has shape {shape}")
    return shape, fortran, dtype


def write_archive(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as an `.npz`, atomically; equal arrays give equal bytes.

    Small archives are compressed. Large ones are not, so that `Archive` can map them.
    """
    compressed = sum(array.nbytes for array in arrays.values()) < _LARGE
    with writing(path) as temporary, temporary.open("wb") as raw, zipfile.ZipFile(raw, "w") as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")  # its default date is a constant
            info.external_attr = 0o644 << 16
            if compressed:
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                info.extra = _padding(raw.tell(), info.filename)
            with archive.open(info, "w", force_zip64=True) as member:
                npy.write_array(member, array, version=(1, 0), allow_pickle=False)


def _padding(offset: int, filename: str) -> bytes:
    """An extra field that aligns the member's content; an `.npy` header has a length that keeps arrays aligned."""
    local_header, zip64_field, own_field = 30, 20, 4
    missing = -(offset + local_header + len(filename) + zip64_field + own_field) % _ALIGNMENT
    return struct.pack("<HH", _ALIGNMENT_FIELD, missing) + bytes(missing)
