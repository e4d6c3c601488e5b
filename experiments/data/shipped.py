"""A task's demonstrations: shipped with the package or, if they are too large, recorded once and cached."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rich.console import Console

from gail.approx.demonstrations import save_npz
from gail.approx.policies.policy import load_policy
from gail.envs.data import card, has_demonstrations, shipped_file
from gail.envs.tasks import find_task
from gail.experiments.data.demonstrations import record


def demonstrations_file(task_id: str, console: Console) -> Path:
    """The file of a task's shipped demonstrations, or of those that its shipped expert records with its card's seed.

    A recording is made once and kept in the folder `gail` of the user's cache, by task and expert.

    Raises:
        NotShipped: no expert ships with the task.
    """
    if has_demonstrations(task_id):
        return shipped_file(task_id, "demonstrations.npz")
    expert, seed = shipped_file(task_id, "expert.safetensors"), card(task_id)["seed"]
    digest = hashlib.sha256(expert.read_bytes()).hexdigest()[:12]
    path = _caches() / f"{task_id}-{digest}.npz"
    if not path.is_file():
        console.print(f"Recording the demonstrations of {task_id} once, in {path}.", soft_wrap=True, highlight=False)
        episodes = find_task(task_id).full_trajectories
        save_npz(record(load_policy(expert), task_id, episodes, seed, f"stochastic TRPO expert of seed {seed}"), path)
    return path


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gail"
