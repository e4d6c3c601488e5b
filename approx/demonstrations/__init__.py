"""Demonstrations: trajectories of an expert with their provenance, and the files that store them.

| module | content |
|---|---|
| `dataset` | `Demonstrations`: trajectories and provenance, and the paper's subsampling |
| `loading` | `load_demonstrations` reads every format; `FORMATS` lists the formats that can be written |
| `formats` | a reader, and often a writer, for each file format |
| `containers` | `.npz`, HDF5 and pickle files, read without running code from them |
| `episodes` | episodes of any file, checked and joined into flat arrays |
| `native_spaces` | from the numbers of a task's own spaces to vectors and integers from 0 |
| `rows` | rows that are read in order |
| `whole_episodes` | the check for whole episodes without weights |
| `action_bounds` | actions outside the action space |
| `errors` | `InvalidDemonstrations`, and messages that name file, field and value |
"""

from gail.approx.demonstrations.action_bounds import OutsideBounds
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.errors import BrokenEpisode, InvalidDemonstrations, printable
from gail.approx.demonstrations.formats.npz import load_npz, save_npz
from gail.approx.demonstrations.loading import FORMATS, Format, load_demonstrations, named_task
from gail.approx.demonstrations.native_spaces import in_flat_spaces

__all__ = [
    "FORMATS",
    "BrokenEpisode",
    "Demonstrations",
    "Format",
    "InvalidDemonstrations",
    "OutsideBounds",
    "Provenance",
    "in_flat_spaces",
    "load_demonstrations",
    "load_npz",
    "named_task",
    "printable",
    "save_npz",
]
