"""A comparison: solve exactly, train from samples, evaluate the trained policies exactly, and give verdicts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gail.exact import NoFiniteMatch, NotOptimal, Solution
from gail.experiments.compare.analysis import GapParts, Row, Verdict, gap_parts, verdict
from gail.experiments.compare.cells.cell_run import OnCell, run_cells
from gail.experiments.compare.cells.cells import Cell, Record, cells, check_folder, claim_folder
from gail.experiments.compare.measures import ExactMeasures
from gail.experiments.compare.problem import Algorithm, Problem, check_memory
from gail.experiments.compare.sampled.datasets import check_count
from gail.experiments.compare.settings import QUICK, Architecture, Preset
from gail.experiments.errors import InvalidRequest

TOLERANCE = 1e-6
"""Largest relative gap of an exact solution that serves as the reference."""

_LEAST_EXCESS = 1e-4
"""Smallest excess of the uniform policy, relative to max(|J*|, 1); with less there is nothing to learn."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The solutions of both engines to one problem, with their measures."""

    problem: Problem
    preset: Preset
    architecture: Architecture
    yardsticks: Mapping[Algorithm, ExactMeasures]
    """The reference of each algorithm, which contains its exact solution."""
    rows: tuple[Row, ...]
    """One per trained cell."""
    gap_parts: tuple[GapParts, ...]
    """The parts of GAIL's gap, for the cells with tables."""
    verdicts: tuple[Verdict, ...]
    """One per algorithm that has an exact counterpart."""
    failures: Mapping[Cell, str]
    """Cells whose training failed, with the reason."""

    @property
    def reached(self) -> bool:
        """Whether every sampled solution agrees with the exact one within its preset's limits."""
        return all(one.reached for one in self.verdicts) and not self.failures


def compare(
    problem: Problem,
    algorithms: Sequence[Algorithm] = tuple(Algorithm),
    sizes: Sequence[int | None] = (1, 4, 16, 64, 256),
    seeds: Sequence[int] = tuple(range(10)),
    *,
    architecture: Architecture = Architecture.TABLE,
    preset: Preset = QUICK,
    folder: Path | None = None,
    jobs: int = 1,
    on_cell: OnCell = lambda cell, record, reason: None,
) -> Comparison:
    """Compare exact and sampled solutions of a problem.

    Args:
        problem: made by `pose`.
        algorithms: the algorithms to train from samples.
        sizes: numbers of demonstrations; None stands for the expert's exact occupancy measure.
        seeds: seeds of demonstrations and trainings.
        architecture: tables or networks. Tables need states as unit vectors.
        preset: settings, and the limits for the verdicts.
        folder: the folder of the cells' records, from which an interrupted comparison continues; by default no records
            are kept.
        jobs: number of cells trained at the same time. More than one starts processes; a script then needs the guard
            `if __name__ == "__main__"`.
        told: called after each cell.

    Raises:
        InvalidRequest: there are fewer recordings than demonstrations asked for, tables are asked for but states are
            not unit vectors, there are no seeds or sizes, the folder belongs to another comparison, an exact solution
            is not certified, or the uniform policy is already optimal.
        NotEnoughMemory: an exact solution needs more memory than is available.
    """
    _check(problem, algorithms, sizes, seeds, architecture, jobs)
    check_memory(problem, tuple(algorithms))
    wanted = list(cells(algorithms, architecture, sizes, seeds, one_hot=problem.one_hot))
    failures: dict[Cell, str] = {}

    def noted(cell: Cell, record: Record | None, reason: str | None) -> None:
        if reason is not None:
            failures[cell] = reason
        on_cell(cell, record, reason)

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) if folder is None else folder
        check_folder(place, problem, preset)
        yardsticks = measured_against(problem, algorithms)
        _check_excess(problem, yardsticks)
        claim_folder(place, problem, preset)  # after the checks, so that a corrected request can use the same folder
        records = run_cells(problem, wanted, preset, place, jobs, noted)
    rows = tuple(Row(one.cell, yardsticks[one.cell.algorithm].measure(one.policy), one) for one in records)
    parts = gap_parts(rows, yardsticks[Algorithm.GAIL]) if Algorithm.GAIL in yardsticks else []
    limits = preset.limits_of(architecture)
    expert = _whole_expert(problem)
    judged = [verdict(rows, one, architecture, limits, expert) for one in algorithms if one is not Algorithm.BC]
    verdicts = tuple(one for one in judged if one is not None)
    return Comparison(problem, preset, architecture, yardsticks, rows, tuple(parts), verdicts, failures)


