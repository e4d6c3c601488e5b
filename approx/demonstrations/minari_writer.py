"""Demonstrations as a Minari dataset, which `minari.load_dataset` reads from its own folder of datasets."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations, optional, writing
from gail.approx.demonstrations.whole import require_whole
from gail.approx.trajectories import Trajectories

_WRITTEN_AS = "0.5.0"
"""The first version with this layout of the metadata."""


def save_minari(demonstrations: Demonstrations, path: Path) -> None:
    """Write a dataset into the new folder `path`.

    Its id is the end of the path from `datasets` on, where Minari keeps its own; otherwise the folder's name.
    Spaces are as wide as the recorded type: a dataset holds what was recorded.
    """
    require_whole(demonstrations, "a Minari dataset")
    h5py = optional("h5py", "a Minari dataset")
    batch = demonstrations.trajectories
    if batch.rewards is None:
        raise InvalidDemonstrations("a Minari dataset has rewards: these demonstrations have none")
    with writing(path) as temporary:
        data = temporary / "data"
        data.mkdir(parents=True)
        with h5py.File(data / "main_data.hdf5", "w", track_order=True) as file:
            for k in range(batch.num_trajectories):
                _write_episode(file.create_group(f"episode_{k}"), batch, k)
        metadata = _metadata(demonstrations, path, sum(part.stat().st_size for part in data.iterdir()))
        (data / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def _write_episode(group: Any, batch: Trajectories, k: int) -> None:
    rows = slice(int(batch.first_steps[k]), int(batch.last_steps[k]) + 1)
    steps = rows.stop - rows.start
    group["observations"] = np.concatenate([batch.observations[rows], batch.final_observations[k : k + 1]])
    group["actions"] = batch.actions[rows]
    assert batch.rewards is not None
    group["rewards"] = batch.rewards[rows]
    for name, ended in (("terminations", batch.terminated[k]), ("truncations", batch.truncated[k])):
        group[name] = np.append(np.zeros(steps - 1, dtype=bool), ended)
    group.create_group("infos")
    group.attrs["id"], group.attrs["total_steps"] = k, steps


def _metadata(demonstrations: Demonstrations, path: Path, size: int) -> dict[str, Any]:
    batch, provenance = demonstrations.trajectories, demonstrations.provenance
    facts = {
        "total_episodes": batch.num_trajectories,
        "total_steps": batch.num_steps,
        "data_format": "hdf5",
        "observation_space": json.dumps(_box(batch.observations.shape[1], batch.observations.dtype)),
        "action_space": json.dumps(_action_space(batch)),
        "dataset_size": round(size / 1e6, 1),
        "dataset_id": _dataset_id(path),
        "algorithm_name": provenance.source,
        "minari_version": _WRITTEN_AS,
    }
    # Only what is registered already: looking a name up must not import what a file chose.
    spec = gymnasium.registry.get(provenance.task or "")
    return facts if spec is None else {**facts, "env_spec": spec.to_json()}


def _dataset_id(path: Path) -> str:
    parts = path.absolute().parts
    below = parts[len(parts) - parts[::-1].index("datasets") :] if "datasets" in parts else ()
    return "/".join(below) or path.name


def _action_space(batch: Trajectories) -> dict[str, Any]:
    if batch.actions.ndim == 2:
        return _box(batch.actions.shape[1], batch.actions.dtype)
    return {"type": "Discrete", "dtype": str(batch.actions.dtype), "start": 0, "n": int(batch.actions.max()) + 1}


def _box(size: int, dtype: np.dtype[Any]) -> dict[str, Any]:
    return {"type": "Box", "dtype": str(dtype), "shape": [size], "low": [-math.inf] * size, "high": [math.inf] * size}
