"""The first Ctrl-C or SIGTERM stops after the current iteration; a second one stops at once."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self

INTERRUPTED = 130
"""Exit status of an interrupted command: 128 + SIGINT, as in shells."""


class StopAfterIteration:
    """Context manager: while it is open, the first signal only sets `requested`."""

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
