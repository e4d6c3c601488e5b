"""The finite instances on which `gail verify` checks the theory: named ones, a gridworld map, or a user's own MDP.

A user's file is an `.npz` of plain arrays:

| array | shape | meaning |
|---|---|---|
| transitions | (S, A, S) | P(s' given s, a) |
| initial | (S,) | start distribution |
| discount | () | discount |
| terminal | (S,) bool | optional: states whose rows may sum to less than one |
| expert_occupancy | (S, A) | occupancy measure of the expert; without it, `cost` is required |
| cost | (S, A) | the task's cost; without `expert_occupancy`, the expert is its soft-optimal policy |
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import networkx as nx
import numpy as np
from numpy.typing import NDArray

from gail.envs.conversions import chain, from_graph, from_gymnasium
from gail.envs.finite import FiniteTask, garnet
from gail.envs.gridworlds import DEMO_8X8, GridLayout, InvalidMap, gridworld
from gail.exact import (
    FiniteMDP,
    InvalidCost,
    InvalidMDP,
    InvalidOccupancy,
    NotOptimal,
    solve_rl,
    validate_cost,
    validate_occupancy,
)
from gail.experiments.errors import InvalidRequest

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Instance:
    """A finite MDP with an expert."""

    name: str
    """Its name in tables."""
    mdp: FiniteMDP
    """The process."""
    expert_occupancy: Array
    """Occupancy measure of the expert, (S, A)."""
    cost: Array | None
    """The task's cost (S, A), if it has one."""
    layout: GridLayout | None
    """The states' cells on a map, for pictures; None if there is no map."""


def demo_gridworld(expert_entropy_weight: float, discount: float) -> Instance:
    """The 8 x 8 gridworld of the demo, with a soft-optimal expert."""
    return _from_map(DEMO_8X8, "gridworld", expert_entropy_weight, discount)


def gridworld_from_file(path: Path, expert_entropy_weight: float, discount: float) -> Instance:
    """A gridworld from an ASCII map in a text file, with a soft-optimal expert.

    Raises:
        InvalidRequest: the file cannot be read, is not a map, or its expert could not be computed.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path}: cannot be read as a text file ({error})") from error
    try:
        return _from_map(text, path.name, expert_entropy_weight, discount)
    except InvalidMap as error:
        raise InvalidRequest(f"{path}: {error}") from error


def _from_map(text: str, name: str, expert_entropy_weight: float, discount: float) -> Instance:
    task = gridworld(text, discount=discount)
    return _with_soft_expert(name, task, expert_entropy_weight, task.layout)


def named(name: str, expert_entropy_weight: float, discount: float) -> Instance:
    """The instance of this name in `NAMES`, with a soft-optimal expert."""
    if name == "gridworld":
        return demo_gridworld(expert_entropy_weight, discount)
    task = _builders(discount)[name]()
    return _with_soft_expert(name, task, expert_entropy_weight, None)


def _builders(discount: float) -> dict[str, Callable[[], FiniteTask[None]]]:
    def gym(task_id: str) -> Callable[[], FiniteTask[None]]:
        return lambda: from_gymnasium(gymnasium.make(_registered(task_id)), discount=discount)

    return {
        "garnet": lambda: garnet(30, 4, 5, np.random.default_rng(0), discount=discount),
        "chain": lambda: chain(12, discount=discount),
        "frozenlake": gym("FrozenLake"),
        "cliffwalking": gym("CliffWalking"),
        "taxi": gym("Taxi"),
        "graph": lambda: from_graph(
            nx.convert_node_labels_to_integers(nx.grid_2d_graph(4, 5)).to_directed(),
            start=0,
            goal=19,
            discount=discount,
        ),
    }


NAMES = ("gridworld", *_builders(0.9))
"""Names of the instances that need no file."""


def _registered(name: str) -> str:
    """The id of the newest registered version of a Gymnasium environment."""
    versions = [spec.version or 0 for spec in gymnasium.registry.values() if spec.name == name]
    return f"{name}-v{max(versions)}"


def _with_soft_expert(
    name: str, task: FiniteTask[Any], expert_entropy_weight: float, layout: GridLayout | None
) -> Instance:
    try:
        expert = solve_rl(task.mdp, task.cost, expert_entropy_weight).require_optimal(1e-9)
    except NotOptimal as error:
        raise InvalidRequest(
            f"{name}: the soft-optimal expert with entropy weight {expert_entropy_weight:g} could not be computed "
            f"({error}). Rescale the cost, or change --expert-entropy-weight or --discount; an .npz file can also "
            "contain expert_occupancy"
        ) from error
    return Instance(name, task.mdp, expert.occupancy, task.cost, layout)


def mdp_from_file(path: Path, expert_entropy_weight: float) -> Instance:
    """A user's MDP and expert from an `.npz` file with the arrays that the module docstring lists.

    Raises:
        InvalidRequest: the file cannot be read, lacks arrays, or contains invalid ones.
    """
    arrays = _read_arrays(path)
    try:
        return _instance_of(path, arrays, expert_entropy_weight)
    except (InvalidMDP, InvalidCost, InvalidOccupancy) as error:
        raise InvalidRequest(f"{path}: {error}") from error


def _instance_of(path: Path, arrays: dict[str, NDArray[Any]], expert_entropy_weight: float) -> Instance:
    """The instance that the arrays of a file describe."""
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise InvalidRequest(f"{path}: {name} has dtype {array.dtype}: real numbers are needed")
    missing = [name for name in ("transitions", "initial", "discount") if name not in arrays]
    if missing:
        raise InvalidRequest(f"{path}: no array {', '.join(missing)}; the file contains {', '.join(arrays)}")
    if arrays["discount"].size != 1:
        raise InvalidRequest(f"{path}: discount has shape {arrays['discount'].shape}: one number is needed")
    discount = float(arrays["discount"].reshape(()))
    mdp = FiniteMDP(arrays["transitions"], arrays["initial"], discount, arrays.get("terminal"))
    if "expert_occupancy" in arrays:
        cost = validate_cost(mdp, arrays["cost"]) if "cost" in arrays else None
        return Instance(path.name, mdp, validate_occupancy(mdp, arrays["expert_occupancy"]), cost, None)
    if "cost" in arrays:
        return _with_soft_expert(path.name, FiniteTask(mdp, arrays["cost"], None), expert_entropy_weight, None)
    raise InvalidRequest(f"{path}: an array expert_occupancy or cost is needed to define the expert")


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.is_file() and not zipfile.is_zipfile(path):
        raise InvalidRequest(f"{path}: not an .npz archive (for a map in a text file, use --map)")
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise InvalidRequest(f"{path}: contains a single array; an .npz file of named arrays is needed")
            return {name: file[name] for name in file.files}
    except InvalidRequest:
        raise
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidRequest(f"{path}: not a readable .npz of plain arrays ({error})") from error
