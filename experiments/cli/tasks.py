"""`gail tasks`; the function's docstring is the help text."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gail.experiments.data.task_table import print_tasks, write_tasks

_CONSOLE = Console()


def tasks(out: Path | None = None) -> int:
    """Print the tasks: spaces, time limits, the paper's protocol, returns of random play and of the experts.

    Args:
        out: folder of documentation; write tasks.md and images/experts.png there instead of printing.
    """
    if out is None:
        print_tasks(_CONSOLE)
    else:
        write_tasks(out, _CONSOLE)
        _CONSOLE.print(f"Written: [bold]{out / 'tasks.md'}[/bold]", soft_wrap=True, highlight=False)
    return 0
