"""Cells of the table of `gail bench train`: task x algorithm x number of demonstrations x seed, one CSV row each.

Returns are normalised, score(J) = (J - J_random) / (J_expert - J_random), with J_random and J_expert from the expert's
card: 0 is uniformly random play, 1 the expert with sampled actions. A cell has the key (task, algorithm,
demonstrations, budget, seed, settings). A cell whose key is in the CSV is not run again.
"""

from __future__ import annotations

import csv
import fcntl
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from gail.envs.task_ids import folder_name
from gail.envs.tasks import find_task
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Cloning, RunConfig
from gail.experiments.runs.options import check_config, configured
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.train.evaluation import Reference, reference

Key: TypeAlias = tuple[str, str, int, int, int, str]
"""Task, algorithm, demonstrations, budget, seed, settings that differ from the recipe."""


@dataclass(frozen=True)
class Cell:
    """One training to measure."""

    task: str
    """Task id."""
    algorithm: str
    """An algorithm that learns from demonstrations."""
    demonstrations: int
    """Number of expert trajectories."""
    budget: int
    """Environment steps; 0 for cloning, which takes none."""
    seed: int
    """Seed of all randomness."""
    settings: str = ""
    """Differences from the recipe: assignments as for `gail train --set`, separated by blanks."""

    @property
    def key(self) -> Key:
        """The values that identify the cell."""
        return self.task, self.algorithm, self.demonstrations, self.budget, self.seed, self.settings

    @property
    def name(self) -> str:
        """Name of the cell's folder."""
        task = folder_name(self.task)
        name = f"{task}-{self.algorithm}-demos{self.demonstrations}-steps{self.budget}-seed{self.seed}"
        return "-".join([name, *self.settings.split()])

    def config(self) -> RunConfig:
        """The recipe of its task with the cell's settings, and one thread of the simulator."""
        options = {"trajectories": self.demonstrations, "seed": self.seed}
        if self.algorithm != Cloning.name:
            options |= {"threads": 1, "steps": self.budget}
        return configured(self.task, self.algorithm, assignments=tuple(self.settings.split()), options=options)


@dataclass(frozen=True)
class CellResult:
    """One row of the table; None where a column does not apply."""

    task: str
    algorithm: str
    demonstrations: int
    budget: int
    seed: int
    env_steps: int
    """Environment steps of training, without evaluations."""
    seconds: float
    """Seconds of training, without periodic evaluations, start-up and checkpoints."""
    steps_per_second: float | None
    peak_gb: float
    """Largest resident memory of the process, in 1e9 bytes."""
    evaluated_every: int | None
    """Environment steps between periodic evaluations of ten episodes with mean actions."""
    steps_to_90: int | None
    """Environment steps at the first periodic evaluation with a score of at least 0.90."""
    seconds_to_90: float | None
    """Seconds of training until then."""
    steps_to_95: int | None
    seconds_to_95: float | None
    deterministic_return: float
    """Mean over 50 whole episodes of the final policy, mean actions."""
    deterministic_score: float
    stochastic_return: float
    """The same with sampled actions."""
    stochastic_score: float
    accuracy: float | None
    """Accuracy of the discriminator, mean over both sides and the last ten iterations."""
    settings: str = ""

    @property
    def key(self) -> Key:
        """Key of its cell."""
        return self.task, self.algorithm, self.demonstrations, self.budget, self.seed, self.settings


def cells(
    tasks: Sequence[str],
    algorithms: Sequence[str],
    demonstrations: Sequence[int],
    seeds: Sequence[int],
    steps: int | None,
    settings: Sequence[str] = (),
) -> Iterator[Cell]:
    """All combinations, seed by seed, so that an interrupted table has every task; checked before the first training.

    Default of `demonstrations`: a task's smallest dataset. Default of `steps`: its recipe's budget.
    """
    for seed in seeds:
        if seed < 0:
            raise InvalidRequest(f"--seeds: {seed} is negative")
        for name in tasks:
            task = find_task(name)
            levels(task.id)
            budget = imitation_recipe(task.id).played().training.env_steps if steps is None else steps
            for count in demonstrations or task.dataset_sizes[:1]:
                for algorithm in algorithms:
                    cell = Cell(
                        task.id, algorithm, count, 0 if algorithm == Cloning.name else budget, seed, " ".join(settings)
                    )
                    check_config(cell.config())
                    yield cell


def levels(task_id: str) -> Reference:
    """Returns with the scores 0 and 1 on a task; raise `InvalidRequest` if no expert ships for it."""
    found = reference(task_id)
    if found is None:
        raise InvalidRequest(f"no expert ships for {task_id}, so scores are not defined; leave the task out")
    return found


class Table:
    """The CSV of results: rows are only ever appended."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[CellResult]:
        """All rows; raise `InvalidRequest` if the file has other columns."""
        if not self.path.is_file():
            return []
        with self.path.open(newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != _COLUMNS:
                raise InvalidRequest(
                    f"{self.path} has the columns {reader.fieldnames}, this version writes {_COLUMNS}: "
                    "name another --out"
                )
            return [_parsed(row) for row in reader]

    def append(self, result: CellResult) -> None:
        """Add a row, unless its key is there already; several processes may do this at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if result.key in {row.key for row in self.read_or_empty()}:
                return
            content = io.StringIO()
            writer = csv.DictWriter(content, _COLUMNS, lineterminator="\n")
            if self.path.stat().st_size == 0:
                writer.writeheader()
            writer.writerow(asdict(result))
            file.write(content.getvalue())

    def read_or_empty(self) -> list[CellResult]:
        """All rows; an empty list for an empty file."""
        return self.read() if self.path.is_file() and self.path.stat().st_size else []


_COLUMNS = [field.name for field in fields(CellResult)]
_TEXTS, _INTEGERS = (
    {"task", "algorithm", "settings"},
    {"demonstrations", "budget", "seed", "env_steps", "evaluated_every"},
)
_INTEGERS |= {"steps_to_90", "steps_to_95"}


def _parsed(row: dict[str, str]) -> CellResult:
    def value(name: str, text: str) -> Any:
        if name in _TEXTS:
            return text
        if text == "":
            return None
        return int(text) if name in _INTEGERS else float(text)

    return CellResult(**{name: value(name, text) for name, text in row.items()})


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Lock a folder for this process; raise `InvalidRequest` if another one has locked it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidRequest(f"{folder} is in use by another process: wait, or name another --runs") from None
        yield
