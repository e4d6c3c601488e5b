"""Pickled trajectories of `imitation`: a list of objects, which its `rollout.save` wrote before it wrote `.npz`.

| field of an object | shape | meaning |
|---|---|---|
| obs | (T + 1, d) | |
| acts | (T, m), or (T,) integers | |
| rews | (T,) | of TrajectoryWithRew only |
| terminal | bool | the episode ended, for `imitation` also at a time limit |
| infos | (T,) dicts | optional; of the last one, `TimeLimit.truncated` is read |
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gail.approx.demonstrations.containers.pickled_arrays import Record
from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording
from gail.approx.demonstrations.errors import InvalidDemonstrations


def from_pickle(content: list[Any]) -> Recording:
    """The episodes of the list of records."""
    provenance = Provenance(None, "a pickle of imitation", native=True)
    return Recording(
        len(content),
        lambda k: len(_array(content[k], "acts", k)),
        lambda k: _episode(content[k], k),
        provenance,
        separate=True,
    )


def _episode(record: Record, k: int) -> Episode:
    obs = _array(record, "obs", k)
    if not len(obs):
        raise InvalidDemonstrations(f"episode {k}: obs is empty")
    ended = record.fields.get("terminal")
    if not isinstance(ended, bool | np.bool_):
        raise InvalidDemonstrations(f"episode {k}: terminal is a {type(ended).__name__} where a bool is needed")
    cut = _was_cut(record.fields.get("infos"))
    rews = _array(record, "rews", k) if "rews" in record.fields else None
    acts = _array(record, "acts", k)
    return Episode(obs[:-1], obs[-1], acts, rews, terminated=bool(ended) and not cut, truncated=cut)


def _array(record: Any, name: str, k: int) -> Any:
    if not isinstance(record, Record):
        raise InvalidDemonstrations(f"episode {k} is a {type(record).__name__}, unlike episode 0")
    values = record.fields.get(name)
    if not isinstance(values, np.ndarray) or not values.ndim:
        raise InvalidDemonstrations(f"episode {k}: {name} is a {type(values).__name__} where an array is needed")
    return values


def _was_cut(infos: Any) -> bool:
    """Whether the last info says that a time limit ended the episode."""
    listed = isinstance(infos, list) or (isinstance(infos, np.ndarray) and infos.ndim == 1)
    last = infos[-1] if listed and len(infos) else None
    said = last.get("TimeLimit.truncated") if isinstance(last, dict) else None
    return isinstance(said, bool | np.bool_) and bool(said)
