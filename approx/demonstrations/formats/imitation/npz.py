"""The `.npz` that `imitation` wrote up to version 0.4; later versions write HuggingFace datasets.

| field | shape | meaning |
|---|---|---|
| obs | (N + K, d) | T + 1 observations of each episode, one after the other |
| acts, infos | (N, ...) | infos are pickled objects: they are never read |
| rews | (N,) | optional |
| terminal | (K,) bool | the episode ended and was not cut |
| indices | (K - 1,) integer | where in acts the second and later episodes begin |
"""

from __future__ import annotations

import numpy as np

from gail.approx.demonstrations.containers.npz_archives import Archive
from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, flags, numbers
from gail.approx.demonstrations.errors import InvalidDemonstrations

FIELDS = frozenset({"obs", "acts", "terminal", "indices"})


def from_archive(archive: Archive) -> Recording:
    """Read the `.npz`, an episode at a time."""
    terminal = flags(archive.read("terminal"), "terminal")
    indices = numbers(archive.read("indices"), "iu", 1, "indices")
    obs, acts = archive.member("obs"), archive.member("acts")
    rews = archive.member("rews") if "rews" in archive.names else None
    steps = acts.shape[0] if acts.shape else 0
    if len(indices) != len(terminal) - 1:
        raise InvalidDemonstrations(
            f"indices has {len(indices)} entries, terminal has {len(terminal)}: indices needs one fewer than terminal"
        )
    ends = [*(int(i) for i in indices), steps]
    lengths = [end - begin for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    if min(lengths) < 1:
        raise InvalidDemonstrations(f"indices: episode {int(np.argmin(lengths))} has {min(lengths)} steps of {steps}")
    if obs.shape[:1] != (steps + len(lengths),):
        raise InvalidDemonstrations(f"obs has shape {obs.shape}: {steps + len(lengths)} rows are needed")
    if rews is not None and rews.shape != (steps,):
        raise InvalidDemonstrations(f"rews has shape {rews.shape}: ({steps},) is needed")

    def read(k: int) -> Episode:
        seen, ended = obs.take(lengths[k] + 1), bool(terminal[k])
        return Episode(
            seen[:-1],
            seen[-1],
            acts.take(lengths[k]),
            None if rews is None else rews.take(lengths[k]),
            terminated=ended,
            truncated=False,
        )

    provenance = Provenance(None, "an .npz of imitation", native=True)
    return Recording(len(lengths), lengths.__getitem__, read, provenance)
