"""The `gail` command: one file per verb, each of which is imported when it is called."""

from gail.experiments.cli.main import main

__all__ = ["main"]
