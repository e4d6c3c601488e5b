"""Run cells. Each cell trains in one thread; several cells may run in parallel processes.

If a training fails, its cell is reported with one sentence, and the other cells still run.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import torch

from gail.approx import TrainingFailed
from gail.exact import NoFiniteMatch, match_empirical
from gail.experiments.compare.cells.cells import Cell, Record, load
from gail.experiments.compare.exact_gail import exact_gail_policy
from gail.experiments.compare.problem import Algorithm, Array, Problem
from gail.experiments.compare.sampled.datasets import Dataset, dataset
from gail.experiments.compare.sampled.training import train
from gail.experiments.compare.settings import Architecture, Preset, SampledSettings

OnCell = Callable[[Cell, Record | None, str | None], None]
"""Called after each cell, with its record, or with the reason if the training failed."""


def run_cell(problem: Problem, cell: Cell, preset: Preset, folder: Path) -> Record:
    """Train a cell and write its record.

    Raises:
        TrainingFailed: a number of the training is not finite.
    """
    settings = preset.of(cell.architecture)
    data = dataset(problem, cell.demonstrations, cell.seed)
    began = time.perf_counter()
    learned = train(problem, cell.algorithm, data, settings, cell.seed)
    seconds = time.perf_counter() - began
    matched = played = None
    if cell.algorithm is Algorithm.GAIL and cell.architecture is Architecture.TABLE:
        matched, played = exact_stages(problem, data, settings)
    record = Record(
        cell=cell,
        policy=learned.policy,
        cost=learned.cost,
        logits=learned.logits,
        curve=learned.curve,
        matched=matched,
        played=played,
        left_out=data.left_out,
        env_steps=learned.env_steps,
        seconds=seconds,
    )
    record.save(folder)
    return record


def exact_stages(problem: Problem, data: Dataset, settings: SampledSettings) -> tuple[Array | None, Array | None]:
    """The policies (S, A) of the exact optimum and of exact GAIL against a dataset; None where psi* is infinite."""
    against = replace(problem.matching(Algorithm.GAIL), expert=data.measure)
    try:
        optimum = match_empirical(problem.mdp, data.measure, problem.psi, problem.entropy_weight)
    except NoFiniteMatch:
        return None, None
    return optimum.policy, exact_gail_policy(against, settings)


def run_cells(
    problem: Problem, wanted: Sequence[Cell], preset: Preset, folder: Path, jobs: int, on_cell: OnCell
) -> list[Record]:
    """Run the cells without a record in the folder, `jobs` at a time; returns all existing records, in order."""
    missing = [cell for cell in wanted if load(cell, folder) is None]
    if jobs == 1 or len(missing) <= 1:
        _one_after_another(problem, missing, preset, folder, on_cell)
    else:
        _side_by_side(problem, missing, preset, folder, jobs, on_cell)
    found = (load(cell, folder) for cell in wanted)
    return [record for record in found if record is not None]


def _one_after_another(
    problem: Problem, missing: Sequence[Cell], preset: Preset, folder: Path, on_cell: OnCell
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for cell in missing:
            try:
                on_cell(cell, run_cell(problem, cell, preset, folder), None)
            except TrainingFailed as error:
                on_cell(cell, None, str(error))
    finally:
        torch.set_num_threads(threads)


def _side_by_side(
    problem: Problem, missing: Sequence[Cell], preset: Preset, folder: Path, jobs: int, on_cell: OnCell
) -> None:
    # Spawned, because torch's threads do not work after a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_prepare, initargs=(problem, preset, folder)) as pool:
        futures: dict[Future[Record], Cell] = {pool.submit(_run, cell): cell for cell in missing}
        try:
            for future in as_completed(futures):
                try:
                    on_cell(futures[future], future.result(), None)
                except TrainingFailed as error:
                    on_cell(futures[future], None, str(error))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_SHARED: list[tuple[Problem, Preset, Path]] = []  # the arguments common to all cells, sent once per worker process


def _prepare(problem: Problem, preset: Preset, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C and starts no further cells
    torch.set_num_threads(1)
    _SHARED.append((problem, preset, folder))


def _run(cell: Cell) -> Record:
    problem, preset, folder = _SHARED[0]
    return run_cell(problem, cell, preset, folder)
