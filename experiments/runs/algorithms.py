"""The list of algorithms: every cost player and policy player that a run can name.

An imitation algorithm is a cost player against a policy player (`gail.approx.game`). To add one, write the player and
its frozen config (`gail.approx.CostConfig` or `gail.approx.PolicyConfig`) and put the config into a tuple below. The
command line, config files, `--set`, the table of docs/imitators.md and the contract tests are made from these tuples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from gail.approx import (
    Airl,
    Constant,
    CostConfig,
    Fem,
    Gail,
    GanGcl,
    Gtal,
    GuidedCost,
    PolicyConfig,
    Trpo,
)
from gail.experiments.errors import InvalidRequest

COST_PLAYERS: tuple[type[CostConfig], ...] = (Gail, Fem, Gtal, Airl, GanGcl, GuidedCost, Constant)
"""Cost players; the first one is the default."""
POLICY_PLAYERS: tuple[type[PolicyConfig], ...] = (Trpo,)
"""Policy players; the first one is the default."""


def cost_player(name: str, values: Mapping[str, Any]) -> CostConfig:
    """The config of a cost player: given values where it has such fields, defaults elsewhere.

    Raises:
        InvalidRequest: no cost player has that name.
        gail.approx.InvalidSettings: a value is outside its range.
    """
    kinds: dict[str, Any] = {kind.name: kind for kind in COST_PLAYERS}
    if name not in kinds:
        raise InvalidRequest(f"there is no cost player {name!r}; choose one of {', '.join(kinds)}")
    kind = kinds[name]
    found: CostConfig = kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})
    return found


def table() -> str:
    """The algorithms as a table in Markdown, for docs/imitators.md."""
    lines = ["| `gail train TASK --algo` | algorithm | psi | the cost player's answer |", "|---|---|---|---|"]
    lines += [f"| `{kind.name}` | {kind.title} | {_cell(kind.psi)} | {_cell(kind.answer)} |" for kind in COST_PLAYERS]
    return "\n".join(
        [*lines, "| `bc` | behavioural cloning | none | none: maximum likelihood of actions, state by state |"]
    )


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
