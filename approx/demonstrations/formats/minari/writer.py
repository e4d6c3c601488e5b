"""Writes demonstrations as a Minari dataset; `minari.load_dataset` reads it from Minari's folder of datasets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations, import_optional, writing
from gail.approx.demonstrations.formats.minari.parts import FLAT
from gail.approx.demonstrations.whole_episodes import require_consecutive_steps
from gail.approx.trajectories.trajectories import Trajectories

_WRITTEN_AS = "0.5.0"
"""The first Minari version with this layout of the metadata."""


def save_minari(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write a dataset in HDF5, Minari's default, into the new folder `path`.

    Its id is the part of the path after a folder `datasets`, as in Minari, or else the folder's name.
    Boxes have infinite bounds, because recorded actions may lie outside the task's box.
    """
    path = Path(path)
    h5py = import_optional("h5py", "a Minari dataset")

    def write(batch: Trajectories, data: Path) -> None:
        with h5py.File(data / "main_data.hdf5", "w", track_order=True) as file:
            for k in range(batch.num_trajectories):
                _write_episode(file.create_group(f"episode_{k}"), batch, k)

    _save(demonstrations, path, "hdf5", write)


def save_minari_arrow(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write a dataset in Arrow into the new folder `path`, with the id and spaces of `save_minari`."""
    path = Path(path)
    arrow = import_optional("pyarrow", "a Minari dataset in Arrow")

    def write(batch: Trajectories, data: Path) -> None:
        for k in range(batch.num_trajectories):
            rows = int(batch.lengths[k]) + 1
            columns = {name: _arrow_column(arrow, rows, values) for name, values in _episode(batch, k).items()}
            folder = data / str(k)
            folder.mkdir()
            table = arrow.table(columns)
            with (
                arrow.OSFile(str(folder / "part-0.arrow"), "wb") as sink,
                arrow.ipc.new_file(sink, table.schema) as file,
            ):
                file.write_table(table)
            facts = {"id": k, "total_steps": int(batch.lengths[k])}
            (folder / "metadata.json").write_text(json.dumps(facts), encoding="utf-8")

    _save(demonstrations, path, "arrow", write)


def _save(demonstrations: Demonstrations, path: Path, kind: str, write: Callable[[Trajectories, Path], None]) -> None:
    require_consecutive_steps(demonstrations, "a Minari dataset")
    if demonstrations.trajectories.rewards is None:
        raise InvalidDemonstrations("a Minari dataset needs rewards: these demonstrations have none")
    with writing(path) as temporary:
        data = temporary / "data"
        data.mkdir(parents=True)
        write(demonstrations.trajectories, data)
        size = sum(part.stat().st_size for part in data.rglob("*") if part.is_file())
        metadata = {**_metadata(demonstrations, path, size), "data_format": kind}
        (data / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def _episode(batch: Trajectories, k: int) -> dict[str, NDArray[Any]]:
    """The columns of an episode: T + 1 observations, and T rows in every other column."""
    rows = slice(int(batch.first_steps[k]), int(batch.last_steps[k]) + 1)
    steps = rows.stop - rows.start
    assert batch.rewards is not None
    return {
        "observations": np.concatenate([batch.observations[rows], batch.final_observations[k : k + 1]]),
        "actions": batch.actions[rows],
        "rewards": batch.rewards[rows],
        **{
            name: np.append(np.zeros(steps - 1, dtype=bool), ended)
            for name, ended in (("terminations", batch.terminated[k]), ("truncations", batch.truncated[k]))
        },
    }


def _arrow_column(arrow: Any, rows: int, values: NDArray[Any]) -> Any:
    """A column of `rows` rows; shorter values are padded with zeros, as in Minari."""
    values = np.concatenate([values, np.zeros((rows - len(values), *values.shape[1:]), values.dtype)])
    flat = arrow.array(values.ravel())
    return flat if values.ndim == 1 else arrow.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _write_episode(group: Any, batch: Trajectories, k: int) -> None:
    for name, values in _episode(batch, k).items():
        group[name] = values
    group.create_group("infos")
    group.attrs["id"], group.attrs["total_steps"] = k, int(batch.lengths[k])


def _metadata(demonstrations: Demonstrations, path: Path, size: int) -> dict[str, Any]:
    batch, provenance = demonstrations.trajectories, demonstrations.provenance
    facts = {
        "total_episodes": batch.num_trajectories,
        "total_steps": batch.num_steps,
        "observation_space": json.dumps(_box(batch.observations.shape[1], batch.observations.dtype)),
        "action_space": json.dumps(_action_space(batch)),
        "dataset_size": round(size / 1e6, 1),
        "dataset_id": _dataset_id(path),
        "algorithm_name": provenance.source,
        "minari_version": _WRITTEN_AS,
        **({} if provenance.native else {FLAT: True}),
    }
    # Only registered environments: looking up a name from a file must not import a module.
    spec = gymnasium.registry.get(provenance.task or "")
    return facts if spec is None else {**facts, "env_spec": spec.to_json()}


def _dataset_id(path: Path) -> str:
    parts = path.absolute().parts
    below = parts[len(parts) - parts[::-1].index("datasets") :] if "datasets" in parts else ()
    return "/".join(below) or path.name


def _action_space(batch: Trajectories) -> dict[str, Any]:
    if batch.actions.dtype.kind == "f":
        return _box(batch.actions.shape[1], batch.actions.dtype)
    if batch.actions.ndim == 2:
        choices = batch.actions.max(axis=0) + 1
        return {"type": "MultiDiscrete", "dtype": "int64", "nvec": choices.tolist(), "start": [0] * len(choices)}
    return {"type": "Discrete", "dtype": str(batch.actions.dtype), "start": 0, "n": int(batch.actions.max()) + 1}


def _box(size: int, dtype: np.dtype[Any]) -> dict[str, Any]:
    return {"type": "Box", "dtype": str(dtype), "shape": [size], "low": [-math.inf] * size, "high": [math.inf] * size}
