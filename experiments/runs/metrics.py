"""Metrics of a run: a CSV file that grows by one row per iteration."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gail.approx.atomic_files import write_text


class MetricsFile:
    """A CSV file to which rows are appended; each row is flushed at once."""

    def __init__(self, path: Path, keep_iterations: int) -> None:
        """Open `path`; rows of the first `keep_iterations` iterations stay, later ones are removed."""
        rows = [row for row in read_metrics(path) if int(row["iteration"]) <= keep_iterations]
        self._path = path
        self._writer: csv.DictWriter[str] | None = None
        self._columns = list(rows[0]) if rows else None
        if rows:
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
            write_text(path, "\n".join(lines) + "\n")
        else:
            path.unlink(missing_ok=True)
        self._file = path.open("a", newline="")

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row; the first row of the file decides the columns, even if an older version wrote it."""
        if self._writer is None:
            columns = self._columns or list(row)
            self._writer = csv.DictWriter(self._file, columns, extrasaction="ignore", lineterminator="\n")
            if self._columns is None:
                self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_metrics(path: Path) -> list[dict[str, str]]:
    """Complete rows of a metrics file; an empty list if the file does not exist."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]
