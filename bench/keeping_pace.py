"""How many steps should a discriminator take? The study behind docs/keeping_pace.md.

    python bench/keeping_pace.py run FOLDER     # experts, demonstrations and trainings on tasks without a recipe
    python bench/keeping_pace.py page FOLDER    # collect them into docs/results/keeping-pace.csv, and write the page

`run` takes an hour on two cores, and goes on where it was stopped. `page` also reads docs/results/train.csv, in which
`gail bench train` has measured the tasks that have recipes; without FOLDER it rewrites the page from the CSV.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

BENCH = Path(__file__).resolve().parent
DOCS = BENCH.parent / "docs"
STORE = DOCS / "results" / "keeping-pace.csv"
_MAIN = "from gail.experiments.cli.main import main; main()"

VARIANTS = {
    "rule": (),
    "three": ("--set", "learner.cost.discriminator.max_steps=3"),
    "twenty": (
        "--set",
        "learner.cost.discriminator.steps=20",
        "--set",
        "learner.cost.discriminator.max_steps=20",
    ),
}
"""Settings of each variant; the first one is the default."""

DOCKING = "docking:Docking-v0"


@dataclass(frozen=True)
class Case:
    """A task without a recipe, and what is trained on it."""

    task: str
    steps: int | None
    """Environment steps; None for the default."""
    data: tuple[str, ...]
    """Options that choose how much of the demonstrations is used."""
    seeds: tuple[int, ...]
    variants: tuple[str, ...]


CASES = (
    Case("Pendulum-v1", 200_000, ("--trajectories", "4", "--stride", "5"), (0,), tuple(VARIANTS)),
    Case("InvertedPendulum-v5", 200_000, ("--trajectories", "4", "--stride", "20"), (0,), tuple(VARIANTS)),
    Case("InvertedDoublePendulum-v5", 300_000, ("--trajectories", "4", "--stride", "20"), (0,), tuple(VARIANTS)),
    Case("Swimmer-v5", 400_000, ("--trajectories", "4", "--stride", "20"), (0,), tuple(VARIANTS)),
    Case("Pusher-v5", 300_000, ("--trajectories", "4", "--stride", "5"), (0,), tuple(VARIANTS)),
    Case(DOCKING, None, (), (0, 1, 2, 3, 4), ("rule",)),
)


@dataclass(frozen=True)
class Outcome:
    """One training: mean returns of 50 episodes with mean actions, and the discriminator's steps per iteration."""

    task: str
    variant: str
    seed: int
    env_steps: int
    reward_form: str
    demonstrations: float
    imitator: float
    clone: float
    random: float
    first_third: float
    middle_third: float
    last_third: float


