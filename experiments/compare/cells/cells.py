"""Cells: algorithm x architecture x number of demonstrations x seed, one JSON file each.

A cell is trained once. All measures of its policy are computed from the file, so a report can be written again without
training. Files are written atomically. A folder belongs to one problem and one choice of settings, which its
`comparison.json` describes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gail.approx.atomic_files import write_text
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.sampled.training import CurvePoint
from gail.experiments.compare.settings import Architecture, Preset
from gail.experiments.errors import InvalidRequest

WITH_NETWORKS = 3
"""Number of seeds for which a comparison of tables also trains GAIL with networks."""

_DESCRIPTION = "comparison.json"
_DIGITS = 12  # of a hash, and decimals of the expert's numbers in it


@dataclass(frozen=True)
class Cell:
    """One training."""

    algorithm: Algorithm
    architecture: Architecture
    demonstrations: int | None
    """Number of demonstrations; None for the expert's exact occupancy measure."""
    seed: int
    """Seed of the demonstrations and of the training."""

    @property
    def size(self) -> str:
        """The number of demonstrations as text, or "exact"."""
        return "exact" if self.demonstrations is None else str(self.demonstrations)

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.algorithm.value}-{self.architecture.value}-demos{self.size}-seed{self.seed}"

    def file(self, folder: Path) -> Path:
        """The path of its record."""
        return folder / "cells" / f"{self.name}.json"


@dataclass(frozen=True, eq=False)
class Record:
    """The result of a cell's training."""

    cell: Cell
    policy: Array
    """(S, A) the learned policy."""
    cost: Array | None
    """(S, A) the last cost of an adversarial algorithm."""
    logits: Array | None
    """(S, A) the discriminator's logits."""
    curve: tuple[CurvePoint, ...]
    matched: Array | None
    """(S, A) the policy of GAIL's exact optimum against these demonstrations; None if there is none."""
    played: Array | None
    """(S, A) exact GAIL's policy after as many iterations against these demonstrations."""
    left_out: float
    """Share of the discounted mass that lies beyond the ends of the demonstrations."""
    env_steps: int
    seconds: float
    """Time of the training, including its evaluations."""

    def save(self, folder: Path) -> None:
        """Write the record to its file, atomically."""
        arrays = {name: _listed(getattr(self, name)) for name in _ARRAYS}
        plain = {"left_out": self.left_out, "env_steps": self.env_steps, "seconds": self.seconds}
        content = {"curve": [asdict(point) for point in self.curve], **arrays, **plain}
        write_text(self.cell.file(folder), json.dumps(content) + "\n")


_ARRAYS = ("policy", "cost", "logits", "matched", "played")


def load(cell: Cell, folder: Path) -> Record | None:
    """The record of a cell; None if its file does not exist or is damaged."""
    try:
        content = json.loads(cell.file(folder).read_text())
        arrays = {name: _array(content.pop(name)) for name in _ARRAYS}
        curve = tuple(CurvePoint(**point) for point in content.pop("curve"))
        return Record(cell=cell, curve=curve, **arrays, **content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _listed(array: Array | None) -> Any:
    return None if array is None else array.tolist()


def _array(values: Any) -> Any:
    return None if values is None else np.asarray(values, dtype=np.float64)


def cells(
    algorithms: Sequence[Algorithm],
    architecture: Architecture,
    sizes: Sequence[int | None],
    seeds: Sequence[int],
    *,
    one_hot: bool = True,
) -> Iterator[Cell]:
    """All combinations, seed by seed; with tables, also GAIL with networks for the first `WITH_NETWORKS` seeds."""
    beside = architecture is Architecture.TABLE and one_hot and Algorithm.GAIL in algorithms
    for position, seed in enumerate(seeds):
        for size in sizes:
            for algorithm in algorithms:
                yield Cell(algorithm, architecture, size, seed)
            if beside and position < WITH_NETWORKS:
                yield Cell(Algorithm.GAIL, Architecture.MLP, size, seed)


def claim_folder(folder: Path, problem: Problem, preset: Preset) -> None:
    """Check the folder, and write the comparison's description into it if it has none.

    Raises:
        InvalidRequest: the folder contains another comparison's cells.
    """
    check_folder(folder, problem, preset)
    path = folder / _DESCRIPTION
    if not path.is_file():
        write_text(path, json.dumps(_described(problem, preset), indent=2) + "\n")


def check_folder(folder: Path, problem: Problem, preset: Preset) -> None:
    """Check that the folder belongs to this comparison or to none; writes nothing.

    Raises:
        InvalidRequest: the folder contains another comparison's cells.
    """
    path = folder / _DESCRIPTION
    if not path.is_file():
        return
    try:
        found = json.loads(path.read_text())
    except ValueError:
        found = {}
    for key, value in _described(problem, preset).items():
        if found.get(key) != value:
            raise InvalidRequest(
                f"{folder} holds another comparison: its {key} is {found.get(key)}, this one's is {value}; choose "
                "another --out, or delete the folder"
            )


def _described(problem: Problem, preset: Preset) -> dict[str, Any]:
    return {
        "instance": problem.name,
        "psi": type(problem.psi).__name__,
        "entropy_weight": problem.entropy_weight,
        "discount": problem.mdp.discount,
        "process": _digest(problem),
        "settings": {one.value: json.loads(json.dumps(asdict(preset.of(one)))) for one in Architecture},
    }


def _digest(problem: Problem) -> str:
    """A hash of the numbers of the problem that its description does not contain."""
    content = hashlib.sha256()
    transitions = problem.mdp.transitions
    for array in (transitions.data, transitions.indices, transitions.indptr, problem.mdp.initial, problem.observations):
        content.update(np.ascontiguousarray(array).tobytes())
    content.update(np.ascontiguousarray(np.round(problem.expert, _DIGITS)).tobytes())
    return content.hexdigest()[:_DIGITS]
