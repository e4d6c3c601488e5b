"""A run is one frozen config and gives one folder.

| file | content |
|---|---|
| `config.json` | the whole config: with it and the same versions, the run can be repeated |
| `versions.json` | Python and the packages that numbers depend on |
| `metrics.csv` | one row per iteration, written as it happens; of cloning one per epoch, written when it is fitted |
| `tensorboard/` | the same for TensorBoard |
| `checkpoint.pt` | everything needed to go on; none of cloning, which begins again |
| `policy.safetensors` | the policy, for evaluation and use |
| `result.json`, `report.html` | the final evaluation, and pictures; an expert's run has `ship/` instead |
| `pictures/` | those of the report as files |
| `control-constant/`, `control-shuffled/` | the control runs, each a folder like this one |
| `controls.json` | what they say |
"""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cattrs

from gail.approx.atomic_files import write_text
from gail.approx.cloning import CloningSettings
from gail.approx.training import TrainingSettings

NETWORK_THREADS = 1
"""Threads of the networks: at 100 units a layer, handing work to a second one costs more than it saves."""


def _strict_number(value: Any, kind: type) -> Any:
    """The value, if it is a number of that kind: `int(1.5)` and `bool("false")` would both be accepted silently."""
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return kind(value)


_CONVERTER = cattrs.Converter(forbid_extra_keys=True)
for _kind in (bool, int, float):
    _CONVERTER.register_structure_hook(_kind, _strict_number)
_PACKAGES = ("gail", "numpy", "scipy", "torch", "gymnasium", "mujoco", "envpool")


Algorithm: TypeAlias = Literal["gail", "fem", "gtal", "bc", "trpo"]
FormName: TypeAlias = Literal["survival", "arrival", "difference"]


class InvalidRun(ValueError):
    """A folder is not a run, or cannot be one."""


@dataclass(frozen=True)
class RunConfig:
    """What a training run is."""

    task: str
    """Task id."""
    algorithm: Algorithm
    """Who learns from what: gail, fem, gtal and bc from demonstrations, trpo from the true reward."""
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
    """Budget and players (gail, fem, gtal, trpo)."""
    cloning: CloningSettings = field(default_factory=CloningSettings)
    """Fit (bc, and a warm start)."""
    reward_form: FormName = "survival"
    """Where the learned reward has its zero; see `gail.approx.reward_forms`."""
    warm_start: Literal["none", "bc"] = "none"
    """Whether the policy begins as a clone of the demonstrations."""
    absorbing: bool = False
    """Whether episodes that end early go on in an absorbing state until the time limit."""
    control: Literal["none", "constant", "shuffled"] = "none"
    """Whether this run is a control: with a constant reward, or with shuffled demonstrations."""
    controls: bool = False
    """Whether both controls follow this run."""
    control_steps: int | None = None
    """Environment steps of each control; none for as many as this run's."""


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config

    @classmethod
    def create(cls, folder: Path, config: RunConfig) -> Run:
        """Make a new run's folder; refuse one that already holds a run."""
        cls.check_free(folder)
        write_text(folder / "config.json", json.dumps(asdict(config), indent=2) + "\n")
        write_text(folder / "versions.json", json.dumps(versions(), indent=2) + "\n")
        return cls(folder, config)

    @staticmethod
    def check_free(folder: Path) -> None:
        """Raise `InvalidRun` where no new run can be made."""
        if folder.exists() and not folder.is_dir():
            raise InvalidRun(f"{folder} is a file: choose another --out")
        if (folder / "config.json").exists():
            raise InvalidRun(
                f"{folder} already holds a run: go on with `gail resume {folder}`, or choose another --out"
            )

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open an existing run."""
        path = folder / "config.json"
        if not path.is_file():
            raise InvalidRun(f"{folder} is not a run: it has no config.json")
        try:
            return cls(folder, structure_config(json.loads(path.read_text())))
        except ValueError as error:
            raise InvalidRun(f"{path}: not the config of a run of this version ({error})") from error

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

    def changed_versions(self) -> str | None:
        """A sentence on versions that are not those with which the run began; None if all are the same."""
        path = self.folder / "versions.json"
        try:
            before = dict(json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return f"{path} cannot be read: whether the run goes on with the same versions is not known"
        now = versions()
        changed = [f"{name} {before.get(name)} is now {now.get(name)}" for name in now if before.get(name) != now[name]]
        return f"The run goes on, but not bit for bit as it began: {', '.join(changed)}." if changed else None

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the final numbers."""
        write_text(self.folder / "result.json", json.dumps(result, indent=2) + "\n")


def structure_config(values: Any) -> RunConfig:
    """The config of nested dictionaries, as `dataclasses.asdict` makes them; fields with a default may be missing.

    Raises:
        ValueError: a field is unknown, missing or of a wrong type; the message names each.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"a table of fields is needed, not {values!r}")
    try:
        return _CONVERTER.structure(values, RunConfig)
    except cattrs.BaseValidationError as error:
        raise ValueError("; ".join(cattrs.transform_error(error))) from error


class MetricsFile:
    """Appends rows to a CSV file, each flushed as it comes."""

    def __init__(self, path: Path, keep_iterations: int) -> None:
        """Open `path`, keeping the rows of the first `keep_iterations` iterations that it may hold."""
        rows = [row for row in read_metrics(path) if int(row["iteration"]) <= keep_iterations]
        self._path = path
        self._writer: csv.DictWriter[str] | None = None
        self._columns = list(rows[0]) if rows else None
        if rows:
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
            write_text(path, "\n".join(lines) + "\n")
        else:
            path.unlink(missing_ok=True)
        self._file = path.open("a", newline="")

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row; the first one of the file decides the columns, also where an older version wrote it."""
        if self._writer is None:
            columns = self._columns or list(row)
            self._writer = csv.DictWriter(self._file, columns, extrasaction="ignore", lineterminator="\n")
            if self._columns is None:
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
