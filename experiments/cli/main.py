"""The `gail` command: reads the command line, runs a verb, turns mistakes into one sentence."""

from __future__ import annotations

import os

# Before torch loads: idle threads of its pool would otherwise spin, and take the cores from the simulator.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Before numpy loads: dense blocks of the exact solvers are small, and a second thread on them only waits. On a busy
# machine it waits for its turn, block after block, and a second becomes a minute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import errno
import sys
from collections.abc import Callable

import tyro
from rich.console import Console

from gail.experiments.cli import bench as bench_commands
from gail.experiments.cli import commands
from gail.experiments.cli import compare as compare_commands
from gail.experiments.cli import demos as demo_commands
from gail.experiments.cli import tasks as task_commands
from gail.experiments.cli.user_errors import USER_ERRORS
from gail.experiments.runs.interrupts import INTERRUPTED

_VERBS: dict[str, Callable[..., int]] = {
    "verify": commands.verify,
    "compare": compare_commands.compare_solutions,
    "train": commands.train,
    "resume": commands.resume,
    "evaluate": commands.evaluate,
    "expert": commands.expert,
    "demos": demo_commands.demos,
    "tasks": task_commands.tasks,
    "demo": commands.demo,
    "bench": bench_commands.bench_verbs,
}

_STILL_WHOLE = (
    "Files are only ever replaced by whole ones, so a run's last checkpoint is there: free some space, then go on with "
    "`gail resume`."
)


def main() -> None:
    """Run the command line; exit status 2 for a mistake of the user's, which is named in one sentence."""
    errors = Console(stderr=True)
    try:
        status = tyro.extras.subcommand_cli_from_dict(
            _VERBS,
            prog="gail",
            description="Imitation learning, exact on finite MDPs and sampled on control tasks.",
        )
    except USER_ERRORS as error:
        errors.print("[bold red]gail:[/bold red]", end=" ")
        errors.print(str(error), soft_wrap=True, highlight=False, markup=False)
        status = 2
    except OSError as error:
        sentence = _told(error)
        if sentence is None:
            raise
        errors.print("[bold red]gail:[/bold red]", end=" ")
        errors.print(sentence, soft_wrap=True, highlight=False, markup=False)
        status = 2
    except KeyboardInterrupt:
        errors.print("Stopped.")
        status = INTERRUPTED
    sys.exit(status)


def _told(error: OSError) -> str | None:
    """A file that cannot be read or written, in one sentence; None where no file is named."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full ({error}). {_STILL_WHOLE}"
    return None if error.filename is None else f"{error.filename}: {error.strerror}"
