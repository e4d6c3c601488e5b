"""Recordings of stable-baselines (`generate_expert_traj`): an `.npz`, or its pickled dict, of N consecutive steps.

| field | shape | meaning |
|---|---|---|
| obs | (N, d) | observation before each action |
| actions | (N, m), or (N, 1) integers | |
| rewards | (N,) | |
| episode_starts | (N,) bool | the first step of each episode |
| episode_returns | (K,) | optional |

The file stores neither the observation after an episode's last step nor how the episode ended. So the last action and
reward of every episode are dropped, and its last observation becomes the final one. The episode counts as neither
terminated nor truncated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.containers.npz_archives import Archive, write_archive
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, flags, listed_returns
from gail.approx.demonstrations.errors import InvalidDemonstrations
from gail.approx.demonstrations.rows import Rows, rows_of
from gail.approx.demonstrations.whole_episodes import require_consecutive_steps

FIELDS = frozenset({"obs", "actions", "rewards", "episode_starts"})


def from_archive(archive: Archive) -> Recording:
    """Read the `.npz`, an episode at a time."""
    returns = archive.read("episode_returns") if "episode_returns" in archive.names else None
    steps: dict[str, Rows] = {name: archive.member(name) for name in ("obs", "actions", "rewards")}
    return _recording(steps, archive.read("episode_starts"), returns)


def from_pickle(content: dict[str, Any]) -> Recording:
    """The episodes of the unpickled dict."""
    steps = {name: rows_of(content[name], name) for name in ("obs", "actions", "rewards")}
    return _recording(steps, content["episode_starts"], content.get("episode_returns"))


def _recording(steps: dict[str, Rows], starts: Any, returns: Any) -> Recording:
    begins = flags(starts, "episode_starts")
    for name, rows in steps.items():
        if rows.shape[:1] != begins.shape:
            raise InvalidDemonstrations(f"{name} has shape {rows.shape}: {len(begins)} rows are needed")
    if not begins.any() or not begins[0]:
        raise InvalidDemonstrations("episode_starts does not begin with the start of an episode")
    played = np.diff(np.append(np.flatnonzero(begins), len(begins)))
    kept = np.flatnonzero(played > 1)
    if not kept.size:
        raise InvalidDemonstrations("every episode has a single step, and the file lacks the observation after it")
    listed = None if returns is None else listed_returns(returns, len(played), "episode_returns")
    short = len(played) - len(kept)
    left_out = f" ({short} episodes of a single step are left out)" if short else ""
    source = f"a stable-baselines recording, without the last step of each episode{left_out}"

    def read(k: int) -> Episode:
        for skipped in range(kept[k - 1] + 1 if k else 0, kept[k]):
            for rows in steps.values():
                rows.take(int(played[skipped]))
        length = int(played[kept[k]])
        obs, actions, rewards = (steps[name].take(length) for name in ("obs", "actions", "rewards"))
        return Episode(obs[:-1], obs[-1], actions[:-1], rewards[:-1], terminated=False, truncated=False)

    episode_returns = None if listed is None else tuple(listed[kept].tolist())
    lengths: list[int] = (played[kept] - 1).tolist()
    return Recording(len(lengths), lengths.__getitem__, read, Provenance(None, source, 1, episode_returns, native=True))


def save_stable_baselines(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write the `.npz`; it cannot store final observations and endings."""
    path = Path(path)
    require_consecutive_steps(demonstrations, "stable-baselines' .npz")
    batch = demonstrations.trajectories
    if batch.rewards is None:
        raise InvalidDemonstrations("stable-baselines' .npz needs rewards: these demonstrations have none")
    starts = np.zeros(batch.num_steps, dtype=bool)
    starts[batch.first_steps] = True
    actions = batch.actions if batch.actions.ndim == 2 else batch.actions[:, None]
    returns = demonstrations.returns
    arrays: dict[str, NDArray[Any]] = {"actions": actions, "obs": batch.observations, "rewards": batch.rewards}
    if returns is not None:
        arrays["episode_returns"] = returns
    write_archive(path, {**arrays, "episode_starts": starts})
