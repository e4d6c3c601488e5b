"""Run one cell of `gail bench train` in its folder: train, evaluate at intervals, and write the row.

Each cell is a process, so that its memory and its threads can be measured and limited:

    python -m gail.experiments.bench.training.cell_run '{"task": "Hopper-v5", ...}' FOLDER

An interrupted cell continues from its last checkpoint. Evaluations use their own environments and generators, so they
do not change the training by a bit; their time is not counted.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gail.approx.atomic_files import write_text
from gail.approx.policies.policy import Policy, save_policy
from gail.approx.training.training import Training
from gail.envs.vector import make_vector
from gail.experiments.bench.training.cells import Cell, CellResult, levels, sole_user
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import NETWORK_THREADS, Cloning, RunConfig
from gail.experiments.runs.metrics import MetricsFile, read_metrics
from gail.experiments.runs.players import playable
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import clone_in, make_training, metrics_row, read_demonstrations
from gail.experiments.train.evaluation import MakeVector, Reference, evaluate_policy

EVALUATIONS = 40
"""Number of periodic evaluations per training."""
_PERIODIC_EPISODES, _FINAL_EPISODES = 10, 50
_ONE_THREAD: MakeVector = partial(make_vector, threads=1)


def run_cell(cell: Cell, folder: Path) -> CellResult:
    """Train and measure a cell in its folder; continue where an earlier attempt stopped."""
    torch.set_num_threads(NETWORK_THREADS)
    with sole_user(folder):
        done = finished(cell, folder)
        if done is not None:
            return done
        run = _open(cell.config(), folder)
        result = _cloned(cell, run) if cell.algorithm == Cloning.name else _trained(cell, run)
        write_text(result_file(folder), json.dumps(asdict(result), indent=2) + "\n")
    return result


def finished(cell: Cell, folder: Path) -> CellResult | None:
    """The row of an earlier attempt in the folder, if that attempt finished."""
    if not result_file(folder).is_file():
        return None
    _open(cell.config(), folder)
    return CellResult(**json.loads(result_file(folder).read_text()))


def result_file(folder: Path) -> Path:
    """Path of a finished cell's row."""
    return folder / "cell.json"


def evaluations_file(folder: Path) -> Path:
    """Path of a cell's periodic evaluations."""
    return folder / "evaluations.csv"


def _open(config: RunConfig, folder: Path) -> Run:
    if not (folder / "config.json").is_file():
        return Run.create(folder, config)
    run = Run.open(folder)
    if run.config != config:
        raise InvalidRequest(f"{folder} holds a cell of another configuration: delete it to run this one")
    return run


def _cloned(cell: Cell, run: Run) -> CellResult:
    demonstrations = read_demonstrations(run.config)
    began = time.perf_counter()
    policy = clone_in(run, demonstrations)
    seconds = time.perf_counter() - began
    return _result(cell, run, policy, seconds=seconds, env_steps=0)


def _trained(cell: Cell, run: Run) -> CellResult:
    training = make_training(run.config)
    if run.checkpoint.is_file():
        training.load(run.checkpoint)
    _play(cell, run, training)
    rows = read_metrics(run.metrics)
    return _result(
        cell,
        run,
        playable(run.config, training.policy),
        seconds=sum(float(row["seconds"]) for row in rows),
        env_steps=training.env_steps,
        evaluated_every=evaluated_every(run.config),
        accuracy=_accuracy(rows),
        **first_reached(read_metrics(evaluations_file(run.folder)), rows, levels(cell.task)),
    )


def _play(cell: Cell, run: Run, training: Training) -> None:
    """Train all remaining iterations; write metrics, evaluations and checkpoints."""
    every = evaluated_every(run.config)
    with (
        closing(training),
        closing(MetricsFile(run.metrics, keep_iterations=training.iteration)) as metrics,
        closing(MetricsFile(evaluations_file(run.folder), keep_iterations=training.iteration)) as trace,
    ):
        while not training.finished:
            before = training.env_steps
            began = time.perf_counter()
            report = training.step()
            metrics.append(metrics_row(training, report, time.perf_counter() - began))
            if before // every != training.env_steps // every or training.finished:
                trace.append(_look(cell, training, playable(run.config, training.policy)))
            if training.at_checkpoint:
                training.save(run.checkpoint)


