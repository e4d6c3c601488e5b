"""The project's own demonstration file: one `.npz`, no pickled objects.

| array | shape | meaning |
|---|---|---|
| observations | (N, d) float | observation before each action, trajectory after trajectory |
| actions | (N, m) float or (N,) integer | action of each step, as recorded |
| rewards | (N,) float | optional; the environment's reward of each step |
| weights | (N,) float | optional; weight of each step |
| next_observations | (N, d) float | optional; observation after each step, if it differs from the next row |
| final_observations | (K, d) float | the observation after each trajectory's last action |
| lengths | (K,) integer | steps of each trajectory |
| terminated, truncated | (K,) bool | how each trajectory ended |
| provenance | () string | JSON: format, task, source, stride, episode_returns; native, if the spaces are not flat |
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.containers.npz_archives import Archive, write_archive
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, join, numbers
from gail.approx.demonstrations.errors import InvalidDemonstrations, naming_file
from gail.approx.trajectories.trajectories import Trajectories

_FORMAT = "gail-demonstrations-1"
_REQUIRED = ("observations", "actions", "final_observations", "lengths", "terminated", "truncated")
_OPTIONAL = ("rewards", "weights", "next_observations")
_KINDS = {
    **{"observations": ("f", 2), "final_observations": ("f", 2), "next_observations": ("f", 2), "rewards": ("f", 1)},
    **{"weights": ("f", 1), "lengths": ("iu", 1), "terminated": ("b", 1), "truncated": ("b", 1)},
}


def save_npz(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write demonstrations to `path`, atomically; equal demonstrations give equal bytes.

    Small files are compressed; large ones are not, so that `load_npz` can map them.
    """
    path = Path(path)
    batch = demonstrations.trajectories
    arrays: dict[str, NDArray[Any]] = {name: getattr(batch, name) for name in _REQUIRED}
    arrays |= {name: getattr(batch, name) for name in ("rewards", "weights") if getattr(batch, name) is not None}
    if demonstrations.next_observations is not None:
        arrays["next_observations"] = demonstrations.next_observations
    facts = asdict(demonstrations.provenance)
    if not facts["native"]:
        del facts["native"]  # the rule; files of earlier versions do not say it either
    provenance = json.dumps({"format": _FORMAT, **facts})
    write_archive(path, {**arrays, "provenance": np.array(provenance)})


def load_npz(path: StrPath) -> Demonstrations:
    """Read demonstrations; raise `InvalidDemonstrations` naming the file, the array and the value."""
    path = Path(path)
    with naming_file(path), Archive(path) as archive:
        return from_archive(archive)


def from_archive(archive: Archive, broken: list[str] | None = None) -> Demonstrations:
    """The demonstrations in an archive of this layout; `broken` as for `gail.approx.demonstrations.episodes.join`."""
    missing = [name for name in (*_REQUIRED, "provenance") if name not in archive.names]
    if missing:
        raise InvalidDemonstrations(
            f"no array {', '.join(missing)}; the file holds {', '.join(archive.names) or 'nothing'}"
        )
    # Read first, so that the error for a file of another version names the version, whatever its arrays.
    provenance = _read_provenance(archive.read("provenance"))
    arrays = {name: archive.read(name) for name in (*_REQUIRED, *_OPTIONAL) if name in archive.names}
    for name, (kinds, axes) in _KINDS.items():
        if name in arrays:
            numbers(arrays[name], kinds, axes, name)
    numbers(arrays["actions"], "fiu", arrays["actions"].ndim, "actions")
    following = arrays.pop("next_observations", None)
    if broken is not None:
        return join(_episodes(arrays, following, provenance), broken)
    batch = Trajectories(rewards=arrays.pop("rewards", None), **arrays)  # `arrays` holds the weights, if any
    return Demonstrations(batch, provenance, following)


def _episodes(arrays: dict[str, NDArray[Any]], following: NDArray[Any] | None, provenance: Provenance) -> Recording:
    """The trajectories of the file, one by one."""
    lengths, ends = arrays["lengths"], np.cumsum(arrays["lengths"])
    if "weights" in arrays:
        raise InvalidDemonstrations("episodes with weights cannot be left out one by one: correct the file")
    if len(lengths) and (lengths.min() < 1 or ends[-1] != len(arrays["observations"])):
        raise InvalidDemonstrations(f"lengths sum to {ends[-1]}, and there are {len(arrays['observations'])} steps")

    def read(k: int) -> Episode:
        rows = slice(int(ends[k] - lengths[k]), int(ends[k]))
        return Episode(
            arrays["observations"][rows],
            arrays["final_observations"][k],
            arrays["actions"][rows],
            arrays["rewards"][rows] if "rewards" in arrays else None,
            bool(arrays["terminated"][k]),
            bool(arrays["truncated"][k]),
            None if following is None else following[rows],
        )

    return Recording(len(lengths), lambda k: int(lengths[k]), read, provenance, separate=True)


def _read_provenance(array: NDArray[Any]) -> Provenance:
    try:
        fields = json.loads(str(array))
        if fields["format"] != _FORMAT:
            raise InvalidDemonstrations(f"format {fields['format']!r}: this version reads {_FORMAT!r}")
        task, returns, stride = fields["task"], fields["episode_returns"], int(fields["stride"])
        if stride < 1:
            raise InvalidDemonstrations(f"provenance: the stride is {stride}, it must be at least 1")
        return Provenance(
            task=None if task is None else str(task),
            source=str(fields["source"]),
            stride=stride,
            episode_returns=None if returns is None else tuple(float(r) for r in returns),
            native=bool(fields.get("native", False)),
        )
    except InvalidDemonstrations:
        raise
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidDemonstrations(f"provenance is not the JSON that this version writes ({error})") from error
