"""Exact and sampled solutions of one imitation problem, side by side.

`pose` makes a `Problem` of an instance, an expert and a psi; `compare` solves it exactly, trains the sampled algorithms
on datasets of several sizes, and returns a `Comparison`; `write_comparison` makes a report of it.
"""

from gail.experiments.compare.cells.cells import Cell, Record
from gail.experiments.compare.comparison import Comparison, compare
from gail.experiments.compare.problem import Algorithm, Problem, pose
from gail.experiments.compare.report.page import write_comparison
from gail.experiments.compare.sampled.datasets import EXACT
from gail.experiments.compare.sampled.episodes import Episodes
from gail.experiments.compare.settings import PRECISE, QUICK, Architecture, Limits, Preset, SampledSettings

__all__ = [
    "EXACT",
    "PRECISE",
    "QUICK",
    "Algorithm",
    "Architecture",
    "Cell",
    "Comparison",
    "Episodes",
    "Limits",
    "Preset",
    "Problem",
    "Record",
    "SampledSettings",
    "compare",
    "pose",
    "write_comparison",
]
