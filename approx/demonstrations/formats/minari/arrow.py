"""Minari's datasets in Arrow: a folder with `metadata.json` and one folder of Arrow files per episode.

| column of episode k, in folder `k` | shape | meaning |
|---|---|---|
| observations | (T + 1, d), or a struct with one field per part of a Dict or Tuple space | |
| actions | (T + 1, m), or (T + 1,) integers | |
| rewards | (T + 1,) | |
| terminations, truncations | (T + 1,) bool | how the episode ended, at its last step |
| infos | | not read |

Every column but observations has a padding row at the end. Boxes of several axes are stored with one axis, row by row.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, last_step
from gail.approx.demonstrations.errors import InvalidDemonstrations, import_optional, parsing
from gail.approx.demonstrations.formats.minari.parts import ordered_parts, side_by_side

_KIND = "Minari dataset in Arrow"


def from_folder(folder: Path, provenance: Provenance, space: Any = None) -> Recording:
    """Read the data folder, an episode at a time; its files are memory-mapped."""
    found = sorted(child.name for child in folder.iterdir() if child.is_dir())
    wanted = [str(k) for k in range(len(found))]
    if found != sorted(wanted):
        odd = next(name for name in found if name not in wanted)
        raise InvalidDemonstrations(f"folder {odd}: {len(found)} folders named 0 to {len(found) - 1} are needed")

    def read(k: int) -> Episode:
        with ExitStack() as files:
            return _episode(_table(folder / str(k), files), f"episode {k}: ", space)

    return Recording(len(wanted), lambda k: _rows(folder / str(k)) - 1, read, provenance, separate=True)


def _rows(folder: Path) -> int:
    with ExitStack() as files:
        return sum(batch.num_rows for batch in _batches(folder, files))


def _table(folder: Path, files: ExitStack) -> Any:
    """The rows of an episode, checked; valid while `files` is open."""
    batches = _batches(folder, files)
    with parsing(_KIND):
        for batch in batches:
            batch.validate(full=True)
        return import_optional("pyarrow", f"a {_KIND}").Table.from_batches(batches)


def _batches(folder: Path, files: ExitStack) -> list[Any]:
    arrow = import_optional("pyarrow", f"a {_KIND}")
    names = sorted(folder.glob("*.arrow"))
    if not names:
        raise InvalidDemonstrations(f"episode {folder.name} has no .arrow file")
    found = []
    with parsing(_KIND):
        for name in names:
            reader = arrow.ipc.open_file(files.enter_context(arrow.memory_map(str(name))))
            found += [reader.get_batch(i) for i in range(reader.num_record_batches)]
    return found


def _episode(table: Any, where: str, space: Any) -> Episode:
    observations = _column(table, "observations", where, space)
    if len(observations) < 2:
        raise InvalidDemonstrations(f"{where}observations has {len(observations)} rows: at least 2 are needed")
    actions, rewards = (_column(table, name, where)[:-1] for name in ("actions", "rewards"))
    ended, cut = (
        last_step(_column(table, name, where)[:-1], f"{where}{name}") for name in ("terminations", "truncations")
    )
    return Episode(observations[:-1], observations[-1], actions, rewards, ended, cut)


def _column(table: Any, name: str, where: str, space: Any = None) -> NDArray[Any]:
    """A column of numbers, of lists of numbers that are equally long, or of structs of these, side by side."""
    with parsing(_KIND):
        if name not in table.column_names:
            raise InvalidDemonstrations(f"{where}no column {name}; the columns are {', '.join(table.column_names)}")
        return _numbers(table.column(name).combine_chunks(), name, where, space)


def _numbers(values: Any, name: str, where: str, space: Any) -> NDArray[Any]:
    types = import_optional("pyarrow", f"a {_KIND}").types
    with parsing(_KIND):
        if types.is_struct(values.type) and not values.null_count:
            parts = ordered_parts((field.name for field in values.type), space)
            rows = [_numbers(values.field(part), f"{name}/{part}", where, own) for part, own in parts]
            return side_by_side(rows, f"{where}{name}")
        shape: tuple[int, ...] = (len(values),)
        if types.is_fixed_size_list(values.type) and not values.null_count:
            shape, values = (len(values), values.type.list_size), values.flatten()
        kind = values.type
        if values.null_count or not (types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind)):
            raise InvalidDemonstrations(f"{where}{name} holds {kind}, or missing entries: numbers are needed")
        # A copy, because the file is closed when the episode has been read.
        array: NDArray[Any] = values.to_numpy(zero_copy_only=False).reshape(shape).copy()
        return array
