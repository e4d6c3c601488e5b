"""Learning curves: returns of the episodes that ended during training, averaged in bins. Small enough to ship.

Environments start anew at every checkpoint. Short episodes end first, so the first returns after a checkpoint are
biased. Iterations in which no episode of full length can have ended yet are left out. The remaining n iterations are
split in order into B bins of about n / B. The return of a bin is the mean over all episodes that ended in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gail.approx.atomic_files import write_text
from gail.approx.training.training import TrainingSettings
from gail.envs.tasks import find_task
from gail.experiments.runs.config import RunConfig

_BINS = 400


def biased_iterations(config: RunConfig, iterations: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask of the iterations after a checkpoint in which no episode of full length can have ended yet, shape (n,)."""
    learner, horizon = config.played(), find_task(config.task).horizon
    settings, whole_steps = learner.training, horizon * learner.simulator.num_envs
    found = _biased_in_phase(settings, whole_steps, iterations)
    later = settings.refinement
    if later is not None:
        refined = iterations * settings.batch_size > later.after_steps
        found = np.where(refined, _biased_in_phase(settings.at(later.after_steps), whole_steps, iterations), found)
    return found


def _biased_in_phase(phase: TrainingSettings, whole_steps: int, iterations: NDArray[np.float64]) -> NDArray[np.bool_]:
    age = (iterations - 1) % phase.checkpoint_every + 1
    found: NDArray[np.bool_] = (age <= whole_steps / phase.batch_size) & (iterations > phase.checkpoint_every)
    return found


def write_learning_curve(config: RunConfig, rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the curve of a run's metrics: columns env_steps (so far), episodes (of the bin) and mean_return."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(("env_steps", "episodes", "mean_return"))
    fair = np.flatnonzero(~biased_iterations(config, np.array([float(row["iteration"]) for row in rows])))
    for bin_ in np.array_split(fair, min(len(fair), _BINS)):
        counts = [int(rows[i]["episodes"]) for i in bin_]
        ended = sum(counts)
        total = sum(n * float(rows[i]["true_return"]) for n, i in zip(counts, bin_, strict=True) if n)
        writer.writerow((rows[bin_[-1]]["env_steps"], ended, f"{total / ended:.7g}" if ended else ""))
    write_text(path, content.getvalue())


def read_learning_curve(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Environment steps, and mean returns where episodes ended."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mean_return"]]
    steps = np.array([float(row["env_steps"]) for row in rows])
    return steps, np.array([float(row["mean_return"]) for row in rows])
