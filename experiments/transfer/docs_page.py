"""The measured parts of docs/rewards.md: two tables between marks, the pictures, and the raw results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gail.approx.atomic_files import write_bytes, write_text
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.figures import png
from gail.experiments.transfer.pairs import PAIRS
from gail.experiments.transfer.report import curves
from gail.experiments.transfer.reward_maps import reward_maps
from gail.experiments.transfer.study import TransferStudy
from gail.experiments.transfer.tables import ambiguity_table, summary, write_tables

TABLES = {"summary": summary, "ambiguity": ambiguity_table}
"""The tables of the page; each stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""

ON_A_MAP = "maps"
"""The pair whose rewards the page shows on the map."""


def check_docs(folder: Path, pairs: Sequence[str]) -> None:
    """Check that the page can be written, before a long computation.

    Raises:
        InvalidRequest: the folder has no rewards.md with all marks, or some pair is not measured.
    """
    page = folder / "rewards.md"
    marks = [mark for name in TABLES for mark in _marks(name)]
    text = page.read_text() if page.is_file() else ""
    missing = [mark for mark in marks if mark not in text]
    if missing:
        raise InvalidRequest(f"--page {folder}: {page} with the mark {missing[0]} is needed")
    if set(pairs) != set(PAIRS):
        raise InvalidRequest(f"--page {folder}: the page shows every pair; leave --pair out")


def write_docs(found: TransferStudy, folder: Path) -> Path:
    """Write the tables into rewards.md, and images/transfer-*.png and results/transfer*.csv beside it."""
    page = folder / "rewards.md"
    write_tables(found, folder / "results", "transfer-")
    shown = next(one for one in found.pairs if one.pair.name == ON_A_MAP)
    figures = {name: figure for name, figure, _, _ in curves(found)} | {f"rewards-{ON_A_MAP}": reward_maps(shown)}
    for name, figure in figures.items():
        write_bytes(folder / "images" / f"transfer-{name}.png", png(figure))
    text = page.read_text()
    for name, make in TABLES.items():
        text = _replaced(text, name, markdown(*make(found)))
    write_text(page, text)
    return page


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def _replaced(text: str, name: str, content: str) -> str:
    """The text with other content between the marks of a table."""
    begin, end = _marks(name)
    before, rest = text.split(begin, 1)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.split(end, 1)[1]}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
