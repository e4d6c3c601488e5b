"""`docs/training.md`: what `gail bench train` measured, in tables and learning curves.

Everything on the page comes from three CSVs: a row per cell; a row per periodic evaluation, gathered from the cells'
folders; and the rates of `gail bench throughput`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu

from gail.approx import Constant, Gail
from gail.approx.atomic_files import write_bytes, write_text
from gail.envs.tasks import TASKS
from gail.experiments.bench.training.cell_run import evaluations_file
from gail.experiments.bench.training.cells import Cell, CellResult, levels
from gail.experiments.bench.training.curves import Traces, draw_training
from gail.experiments.bench.training.summary import summary_table
from gail.experiments.bench.training.table import groups, late, median
from gail.experiments.data.task_table import markdown
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.recipes.imitation import imitation_recipe

_COLUMNS = ("task", "algorithm", "demonstrations", "budget", "seed", "settings", "env_steps", "score")
_SHUFFLED = "demonstrations.shuffled"
_SEEDS_TO_TEST = 5

_HEAD = """\
Written by `gail bench train --summary --page docs` from `results/train.csv`, to which `gail bench train` appends a row
per cell, and `results/train-curves.csv`, a row per periodic evaluation."""

_SUMMARY = """\
Median scores over seeds: 0 is random play, 1 the expert with sampled actions. Both algorithms learn from the same
demonstrations, the smallest of the paper's datasets that was measured. The README shows this table."""

_SCORES = """\
Scores over 50 whole episodes of the final policy: 0 is random play, 1 the expert with sampled actions. Median over
seeds, and in brackets the least seed; first with mean, then with sampled actions. Nothing is selected by return.
Rows of `imitation-gail` (its own tuned settings, as many *whole* trajectories) and `sb3-contrib-trpo` (the true reward)
are of those libraries, one thread, by `--peers build/peers`."""

_SPEED = """\
Environment steps and seconds of training until the first periodic evaluation (ten episodes, mean actions) at that
level, medians over seeds; the paper's budget (Table 2) over those steps; steps per second of one thread for the
networks and one for the simulator, with other work beside it; largest resident memory. Where the recipe says so
(`gail train TASK --print-config`) the policy begins as a clone of the same demonstrations; the paper's runs did not."""

_SETTINGS = """\
Cells that differ from the recipe of their task in the settings named, beside the recipe with the same budget; p of the
two-sided rank-sum test between the two, where both have at least five seeds."""

_CONTROLS = """\
`constant`: every step has the same reward, of the sign of the reward form. Its score is what the sign and the warm
start explain alone. `demonstrations.shuffled`: every number of the demonstrations is dealt at random among those of its
coordinate. Its score beyond that of `constant` is what the ranges of the numbers teach."""


_THROUGHPUT = """\
`gail bench throughput`: GAIL end to end over 40 iterations, two simulator threads and one for the networks, nothing
else running, against the simulator alone with random actions in the same run. Sampling is the simulator's own time, a
little longer for a policy than for random actions, and the policy's; what is left are the fits of critic, policy and
discriminator, which need the sampled batch and cannot run beside its sampling without learning from an older policy."""


def write_page(rows: Sequence[CellResult], runs: Path, folder: Path) -> Path:
    """Write training.md, images/training.png and results/train-curves.csv into a folder of documentation."""
    store = folder / "results" / "train-curves.csv"
    traces = {**_read(store), **_gathered(rows, runs)}
    plain = [row for row in rows if not row.settings and row.algorithm != Constant.name]
    write_text(store, _listed(traces))
    write_bytes(folder / "images" / "training.png", draw_training(_by_recipe(plain), traces))
    page = folder / "training.md"
    sections = [*_sections(rows, plain), *_throughput(folder / "results" / "throughput.csv")]
    write_text(page, "\n\n".join(sections) + "\n")
    return page


def _sections(rows: Sequence[CellResult], plain: Sequence[CellResult]) -> Iterable[str]:
    recipes = _by_recipe(plain)
    yield "# What training reaches"
    yield _HEAD
    summary = summary_table(rows)
    if summary:
        yield "## GAIL and cloning on every task"
        yield summary
        yield _SUMMARY
    yield "## Learning curves"
    yield "![Score against environment steps](images/training.png)"
    yield "Every seed of GAIL with its recipe, scores of ten episodes with mean actions; dashed: the clone's median."
    for title, text, table in (
        ("## Final scores", _SCORES, [_score_row(group) for group in groups(recipes)]),
        ("## Steps, seconds, memory", _SPEED, [_speed_row(group) for group in groups(_trained(recipes))]),
    ):
        if table:
            yield title
            yield markdown(table)
            yield text
    for title, text, chosen in (
        ("## One thing at a time", _SETTINGS, [row for row in rows if row.settings and not _is_control(row)]),
        ("## Controls", _CONTROLS, [row for row in rows if _is_control(row)]),
    ):
        if chosen:
            yield title
            yield text
            yield markdown([_setting_row(group, plain) for group in groups([*_same_budget(plain, chosen), *chosen])])


