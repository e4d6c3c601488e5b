"""`gail demo`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gail.experiments.demo import run_demo


def demo(seed: int = 0, out: Path = Path("runs/demo")) -> int:
    """Check the theory on a gridworld, then train an imitator on Hopper; a few minutes on two cores.

    Args:
        seed: seed of all randomness.
        out: folder of the report; an earlier demo there is replaced.
    """
    return run_demo(out, seed, Console())