def run(folder: Path) -> None:
    """Everything that is not there yet, two trainings side by side."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda case: _demonstrations(folder, case.task), CASES))
        list(pool.map(lambda job: _train(folder, *job), _jobs()))


def _jobs() -> Iterator[tuple[Case, str, int]]:
    for case in CASES:
        yield from ((case, variant, seed) for variant in case.variants for seed in case.seeds)


def _demonstrations(folder: Path, task: str) -> None:
    if _recorded(folder, task).exists():
        return
    if task == DOCKING:
        _recorded(folder, task).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(BENCH / "docking.py"), str(_recorded(folder, task))], check=True)
    elif (folder / "experts" / task / "config.json").exists():
        _gail("resume", str(folder / "experts" / task))
    else:
        _gail("expert", task, "--out", str(folder / "experts" / task))


def _recorded(folder: Path, task: str) -> Path:
    return folder / "experts" / _short(task) / "ship" / "demonstrations.npz"


def _run_folder(folder: Path, task: str, variant: str, seed: int) -> Path:
    return folder / "runs" / f"{_short(task)}-{variant}-{seed}"


def _short(task: str) -> str:
    return task.rpartition(":")[2]


def _train(folder: Path, case: Case, variant: str, seed: int) -> None:
    out = _run_folder(folder, case.task, variant, seed)
    if (out / "result.json").exists():
        return
    if (out / "config.json").exists():
        _gail("resume", str(out))
        return
    steps = () if case.steps is None else ("--steps", str(case.steps))
    demos = ("--demos", str(_recorded(folder, case.task)), *case.data)
    _gail(
        "train", case.task, *demos, *steps, "--seed", str(seed), "--threads", "1", *VARIANTS[variant], "--out", str(out)
    )


def _gail(*words: str) -> None:
    one_thread = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(BENCH)}
    print("gail", *words, flush=True)
    subprocess.run([sys.executable, "-c", _MAIN, *words], check=True, env={**os.environ, **one_thread})


def collect(folder: Path) -> list[Outcome]:
    """What the finished runs of a folder reached."""
    done = [(job, _run_folder(folder, job[0].task, *job[1:])) for job in _jobs()]
    return [_outcome(case.task, variant, seed, path) for (case, variant, seed), path in done if _finished(path)]


def _finished(path: Path) -> bool:
    return (path / "result.json").exists()


def _outcome(task: str, variant: str, seed: int, path: Path) -> Outcome:
    result, config = (json.loads((path / f"{name}.json").read_text()) for name in ("result", "config"))
    with (path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["discriminator_steps"]) for row in rows]
    third = len(steps) // 3
    thirds = (steps[:third], steps[third : 2 * third], steps[2 * third :])
    names = ("demonstrations", "GAIL", "behavioural cloning, same data", "random policy")
    return Outcome(
        _short(task),
        variant,
        seed,
        int(rows[-1]["env_steps"]),
        config["learner"]["cost"]["reward"],
        *(round(result[name]["mean"], 2) for name in names),
        *(round(statistics.mean(part), 1) for part in thirds),
    )


def write(outcomes: list[Outcome]) -> None:
    """The CSV."""
    with STORE.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Outcome)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in outcomes)


def _without_recipe() -> Iterator[str]:
    yield "| task | demonstrations | variant | seed | imitator | clone | random play | steps, by thirds |"
    yield "|---|---|---|---|---|---|---|---|"
    with STORE.open() as file:
        for row in csv.DictReader(file):
            thirds = ", ".join(row[f"{name}_third"] for name in ("first", "middle", "last"))
            cells = (row["task"], row["demonstrations"], row["variant"], row["seed"], row["imitator"], row["clone"])
            yield "| " + " | ".join((*cells, row["random"], thirds)) + " |"


def _with_recipe() -> Iterator[str]:
    yield "| task | trajectories | variant | seeds | 90 % after | 95 % after | final score | least |"
    yield "|---|---|---|---|---|---|---|---|"
    groups: dict[tuple[str, str, str], dict[str, list[dict[str, str]]]] = {}
    with (DOCS / "results" / "train.csv").open() as file:
        for row in csv.DictReader(file):
            variant = {" ".join(words[1::2]): name for name, words in VARIANTS.items()}.get(row["settings"])
            if row["algorithm"] == "gail" and variant is not None:
                key = (row["task"], row["demonstrations"], row["budget"])
                groups.setdefault(key, {}).setdefault(variant, []).append(row)
    for (task, demonstrations, _), variants in groups.items():
        if "rule" not in variants or len(variants) < 2:
            continue
        for variant, rows in variants.items():
            scores = [float(row["deterministic_score"]) for row in rows]
            after = [_median_after(rows, level) for level in (90, 95)]
            cells = (task, demonstrations, variant, len(rows), *after)
            yield "| " + " | ".join(map(str, cells)) + f" | {statistics.median(scores):.2f} | {min(scores):.2f} |"


def _median_after(rows: list[dict[str, str]], level: int) -> str:
    steps = [float(row[f"steps_to_{level}"] or "inf") for row in rows]
    median = statistics.median(steps)
    return "never" if median == float("inf") else f"{median / 1e3:,.0f}k"


def page() -> None:
    """Put the tables between the marks of docs/keeping_pace.md."""
    path = DOCS / "keeping_pace.md"
    text = path.read_text()
    for mark, lines in (("with recipe", _with_recipe()), ("without recipe", _without_recipe())):
        begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
        before, _, rest = text.partition(begin)
        text = before + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2]
    path.write_text(text)


if __name__ == "__main__":
    verb, *where = sys.argv[1:]
    if verb == "run":
        run(Path(where[0]).resolve())
    else:
        if where:
            write(collect(Path(where[0])))
        page()
