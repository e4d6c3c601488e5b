"""Metrics for TensorBoard: one events file per run, each number as a scalar over environment steps.

Cloning takes no environment steps; its scalars are over epochs.

    tensorboard --logdir runs

`metrics.csv` is the record. When a run is resumed, its events are rewritten from the rows that are kept. Rows after the
last checkpoint, which a crash undid, then disappear from TensorBoard too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

_NAME = "events.out.tfevents.gail"
_NO_CURVES = {"iteration", "epoch", "env_steps", "outcome"}


class EventsFile:
    """Appends rows of metrics to a run's events."""

    def __init__(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Begin the events of a run in a folder with these rows; earlier ones there are replaced."""
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = RecordWriter((folder / _NAME).open("wb"))
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        for row in rows:
            self.append(row)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write the numbers of one row; empty cells and words are left out."""
        values = [
            Summary.Value(tag=_tag(name), simple_value=float(value))
            for name, value in row.items()
            if name not in _NO_CURVES and value not in ("", None)
        ]
        step = int(row["env_steps"] if "env_steps" in row else row["epoch"])
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())
        self._writer.flush()


def _tag(column: str) -> str:
    """TensorBoard shows tags with the same first part side by side."""
    first, _, rest = column.partition("_")
    return f"{first}/{rest}" if first in ("seconds", "accuracy") and rest else column
