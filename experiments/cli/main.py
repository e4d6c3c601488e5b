"""The entry point of `gail`: finds the verb, runs it, and turns a user's mistake into one sentence.

Only the chosen verb's file is imported; this keeps help fast.
"""

from __future__ import annotations

import os

# Before torch loads: idle threads of its pool would otherwise spin, and take the cores from the simulator.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Before numpy loads: dense blocks of the exact solvers are small, and a second thread on them mostly waits. On a busy
# machine it waits for its turn, block after block, and a second becomes a minute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import difflib
import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

VERBS = {
    "verify": "Check the statements of the theory numerically on finite MDPs, with certificates.",
    "compare": "Solve an imitation problem exactly and from samples, and explain the distance between the two.",
    "transfer": "Learn a reward on one finite process, plan with it on another, and pay the true cost there.",
    "train": "Train an imitator from demonstrations, evaluate it, and write a run folder with a report.",
    "resume": "Continue an interrupted training from its last checkpoint.",
    "evaluate": "Evaluate a policy over whole episodes, beside the expert and random play.",
    "expert": "Train an expert with TRPO on the task's true reward, evaluate it, and record demonstrations.",
    "demos": "Record, show, validate, convert and subsample demonstrations.",
    "tasks": "Print the tasks: spaces, time limits, the paper's protocol, returns of random play and of the experts.",
    "demo": "Check the theory on a gridworld, then train an imitator on Hopper; a few minutes on two cores.",
    "bench": "Measure the figures that the documentation quotes.",
}
"""Each verb with its line in `gail --help`; the module and its function have the verb's name."""

INTERRUPTED = 130
"""Exit status of a command that was stopped, as shells have it."""

_STILL_WHOLE = (
    "Files are replaced only by complete ones, so the run's last checkpoint is intact: free some space, then continue "
    "with `gail resume`."
)


def main() -> None:
    """Run the command line; for a user's mistake print one sentence and exit with status 2."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        sys.exit(0 if words else 2)
    if words[0] in ("-V", "--version"):
        print(f"gail {version('gail')}")
        sys.exit(0)
    if words[0] not in VERBS:
        near = difflib.get_close_matches(words[0], VERBS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(VERBS)}"
        _refuse(f"there is no verb {words[0]!r}: {hint}")
        sys.exit(2)
    sys.exit(_run(words[0], words[1:]))


def _help() -> str:
    """The text of `gail --help`."""
    width = max(map(len, VERBS)) + 2
    lines = [
        "usage: gail VERB ...",
        "",
        "Imitation learning: exact on finite MDPs, from samples on control tasks.",
        "",
        *(f"  {verb:<{width}}{line}" for verb, line in VERBS.items()),
        "",
        "  gail VERB --help   shows a verb's options",
        "  gail --version     shows the version",
    ]
    return "\n".join(lines)


def _run(verb: str, words: Sequence[str]) -> int:
    """Run one verb; return the exit status."""
    import tyro

    module = import_module(f"gail.experiments.cli.{verb}")
    command: Any = getattr(module, verb)
    twice = _given_twice(words)
    if twice is not None:
        _refuse(f"{twice} is given twice, and only the last would count: give it once, with all its values")
        return 2
    try:
        return int(tyro.cli(command, prog=f"gail {verb}", args=words, config=(tyro.conf.FlagCreatePairsOff,)))
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        _refuse(sentence)
        return 2


REPEATABLE = ("--env-arg", "--set")
"""Options that may be given several times."""


def _given_twice(words: Sequence[str]) -> str | None:
    """The first option that is repeated though the parser keeps its last value only; None if there is none."""
    options = [word.partition("=")[0].replace("_", "-") for word in words if word.startswith("--") and len(word) > 2]
    return next((one for one in options if options.count(one) > 1 and one not in REPEATABLE), None)


def _sentence(error: Exception) -> str | None:
    """One sentence on an error that a user can fix; None for a fault of the program."""
    from gail.experiments.user_errors import USER_ERRORS, BrokenEpisode

    if isinstance(error, BrokenEpisode):
        return f"{error}; `gail demos validate` lists every broken episode, and --drop-broken leaves them out"
    if isinstance(error, USER_ERRORS):
        return str(error)
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full ({error}). {_STILL_WHOLE}"
    return None if error.filename is None else f"{error.filename}: {error.strerror}"


def _refuse(sentence: str) -> None:
    from rich.console import Console

    errors = Console(stderr=True)
    errors.print("[bold red]gail:[/bold red]", end=" ")
    errors.print(sentence, soft_wrap=True, highlight=False, markup=False)
