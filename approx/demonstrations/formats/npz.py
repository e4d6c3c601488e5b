"""The project's own demonstration file: one `.npz`, no pickled objects.

| array | shape | meaning |
|---|---|---|
| observations | (N, d) | observation before each action, trajectory after trajectory |
| actions | (N, m) float, or (N,) or (N, k) integer | action of each step, as recorded |
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
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.containers.npz_archives import Archive, write_archive
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, join, numbers
from gail.approx.demonstrations.errors import InvalidDemonstrations, naming_file
from gail.approx.demonstrations.native_spaces import floating
from gail.approx.trajectories.trajectories import Trajectories

_FORMAT = "gail-demonstrations-1"
_REQUIRED = ("observations", "actions", "final_observations", "lengths", "terminated", "truncated")
_NEEDED = ("observations", "actions")
_OPTIONAL = ("rewards", "weights", "next_observations")
_PER_STEP = ("observations", "actions", "rewards", "weights", "next_observations")
_PER_EPISODE = ("final_observations", "terminated", "truncated")
_FLOATING = ("observations", "final_observations", "next_observations", "rewards", "weights")
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
    del facts["notes"]
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
    """The demonstrations in an archive of this layout; `broken` as for `gail.approx.demonstrations.episodes.join`.

    Only observations and actions are needed. `Provenance.notes` says what was assumed for what is missing.
    """
    missing = [name for name in _NEEDED if name not in archive.names]
    if missing:
        raise InvalidDemonstrations(
            f"no array {', '.join(missing)}; the file holds {', '.join(archive.names) or 'nothing'}"
        )
    # Read first, so that the error for a file of another version names the version, whatever its arrays.
    provenance = _read_provenance(archive.read("provenance") if "provenance" in archive.names else None)
    _compare_rows(archive)
    found = {name: archive.read(name) for name in (*_REQUIRED, *_OPTIONAL) if name in archive.names}
    arrays = {name: _in_usual_type(values, name) for name, values in found.items()}
    arrays, provenance = _completed(arrays, provenance)
    for name, (kinds, axes) in _KINDS.items():
        if name in arrays:
            numbers(arrays[name], kinds, axes, name)
    numbers(arrays["actions"], "fiu", arrays["actions"].ndim, "actions")
    following = arrays.pop("next_observations", None)
    if broken is not None:
        return join(_episodes(arrays, following, provenance), broken)
    columns: dict[str, Any] = {"rewards": None, **arrays}  # with weights, if any
    batch = Trajectories(**columns)
    return Demonstrations(batch, provenance, following)


def _compare_rows(archive: Archive) -> None:
    """Compare the rows that headers claim, before anything large is decompressed."""
    steps = archive.rows("observations")
    for name in _PER_STEP:
        if name in archive.names and archive.rows(name) != steps:
            raise InvalidDemonstrations(f"{name} has {archive.rows(name):,} rows, observations has {steps:,}")
    if "lengths" in archive.names:
        lengths = numbers(archive.read("lengths"), "iu", 1, "lengths")
        # Every length is checked too: a sum of huge ones may overflow.
        if len(lengths) and (lengths.min() < 1 or lengths.max() > steps or int(lengths.sum()) != steps):
            raise InvalidDemonstrations(
                f"lengths must be at least 1 and sum to the number of steps: their minimum is {lengths.min()}, "
                f"their sum {lengths.sum()}, and there are {steps} steps"
            )


def _in_usual_type(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Observations, rewards and weights in floating point, and no type with more than 64 bits."""
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        return values.astype(np.float64)
    if name in _FLOATING and values.dtype.kind in "iub":
        return floating(values)
    return values.astype(np.int64) if name == "actions" and values.dtype.kind == "b" else values


def _completed(arrays: dict[str, NDArray[Any]], provenance: Provenance) -> tuple[dict[str, NDArray[Any]], Provenance]:
    """The arrays with what is missing put in its place, and a note for each."""
    notes = list(provenance.notes)
    if "lengths" not in arrays:
        several = [name for name in _PER_EPISODE if name in arrays and len(np.atleast_1d(arrays[name])) != 1]
        if several:
            raise InvalidDemonstrations(
                f"no array lengths, but {several[0]} has {len(arrays[several[0]])} rows: the steps of each episode are "
                "needed"
            )
        arrays["lengths"] = np.array([len(arrays["observations"])])
        notes.append("no lengths: all steps are taken for one episode")
    episodes = len(arrays["lengths"])
    absent = [name for name in ("terminated", "truncated") if name not in arrays]
    arrays |= {name: np.zeros(episodes, dtype=bool) for name in absent}
    if absent:
        notes.append(f"no {' or '.join(absent)}: how those episodes ended is unknown")
    if "final_observations" not in arrays:
        arrays = _without_last_steps(arrays)
        notes.append("no final_observations: the last step of each episode is left out")
    return arrays, replace(provenance, notes=tuple(notes))


def _without_last_steps(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays without the last step of each episode, whose observation becomes the final one."""
    lengths = arrays["lengths"]
    if not len(lengths) or lengths.min() < 2:
        raise InvalidDemonstrations("no final_observations: then every episode needs at least 2 steps")
    last = np.cumsum(lengths) - 1
    shorter = {name: np.delete(values, last, axis=0) for name, values in arrays.items() if name in _PER_STEP}
    ended = {name: np.zeros(len(lengths), dtype=bool) for name in ("terminated", "truncated")}
    return {**arrays, **shorter, **ended, "lengths": lengths - 1, "final_observations": arrays["observations"][last]}


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


def _read_provenance(array: NDArray[Any] | None) -> Provenance:
    """The provenance; what it lacks has its default, and a note."""
    if array is None:
        return Provenance(None, "an .npz without provenance", notes=("no provenance: the task is not named",))
    try:
        fields = json.loads(str(array))
        if fields.get("format", _FORMAT) != _FORMAT:
            raise InvalidDemonstrations(f"format {fields['format']!r}: this version reads {_FORMAT!r}")
        task, returns, stride = fields.get("task"), fields.get("episode_returns"), int(fields.get("stride", 1))
        if stride < 1:
            raise InvalidDemonstrations(f"provenance: the stride is {stride}, it must be at least 1")
        missing = [name for name in ("task", "source", "stride", "episode_returns") if name not in fields]
        return Provenance(
            task=None if task is None else str(task),
            source=str(fields.get("source", "an unnamed source")),
            stride=stride,
            episode_returns=None if returns is None else tuple(float(r) for r in returns),
            notes=(f"the provenance lacks {', '.join(missing)}",) if missing else (),
            native=bool(fields.get("native", False)),
        )
    except InvalidDemonstrations:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidDemonstrations(f"provenance is not the JSON that this version writes ({error})") from error
