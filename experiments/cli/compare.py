"""`gail compare`; the function's docstring is the help text.

Returns the exit status: 0 done, 1 some training failed. A sampled solution that differs from the exact one is a result,
not a failure.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gail.exact import solve_rl
from gail.experiments.compare import (
    EXACT,
    PRECISE,
    QUICK,
    Algorithm,
    Architecture,
    Cell,
    Comparison,
    Episodes,
    Preset,
    Problem,
    Record,
    SampledSettings,
    comparison,
    pose,
    write_comparison,
)
from gail.experiments.compare.analysis import Row, ranked_summary
from gail.experiments.compare.rates.batch_size import check_rates
from gail.experiments.compare.rates.report import batch_slopes, horizon_slopes, measure_rates, write_rates
from gail.experiments.compare.sampled.episodes import read
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import NAMES, Array, Instance, gridworld_from_file, mdp_from_file, named
from gail.experiments.verify.psi_choices import CHOICES
from gail.experiments.verify.report import check_report_folder

_CONSOLE = Console()
_PLAYABLE = ("logistic", "exponential", "truncated-quadratic", "hinge", "jeffreys", "reverse-kl", "forward-kl")
"""The psi with a discriminator loss; `pose` refuses the others and says why."""
_PRESETS = {"default": QUICK, "precise": PRECISE}

_COLUMNS = {
    "excess\nshare": ("excess_share", ".2%"),
    "excess\n/ |J*|": ("excess_relative", ".1e"),
    "JSD to\nexpert": ("jsd_expert", ".4f"),
    "TV to\nexpert": ("variation_expert", ".4f"),
    "TV to\noptimum": ("variation_optimum", ".4f"),
    "true\nreturn": ("true_return", ".4g"),
    "causal\nentropy": ("entropy", ".4g"),
}
"""Columns of the printed table and their formats; together they fit into 80 characters."""


def compare(
    mdp: str = "gridworld",
    psi: str = "logistic",
    expert: str = "soft",
    demos: tuple[str, ...] = ("1", "4", "16", "64", "256"),
    algos: tuple[Literal["bc", "fem", "gtal", "gail"], ...] = ("bc", "fem", "gtal", "gail"),
    seeds: int = 10,
    entropy_weight: float = 0.1,
    expert_entropy_weight: float = 1.0,
    discount: float = 0.95,
    policy: Literal["table", "mlp"] = "table",
    features: Literal["onehot", "coordinates"] = "onehot",
    preset: Literal["default", "precise"] = "default",
    batch: int | None = None,
    iterations: int | None = None,
    rates: bool = False,
    jobs: int = 2,
    out: Path = Path("runs/compare"),
) -> int:
    """Solve an imitation problem exactly and from samples, and explain the distance between the two.

    Every sampled policy is evaluated exactly. An interrupted comparison continues if it is called with the same --out.

    Args:
        mdp: gridworld, garnet, chain, frozenlake, cliffwalking, taxi, graph, an ASCII map in a text file, or an .npz
            file as for `gail verify`.
        psi: the cost regularizer of gail: logistic, exponential, truncated-quadratic, hinge,
            jeffreys, reverse-kl, forward-kl.
        expert: soft (soft-optimal, or the expert in the .npz), optimal, or a file of demonstrations whose observations
            are states, as numbers or unit vectors.
        demos: numbers of demonstrations; exact stands for the expert's occupancy itself.
        algos: sampled algorithms to train.
        seeds: number of seeds, counted from 0.
        entropy_weight: lambda, the weight of the imitator's causal entropy.
        expert_entropy_weight: entropy weight of the soft expert.
        discount: discount factor of the named instances; a file has its own.
        policy: table (of logits) or mlp (networks with hidden layers).
        features: what learners see of a state: onehot (a unit vector) or coordinates (row and column; mlp only).
        preset: default (a second or two per cell), or precise (up to a minute: large batches, small
            steps).
        batch: state-action pairs per iteration; default: the preset's.
        iterations: iterations of the game; default: the preset's.
        rates: also measure how errors fall with the batch size on this problem, and how regrets grow with the horizon
            on chains where cloning compounds its errors; about four minutes.
        jobs: trainings to run at once, each in a process with one thread.
        out: folder of the report and the trainings.
    """
    check_report_folder(out)
    sizes = _sizes(demos)
    if seeds < 1:
        raise InvalidRequest(f"--seeds is {seeds}: at least 1 is needed")
    architecture = Architecture(policy)
    chosen = _adjusted(_PRESETS[preset], batch, iterations)
    problem = _problem(mdp, psi, expert, entropy_weight, expert_entropy_weight, discount, features)
    if rates:
        check_rates(problem)
    progress = _Progress()
    found = comparison.compare(
        problem,
        [Algorithm(name) for name in dict.fromkeys(algos)],
        sizes,
        range(seeds),
        architecture=architecture,
        preset=chosen,
        folder=out,
        jobs=jobs,
        on_cell=progress.tell,
    )
    path = write_comparison(found, out)
    _print(found)
    _CONSOLE.print(f"Report: [bold]{path.resolve()}[/bold]", soft_wrap=True, highlight=False)
    if rates:
        with _CONSOLE.status("Rates in the batch size and in the horizon"):
            measured = measure_rates(problem)
        path = write_rates(measured, out)
        _print_slopes([*batch_slopes(measured), *horizon_slopes(measured.horizons)])
        _CONSOLE.print(f"Rates: [bold]{path.resolve()}[/bold]", soft_wrap=True, highlight=False)
    return 1 if found.failures else 0


class _Progress:
    """Print a line at intervals, and one for each cell that fails."""

    def __init__(self) -> None:
        self._done = 0

    def tell(self, cell: Cell, record: Record | None, reason: str | None) -> None:
        self._done += 1
        if reason is not None:
            _CONSOLE.print(f"{cell.name} failed: {reason}", soft_wrap=True, highlight=False, markup=False)
        elif self._done % 20 == 0:
            _CONSOLE.print(f"{self._done} cells trained, the last was {cell.name}", highlight=False)


def _problem(
    name: str,
    psi: str,
    expert: str,
    entropy_weight: float,
    expert_entropy_weight: float,
    discount: float,
    features: str,
) -> Problem:
    if not 0.0 <= expert_entropy_weight < math.inf:
        raise InvalidRequest(f"--expert-entropy-weight is {expert_entropy_weight}: a number of at least 0 is needed")
    if psi not in CHOICES:
        raise InvalidRequest(f"--psi {psi}: known are {', '.join(_PLAYABLE)}")
    make_psi = CHOICES[psi]
    instance = _instance(name, 0.0 if expert == "optimal" else expert_entropy_weight, discount)
    recordings: Episodes | None = None
    if expert == "optimal":
        instance = _optimal(instance)
    elif expert != "soft":
        path = Path(expert)
        if not path.exists():
            raise InvalidRequest(f"--expert {expert}: neither soft, nor optimal, nor a file")
        recordings = read(path, instance.mdp)
    observations = _coordinates(instance) if features == "coordinates" else None
    return pose(instance, make_psi(instance.mdp), entropy_weight, observations=observations, recordings=recordings)


def _instance(name: str, expert_entropy_weight: float, discount: float) -> Instance:
    if name in NAMES:
        return named(name, expert_entropy_weight, discount)
    path = Path(name)
    if not path.is_file():
        raise InvalidRequest(f"--mdp {name}: neither a file nor one of {', '.join(NAMES)}")
    if zipfile.is_zipfile(path):
        return mdp_from_file(path, expert_entropy_weight)
    return gridworld_from_file(path, expert_entropy_weight, discount)


def _optimal(instance: Instance) -> Instance:
    """The instance with an optimal expert."""
    if instance.cost is None:
        raise InvalidRequest(f"--expert optimal: {instance.name} has no cost; only its own expert can be imitated")
    best = solve_rl(instance.mdp, instance.cost, entropy_weight=0.0).require_optimal()
    return replace(instance, expert_occupancy=best.occupancy)


def _coordinates(instance: Instance) -> Array:
    """(S, 2) row and column of each state, from -1 to 1."""
    if instance.layout is None:
        raise InvalidRequest(f"--features coordinates: {instance.name} is no map; only onehot is possible")
    spans = np.maximum(np.array(instance.layout.shape) - 1, 1)
    return np.asarray(2.0 * instance.layout.cells / spans - 1.0)


def _sizes(demos: Sequence[str]) -> list[int | None]:
    sizes: list[int | None] = []
    for word in demos:
        if word != "exact" and not (word.isdecimal() and int(word) > 0):
            raise InvalidRequest(f"--demos {word}: a number of at least 1, or exact, is needed")
        size = EXACT if word == "exact" else int(word)
        if size not in sizes:
            sizes.append(size)
    return sizes


def _adjusted(preset: Preset, batch: int | None, iterations: int | None) -> Preset:
    """The preset with the command line's changes, for tables and networks alike."""
    for name, value in (("--batch", batch), ("--iterations", iterations)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")

    def changed(settings: SampledSettings) -> SampledSettings:
        return replace(settings, batch=batch or settings.batch, iterations=iterations or settings.iterations)

    return replace(preset, table=changed(preset.table), mlp=changed(preset.mlp))


def _print(found: Comparison) -> None:
    _CONSOLE.print(_table_of_means(found.rows))
    for one in found.verdicts:
        _CONSOLE.print(one.sentence, style="green" if one.reached else "bold red", highlight=False)


def _print_slopes(rows: Sequence[Sequence[str]]) -> None:
    table = Table("error", "slope", "95 % interval", "theory", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for row in rows:
        table.add_row(*row)
    _CONSOLE.print(table)


def _table_of_means(rows: Sequence[Row]) -> Table:
    """Means over seeds; the report has their intervals."""
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for name in ("algo", "learner", "demos"):
        table.add_column(name, no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, no_wrap=True, justify="right")
    for (algorithm, architecture, size), measured in ranked_summary(rows):
        values = [format(measured[key].estimate, how) if key in measured else "-" for key, how in _COLUMNS.values()]
        table.add_row(algorithm.value, architecture.value, "exact" if size is None else str(size), *values)
    return table
