"""Cells: algorithm x architecture x number of demonstrations x seed, one JSON file each.

A cell is trained once; what is measured of its policy is computed from the file, so that a report can be made anew
without training. Files are written whole, and a folder belongs to one problem and one choice of settings: its
`comparison.json` says which.
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
"""Seeds for which GAIL is trained with networks, too, where the comparison is of tables."""

_DESCRIPTION = "comparison.json"
_DIGITS = 12  # of hashes


@dataclass(frozen=True)
class Cell:
    """One training."""

    algorithm: Algorithm
    architecture: Architecture
    demonstrations: int | None
    """Their number; None for the expert's exact occupancy."""
    seed: int
    """Of the demonstrations and of the training."""

    @property
    def size(self) -> str:
        """The number of demonstrations, in a word."""
        return "exact" if self.demonstrations is None else str(self.demonstrations)

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.algorithm.value}-{self.architecture.value}-demos{self.size}-seed{self.seed}"

    def file(self, folder: Path) -> Path:
        """Where its record lies."""
        return folder / "cells" / f"{self.name}.json"


@dataclass(frozen=True, eq=False)
class Record:
    """What a cell left."""

    cell: Cell
    policy: Array
    """(S, A) learned."""
    cost: Array | None
    """(S, A) the last cost of an adversarial algorithm."""
    logits: Array | None
    """(S, A) of the discriminator."""
    curve: tuple[CurvePoint, ...]
    matched: Array | None
    """(S, A) the exact optimum's policy against these demonstrations, of GAIL; None where there is none."""
    played: Array | None
    """(S, A) exact GAIL's policy after as many iterations against these demonstrations."""
    left_out: float
    """Share of the discounted mass that the demonstrations lack."""
    env_steps: int
    seconds: float
    """Of the training, with its evaluations."""

    def save(self, folder: Path) -> None:
        """Write it, whole."""
        arrays = {name: _listed(getattr(self, name)) for name in _ARRAYS}
        plain = {"left_out": self.left_out, "env_steps": self.env_steps, "seconds": self.seconds}
        content = {"curve": [asdict(point) for point in self.curve], **arrays, **plain}
        write_text(self.cell.file(folder), json.dumps(content) + "\n")


_ARRAYS = ("policy", "cost", "logits", "matched", "played")


def load(cell: Cell, folder: Path) -> Record | None:
    """The record of a cell; None where there is none, or what is there is damaged."""
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
    """All combinations, seed by seed; among tables, GAIL with networks for the first seeds."""
    beside = architecture is Architecture.TABLE and one_hot and Algorithm.GAIL in algorithms
    for position, seed in enumerate(seeds):
        for size in sizes:
            for algorithm in algorithms:
                yield Cell(algorithm, architecture, size, seed)
            if beside and position < WITH_NETWORKS:
                yield Cell(Algorithm.GAIL, Architecture.MLP, size, seed)


def claim_folder(folder: Path, problem: Problem, preset: Preset) -> None:
    """Make the folder this comparison's, or see that it is.

    Raises:
        InvalidRequest: it holds another comparison's cells.
    """
    check_folder(folder, problem, preset)
    path = folder / _DESCRIPTION
    if not path.is_file():
        write_text(path, json.dumps(_described(problem, preset), indent=2) + "\n")


def check_folder(folder: Path, problem: Problem, preset: Preset) -> None:
    """That the folder is this comparison's, or nobody's; nothing is written.

    Raises:
        InvalidRequest: it holds another comparison's cells.
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
                f"{folder} holds another comparison: its {key} is {found.get(key)}, this one's is {value}; name "
                "another --out, or delete it"
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
    """A hash of all numbers of the problem that its description does not show."""
    content = hashlib.sha256()
    transitions = problem.mdp.transitions
    for array in (transitions.data, transitions.indices, transitions.indptr, problem.mdp.initial, problem.observations):
        content.update(np.ascontiguousarray(array).tobytes())
    content.update(np.ascontiguousarray(np.round(problem.expert, _DIGITS)).tobytes())
    return content.hexdigest()[:_DIGITS]
