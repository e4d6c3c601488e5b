"""Tables of tasks: spaces, the paper's protocol, returns of random play and of the shipped experts.

Spaces come from the environments, the protocol from `TASKS`, and returns from the experts' cards: mean ± standard
deviation between episodes. Random play on a task without an expert is measured when the table is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gail.approx.atomic_files import write_bytes, write_text
from gail.approx.policies.spaces import SpaceSpec
from gail.envs.data import card, has_expert, shipped_file
from gail.envs.tasks import TASKS, Task
from gail.experiments.data.demonstrations import spec_of
from gail.experiments.data.expert_curves import draw_experts
from gail.experiments.runs.learning_curves import read_learning_curve
from gail.experiments.train.evaluation import evaluate_random, summary
from gail.experiments.train.expert import EPISODES

Row = dict[str, str]

_PROTOCOL = f"""\
- obs: numbers in an observation; actions: entries and their bounds, or how many kinds there are; limit: steps after
  which an episode is truncated.
- Protocol of the paper (Ho & Ermon 2016, Tables 1 and 2): demos, whole episodes recorded; sizes of the datasets that
  are compared, in trajectories, of which every k-th step is kept, from a random offset; steps of the environment in one
  run of GAIL. HumanoidStandup is not in the paper and takes the protocol of its smaller MuJoCo tasks.
- Returns: mean ± standard deviation over {EPISODES} whole episodes in the simulator that training uses; the expert's
  actions are sampled."""

_EXPERTS = f"""\
Each was made by one command on one core. Returns are means ± standard deviations over {EPISODES} whole episodes, with
actions sampled as the demonstrations' are and with the most likely ones, in EnvPool and in Gymnasium's own simulator,
whose MuJoCo need not be of the release that EnvPool is built on. Cards lie in `envs/data/TASK/card.json`;
`gail expert TASK --evaluate-only` plays an expert again and rewrites the returns on its card."""

_KEPT = "## Transfer tasks"
"""From this heading on, a page that is written again keeps its text."""

_CURVES = """\
Returns of the episodes that ended while learning, actions sampled, averaged in bins (`learning_curve.csv` beside each
card). Dashed: the card's mean with sampled actions; dotted: random play. Environments are made anew at checkpoints;
iterations before a whole episode can have ended in them are left out."""


def print_tasks(console: Console) -> None:
    """Print two tables, narrow enough for a terminal; returns come from the cards."""
    for title, rows in (
        ("Spaces, and the protocol of the paper", [_protocol(task) for task in TASKS.values()]),
        ("Returns over whole episodes", [_returns(task, _random_of_card(task)) for task in TASKS.values()]),
    ):
        table = Table("task", *rows[0], title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), collapse_padding=True)
        for task, row in zip(TASKS, rows, strict=True):
            table.add_row(task, *row.values())
        console.print(table)


def write_tasks(folder: Path, console: Console) -> None:
    """Write `tasks.md` and its picture `images/experts.png` into a folder of documentation."""
    rows = []
    for task in TASKS.values():
        random = _random_of_card(task) or _play_randomly(task, console)
        rows.append({"task": task.id, **_protocol(task), **_returns(task, random)})
    cards = {task: card(task) for task in TASKS if has_expert(task)}
    curves = {task: read_learning_curve(shipped_file(task, "learning_curve.csv")) for task in cards}
    text = "\n\n".join(
        (
            "# Tasks and experts",
            "Written by `gail tasks --out docs`. `gail tasks` prints the first table.",
            markdown(rows),
            _PROTOCOL,
            "## Experts",
            markdown([_expert(facts) for facts in cards.values()]),
            _EXPERTS,
            "![Learning curves of the experts](images/experts.png)",
            _CURVES,
        )
    )
    page = folder / "tasks.md"
    before = page.read_text() if page.is_file() else ""
    kept = before[before.index(_KEPT) :] if _KEPT in before else ""
    write_text(page, "\n".join([text, *(["", kept.rstrip()] if kept else []), ""]))
    write_bytes(folder / "images" / "experts.png", draw_experts(cards, curves))


def _protocol(task: Task) -> Row:
    spec = spec_of(task.id)
    return {
        "obs": str(spec.observation_size),
        "actions": _actions(spec),
        "limit": f"{task.horizon:,}",
        "demos": str(task.full_trajectories),
        "sizes": ", ".join(map(str, task.dataset_sizes)),
        "k": str(task.subsample),
        "steps": "" if task.paper_interactions is None else f"{task.paper_interactions / 1e6:g}M",
    }


def _actions(spec: SpaceSpec) -> str:
    if spec.action_low is None or spec.action_high is None:
        return f"{spec.action_size} kinds"
    low, high = np.unique(spec.action_low), np.unique(spec.action_high)
    if len(low) == len(high) == 1 and low[0] == -high[0]:
        return f"{spec.action_size} in ±{high[0]:.3g}"
    return f"{spec.action_size} in a box"


def _returns(task: Task, random: Mapping[str, Any] | None) -> Row:
    return {
        "random play": "" if random is None else _spread(random),
        "expert": _spread(card(task.id)["expert_stochastic"]) if has_expert(task.id) else "none ships",
    }


def _expert(facts: Mapping[str, Any]) -> Row:
    elsewhere = facts.get("gymnasium", facts)
    return {
        "command": f"`{facts['command']}`",
        "steps": f"{facts['env_steps'] / 1e6:.2g}M",
        "minutes": f"{facts['seconds'] / 60:.1f}",
        "sampled": _spread(facts["expert_stochastic"]),
        "most likely": _spread(facts["expert_deterministic"]),
        "sampled, Gymnasium": _spread(elsewhere["expert_stochastic"]),
        "most likely, Gymnasium": _spread(elsewhere["expert_deterministic"]),
        "random play, Gymnasium": _spread(elsewhere["random"]),
    }


def _random_of_card(task: Task) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = card(task.id)["random"] if has_expert(task.id) else None
    return found


def _play_randomly(task: Task, console: Console) -> Mapping[str, Any]:
    with console.status(f"{EPISODES} episodes of random play on {task.id}"):
        return summary(evaluate_random(task.id, EPISODES, 0))


def _spread(found: Mapping[str, Any]) -> str:
    return f"{found['mean']:,.1f} ± {found['std']:,.1f}"


def markdown(rows: Sequence[Row]) -> str:
    """Rows (at least one, all with the same names) as a table in Markdown."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
