"""`gail demo`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gail.experiments.demo import run_demo


def demo(seed: int = 0, out: Path = Path("runs/demo")) -> int:
    """Verify the theory on a gridworld, then train an imitator on Hopper; a few minutes on two cores.

    Args:
        seed: of everything random.
        out: folder of the report; a demo that is already there is replaced.
    """
    return run_demo(out, seed, Console())
