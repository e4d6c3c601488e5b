"""Videos: one episode of a policy, rendered without a display in a separate process.

MuJoCo chooses its graphics library when it is first imported, and a broken driver can end the process. A child process,
`python -m gail.experiments.train.filming`, therefore renders, with MUJOCO_GL=egl unless that variable is set.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gail.approx.atomic_files import replacing
from gail.experiments.errors import InvalidRequest

_WHAT_TO_INSTALL = (
    "MuJoCo renders with MUJOCO_GL={backend}: egl needs libegl1 (apt-get install libegl1), osmesa needs libosmesa6 "
    "(apt-get install libosmesa6) and works everywhere; choose with MUJOCO_GL=egl or MUJOCO_GL=osmesa. "
    "Classic control needs pygame (pip install 'gymnasium[classic-control]')"
)


@dataclass(frozen=True)
class Film:
    """Facts of a video."""

    frames: int
    """Number of frames: one before each step and one after the last."""
    total_reward: float
    """Return of the episode."""


def check_video(path: Path) -> None:
    """Raise `InvalidRequest` if a video cannot be written; called before any work starts."""
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        raise InvalidRequest(f"--video {path} needs imageio-ffmpeg: pip install 'gail[report]'")
    if path.suffix == "":
        raise InvalidRequest(f"--video {path}: the name needs an ending that says the format, such as .mp4")
    if path.is_dir():
        raise InvalidRequest(f"--video {path}: a folder of that name is there already")


def film(policy: Path, task_id: str, seed: int, path: Path) -> Film:
    """Film one episode of a policy's mean actions in Gymnasium's environment; on failure no file is left.

    Raises:
        InvalidRequest: the episode could not be rendered or written; the message says what may be missing.
    """
    backend = os.environ.get("MUJOCO_GL", "egl")
    with tempfile.TemporaryDirectory() as scratch, replacing(path) as temporary:
        facts = Path(scratch) / "facts.json"
        child = subprocess.run(
            [sys.executable, "-m", "gail.experiments.train.filming", str(policy), task_id, str(seed), temporary, facts],
            env={**os.environ, "MUJOCO_GL": backend},
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode != 0 or not facts.is_file():
            lines = child.stderr.strip().splitlines()
            raise InvalidRequest(
                f"--video {path}: no episode of {task_id} could be filmed "
                f"({lines[-1] if lines else f'the renderer ended with status {child.returncode}'}). "
                + _WHAT_TO_INSTALL.format(backend=backend)
            )
        return Film(**json.loads(facts.read_text()))
