"""Minari's datasets: a folder with `metadata.json` and, in HDF5, `main_data.hdf5` with one group per episode.

| in group episode_k | shape | meaning |
|---|---|---|
| observations | (T + 1, ...), or a group with one array per part of a Dict or Tuple space | |
| actions | (T, ...), or (T,) integers | |
| rewards | (T,) | |
| terminations, truncations | (T,) bool | how the episode ended, at its last step |
| infos | | not read |

Datasets in Arrow have one folder per episode instead (`arrow`). Readers take the dataset's own folder (such as
`~/.minari/datasets/mujoco/hopper/expert-v0`), or the folder `data` inside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gail.approx.demonstrations.containers.hdf5 import content, dataset, is_group, names, opened, subgroup
from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, last_step
from gail.approx.demonstrations.errors import InvalidDemonstrations, parsing
from gail.approx.demonstrations.formats.minari import arrow as minari_arrow
from gail.approx.demonstrations.formats.minari.parts import FLAT, ordered_parts, side_by_side

_DATA = "main_data.hdf5"
_VERSIONS = re.compile(r"0\.[45]\.\d+")


def data_folder(path: Path) -> Path | None:
    """The folder with the data of the dataset at `path`; None if there is none."""
    return next((folder for folder in (path / "data", path) if (folder / "metadata.json").is_file()), None)


@contextmanager
def from_folder(folder: Path) -> Iterator[Recording]:
    """The episodes of a dataset, from its data folder; readable while the context is open."""
    facts = _metadata(folder)
    provenance = _provenance(facts)
    if facts["data_format"] == "arrow":
        yield minari_arrow.from_folder(folder, provenance, _space(facts))
        return
    with opened(folder / _DATA) as file:
        yield from_hdf5(file, provenance, _space(facts))


def from_hdf5(file: Any, provenance: Provenance, space: Any = None) -> Recording:
    """The episodes of the open `main_data.hdf5`; `space` describes observations as in metadata.json, if known."""
    count = len(names(file))
    groups = {name: k for k, name in enumerate(f"episode_{k}" for k in range(count))}
    strange = [name for name in names(file) if name not in groups]
    if strange:
        raise InvalidDemonstrations(f"{strange[0]}: {count} groups named episode_0 to episode_{count - 1} are needed")

    def length(k: int) -> int:
        return int(dataset(subgroup(file, f"episode_{k}"), "rewards", f"episode {k}: ").shape[0])

    return Recording(count, length, _reader(file, space), provenance, separate=True)


def _reader(file: Any, space: Any) -> Callable[[int], Episode]:
    def read(k: int) -> Episode:
        group, where = subgroup(file, f"episode_{k}"), f"episode {k}: "
        observations = _side_by_side(group, "observations", where, space)
        if not len(observations):
            raise InvalidDemonstrations(f"{where}observations is empty")
        ended, cut = (
            last_step(content(dataset(group, name, where)), f"{where}{name}")
            for name in ("terminations", "truncations")
        )
        actions, rewards = (content(dataset(group, name, where)) for name in ("actions", "rewards"))
        return Episode(observations[:-1], observations[-1], actions, rewards, ended, cut)

    return read


def _side_by_side(group: Any, name: str, where: str, space: Any) -> NDArray[Any]:
    """The rows of an array, or of the parts of a group in the order of the space, each in one axis."""
    if not is_group(group, name):
        return content(dataset(group, name, where))
    parts = subgroup(group, name)
    ordered = ordered_parts(names(parts), space)
    rows = [_side_by_side(parts, part, f"{where}{name}/", own) for part, own in ordered]
    return side_by_side(rows, f"{where}{name}")


def _metadata(folder: Path) -> dict[str, Any]:
    with parsing("Minari metadata.json"):
        facts = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if not isinstance(facts, dict):
            raise InvalidDemonstrations("metadata.json holds no object")
        kind, version = facts.get("data_format"), str(facts.get("minari_version"))
        if kind not in ("hdf5", "arrow"):
            raise InvalidDemonstrations(f"metadata.json: data_format is {kind!r}: 'hdf5' and 'arrow' are read")
        if not _VERSIONS.fullmatch(version):
            raise InvalidDemonstrations(f"metadata.json: minari_version is {version!r}: 0.4 and 0.5 are read")
        return facts


def _space(facts: dict[str, Any]) -> Any:
    with parsing("Minari metadata.json"):
        described = facts.get("observation_space")
        return json.loads(described) if isinstance(described, str) else described


def _provenance(facts: dict[str, Any]) -> Provenance:
    with parsing("Minari metadata.json"):
        spec = json.loads(facts["env_spec"]) if facts.get("env_spec") else {}
        made = facts.get("algorithm_name") or "an unnamed algorithm"
        source = f"Minari dataset {facts.get('dataset_id')}, by {made}"
        return Provenance(_text(spec.get("id")), source, native=not facts.get(FLAT, False))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
