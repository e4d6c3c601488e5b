"""The measured part of docs/rewards.md: the summary table between two marks, the pictures, and the raw results."""

from __future__ import annotations

from pathlib import Path

from gail.approx.atomic_files import write_bytes, write_text
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.figures import png
from gail.experiments.transfer.pairs import PAIRS
from gail.experiments.transfer.report import curves, maps
from gail.experiments.transfer.study import TransferStudy
from gail.experiments.transfer.tables import summary, write_tables

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def check_docs(folder: Path, pairs: tuple[str, ...]) -> None:
    """Check that the page can be written, before a long computation.

    Raises:
        InvalidRequest: the folder has no rewards.md with both marks, or some pair is not measured.
    """
    page = folder / "rewards.md"
    if not page.is_file() or not all(mark in page.read_text() for mark in (BEGIN, END)):
        raise InvalidRequest(f"--page {folder}: {page} with the marks {BEGIN} and {END} is needed")
    if set(pairs) != set(PAIRS):
        raise InvalidRequest(f"--page {folder}: the page shows every pair; leave --pair out")


def write_docs(found: TransferStudy, folder: Path) -> Path:
    """Write the table into rewards.md, and images/transfer-*.png and results/transfer*.csv beside it."""
    page = folder / "rewards.md"
    text = page.read_text()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    write_tables(found, folder / "results", "transfer-")
    for name, figure, _, _ in (*curves(found), *maps(found)):
        write_bytes(folder / "images" / f"transfer-{name}.png", png(figure))
    write_text(page, f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}")
    return page


def table(found: TransferStudy) -> str:
    """The summary in Markdown."""
    header, rows = summary(found)
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
