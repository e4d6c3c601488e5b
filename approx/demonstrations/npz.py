"""The project's own demonstration file: one compressed `.npz`, no pickled objects.

| array | shape | meaning |
|---|---|---|
| observations | (N, d) float | what the expert saw, step after step, trajectory after trajectory |
| actions | (N, m) float or (N,) integer | what it did, as executed |
| rewards | (N,) float | optional; the environment's own |
| final_observations | (K, d) float | the observation after each trajectory's last action |
| lengths | (K,) integer | steps of each trajectory |
| terminated, truncated | (K,) bool | how each trajectory ended |
| provenance | () string | JSON: format, task, source, stride, episode_returns |
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import write_bytes
from gail.approx.demonstrations.dataset import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.trajectories import InvalidTrajectories, Trajectories

_FORMAT = "gail-demonstrations-1"
_KINDS = {"f": "floating point", "i": "integer", "u": "unsigned integer", "b": "bool"}
_REQUIRED = ("observations", "actions", "final_observations", "lengths", "terminated", "truncated")


def save_npz(demonstrations: Demonstrations, path: Path) -> None:
    """Write demonstrations to `path`, atomically."""
    batch = demonstrations.trajectories
    arrays: dict[str, NDArray[Any]] = {name: getattr(batch, name) for name in _REQUIRED}
    if batch.rewards is not None:
        arrays["rewards"] = batch.rewards
    provenance = json.dumps({"format": _FORMAT, **asdict(demonstrations.provenance)})
    content = io.BytesIO()
    np.savez_compressed(content, **arrays, provenance=np.array(provenance))  # type: ignore[arg-type]
    write_bytes(path, content.getvalue())


def load_npz(path: Path) -> Demonstrations:
    """Read demonstrations; raise `InvalidDemonstrations` naming the file, the array and the value."""
    arrays = _read_arrays(path)
    missing = [name for name in (*_REQUIRED, "provenance") if name not in arrays]
    if missing:
        raise InvalidDemonstrations(
            f"{path}: no array {', '.join(missing)}; the file holds {', '.join(arrays) or 'nothing'}"
        )
    try:
        _check_types(arrays)
        return Demonstrations(
            Trajectories(
                rewards=arrays.get("rewards"),
                **{name: arrays[name] for name in _REQUIRED},
            ),
            _read_provenance(arrays["provenance"]),
        )
    except (InvalidTrajectories, InvalidDemonstrations) as error:
        raise InvalidDemonstrations(f"{path}: {error}") from error


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here: numpy leaves a file that it cannot read open.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise InvalidDemonstrations(f"{path}: a single array, not an .npz of named arrays")
            with file:
                return {name: _native(path, name, file[name]) for name in file.files}
    except FileNotFoundError:
        raise InvalidDemonstrations(f"{path}: there is no such file") from None
    except InvalidDemonstrations:
        raise
    except Exception as error:  # numpy and zipfile raise many kinds for damaged files; all mean the same
        raise InvalidDemonstrations(f"{path}: not a readable .npz of plain arrays ({error})") from error


def _native(path: Path, name: str, content: NDArray[Any] | bytes) -> NDArray[Any]:
    """The array in this machine's byte order."""
    if isinstance(content, bytes):  # what numpy gives for a member that is no array
        raise InvalidDemonstrations(f"{path}: {name} is not an array")
    return content.astype(content.dtype.newbyteorder("="), copy=False)


def _check_types(arrays: dict[str, NDArray[Any]]) -> None:
    kinds = {"lengths": "iu", "terminated": "b", "truncated": "b", "observations": "f"}
    kinds |= {"final_observations": "f", "rewards": "f", "actions": "fiu"}
    for name, allowed in kinds.items():
        if name not in arrays:
            continue
        found = arrays[name].dtype
        if found.kind not in allowed or found.itemsize > 8:
            wanted = ", ".join(_KINDS[kind] for kind in allowed)
            raise InvalidDemonstrations(f"{name} is of type {found}: {wanted} of at most 64 bits is needed")
    for name in ("lengths", "terminated", "truncated"):
        if arrays[name].ndim != 1:
            raise InvalidDemonstrations(f"{name} has shape {arrays[name].shape}: one axis is needed")


def _read_provenance(array: NDArray[Any]) -> Provenance:
    try:
        fields = json.loads(str(array))
        if fields["format"] != _FORMAT:
            raise InvalidDemonstrations(f"format {fields['format']!r}: this version reads {_FORMAT!r}")
        returns, stride = fields["episode_returns"], int(fields["stride"])
        if stride < 1:
            raise InvalidDemonstrations(f"provenance: the stride is {stride}, it must be at least 1")
        return Provenance(
            task=str(fields["task"]),
            source=str(fields["source"]),
            stride=stride,
            episode_returns=None if returns is None else tuple(float(r) for r in returns),
        )
    except InvalidDemonstrations:
        raise
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidDemonstrations(f"provenance is not the JSON that this version writes ({error})") from error
