"""The table of the README: GAIL and cloning on every task, from the smallest measured dataset of the paper's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gail.approx import Gail
from gail.envs.tasks import TASKS
from gail.experiments.bench.training.cells import CellResult
from gail.experiments.bench.training.table import late, median
from gail.experiments.data.task_table import markdown
from gail.experiments.runs.config import Cloning
from gail.experiments.runs.recipes.imitation import imitation_recipe


def summary_table(rows: Sequence[CellResult]) -> str:
    """Scores and speed per task, as a table in Markdown; medians over seeds.

    Scores are 0 for random play and 1 for the expert with sampled actions.
    """
    found = [row for task in TASKS if (row := _row(task, rows))]
    return markdown(found) if found else ""


def _row(task: str, rows: Sequence[CellResult]) -> dict[str, str]:
    budget = imitation_recipe(task).played().training.env_steps
    plain = [row for row in rows if row.task == task and not row.settings]
    trained = [row for row in plain if row.algorithm == Gail.name and row.budget == budget]
    sizes = {row.demonstrations for row in trained} & set(TASKS[task].dataset_sizes)
    if not sizes:
        return {}
    size = min(sizes)
    trained = [row for row in trained if row.demonstrations == size]
    cloned = [row for row in plain if row.algorithm == Cloning.name and row.demonstrations == size]
    steps, paper = median(late(row.steps_to_95) for row in trained), TASKS[task].paper_interactions
    reached = steps is not None and np.isfinite(steps)
    return {
        "task": task,
        "expert trajectories": str(size),
        "seeds": str(len(trained)),
        "GAIL, mean actions": _score([row.deterministic_score for row in trained]),
        "GAIL, sampled actions": _score([row.stochastic_score for row in trained]),
        "cloning, mean actions": _score([row.deterministic_score for row in cloned]),
        "cloning, sampled actions": _score([row.stochastic_score for row in cloned]),
        "95 % of the expert after": f"{steps / 1e6:.2f}M steps" if reached and steps is not None else "not reached",
        "the paper's budget": f"{paper / 1e6:g}M steps" if paper else "",
    }


def _score(scores: Sequence[float]) -> str:
    return f"{np.median(scores):.2f}" if scores else ""
