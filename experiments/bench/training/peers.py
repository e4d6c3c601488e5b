"""Other libraries in the table of `gail bench train`, in their own Python environment, on the same demonstrations.

`make peers` makes the environment, under `build/peers`; the script that runs in it is `bench/peers/hopper.py`. GAIL of
`imitation` gets whole trajectories, twenty times the pairs that gail gets. TRPO of `sb3-contrib` learns from
the true reward; only its rate is to be compared.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from gail.approx.demonstrations import load_demonstrations, save_npz
from gail.experiments.bench.training.cell_run import evaluated_every
from gail.experiments.bench.training.cells import Cell, CellResult, Table, levels
from gail.experiments.bench.training.scheduler import row_line
from gail.experiments.data.shipped import demonstrations_file
from gail.experiments.errors import InvalidRequest

PEERS = {"imitation-gail": "gail", "sb3-contrib-trpo": "trpo"}
"""Name in the table -> name in the script."""
TASK = "Hopper-v5"
_SCRIPT = Path("bench/peers/hopper.py")


def check_train_peers(folder: Path, tasks: Sequence[str]) -> None:
    """Raise `InvalidRequest` unless the environment and the script are there, and the peers' task is asked for."""
    for path in (_python(folder), _SCRIPT):
        if not path.exists():
            raise InvalidRequest(f"--peers {folder}: there is no {path}; run `make peers` in gail's own repository")
    if TASK not in tasks:
        raise InvalidRequest(f"--peers {folder}: peers are measured on {TASK} only; add it to --task")


def measure_peers(folder: Path, cells: Sequence[Cell], runs: Path, table: Table, console: Console) -> None:
    """For each adversarial cell on Hopper, append the missing row of each peer, one after the other."""
    done = {row.key for row in table.read()}
    for cell in cells:
        if cell.task != TASK or cell.algorithm != "gail":
            continue
        for name in PEERS:
            peer = Cell(cell.task, name, cell.demonstrations, cell.budget, cell.seed)
            if peer.key not in done:
                row = _measured(folder, peer, evaluated_every(cell.config()), runs / peer.name, console)
                table.append(row)
                console.print(f"finished {peer.name}: {row_line(row)}", soft_wrap=True, highlight=False)


def _measured(folder: Path, cell: Cell, every: int, scratch: Path, console: Console) -> CellResult:
    full = load_demonstrations(Path(demonstrations_file(cell.task, console))).first(cell.demonstrations)
    save_npz(full, scratch / "demonstrations.npz")
    request = {"peer": PEERS[cell.algorithm], "seed": cell.seed, "budget": cell.budget, "every": every}
    target = scratch / "result.json"
    child = subprocess.run(
        [str(_python(folder)), str(_SCRIPT), json.dumps(request), str(scratch / "demonstrations.npz"), str(target)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode != 0:
        lines = child.stderr.strip().splitlines()
        raise InvalidRequest(f"{_SCRIPT} failed in {_python(folder)}: {lines[-1] if lines else child.returncode}")
    return _row(cell, every, json.loads(target.read_text()))


def _row(cell: Cell, every: int, found: dict[str, Any]) -> CellResult:
    scale = levels(cell.task)
    reached: dict[str, Any] = {}
    for percent in (90, 95):
        hit = next((look for look in found["looks"] if 100 * scale.normalized(look["mean"]) >= percent), None)
        reached[f"steps_to_{percent}"] = hit["env_steps"] if hit else None
        reached[f"seconds_to_{percent}"] = round(hit["seconds"], 1) if hit else None
    mean, sampled = (float(np.mean(found[kind])) for kind in ("deterministic", "stochastic"))
    return CellResult(
        task=cell.task,
        algorithm=cell.algorithm,
        demonstrations=cell.demonstrations,
        budget=cell.budget,
        seed=cell.seed,
        env_steps=found["env_steps"],
        seconds=round(found["seconds"], 1),
        steps_per_second=round(found["env_steps"] / found["seconds"], 1),
        peak_gb=round(found["peak_gb"], 3),
        evaluated_every=every,
        **reached,
        deterministic_return=round(mean, 2),
        deterministic_score=round(scale.normalized(mean), 4),
        stochastic_return=round(sampled, 2),
        stochastic_score=round(scale.normalized(sampled), 4),
        accuracy=None,
    )


def _python(folder: Path) -> Path:
    return folder / "imitation" / "bin" / "python"
