"""HuggingFace `datasets` on disk, as `imitation` writes them: a folder with `state.json` and Arrow files.

One row per episode:

| column | shape | meaning |
|---|---|---|
| obs | (T + 1, d) | |
| acts | (T, m), or (T,) integers | |
| rews | (T,) | optional |
| terminal | () bool | the episode ended, for `imitation` also at a time limit |
| infos | (T,) text | jsonpickle, which runs code when it is decoded |

Of infos, only the last of each episode is read, as plain JSON, for the key `TimeLimit.truncated`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording
from gail.approx.demonstrations.errors import InvalidDemonstrations, import_optional, parsing

_KIND = "HuggingFace dataset of episodes"
_CUT = "TimeLimit.truncated"


def is_dataset(path: Path) -> bool:
    """True for a folder that `save_to_disk` wrote."""
    return (path / "state.json").is_file()


def from_folder(path: Path) -> Recording:
    """Read the dataset, an episode at a time; its files are memory-mapped."""
    batches = list(_batches(path))
    rows = [(batch, row) for batch in batches for row in range(batch.num_rows)]
    with parsing(_KIND):
        lengths = [len(batch.column("acts")[row]) for batch, row in rows]

    def read(k: int) -> Episode:
        batch, row = rows[k]
        with parsing(_KIND):
            obs = _matrix(batch.column("obs"), row, f"episode {k}: obs")
            acts = _matrix(batch.column("acts"), row, f"episode {k}: acts")
            has_rewards = "rews" in batch.schema.names
            rews = _matrix(batch.column("rews"), row, f"episode {k}: rews") if has_rewards else None
            ended, cut = batch.column("terminal")[row].as_py() is True, _was_cut(batch, row)
        if not len(obs):
            raise InvalidDemonstrations(f"episode {k}: obs is empty")
        return Episode(obs[:-1], obs[-1], acts, rews, terminated=ended and not cut, truncated=cut)

    provenance = Provenance(None, "a HuggingFace dataset in the layout of imitation", native=True)
    return Recording(len(lengths), lengths.__getitem__, read, provenance, separate=True)


def _batches(path: Path) -> Iterator[Any]:
    """The dataset's record batches, checked."""
    arrow = import_optional("pyarrow", "a HuggingFace dataset")
    with parsing(_KIND):
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        files = [str(entry["filename"]) for entry in state["_data_files"]]
    for name in files:
        if Path(name).name != name:
            raise InvalidDemonstrations(f"state.json names {name!r}: a file of this folder is needed")
        with parsing(_KIND), arrow.memory_map(str(path / name)) as source:
            for batch in arrow.ipc.open_stream(source):
                missing = [column for column in ("obs", "acts", "terminal") if column not in batch.schema.names]
                if missing:
                    raise InvalidDemonstrations(
                        f"{name}: no column {', '.join(missing)}; the columns are {', '.join(batch.schema.names)}"
                    )
                batch.validate(full=True)
                yield batch


def _matrix(column: Any, row: int, what: str) -> NDArray[Any]:
    """One episode of a column of lists, or of lists of lists, as an array."""
    types = import_optional("pyarrow", "a HuggingFace dataset").types
    if not _is_list(types, column.type):
        raise InvalidDemonstrations(f"{what} is of type {column.type}: lists are needed")
    if not column[row].is_valid:
        raise InvalidDemonstrations(f"{what} is missing")
    values = column[row].values
    shape: tuple[int, ...] = (-1,)
    if _is_list(types, values.type):
        widths = values.value_lengths().to_numpy(zero_copy_only=False)
        if values.null_count or not len(widths) or (widths != widths[0]).any():
            raise InvalidDemonstrations(f"{what} has rows of different lengths, or none")
        shape, values = (len(widths), int(widths[0])), values.flatten()
    if values.null_count:
        raise InvalidDemonstrations(f"{what} has missing entries")
    if not (types.is_floating(values.type) or types.is_integer(values.type)):
        raise InvalidDemonstrations(f"{what} holds {values.type}: numbers are needed")
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False).reshape(shape)
    return array


def _is_list(types: Any, kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _was_cut(batch: Any, row: int) -> bool:
    """Whether the last info says that a time limit ended the episode."""
    if "infos" not in batch.schema.names:
        return False
    infos = batch.column("infos")[row].as_py() or [""]
    try:
        last = json.loads(str(infos[-1]))
    except (ValueError, RecursionError):
        return False
    return isinstance(last, dict) and last.get(_CUT) is True
