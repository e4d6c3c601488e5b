"""Other libraries (peers), measured in their own Python environments on instances that gail writes.

`make peers` creates the environments under `build/peers`; the scripts that run in them are in `bench/peers`. gail is
timed on the same instance immediately before. The ratio in a row is the peer's seconds divided by gail's.
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gail.experiments.bench.exact.measurements import Row, cliff_world_row, export_planning
from gail.experiments.errors import InvalidRequest

SCRIPTS = Path("bench/peers")
PLANNING_SIZES = (10**4, 10**6)
DISCOUNTS = (1.0, 0.9)


def check_peers(folder: Path) -> None:
    """Raise `InvalidRequest` if the environments or the scripts do not exist."""
    for path in (_python(folder, "planning"), _python(folder, "imitation"), SCRIPTS / "compare.py"):
        if not path.exists():
            raise InvalidRequest(f"--peers {folder}: there is no {path}; run `make peers` in gail's own repository")


def peer_rows(folder: Path, largest: int) -> Iterator[Row]:
    """Rows of gail and of the peers: planning without entropy on up to `largest` states, and IRL on the cliff world."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        for states in PLANNING_SIZES:
            if states <= largest:
                ours = export_planning(here / "instance.npz", states, 0.95)
                yield ours
                peers = _run(_python(folder, "planning"), "compare.py", [here / "instance.npz"], here / "rows.csv")
                yield from (_planning_row(peer, ours) for peer in peers)
        instances = [here / f"cliff-{discount:g}.npz" for discount in DISCOUNTS]
        ours_by_discount = {d: cliff_world_row(path, d) for d, path in zip(DISCOUNTS, instances, strict=True)}
        yield from ours_by_discount.values()
        found = _run(_python(folder, "imitation"), "imitation_cliff_world.py", instances, here / "rows.csv")
        for peer in found:
            yield _cliff_row(peer, ours_by_discount[float(peer["discount"])])


def _python(folder: Path, environment: str) -> Path:
    return folder / environment / "bin" / "python"


def _run(python: Path, script: str, sources: list[Path], target: Path) -> list[dict[str, str]]:
    command = [str(python), str(SCRIPTS / script), *map(str, sources), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidRequest(f"{script} failed in {python}: {done.stderr.strip().splitlines()[-1]}")
    with target.open(newline="") as file:
        return list(csv.DictReader(file))


def _planning_row(peer: dict[str, str], ours: Row) -> Row:
    row: Row = {
        "work": f"{peer['peer']}, {peer['method']}",
        "states": ours["states"],
        "discount": ours["discount"],
        "relative_error": peer["relative_error"],
    }
    return _timed(row, peer["seconds"], ours)


def _cliff_row(peer: dict[str, str], ours: Row) -> Row:
    row: Row = {
        "work": f"cliff world by {peer['learner']}",
        "states": ours["states"],
        "discount": float(peer["discount"]),
        "relative_error": peer["relative_error"],
    }
    return _timed(row, peer["seconds"], ours)


def _timed(row: Row, seconds: str, ours: Row) -> Row:
    if seconds:
        row["seconds"] = float(seconds)
        row["over_ours"] = float(seconds) / ours["seconds"]
    return row
