"""Demonstrations: what an expert did, where it comes from, and the files that hold it."""

from gail.approx.demonstrations.action_bounds import OutsideBounds
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.errors import InvalidDemonstrations, printable
from gail.approx.demonstrations.formats.npz import load_npz, save_npz
from gail.approx.demonstrations.loading import FORMATS, Format, load_demonstrations, named_task

__all__ = [
    "FORMATS",
    "Demonstrations",
    "Format",
    "InvalidDemonstrations",
    "OutsideBounds",
    "Provenance",
    "load_demonstrations",
    "load_npz",
    "named_task",
    "printable",
    "save_npz",
]