def measured_against(problem: Problem, algorithms: Sequence[Algorithm]) -> dict[Algorithm, ExactMeasures]:
    """The reference of each algorithm, with the exact solution; for cloning it is the one of the chosen psi.

    Raises:
        InvalidRequest: an exact solution does not exist, or is not certified within `TOLERANCE`.
    """
    chosen = problem.matching(Algorithm.GAIL)
    optimum: Solution | None = None
    found: dict[Algorithm, ExactMeasures] = {}
    for algorithm in algorithms:
        if algorithm in (Algorithm.BC, Algorithm.GAIL):
            optimum = optimum or _solved(problem, Algorithm.GAIL)
            found[algorithm] = ExactMeasures(chosen, chosen, optimum, problem.cost)
        else:
            own = _solved(problem, algorithm)
            found[algorithm] = ExactMeasures(problem.matching(algorithm), chosen, own, problem.cost)
    return found


def _solved(problem: Problem, algorithm: Algorithm) -> Solution:
    """The exact solution, certified within `TOLERANCE`."""
    try:
        return problem.solve(algorithm).require_optimal(TOLERANCE)
    except (NotOptimal, NoFiniteMatch) as error:
        psi = type(problem.regularizer(algorithm)).__name__
        raise InvalidRequest(
            f"{problem.name}, {algorithm.value} ({psi}): there is no exact solution to compare with: {error}"
        ) from error


def _check_excess(problem: Problem, yardsticks: Mapping[Algorithm, ExactMeasures]) -> None:
    """Check that the uniform policy, from which trainings start, is not already optimal."""
    for algorithm, yardstick in yardsticks.items():
        best, uniform = yardstick.optimum.primal_value, yardstick.uniform
        if uniform - best <= _LEAST_EXCESS * max(1.0, abs(best)):
            psi = type(yardstick.problem.psi).__name__
            raise InvalidRequest(
                f"{problem.name}: the uniform policy already is the exact optimum of {algorithm.value} ({psi}): its J "
                f"exceeds J* = {best:.6g} only by {uniform - best:.1e}, so there is nothing to learn or compare; use a "
                "process with several actions and a cost, a less random expert (--expert-entropy-weight), or a "
                f"smaller --entropy-weight (now {problem.entropy_weight:g})"
            )


def _whole_expert(problem: Problem) -> str:
    """A description of the dataset of size None."""
    return "the exact expert" if problem.recordings is None else f"all {problem.recordings.count} recorded episodes"


def _check(
    problem: Problem,
    algorithms: Sequence[Algorithm],
    sizes: Sequence[int | None],
    seeds: Sequence[int],
    architecture: Architecture,
    jobs: int,
) -> None:
    if not algorithms or not sizes or not seeds:
        raise InvalidRequest("at least one algorithm, one number of demonstrations and one seed are needed")
    if jobs < 1:
        raise InvalidRequest(f"{jobs} jobs: at least 1 is needed")
    if min(seeds) < 0:
        raise InvalidRequest(f"seed {min(seeds)}: seeds are non-negative")
    if architecture is Architecture.TABLE and not problem.one_hot:
        raise InvalidRequest("a table needs states as unit vectors; with other features, choose networks (mlp)")
    for size in sizes:
        check_count(problem, size)
