"""Shipped experts and demonstrations: one folder per task, each with a card that says how it was made.

| file | content |
|---|---|
| `expert.safetensors` | the expert's policy |
| `demonstrations.npz` | full episodes of the stochastic expert, unless they are too large |
| `card.json` | command, seed, environment steps, versions, checksums, returns of the expert and of random play |
| `learning_curve.csv` | return against environment steps, in some hundred bins |
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any


class NotShipped(ValueError):
    """No expert or demonstrations of this task come with the package."""


def shipped_file(task_id: str, name: str) -> Path:
    """Path of a file that ships with the task; raise `NotShipped` if there is none."""
    path = Path(str(files(__package__) / task_id / name))
    if not path.is_file():
        raise NotShipped(
            f"no {name} ships for {task_id}: make one with `gail expert {task_id}`, "
            "or name your own demonstrations file"
        )
    return path


def has_expert(task_id: str) -> bool:
    """True if an expert with its card ships for the task."""
    return Path(str(files(__package__) / task_id / "card.json")).is_file()


def has_demonstrations(task_id: str) -> bool:
    """True if demonstrations ship for the task."""
    return Path(str(files(__package__) / task_id / "demonstrations.npz")).is_file()


def card(task_id: str) -> dict[str, Any]:
    """The card of the task's expert; raise `NotShipped` if there is none."""
    content: dict[str, Any] = json.loads(shipped_file(task_id, "card.json").read_text())
    return content
