"""`gail tasks`: its text is the verb's help."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gail.experiments.data.task_table import print_tasks, write_tasks

_CONSOLE = Console()


def tasks(out: Path | None = None) -> int:
    """Print the tasks: spaces, time limits, protocol of the paper, returns of random play and of the experts.

    Args:
        out: a folder: write tasks.md and images/experts.png there instead, as the documentation has them.
    """
    if out is None:
        print_tasks(_CONSOLE)
    else:
        write_tasks(out, _CONSOLE)
        _CONSOLE.print(f"Written: [bold]{out / 'tasks.md'}[/bold]", soft_wrap=True, highlight=False)
    return 0
