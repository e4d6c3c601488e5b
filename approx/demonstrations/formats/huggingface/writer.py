"""Writes demonstrations as a HuggingFace dataset on disk, which `imitation` and `datasets.load_from_disk` read.

Arrow writes it, an episode at a time, with the feature names that old and new versions of `datasets` share.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import import_optional, writing
from gail.approx.demonstrations.whole_episodes import require_consecutive_steps
from gail.approx.trajectories.trajectories import Trajectories

_FILE = "data-00000-of-00001.arrow"


def save_huggingface(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write the new folder `path`."""
    path = Path(path)
    require_consecutive_steps(demonstrations, "a HuggingFace dataset")
    arrow = import_optional("pyarrow", "a HuggingFace dataset")
    batch = demonstrations.trajectories
    with writing(path) as temporary:
        temporary.mkdir()
        first = _episode(arrow, batch, 0)
        with (
            arrow.OSFile(str(temporary / _FILE), "wb") as sink,
            arrow.ipc.new_stream(sink, first.schema) as writer,
        ):
            writer.write_batch(first)
            for k in range(1, batch.num_trajectories):
                writer.write_batch(_episode(arrow, batch, k))
        _write_json(temporary / "dataset_info.json", _info(demonstrations.provenance.source, first.schema))
        _write_json(temporary / "state.json", _state(temporary / _FILE))


def _episode(arrow: ModuleType, batch: Trajectories, k: int) -> Any:
    """Episode k as a record batch of one row."""
    rows = slice(int(batch.first_steps[k]), int(batch.last_steps[k]) + 1)
    infos = ["{}"] * (rows.stop - rows.start)
    infos[-1] = json.dumps({"TimeLimit.truncated": bool(batch.truncated[k])})
    seen = np.concatenate([batch.observations[rows], batch.final_observations[k : k + 1]])
    columns = {
        "obs": _one_list(arrow, seen),
        "acts": _one_list(arrow, batch.actions[rows]),
        "infos": arrow.array([infos], arrow.list_(arrow.string())),
        # In `imitation` episodes that a time limit ended are terminal, too.
        "terminal": arrow.array([bool(batch.terminated[k] or batch.truncated[k])]),
    }
    if batch.rewards is not None:
        columns["rews"] = _one_list(arrow, batch.rewards[rows])
    return arrow.record_batch(columns)


def _one_list(arrow: ModuleType, values: NDArray[Any]) -> Any:
    """An Arrow array whose only entry is the list, or the list of lists, of `values`."""
    inner = arrow.array(values.reshape(-1))
    if values.ndim == 2:
        offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
        inner = arrow.ListArray.from_arrays(arrow.array(offsets), inner)
    return arrow.ListArray.from_arrays(arrow.array([0, len(values)], arrow.int32()), inner)


def _info(source: str, schema: Any) -> dict[str, Any]:
    features = {name: _feature(kind) for name, kind in zip(schema.names, schema.types, strict=True)}
    return {"citation": "", "description": source, "features": features, "homepage": "", "license": ""}


def _feature(kind: Any) -> dict[str, Any]:
    if hasattr(kind, "value_type"):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    known = {"double": "float64", "float": "float32", "halffloat": "float16"}
    return {"dtype": known.get(str(kind), str(kind)), "_type": "Value"}


def _state(file: Path) -> dict[str, Any]:
    fingerprint = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return {
        "_data_files": [{"filename": _FILE}],
        "_fingerprint": fingerprint,
        **{"_format_columns": None, "_format_kwargs": {}, "_format_type": None},
        **{"_output_all_columns": False, "_split": None},
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
