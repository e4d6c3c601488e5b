"""Berkeley's course data: a pickled list with one dict per episode.

| key | shape | meaning |
|---|---|---|
| observation, next_observation | (T, d) | before and after each action |
| action | (T, m), or (T,) integers | |
| reward | (T,) | |
| terminal | (T,) of 0 and 1 | 1 at the last step |
| image_obs | any | not read |

The course's own code sets `terminal` at a time limit, too; here it always means termination. Episodes without it count
as neither terminated nor truncated.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.episodes import Episode, Recording, flags, numbers
from gail.approx.demonstrations.errors import InvalidDemonstrations, writing
from gail.approx.demonstrations.whole_episodes import require_consecutive_steps

_SEEN = ("observation", "next_observation")
FIELDS = ("observation", "action", "reward", "next_observation", "terminal")


def from_pickle(content: list[Any]) -> Recording:
    """The episodes of the unpickled list. Reading empties the list, to save memory."""
    apart = any(_has_own_successors(path) for path in content)

    def read(k: int) -> Episode:
        path, content[k] = content[k], None
        length, following = _length(k, path), path["next_observation"]
        ended = flags(path["terminal"], f"episode {k}: terminal")
        if len(ended) != length or len(following) != length:
            raise InvalidDemonstrations(
                f"episode {k}: observation has {length} rows, next_observation {len(following)}, "
                f"terminal {len(ended)}: equal numbers are needed"
            )
        if ended[:-1].any():
            raise InvalidDemonstrations(
                f"episode {k}: terminal is set at step {int(ended.argmax())} of {len(ended)}: only the last may be"
            )
        return Episode(
            path["observation"],
            following[-1],
            path["action"],
            path["reward"],
            terminated=bool(ended[-1]),
            truncated=False,
            next_observations=following if apart else None,
        )

    provenance = Provenance(None, "a pickle in the layout of Berkeley's course", native=True)
    return Recording(len(content), lambda k: _length(k, content[k]), read, provenance, separate=True)


def _has_own_successors(path: Any) -> bool:
    """Whether an episode's next observations differ from its next rows; False for a broken one."""
    if not isinstance(path, dict) or not all(isinstance(path.get(name), np.ndarray) for name in _SEEN):
        return False
    return not np.array_equal(path["next_observation"][:-1], path["observation"][1:])


def _length(k: int, path: Any) -> int:
    if not isinstance(path, dict):
        raise InvalidDemonstrations(f"episode {k} is a {type(path).__name__}: a dict is needed")
    missing = [name for name in FIELDS if name not in path]
    if missing:
        raise InvalidDemonstrations(f"episode {k} has no {', '.join(missing)}")
    observations, _ = (
        numbers(path[name], "fiub", max(1, np.ndim(path[name])), f"episode {k}: {name}") for name in _SEEN
    )
    if not len(observations):
        raise InvalidDemonstrations(f"episode {k}: observation is empty")
    return len(observations)


def save_berkeley(demonstrations: Demonstrations, path: StrPath) -> None:
    """Write the list with pickle protocol 4, which `from_pickle` and older Pythons read."""
    path = Path(path)
    require_consecutive_steps(demonstrations, "Berkeley's pickle")
    batch = demonstrations.trajectories
    if batch.rewards is None:
        raise InvalidDemonstrations("Berkeley's pickle needs rewards: these demonstrations have none")
    following = demonstrations.following()
    episodes = []
    for k, (first, last) in enumerate(zip(batch.first_steps, batch.last_steps, strict=True)):
        rows = slice(int(first), int(last) + 1)
        terminal = np.zeros(rows.stop - rows.start, dtype=np.float32)
        terminal[-1] = batch.terminated[k]
        arrays = (batch.observations[rows], batch.actions[rows], batch.rewards[rows], following[rows], terminal)
        episodes.append(dict(zip(FIELDS, arrays, strict=True)))
    with writing(path) as temporary, temporary.open("wb") as stream:
        pickle.dump(episodes, stream, protocol=4)
