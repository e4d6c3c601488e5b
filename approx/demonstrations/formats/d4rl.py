"""D4RL's HDF5: N consecutive steps, one episode after the other.

| dataset | shape | meaning |
|---|---|---|
| observations | (N, d) | before each action |
| actions | (N, m), or (N,) integers | |
| rewards | (N,) | |
| terminals | (N,) | the environment ended the episode at this step |
| timeouts | (N,) | optional; a time limit ended it |
| next_observations | (N, d) | optional; after each action |

Without next observations the file lacks the observation after an episode's last step. Then this step is dropped, its
observation becomes the final one, and the episode counts as neither terminated nor truncated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.containers.hdf5 import content, dataset, names
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, flags
from gail.approx.demonstrations.errors import InvalidDemonstrations, import_optional, writing
from gail.approx.demonstrations.rows import Cursor
from gail.approx.demonstrations.whole_episodes import require_consecutive_steps

_FIELDS = ("observations", "actions", "rewards")


def from_hdf5(file: Any) -> Recording:
    """Read an open file, an episode at a time."""
    terminals = flags(content(dataset(file, "terminals")), "terminals")
    timeouts = np.zeros_like(terminals)
    if "timeouts" in names(file):
        timeouts = flags(content(dataset(file, "timeouts")), "timeouts")
    has_next = "next_observations" in names(file)
    fields = (*_FIELDS, "next_observations") if has_next else _FIELDS
    steps = {name: Cursor(dataset(file, name)) for name in fields}
    for name, shape in [(name, rows.shape) for name, rows in steps.items()] + [("timeouts", timeouts.shape)]:
        if shape[:1] != terminals.shape:
            raise InvalidDemonstrations(f"{name} has shape {shape}: {len(terminals)} rows are needed")
    read = _Reader(steps, terminals, timeouts, has_next)
    source = "a D4RL file" if has_next else "a D4RL file, without the last step of each episode"
    return Recording(len(read.lengths), read.lengths.__getitem__, read, Provenance(None, source, native=True))


class _Reader:
    """Cuts rows into episodes."""

    def __init__(
        self, steps: dict[str, Cursor], terminals: NDArray[np.bool_], timeouts: NDArray[np.bool_], has_next: bool
    ) -> None:
        if not terminals.size:
            raise InvalidDemonstrations("the data is empty: terminals has no entries")
        ends = np.flatnonzero(terminals | timeouts) + 1
        if not ends.size or ends[-1] != len(terminals):
            ends = np.append(ends, len(terminals))  # the last episode was not over
        self._begins, self._ends = np.append(0, ends[:-1]), ends
        if not has_next:
            kept = ends - self._begins > 1
            self._begins, self._ends = self._begins[kept], ends[kept]
        self.lengths: list[int] = (self._ends - self._begins - (0 if has_next else 1)).tolist()
        self._steps, self._has_next = steps, has_next
        self._terminals, self._timeouts = terminals, timeouts
        self._taken = 0

    def __call__(self, k: int) -> Episode:
        begin, end = int(self._begins[k]), int(self._ends[k])
        for rows in self._steps.values():
            rows.take(begin - self._taken)
        taken = {name: rows.take(end - begin) for name, rows in self._steps.items()}
        self._taken = end
        observations, actions, rewards = (taken[name] for name in _FIELDS)
        if not self._has_next:
            return Episode(observations[:-1], observations[-1], actions[:-1], rewards[:-1], False, False)
        following = taken["next_observations"]
        ended, cut = bool(self._terminals[end - 1]), bool(self._timeouts[end - 1])
        return Episode(observations, following[-1], actions, rewards, ended, cut, following)


def save_d4rl(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write the HDF5 file, with next observations."""
    path = Path(path)
    require_consecutive_steps(demonstrations, "a D4RL file")
    h5py = import_optional("h5py", "an HDF5 file")
    batch = demonstrations.trajectories
    if batch.rewards is None:
        raise InvalidDemonstrations("a D4RL file needs rewards: these demonstrations have none")
    ended, cut = np.zeros((2, batch.num_steps), dtype=bool)
    ended[batch.last_steps] = batch.terminated
    # Only a timeout can separate an episode that was cut in another way from the next one.
    cut[batch.last_steps] = ~batch.terminated
    with writing(path) as temporary, h5py.File(temporary, "w") as file:
        file["observations"] = batch.observations
        file["actions"] = batch.actions
        file["rewards"] = batch.rewards
        file["next_observations"] = demonstrations.following()
        file["terminals"], file["timeouts"] = ended, cut
