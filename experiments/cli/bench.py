"""What `gail bench` can do: one function per benchmark; its text is the verb's help.

Each returns the exit status: 0 done, 1 a measurement failed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import arg, subcommand

from gail.approx import Constant
from gail.envs.tasks import TASKS, find_task
from gail.experiments.bench import benchmarks
from gail.experiments.bench.training.cells import Table, cells
from gail.experiments.bench.training.page import write_page
from gail.experiments.bench.training.peers import PEERS, check_train_peers, measure_peers
from gail.experiments.bench.training.scheduler import bench_train
from gail.experiments.bench.training.table import score_table, speed_table
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.algorithms import COST_PLAYERS
from gail.experiments.runs.config import Cloning
from gail.experiments.train.evaluation import reference

_CONSOLE = Console()
_RESULTS = Path("runs/bench")
_IMITATORS = (*(kind.name for kind in COST_PLAYERS if kind is not Constant), Cloning.name)
_TABLE_WIDTH = 112  # narrower, numbers would be cut off


def exact(states: int = 10**6, peers: Path | None = None, out: Path = _RESULTS / "exact.csv") -> int:
    """Seconds, memory and certified gaps of the exact engine on gridworlds of up to a million states.

    Args:
        states: of the largest instance.
        peers: folder of environments that `make peers` made: measure other libraries beside.
        out: CSV of the raw results.
    """
    benchmarks.bench_exact(states, peers, _CONSOLE, out)
    return 0


def gaps(out: Path = _RESULTS / "gaps.csv") -> int:
    """Certified gaps of both routes on the demo's gridworld.

    Args:
        out: CSV of the raw results.
    """
    benchmarks.bench_gaps(_CONSOLE, out)
    return 0


def envs(out: Path = _RESULTS / "envs.csv") -> int:
    """Transitions per second of tabular environments, against Gymnasium's.

    Args:
        out: CSV of the raw results.
    """
    benchmarks.bench_envs(_CONSOLE, out)
    return 0


def throughput(
    task: tuple[str, ...] = ("Hopper-v5", "Ant-v5", "Humanoid-v5"), out: Path = _RESULTS / "throughput.csv"
) -> int:
    """Steps per second of GAIL end to end, against the simulator's own with random actions, and where the time goes.

    Args:
        task: one task or several, measured one after the other.
        out: CSV of the raw results.
    """
    benchmarks.bench_throughput([find_task(name).id for name in task], 40, _CONSOLE, out)
    return 0


def train(
    task: tuple[str, ...] = (),
    algo: tuple[str, ...] = (),
    demos: tuple[int, ...] = (),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    steps: int | None = None,
    assignments: Annotated[tuple[str, ...], arg(name="set")] = (),
    jobs: int = 2,
    peers: Path | None = None,
    summary: bool = False,
    page: Path | None = None,
    runs: Path = Path("build/bench-train"),
    out: Path = Path("docs/results/train.csv"),
) -> int:
    """Scores, steps to 95 % of the expert, rates and memory of imitators: one cell per task, algorithm, data and seed.

    Rows are appended to the CSV as cells finish. Cells that are there are not run again; an interrupted one goes on
    from its folder. To measure a cell anew, delete its row and its folder.

    Args:
        task: tasks; default: all that an expert ships for.
        algo: algorithms; default: all but the control, and with --summary all that the CSV holds.
        demos: numbers of expert trajectories; default: each task's least.
        seeds: of everything random.
        steps: environment steps of each training; default: the task's recipe.
        assignments: settings that differ from the recipe, NAME=VALUE, as `gail train --set` takes them.
        jobs: cells side by side, each with one thread of the networks and one of the simulator.
        peers: folder of environments that `make peers` made: also measure other libraries on Hopper, afterwards.
        summary: run nothing: print tables of what the CSV holds, of the chosen tasks and algorithms.
        page: a folder of documentation: also write training.md there, with learning curves.
        runs: where the cells' folders are kept.
        out: the CSV.
    """
    for name, value in (("--steps", steps), ("--jobs", jobs), *(("--demos", count) for count in demos)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")
    table = Table(out)
    tasks = tuple(find_task(name).id for name in task) or tuple(name for name in TASKS if reference(name))
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


def bench(
    verb: Annotated[
        Annotated[int, subcommand("exact", constructor=exact, prefix_name=False)]
        | Annotated[int, subcommand("gaps", constructor=gaps, prefix_name=False)]
        | Annotated[int, subcommand("envs", constructor=envs, prefix_name=False)]
        | Annotated[int, subcommand("throughput", constructor=throughput, prefix_name=False)]
        | Annotated[int, subcommand("train", constructor=train, prefix_name=False)],
        arg(name=""),
    ],
) -> int:
    """Measure the figures that the documentation quotes; leave the machine alone meanwhile."""
    return verb
