"""Rewards used again on control tasks: learned on a source task, judged by a fresh policy on a target task.

For each pair of `gail.envs.TRANSFER_TASKS`, each algorithm and each seed:

1. an expert of the source task, whose demonstrations everyone imitates (once per pair, seed 0);
2. an imitator and its reward, on the source task;
3. a fresh policy, trained on this reward on the target task, by the target's recipe of experts;
4. returns in the true reward: the imitator on the source, the imitator moved to the target, and the fresh policy there.

The row "truth" trains the fresh policy on the true reward. All parts are runs in folders, which resume; a row of the
CSV is not measured again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from rich.console import Console

from gail.approx.policies.policy import Policy, load_policy
from gail.envs.task_ids import folder_name
from gail.envs.transfer_tasks import TRANSFER_TASKS
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Imitation, Reinforcement, RunConfig
from gail.experiments.runs.options import configured
from gail.experiments.runs.players import playable, reward_choice
from gail.experiments.runs.recipes.expert import expert_recipe
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import make_training, resume, start
from gail.experiments.train.evaluation import evaluate_policy, evaluate_random
from gail.experiments.train.expert import publish

TRUTH = "truth"
"""Name of the row without a learned reward."""

_STATES, _NETWORK = "learner.cost.state_only=true", "learner.cost.discriminator.hidden=[32,32]"

ALGORITHMS = {
    "airl, state-only": ("airl", (_STATES,)),
    "airl, state-only, network": ("airl", (_STATES, _NETWORK)),
    "airl": ("airl", ()),
    "airl, network": ("airl", (_NETWORK,)),
    "gan-gcl, state-only": ("gan-gcl", (_STATES,)),
    "gan-gcl": ("gan-gcl", (_NETWORK,)),
    "gail": ("gail", (_NETWORK,)),
}
"""Option `--algo` and assignments `--set` of `gail train`, by name of the row; other settings are the recipe's."""

EPISODES = 50
"""Whole episodes of each mean, with sampled actions."""


@dataclass(frozen=True)
class ReuseRow:
    """One algorithm on one pair of tasks; None where a part does not apply."""

    source: str
    target: str
    algorithm: str
    seed: int
    random_on_target: float
    imitator_on_source: float | None
    imitator_on_target: float | None
    retrained_on_target: float
    """Return of the fresh policy, trained on the learned reward: the number that the study is about."""


class Stopped(RuntimeError):
    """A part was interrupted; a second call goes on."""


def measure_reuse(
    sources: Sequence[str], names: Sequence[str], seeds: Sequence[int], runs: Path, out: Path, console: Console
) -> list[ReuseRow]:
    """Measure all rows that the CSV lacks, seed by seed; return all.

    Raises:
        InvalidRequest: a task is no source of a pair, or an algorithm is unknown.
        Stopped: Ctrl-C.
    """
    for source in sources:
        if source not in TRANSFER_TASKS:
            raise InvalidRequest(f"{source} is no source of a pair of tasks; choose one of {', '.join(TRANSFER_TASKS)}")
    for name in names:
        if name not in (*ALGORITHMS, TRUTH):
            raise InvalidRequest(f"--algo {name}: choose one of {', '.join((*ALGORITHMS, TRUTH))}")
    known = read_rows(out)
    done = {(row.source, row.algorithm, row.seed) for row in known}
    for source, name, seed in _cells(sources, names, seeds):
        if (source, name, seed) not in done:
            console.print(f"{source}: {name}, seed {seed}", highlight=False, markup=False)
            known.append(_measured(source, name, seed, runs, console))
            _write_rows(known, out)
    return known


def read_rows(path: Path) -> list[ReuseRow]:
    """The rows of a CSV; none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [_parsed(row) for row in csv.DictReader(file)]


def _cells(sources: Sequence[str], names: Sequence[str], seeds: Sequence[int]) -> Iterator[tuple[str, str, int]]:
    return ((source, name, seed) for seed in seeds for source in sources for name in names)


def _measured(source: str, name: str, seed: int, runs: Path, console: Console) -> ReuseRow:
    target = TRANSFER_TASKS[source]
    folder = runs / f"{folder_name(source)}-{name.replace(', ', '-')}-seed{seed}"
    fresh = replace(expert_recipe(target), seed=seed)
    on_source = on_target = None
    if name != TRUTH:
        imitator = _imitator(source, name, seed, runs, folder / "imitator", console)
        on_source, on_target = _return(imitator, source), _return(imitator, target)
        learner = fresh.learner
        if not isinstance(learner, Reinforcement):
            raise TypeError(f"the recipe of {target} is no expert's")
        fresh = replace(fresh, learner=replace(learner, reward=reward_choice(folder / "imitator")))
    retrained = _trained(fresh, folder / "retrained", console)
    random = evaluate_random(target, EPISODES, 0).mean
    return ReuseRow(source, target, name, seed, random, on_source, on_target, _return(retrained, target))


def _imitator(source: str, name: str, seed: int, runs: Path, folder: Path, console: Console) -> Policy:
    algorithm, assignments = ALGORITHMS[name]
    demos = _demonstrations(source, runs / f"{folder_name(source)}-expert", console)
    options = {"demos": str(demos), "seed": seed, "threads": 1}
    config = configured(source, algorithm, assignments=assignments, options=options)
    return _trained(config, folder, console)


def _demonstrations(source: str, folder: Path, console: Console) -> Path:
    """Demonstrations of an expert of the source task, which is trained where there is none yet."""
    demos = (folder / "ship" / "demonstrations.npz").resolve()
    if not demos.is_file():
        _trained(expert_recipe(source), folder, console)
        run = Run.open(folder)
        publish(run, load_policy(run.policy), console)
    return demos


def _trained(config: RunConfig, folder: Path, console: Console) -> Policy:
    """The policy of a run in its folder, which is begun or gone on with as needed."""
    quiet = Console(file=console.file, quiet=True)
    if (folder / "config.json").exists():
        training, finished = resume(Run.open(folder), quiet)
    else:
        training = make_training(config)
        finished = start(Run.create(folder, config), training, quiet)
    if not finished:
        raise Stopped(f"stopped in {folder}; the same command goes on")
    if isinstance(config.learner, Imitation):
        return playable(config, training.policy)
    return training.policy


def _return(policy: Policy, task: str) -> float:
    return evaluate_policy(policy, task, EPISODES, 0, stochastic_actions=True).mean


def _write_rows(rows: Sequence[ReuseRow], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(ReuseRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _parsed(row: dict[str, str]) -> ReuseRow:
    def number(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return ReuseRow(
        row["source"],
        row["target"],
        row["algorithm"],
        int(row["seed"]),
        float(row["random_on_target"]),
        number("imitator_on_source"),
        number("imitator_on_target"),
        float(row["retrained_on_target"]),
    )
