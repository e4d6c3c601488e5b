"""`gail transfer`; the function's docstring is the help text.

Returns the exit status 0. A reward with regret elsewhere is a result, not a failure.
"""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gail.experiments.transfer import PAIRS, TransferStudy, make_pair, study_pairs, write_docs, write_transfer
from gail.experiments.transfer.docs_page import check_docs
from gail.experiments.transfer.tables import summary
from gail.experiments.verify.report import check_report_folder

_CONSOLE = Console()


def transfer(
    pair: tuple[str, ...] = tuple(PAIRS),
    entropy_weight: float = 1.0,
    seed: int = 0,
    page: Path | None = None,
    out: Path = Path("runs/transfer"),
) -> int:
    """Learn a reward on one finite process, plan with it on another, and pay the true cost there.

    Every reward that an expert on the source yields is planned for exactly on source and target; half a minute on one
    core.

    Args:
        pair: maps (the opening of a wall moves), dynamics (two actions are exchanged), random (new random transitions).
        entropy_weight: lambda of the soft-optimal expert; the true reward is a multiple of it.
        seed: draws the random tables.
        page: folder of documentation; also write the table of rewards.md there, its pictures and raw results.
        out: folder of the report, its pictures and the CSV files.
    """
    check_report_folder(out)
    names = tuple(dict.fromkeys(pair))
    pairs = [make_pair(name, entropy_weight, seed) for name in names]
    if page is not None:
        check_docs(page, names)
    with _CONSOLE.status("Transfer") as status:
        found = study_pairs(pairs, lambda name: status.update(f"Transfer: {name}"))
    path = write_transfer(found, out)
    _CONSOLE.print(_table(found))
    _CONSOLE.print("Relative true regret at lambda = 0: 0 is optimal, 1 is the uniform policy.", highlight=False)
    _CONSOLE.print(f"Report: [bold]{path.resolve()}[/bold]", soft_wrap=True, highlight=False)
    if page is not None:
        _CONSOLE.print(f"Written: {write_docs(found, page)}", soft_wrap=True, highlight=False, markup=False)
    return 0


def _table(found: TransferStudy) -> Table:
    header, rows = summary(found)
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(header[0], no_wrap=True)
    for name in header[1:]:
        table.add_column(name.replace(", ", "\n"), no_wrap=True, justify="right")
    for row in rows:
        table.add_row(*row)
    return table
