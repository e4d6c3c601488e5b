"""Fingerprints of the numbers that gail computes, to show that a restructuring changed none of them.

    python bench/same_numbers.py before.json      # in the old checkout's environment
    python bench/same_numbers.py after.json       # in the new one's
    python bench/same_numbers.py --compare before.json after.json

A fingerprint holds the table of `gail bench gaps`, digit for digit, and SHA-256 digests of what ten iterations of each
algorithm leave on CartPole-v1 and Hopper-v5: every tensor of both players (for bc, of the policy), and every column of
the metrics except those that are times. Equal digests mean bitwise equal numbers.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TASKS = ("CartPole-v1", "Hopper-v5")
ALGORITHMS = ("gail", "fem", "gtal", "bc")
ITERATIONS = 10
_STEPS = 2_048 * ITERATIONS + 1_024
"""Half a batch more than ten: batches may be a few steps longer than asked for."""
_GAIL = [
    sys.executable,
    "-c",
    "from importlib.metadata import entry_points as e; e(group='console_scripts')['gail'].load()()",
]


def fingerprint(scratch: Path) -> dict[str, Any]:
    """Measure everything in the folder `scratch`."""
    gaps = scratch / "gaps.csv"
    _gail("bench", "gaps", "--out", str(gaps))
    found: dict[str, Any] = {"gaps": [_numbers(row) for row in csv.DictReader(gaps.open())]}
    for task in TASKS:
        for algorithm in ALGORITHMS:
            found[f"{algorithm} on {task}"] = _trained(task, algorithm, scratch / f"{algorithm}-{task}")
            print(f"{algorithm} on {task}: {found[f'{algorithm} on {task}']}", flush=True)
    return found


def _trained(task: str, algorithm: str, folder: Path) -> dict[str, str]:
    import torch
    from safetensors.torch import load_file

    steps = () if algorithm == "bc" else ("--steps", str(_STEPS), "--threads", "1")
    _gail("train", task, "--algo", algorithm, "--out", str(folder), *steps)
    digests = {"policy": _digest(load_file(folder / "policy.safetensors"))}
    if algorithm != "bc":
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        digests |= {name: _digest(state[name]) for name in ("player", "cost_player", "generator")}
    rows = [_without_times(row) for row in csv.DictReader((folder / "metrics.csv").open())]
    assert algorithm == "bc" or len(rows) == ITERATIONS, f"{len(rows)} iterations"
    digests["metrics"] = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
    return digests


def _numbers(row: dict[str, str]) -> dict[str, str]:
    """A row of gaps without its wording."""
    return {name: value for name, value in row.items() if name != "statement"}


def _without_times(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if not name.startswith("seconds")}


def _digest(state: Any) -> str:
    """Of every tensor and number of a nested state, with its path."""
    total = hashlib.sha256()
    for path, leaf in _leaves(state, ""):
        total.update(path.encode())
        total.update(leaf.numpy().tobytes() if hasattr(leaf, "numpy") else repr(leaf).encode())
    return total.hexdigest()[:16]


def _leaves(state: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(state, dict):
        for name in sorted(state, key=str):
            yield from _leaves(state[name], f"{path}/{name}")
    elif isinstance(state, list | tuple):
        for k, part in enumerate(state):
            yield from _leaves(part, f"{path}/{k}")
    else:
        yield path, state


def _gail(*arguments: str) -> None:
    done = subprocess.run([*_GAIL, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"gail {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def compare(before: Path, after: Path) -> int:
    """Print what differs; 0 if nothing does."""
    old, new = json.loads(before.read_text()), json.loads(after.read_text())
    different = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    for name in different:
        print(f"{name} differs:\n  before {old.get(name)}\n  after  {new.get(name)}")
    print(f"{len(old.keys() | new.keys()) - len(different)} of {len(old.keys() | new.keys())} fingerprints are equal")
    return 1 if different else 0


if __name__ == "__main__":
    if sys.argv[1] == "--compare":
        sys.exit(compare(Path(sys.argv[2]), Path(sys.argv[3])))
    with tempfile.TemporaryDirectory() as scratch:
        Path(sys.argv[1]).write_text(json.dumps(fingerprint(Path(scratch)), indent=1))
