"""Expert data of OpenAI's baselines: an `.npz` of K episodes.

| field | shape | meaning |
|---|---|---|
| obs | (K, T, d), or K objects (T_k, d) | observation before each action |
| acs | the same, of actions | |
| rews | (K, T), or K objects (T_k,) | optional |
| ep_rets | (K,) | return of each episode |

As with stable-baselines, the file lacks the observation after an episode's last step. So the last action and reward are
dropped, the last observation becomes the final one, and the episode counts as neither terminated nor truncated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gail.approx.demonstrations.containers.npz_archives import Archive
from gail.approx.demonstrations.dataset import Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, listed_returns, numbers
from gail.approx.demonstrations.errors import InvalidDemonstrations

FIELDS = frozenset({"obs", "acs", "ep_rets"})


def from_archive(archive: Archive) -> Recording:
    """Read the `.npz`."""
    fields = [name for name in ("obs", "acs", "rews") if name in archive.names]
    episodes = {name: _episodes(archive.read(name), name) for name in fields}
    count = len(episodes["obs"])
    for name, found in episodes.items():
        if len(found) != count:
            raise InvalidDemonstrations(f"{name} has {len(found)} episodes, obs has {count}")
    returns = tuple(listed_returns(archive.read("ep_rets"), count, "ep_rets").tolist())

    def steps(k: int) -> int:
        return _steps(episodes["obs"][k], k) - 1

    def read(k: int) -> Episode:
        seen, rewards, length = episodes["obs"][k], None, steps(k)
        acts = _without_last(episodes["acs"][k], length, f"episode {k}: acs")
        if "rews" in episodes:
            rewards = _without_last(episodes["rews"][k], length, f"episode {k}: rews")
        return Episode(seen[:-1], seen[-1], acts, rewards, terminated=False, truncated=False)

    source = "an .npz of OpenAI's baselines, without the last step of each episode"
    return Recording(count, steps, read, Provenance(None, source, 1, returns, native=True), separate=True)


def _episodes(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.ndim == 0 or (array.dtype.hasobject and array.ndim != 1):
        raise InvalidDemonstrations(f"{name} has shape {array.shape}: an episode per row is needed")
    return array


def _steps(observations: Any, k: int) -> int:
    found = numbers(observations, "f", 2, f"episode {k}: obs")
    if len(found) < 2:
        raise InvalidDemonstrations(f"episode {k}: obs has {len(found)} rows: 2 are needed, before and after a step")
    return len(found)


def _without_last(values: Any, length: int, what: str) -> NDArray[Any]:
    if not isinstance(values, np.ndarray) or values.shape[:1] != (length + 1,):
        raise InvalidDemonstrations(f"{what} is not an array of {length + 1} rows like obs")
    return values[:-1]
