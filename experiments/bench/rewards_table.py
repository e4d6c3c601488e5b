"""Tables of rewards that were used again (`rewards`): medians over seeds, for the terminal and for docs/rewards.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.table import Table

from gail.approx.atomic_files import write_text
from gail.experiments.bench.rewards import TRUTH, ReuseRow
from gail.experiments.errors import InvalidRequest

HEADINGS = ("source", "reward", "seeds", "imitator here", "moved there", "retrained there", "share")
"""The last column is the way from random play to the truth that the fresh policy went."""

BEGIN, END = "<!-- control: begin -->", "<!-- control: end -->"
"""Lines of the page between which the table stands."""


def reuse_table(rows: Sequence[ReuseRow]) -> Table:
    """The table for the terminal."""
    table = Table(title="Returns in the true reward, sampled actions, medians over seeds")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
    for cells in _rows(rows):
        table.add_row(*cells)
    return table


def write_reuse(rows: Sequence[ReuseRow], folder: Path) -> Path:
    """Put the table into the page `rewards.md` of a folder of documentation.

    Raises:
        InvalidRequest: there is no such page, or it lacks the lines between which the table stands.
    """
    page = folder / "rewards.md"
    text = page.read_text() if page.is_file() else ""
    if BEGIN not in text or END not in text:
        raise InvalidRequest(
            f"--page {folder}: {page} must have the lines {BEGIN} and {END}, between which the table goes"
        )
    lines = [
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * 2 + "---:|" * (len(HEADINGS) - 2),
        *("| " + " | ".join(cells) + " |" for cells in _rows(rows)),
    ]
    before, rest = text.split(BEGIN)
    write_text(page, "\n".join([before + BEGIN, "", *lines, "", END + rest.split(END)[1]]))
    return page


def _rows(rows: Sequence[ReuseRow]) -> Iterator[list[str]]:
    for source in dict.fromkeys(row.source for row in rows):
        here = [row for row in rows if row.source == source]
        truth = [row.retrained_on_target for row in here if row.algorithm == TRUTH]
        for name in dict.fromkeys(row.algorithm for row in here):
            yield [source, name, *_medians([row for row in here if row.algorithm == name], truth)]


def _medians(rows: Sequence[ReuseRow], truth: Sequence[float]) -> list[str]:
    columns = (
        [row.imitator_on_source for row in rows],
        [row.imitator_on_target for row in rows],
        [row.retrained_on_target for row in rows],
    )
    found = [[number for number in column if number is not None] for column in columns]
    random = median(row.random_on_target for row in rows)
    share = f"{(median(found[2]) - random) / (median(truth) - random):.2f}" if truth else ""
    return [str(len(rows)), *(f"{median(column):.1f}" if column else "" for column in found), share]
