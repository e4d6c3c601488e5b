"""`gail demos`: one function per verb; its docstring is its help text.

Each returns the exit status: 0 done, 1 a check fails.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional, arg, subcommand

from gail.approx.demonstrations import (
    FORMATS,
    Demonstrations,
    InvalidDemonstrations,
    load_demonstrations,
    named_task,
    printable,
    save_npz,
)
from gail.approx.policies.policy import load_policy
from gail.envs.data import shipped_file
from gail.envs.task_ids import folder_name, with_arguments
from gail.envs.tasks import find_task
from gail.experiments.data.demonstrations import (
    Check,
    Verdict,
    check_demonstrations,
    dropped,
    flattened_for,
    known_task,
    long_stride,
    record,
    spec_of,
    with_time_limits,
)
from gail.experiments.data.report import draw_demonstrations, print_checks, print_demonstrations
from gail.experiments.data.task_arguments import EnvArgs, TaskId
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.training import check_policy_fits

_CONSOLE = Console()

File = Annotated[Positional[Path], arg(metavar="FILE", help="demonstrations, a file or folder of any known format")]
Output = Annotated[Positional[Path], arg(metavar="OUT", help="what to write; the suffix is up to you")]


def collect(
    task: TaskId,
    /,
    env_arg: EnvArgs = (),
    policy: Path | None = None,
    episodes: int | None = None,
    seed: int = 0,
    out: Path | None = None,
) -> int:
    """Record whole episodes of a policy with sampled actions; the same seed gives the same file.

    Args:
        policy: a policy's .safetensors file; default: the expert that ships with the task.
        episodes: number of episodes; default: the paper's number.
        seed: seed of the episodes and of the actions.
        out: .npz file to write; default: runs/demos/TASK-seedSEED.npz.
    """
    row = find_task(with_arguments(task, env_arg))
    count = row.full_trajectories if episodes is None else episodes
    if count < 1:
        raise InvalidRequest(f"--episodes is {episodes}: at least one is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: seeds are non-negative")
    file = policy or shipped_file(row.id, "expert.safetensors")
    loaded = load_policy(file)
    check_policy_fits(loaded, row.id, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    found = record(loaded, row.id, count, seed, f"sampled actions of policy {file.name} ({digest}), seed {seed}")
    path = out or Path("runs/demos") / f"{folder_name(row.id)}-seed{seed}.npz"
    save_npz(found, path)
    returns = found.trajectories.returns
    _say(f"{count} episodes, return {returns.mean():,.1f} ± {returns.std():,.1f}: [bold]{path}[/bold]")
    return 0


def show(file: File, /, task: str | None = None, out: Path | None = None, drop_broken: bool = False) -> int:
    """Print counts, returns, lengths, actions with their bounds, and statistics; with --out, also draw a picture.

    Args:
        task: task whose bounds are shown; default: the one that the file names.
        out: picture to write, a PNG; default: none.
        drop_broken: leave out malformed episodes, and say how many.
    """
    demonstrations = _loaded(file, drop_broken)
    row = known_task(demonstrations, task)
    spec = None if row is None else spec_of(row.id)
    if row is not None:
        demonstrations = flattened_for(demonstrations, row.id)
    print_demonstrations(demonstrations, spec, _CONSOLE)
    if out is not None:
        draw_demonstrations(demonstrations, spec, out)
        _say(f"Picture: [bold]{out}[/bold]")
    return 0


def validate(file: File, /, task: str | None = None) -> int:
    """Check demonstrations, one line per check; exits with 1 if one fails.

    Args:
        task: task that they must fit; default: the one that the file names.
    """
    broken: list[str] = []
    try:
        demonstrations = load_demonstrations(file, broken)
    except InvalidDemonstrations as error:
        print_checks([Check("file", Verdict.FAILS, str(error))], _CONSOLE)
        return 1
    batch = demonstrations.trajectories
    counts = f"{batch.num_trajectories:,} episodes, {batch.num_steps:,} steps, every number is finite"
    row = known_task(demonstrations, task)
    spec = None if row is None else spec_of(row.id)
    whole = Check("file", Verdict.HOLDS, f"{counts}{' in the others' if broken else ''}")
    faults = [Check("broken", Verdict.FAILS, fault) for fault in broken]
    if row is not None:
        demonstrations = with_time_limits(demonstrations, row.horizon)
    checks = [*faults, whole, *check_demonstrations(demonstrations, row, spec)]
    print_checks(checks, _CONSOLE)
    return 1 if any(check.verdict is Verdict.FAILS for check in checks) else 0


def convert(
    file: File,
    out: Output,
    /,
    to: str = "npz",
    task: str | None = None,
    drop_broken: bool = False,
) -> int:
    """Write demonstrations in another format.

    Args:
        to: npz, minari, minari-arrow, huggingface, d4rl, stable-baselines or berkeley.
        task: task of the demonstrations, if the file does not name it.
        drop_broken: leave out malformed episodes, and say how many.
    """
    if to not in FORMATS:
        raise InvalidRequest(f"--to {to}: choose one of {', '.join(FORMATS)}")
    _refuse_to_replace(file, out)
    demonstrations = _loaded(file, drop_broken)
    if task is not None:
        demonstrations = flattened_for(named_task(demonstrations, find_task(task).id), task)
    FORMATS[to].save(demonstrations, out)
    batch = demonstrations.trajectories
    _say(f"{batch.num_trajectories:,} episodes, {batch.num_steps:,} steps: [bold]{out}[/bold]")
    return 0


def subsample(
    file: File,
    out: Output,
    /,
    episodes: int | None = None,
    stride: int = 1,
    seed: int = 0,
    keep_next: bool = False,
) -> int:
    """Keep the first episodes and every k-th step of each, from a random offset, as in the paper; writes an .npz.

    Args:
        episodes: number of episodes to keep, from the first on; default: all.
        stride: keep every stride-th step.
        seed: seed of the offsets.
        keep_next: also keep the observation after each kept step.
    """
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: seeds are non-negative")
    _refuse_to_replace(file, out)
    demonstrations = load_demonstrations(file)
    if episodes is not None:
        demonstrations = demonstrations.first(episodes)
    sparse = demonstrations.subsample(stride, seed, keep_next=keep_next)
    note = long_stride(demonstrations, stride)
    if note is not None:
        _say(f"Note: {note}.")
    save_npz(sparse, out)
    _say(f"{sparse.trajectories.num_trajectories:,} episodes, {sparse.trajectories.num_steps:,} steps: {out}")
    return 0


def demos(
    verb: Annotated[
        Annotated[int, subcommand("collect", constructor=collect, prefix_name=False)]
        | Annotated[int, subcommand("show", constructor=show, prefix_name=False)]
        | Annotated[int, subcommand("validate", constructor=validate, prefix_name=False)]
        | Annotated[int, subcommand("convert", constructor=convert, prefix_name=False)]
        | Annotated[int, subcommand("subsample", constructor=subsample, prefix_name=False)],
        arg(name=""),
    ],
) -> int:
    """Record, show, check, convert and subsample demonstrations."""
    return verb


def _loaded(file: Path, drop_broken: bool) -> Demonstrations:
    broken: list[str] | None = [] if drop_broken else None
    demonstrations = load_demonstrations(file, broken)
    note = dropped(broken or (), demonstrations.trajectories.num_trajectories)
    if note is not None:
        _say(f"Note: {printable(note)}.")
    return demonstrations


def _refuse_to_replace(file: Path, out: Path) -> None:
    """Never overwrite the input: other formats may hold less than it does."""
    if out.exists() and out.resolve() == file.resolve():
        raise InvalidRequest(f"{out} is the input file: name another output")


def _say(text: str) -> None:
    _CONSOLE.print(text, soft_wrap=True, highlight=False)
