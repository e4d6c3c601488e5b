"""A run is one frozen config and gives one folder.

| file | content |
|---|---|
| `config.json` | the whole config: with it and the same versions, the run can be repeated |
| `versions.json` | Python and the packages that numbers depend on |
| `metrics.csv` | one row per iteration, written as it happens |
| `checkpoint.pt` | everything needed to go on |
| `policy.safetensors` | the policy, for evaluation and use |
| `result.json`, `report.html` | the final evaluation, and pictures |
"""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import cattrs

from gail.approx.atomic_files import write_text
from gail.approx.cloning import CloningSettings
from gail.approx.training import TrainingSettings

NETWORK_THREADS = 1
"""Threads of the networks: at 100 units a layer, handing work to a second one costs more than it saves."""

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)
_PACKAGES = ("gail", "numpy", "scipy", "torch", "gymnasium", "mujoco", "envpool")


class InvalidRun(ValueError):
    """A folder is not a run, or cannot be one."""


@dataclass(frozen=True)
class RunConfig:
    """What a training run is."""

    task: str
    """Task id."""
    algorithm: Literal["gail", "bc", "trpo"]
    """Who learns from what: gail and bc from demonstrations, trpo from the true reward."""
    seed: int
    """Of everything random in training."""
    demonstrations: str | None
    """A demonstrations file; none for those that ship with the task."""
    num_demonstrations: int | None
    """How many trajectories of it are used, the first ones; none for all."""
    demonstration_stride: int
    """Every k-th step of them is kept, from a random offset."""
    demonstration_seed: int
    """Of those offsets."""
    num_envs: int
    """Environments stepped together."""
    threads: int
    """Threads of the simulator."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """Budget and players (gail, trpo)."""
    cloning: CloningSettings = field(default_factory=CloningSettings)
    """Fit (bc)."""


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config

    @classmethod
    def create(cls, folder: Path, config: RunConfig) -> Run:
        """Make a new run's folder; refuse one that already holds a run."""
        if (folder / "config.json").exists():
            raise InvalidRun(
                f"{folder} already holds a run: go on with `gail resume {folder}`, or choose another --out"
            )
        write_text(folder / "config.json", json.dumps(asdict(config), indent=2) + "\n")
        write_text(folder / "versions.json", json.dumps(versions(), indent=2) + "\n")
        return cls(folder, config)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open an existing run."""
        path = folder / "config.json"
        if not path.is_file():
            raise InvalidRun(f"{folder} is not a run: it has no config.json")
        try:
            return cls(folder, _CONVERTER.structure(json.loads(path.read_text()), RunConfig))
        except (json.JSONDecodeError, cattrs.BaseValidationError) as error:
            reasons = "; ".join(cattrs.transform_error(error)) if not isinstance(error, ValueError) else error
            raise InvalidRun(f"{path}: not the config of a run of this version ({reasons})") from error

    @property
    def checkpoint(self) -> Path:
        """Where the run goes on from."""
        return self.folder / "checkpoint.pt"

    @property
    def policy(self) -> Path:
        """The policy."""
        return self.folder / "policy.safetensors"

    @property
    def metrics(self) -> Path:
        """One row per iteration."""
        return self.folder / "metrics.csv"

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the final numbers."""
        write_text(self.folder / "result.json", json.dumps(result, indent=2) + "\n")


class MetricsFile:
    """Appends rows to a CSV file, each flushed as it comes."""

    def __init__(self, path: Path, keep_iterations: int) -> None:
        """Open `path`, keeping the rows of the first `keep_iterations` iterations that it may hold."""
        rows = [row for row in read_metrics(path) if int(row["iteration"]) <= keep_iterations]
        self._path = path
        self._writer: csv.DictWriter[str] | None = None
        if rows:
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
            write_text(path, "\n".join(lines) + "\n")
        else:
            path.unlink(missing_ok=True)
        self._file = path.open("a", newline="")
        self._has_header = bool(rows)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row; the first one decides the columns."""
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), lineterminator="\n")
            if not self._has_header:
                self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_metrics(path: Path) -> list[dict[str, str]]:
    """Rows of a metrics file, complete ones only; none if there is no file yet."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]


def versions() -> dict[str, str]:
    """Versions that numbers depend on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:  # EnvPool has no builds for some platforms
            found[package] = "not installed"
    return found
