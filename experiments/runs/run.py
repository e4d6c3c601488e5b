"""The folder of a run. A run is defined by one frozen config.

| file | content |
|---|---|
| `config.json` | the whole config; with the same versions it repeats the run |
| `versions.json` | versions of Python and of the packages that affect numbers |
| `metrics.csv` | one row per iteration, written during training; for cloning one row per epoch, written after the fit |
| `tensorboard/` | the same for TensorBoard |
| `checkpoint.pt` | the state from which training resumes; cloning has none, it starts again |
| `policy.safetensors` | the policy, for evaluation and use |
| `reward.safetensors` | the reward, where the algorithm learns one that can be kept (`gail.approx.load_reward`) |
| `clone.safetensors` | a clone of the same demonstrations, which the result is compared with, where it takes seconds |
| `result.json`, `report.html` | the final evaluation, and pictures; an expert's run has `ship/` instead |
| `pictures/` | the report's pictures as files |
| `control-constant/`, `control-shuffled/` | the control runs, each a folder like this one |
| `controls.json` | returns of the controls and the verdict |
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gail.approx.atomic_files import write_text
from gail.experiments.runs.config import RunConfig, structured, unstructured

_PACKAGES = ("gail", "numpy", "scipy", "torch", "gymnasium", "mujoco", "envpool")


class InvalidRun(ValueError):
    """A folder is not a run, or cannot become one."""


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config

    @classmethod
    def create(cls, folder: Path, config: RunConfig) -> Run:
        """Make a new run's folder; refuse one that already holds a run."""
        cls.check_free(folder)
        write_text(folder / "config.json", json.dumps(unstructured(config), indent=2) + "\n")
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
            return cls(folder, structured(json.loads(path.read_text())))
        except ValueError as error:
            raise InvalidRun(f"{path}: not the config of a run of this version ({error})") from error

    @property
    def checkpoint(self) -> Path:
        """The checkpoint from which training resumes."""
        return self.folder / "checkpoint.pt"

    @property
    def policy(self) -> Path:
        """The policy."""
        return self.folder / "policy.safetensors"

    @property
    def reward(self) -> Path:
        """The reward, of an algorithm that learns one."""
        return self.folder / "reward.safetensors"

    @property
    def clone(self) -> Path:
        """The clone beside the policy."""
        return self.folder / "clone.safetensors"

    @property
    def metrics(self) -> Path:
        """One row per iteration."""
        return self.folder / "metrics.csv"

    def changed_versions(self) -> str | None:
        """A sentence that names versions which differ from those at the run's start; None if there are none."""
        path = self.folder / "versions.json"
        try:
            before = dict(json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return f"{path} cannot be read: whether the run goes on with the same versions is not known"
        now = versions()
        changed = [f"{name} {before.get(name)} is now {now.get(name)}" for name in now if before.get(name) != now[name]]
        return f"The run goes on, but not bit for bit as it began: {', '.join(changed)}." if changed else None

    def demonstrated_return(self) -> float | None:
        """Mean return of the demonstrations as the run's result has it; None if it does not."""
        path = self.folder / "result.json"
        try:
            return float(json.loads(path.read_text())["demonstrations"]["mean"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the final numbers."""
        write_text(self.folder / "result.json", json.dumps(result, indent=2) + "\n")


def versions() -> dict[str, str]:
    """Versions of the packages that affect numbers."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:  # EnvPool has no builds for some platforms
            found[package] = "not installed"
    return found