def _is_control(row: CellResult) -> bool:
    return row.algorithm == Constant.name or _SHUFFLED in row.settings


def _throughput(measured: Path) -> Iterable[str]:
    if measured.is_file():
        with measured.open(newline="") as file:
            rows = [{name.replace("_", " "): value for name, value in row.items()} for row in csv.DictReader(file)]
        yield "## Where the time goes"
        yield markdown(rows)
        yield _THROUGHPUT


def _trained(rows: Iterable[CellResult]) -> list[CellResult]:
    return [row for row in rows if row.env_steps]


def _by_recipe(rows: Iterable[CellResult]) -> list[CellResult]:
    """Rows of GAIL with its recipe's budget, and of other algorithms with any budget."""
    return [
        row for row in rows if row.task in TASKS and (row.algorithm != "gail" or row.budget == _recipe_budget(row.task))
    ]


def _recipe_budget(task: str) -> int:
    return imitation_recipe(task).played().training.env_steps


def _same_budget(plain: Sequence[CellResult], chosen: Sequence[CellResult]) -> list[CellResult]:
    """The recipe's rows with which other rows are compared; a constant reward is compared with GAIL."""
    wanted = {
        (row.task, Gail.name if row.algorithm == Constant.name else row.algorithm, row.demonstrations, row.budget)
        for row in chosen
    }
    return [row for row in plain if (row.task, row.algorithm, row.demonstrations, row.budget) in wanted]


def _of_group(group: Sequence[CellResult]) -> dict[str, str]:
    one = group[0]
    budget = f"{one.budget / 1e6:g}M" if one.budget else ""
    return {"task": one.task, "algorithm": one.algorithm, "trajectories": str(one.demonstrations), "budget": budget}


def _score_row(group: Sequence[CellResult]) -> dict[str, str]:
    mean, sampled = ([row.deterministic_score for row in group], [row.stochastic_score for row in group])
    return {**_of_group(group), "seeds": str(len(group)), "mean actions": _spread(mean), "sampled": _spread(sampled)}


def _setting_row(group: Sequence[CellResult], plain: Sequence[CellResult]) -> dict[str, str]:
    setting = f"`{group[0].settings}`" if group[0].settings else "recipe"
    reached = median(late(row.steps_to_95) for row in group)
    return {**_score_row(group), "setting": setting, "95 % after": _steps(reached), "p": _significance(group, plain)}


def _significance(group: Sequence[CellResult], plain: Sequence[CellResult]) -> str:
    """P-value of the rank-sum test, a setting's scores with mean actions against the recipe's; blank for few seeds."""
    beside = [row.deterministic_score for row in _same_budget(plain, group)]
    if not group[0].settings or min(len(beside), len(group)) < _SEEDS_TO_TEST:
        return ""
    found = mannwhitneyu([row.deterministic_score for row in group], beside, alternative="two-sided")
    return f"{found.pvalue:.2f}"


def _speed_row(group: Sequence[CellResult]) -> dict[str, str]:
    steps = median(late(row.steps_to_95) for row in group)
    paper = TASKS[group[0].task].paper_interactions
    ratio = f"{paper / steps:.0f}" if paper and steps and np.isfinite(steps) else ""
    seconds = median(late(row.seconds_to_90) for row in group)
    return {
        **_of_group(group),
        "seeds": str(len(group)),
        "95 % after": _steps(steps),
        "paper's budget over that": ratio,
        "90 % after": f"{seconds:,.0f} s" if seconds is not None and np.isfinite(seconds) else "never",
        "steps/s": f"{median(row.steps_per_second for row in group) or 0.0:,.0f}",
        "GB": f"{max(row.peak_gb for row in group):.2f}",
    }


def _spread(scores: Sequence[float]) -> str:
    return f"{np.median(scores):.2f} ({min(scores):.2f})"


def _steps(steps: float | None) -> str:
    return f"{steps / 1e6:.2f}M" if steps is not None and np.isfinite(steps) else "never"


def _gathered(rows: Iterable[CellResult], runs: Path) -> Traces:
    found = {}
    for row in rows:
        cell = Cell(row.task, row.algorithm, row.demonstrations, row.budget, row.seed, row.settings)
        evaluations = read_metrics(evaluations_file(runs / cell.name))
        if evaluations:
            scale = levels(row.task)
            found[row.key] = [(int(one["env_steps"]), scale.normalized(float(one["mean"]))) for one in evaluations]
    return found


def _read(path: Path) -> Traces:
    found: Traces = {}
    if path.is_file():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(_key(row), []).append((int(row["env_steps"]), float(row["score"])))
    return found


def _key(row: Mapping[str, str]) -> tuple[str, str, int, int, int, str]:
    return (
        row["task"],
        row["algorithm"],
        int(row["demonstrations"]),
        int(row["budget"]),
        int(row["seed"]),
        row["settings"],
    )


def _listed(traces: Traces) -> str:
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for key in sorted(traces):
        writer.writerows([*key, steps, round(score, 4)] for steps, score in traces[key])
    return content.getvalue()