def evaluated_every(config: RunConfig) -> int:
    """Environment steps between periodic evaluations."""
    training = config.played().training
    return max(training.batch_size, training.env_steps // EVALUATIONS)


def _look(cell: Cell, training: Training, policy: Policy) -> dict[str, Any]:
    found = evaluate_policy(
        policy,
        cell.task,
        _PERIODIC_EPISODES,
        cell.seed,
        stochastic_actions=False,
        make_envs=_ONE_THREAD,
    )
    return {
        "iteration": training.iteration,
        "env_steps": training.env_steps,
        "mean": found.mean,
        "std": found.std,
        "mean_length": float(found.lengths.mean()),
        "peak_gb": _peak_gb(),
    }


def first_reached(
    evaluations: Sequence[dict[str, str]], rows: Sequence[dict[str, str]], reference: Reference
) -> dict[str, Any]:
    """Environment steps and training seconds at the first evaluation with 90 % and with 95 %; None if never reached.

    Args:
        evaluations: periodic evaluations, with columns iteration, env_steps and mean.
        rows: metrics of every iteration, with its seconds.
        reference: returns with the scores 0 and 1.
    """
    found: dict[str, Any] = {}
    for percent in (90, 95):
        hit = next((row for row in evaluations if 100 * reference.normalized(float(row["mean"])) >= percent), None)
        seconds = [float(row["seconds"]) for row in rows if hit and int(row["iteration"]) <= int(hit["iteration"])]
        found[f"steps_to_{percent}"] = int(hit["env_steps"]) if hit else None
        found[f"seconds_to_{percent}"] = round(sum(seconds), 1) if hit else None
    return found


def _result(
    cell: Cell, run: Run, policy: Policy, seconds: float, env_steps: int, **measured: int | float | None
) -> CellResult:
    save_policy(policy, run.policy, run.config.task)
    reference = levels(cell.task)
    mean, sampled = (
        evaluate_policy(
            policy, cell.task, _FINAL_EPISODES, cell.seed, stochastic_actions=kind, make_envs=_ONE_THREAD
        ).mean
        for kind in (False, True)
    )
    earlier = [float(row["peak_gb"]) for row in read_metrics(evaluations_file(run.folder))]
    blank: dict[str, Any] = dict.fromkeys(
        ("evaluated_every", "steps_to_90", "seconds_to_90", "steps_to_95", "seconds_to_95", "accuracy")
    )
    return CellResult(
        **asdict(cell),
        env_steps=env_steps,
        seconds=round(seconds, 1),
        steps_per_second=round(env_steps / seconds, 1) if env_steps else None,
        peak_gb=round(max([_peak_gb(), *earlier]), 3),
        deterministic_return=round(mean, 2),
        deterministic_score=round(reference.normalized(mean), 4),
        stochastic_return=round(sampled, 2),
        stochastic_score=round(reference.normalized(sampled), 4),
        **{**blank, **measured},
    )


def _accuracy(rows: Sequence[dict[str, str]]) -> float | None:
    """Mean of the learner's and the expert's accuracy over the last ten iterations; None for a cost player without."""
    sides = [
        float(row[side])
        for row in rows[-10:]
        for side in ("accuracy_learner", "accuracy_expert")
        if row.get(side, "") != ""
    ]
    return round(float(np.mean(sides)), 4) if sides else None


def _peak_gb() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * (1 if sys.platform == "darwin" else 1024) / 1e9  # macOS counts bytes


if __name__ == "__main__":
    run_cell(Cell(**json.loads(sys.argv[1])), Path(sys.argv[2]))
