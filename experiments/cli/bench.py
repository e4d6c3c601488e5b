"""`gail bench`: one function per benchmark; its docstring is its help text.

Each returns the exit status: 0 done, 1 a measurement failed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import arg, subcommand

from gail.approx import Constant
from gail.envs.task_ids import with_arguments
from gail.envs.tasks import TASKS, find_task
from gail.envs.transfer_tasks import TRANSFER_TASKS
from gail.experiments.bench import benchmarks
from gail.experiments.bench.rewards import ALGORITHMS, TRUTH, Stopped, measure_reuse, read_rows
from gail.experiments.bench.rewards_table import reuse_table, write_reuse
from gail.experiments.bench.training.cells import Table, cells
from gail.experiments.bench.training.page import write_page
from gail.experiments.bench.training.peers import PEERS, check_train_peers, measure_peers
from gail.experiments.bench.training.scheduler import bench_train
from gail.experiments.bench.training.table import score_table, speed_table
from gail.experiments.data.task_arguments import Assignments, EnvArgs
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.algorithms import COST_PLAYERS
from gail.experiments.runs.config import Cloning
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.train.evaluation import reference

_CONSOLE = Console()
_RESULTS = Path("runs/bench")
_IMITATORS = (*(kind.name for kind in COST_PLAYERS if kind is not Constant), Cloning.name)
_TABLE_WIDTH = 112  # in fewer columns, numbers would be cut off


def exact(states: int = 10**6, peers: Path | None = None, out: Path = _RESULTS / "exact.csv") -> int:
    """Measure seconds, memory and certified gaps of the exact engine on gridworlds of up to a million states.

    Args:
        states: number of states of the largest instance.
        peers: folder made by `make peers`; also measure other libraries.
        out: CSV of the raw results.
    """
    benchmarks.bench_exact(states, peers, _CONSOLE, out)
    return 0


def gaps(out: Path = _RESULTS / "gaps.csv") -> int:
    """Measure certified gaps of both routes on the demo's gridworld.

    Args:
        out: CSV of the raw results.
    """
    benchmarks.bench_gaps(_CONSOLE, out)
    return 0


def envs(out: Path = _RESULTS / "envs.csv") -> int:
    """Measure transitions per second of tabular environments, against Gymnasium's.

    Args:
        out: CSV of the raw results.
    """
    benchmarks.bench_envs(_CONSOLE, out)
    return 0


def throughput(
    task: tuple[str, ...] = ("Hopper-v5", "Ant-v5", "Humanoid-v5"),
    env_arg: EnvArgs = (),
    out: Path = _RESULTS / "throughput.csv",
) -> int:
    """Measure steps per second of GAIL, of the simulator alone with random actions, and each part's share of the time.

    Args:
        task: one task or several, measured one after the other.
        out: CSV of the raw results.
    """
    benchmarks.bench_throughput([find_task(with_arguments(name, env_arg)).id for name in task], 40, _CONSOLE, out)
    return 0


def train(
    task: tuple[str, ...] = (),
    env_arg: EnvArgs = (),
    algo: tuple[str, ...] = (),
    demos: tuple[int, ...] = (),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    steps: int | None = None,
    assignments: Assignments = (),
    jobs: int = 2,
    peers: Path | None = None,
    summary: bool = False,
    page: Path | None = None,
    runs: Path = Path("build/bench-train"),
    out: Path = Path("docs/results/train.csv"),
) -> int:
    """Measure imitators: scores, steps to 95 % of the expert, rates, memory; per task, algorithm, dataset and seed.

    A cell is one training. Rows are appended to the CSV as cells finish. Cells in the CSV are not run again; an
    interrupted cell continues from its folder. To repeat a cell, delete its row and its folder.

    Args:
        task: tasks; default: all for which an expert ships.
        algo: algorithms; default: all except the control; with --summary all in the CSV.
        demos: numbers of expert trajectories; default: each task's smallest dataset.
        seeds: seeds of all randomness.
        steps: environment steps of each training; default: the recipe's.
        jobs: cells to run at once, each with one network thread and one simulator thread.
        peers: folder made by `make peers`; afterwards also measure other libraries on Hopper.
        summary: train nothing; print tables of the CSV, for the chosen tasks and algorithms.
        page: folder of documentation; also write training.md there, with learning curves.
        runs: folder for the cells' folders.
        out: the CSV.
    """
    for name, value in (("--steps", steps), ("--jobs", jobs), *(("--demos", count) for count in demos)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")
    table = Table(out)
    named = tuple(find_task(with_arguments(name, env_arg)).id for name in task)
    tasks = named or tuple(name for name in TASKS if reference(name))
    chosen = [] if summary else list(cells(tasks, algo or _IMITATORS, demos, seeds, steps, assignments))
    if peers is not None:
        check_train_peers(peers, tasks)
    if chosen and not bench_train(chosen, jobs, runs, table, _CONSOLE):
        return 1
    if peers is not None:
        measure_peers(peers, chosen, runs, table, _CONSOLE)
    shown = {*algo, *PEERS}
    rows = [row for row in table.read() if (row.algorithm in shown or not algo) and (row.task in tasks or not task)]
    if not rows:
        raise InvalidRequest(f"{out} holds no cells of the chosen tasks and algorithms")
    wide = Console(width=max(_CONSOLE.width, _TABLE_WIDTH))
    wide.print(score_table(rows))
    wide.print(speed_table(rows))
    if page is not None:
        _CONSOLE.print(f"Written: {write_page(rows, runs, page)}", soft_wrap=True, highlight=False, markup=False)
    return 0


def rewards(
    source: tuple[str, ...] = tuple(TRANSFER_TASKS),
    algo: tuple[str, ...] = (TRUTH, *ALGORITHMS),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    summary: bool = False,
    page: Path | None = None,
    runs: Path = Path("build/bench-rewards"),
    out: Path = Path("docs/results/rewards.csv"),
) -> int:
    """Measure what learned rewards are worth on a task with other dynamics: imitate, then train a fresh policy there.

    Rows are written as they are finished, and not measured again. Interrupted runs are gone on with.

    Args:
        source: tasks on which rewards are learned; each has a target task.
        algo: rows of the table: "truth" is the true reward.
        seeds: seeds of all randomness.
        summary: train nothing; print the table of the CSV.
        page: folder of documentation; also write the table into rewards.md there.
        runs: folder for the runs.
        out: the CSV.
    """
    try:
        rows = read_rows(out) if summary else measure_reuse(source, algo, seeds, runs, out, _CONSOLE)
    except Stopped as stopped:
        _CONSOLE.print(str(stopped), soft_wrap=True, highlight=False, markup=False)
        return INTERRUPTED
    if not rows:
        raise InvalidRequest(f"{out} holds no rows")
    Console(width=max(_CONSOLE.width, _TABLE_WIDTH)).print(reuse_table(rows))
    if page is not None:
        _CONSOLE.print(f"Written: {write_reuse(rows, page)}", soft_wrap=True, highlight=False, markup=False)
    return 0


def bench(
    verb: Annotated[
        Annotated[int, subcommand("exact", constructor=exact, prefix_name=False)]
        | Annotated[int, subcommand("gaps", constructor=gaps, prefix_name=False)]
        | Annotated[int, subcommand("envs", constructor=envs, prefix_name=False)]
        | Annotated[int, subcommand("throughput", constructor=throughput, prefix_name=False)]
        | Annotated[int, subcommand("train", constructor=train, prefix_name=False)]
        | Annotated[int, subcommand("rewards", constructor=rewards, prefix_name=False)],
        arg(name=""),
    ],
) -> int:
    """Measure the figures in the documentation; let nothing else run on the machine meanwhile."""
    return verb
