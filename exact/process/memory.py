"""Available memory, and the check that a computation fits into it.

The memory that a computation needs is estimated from the sizes of the instance before it starts. If less is available,
`NotEnoughMemory` states both numbers. Without this check the process might be killed, or swap for hours.
"""

from __future__ import annotations

import os
from pathlib import Path

GIGABYTE = 1e9


class NotEnoughMemory(MemoryError):
    """A computation would need more memory than is available; the message has both numbers."""


def available_memory() -> float:
    """Available bytes: the minimum over the system and the unused part of the control group's limit."""
    found = [_system(), _left_by_group("memory.max", "memory.current")]
    found.append(_left_by_group("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))
    return min(found)


def require_memory(needed: float, work: str) -> None:
    """Check that `needed` bytes are available for `work`.

    Raises:
        NotEnoughMemory: they are not.
    """
    available = available_memory()
    if needed > available:
        raise NotEnoughMemory(
            f"{work} would need about {needed / GIGABYTE:.3g} GB of memory, and {available / GIGABYTE:.3g} GB "
            "are available"
        )


def _system() -> float:
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    if "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    return float("inf")


def _left_by_group(limit: str, used: str) -> float:
    group = Path("/sys/fs/cgroup")
    try:
        return float((group / limit).read_text()) - float((group / used).read_text())
    except (OSError, ValueError):  # no such group, or its limit is the word "max": no limit
        return float("inf")
