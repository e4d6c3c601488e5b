"""Exact and sampled solutions of one imitation problem, side by side.

`pose` makes a `Problem` of an instance, an expert and a psi. `compare` solves it exactly, trains the sampled algorithms
on datasets of several sizes, and returns a `Comparison`. `write_comparison` writes its report.

| module       | what it computes                                                                       |
|--------------|----------------------------------------------------------------------------------------|
| `problem`    | the problem posed to both engines                                                      |
| `settings`   | settings of the sampled algorithms: the presets `QUICK` and `PRECISE`                  |
| `sampled`    | demonstrations, players and trainings on finite processes                              |
| `cells`      | one training per algorithm, architecture, number of demonstrations and seed            |
| `measures`   | exact evaluation of a policy: objective, divergences, return                           |
| `exact_gail` | GAIL with exact players, without sampling                                              |
| `shaping`    | distance of two costs up to potential shaping                                          |
| `analysis`   | means over seeds, slopes, parts of the gap, verdicts                                   |
| `comparison` | all of these steps in order                                                            |
| `report`     | the HTML report, its pictures and CSV files                                            |
| `rates`      | how errors fall with the batch size, and regrets grow with the horizon                 |
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
