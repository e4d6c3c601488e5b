"""Steps of earlier policies, kept as further examples of a learner.

A classifier trained against the current policy only forgets earlier mistakes: its reward is not asked about states that
the policy no longer visits. Fu, Luo & Levine (2018, section 7) mix the samples of the last 20 iterations. Here half of
the learner's steps are from the current batch, and half from the batches before it, all of which count alike.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor

from gail.approx.trajectories.trajectories import Trajectories

Rows: TypeAlias = dict[str, Tensor]
"""Arrays of N steps, by name: observations, actions, following, ended."""


def rows_of(batch: Trajectories) -> Rows:
    """The steps of a batch."""
    return {
        "observations": torch.from_numpy(batch.observations),
        "actions": torch.from_numpy(batch.actions),
        "following": torch.from_numpy(batch.next_observations),
        "ended": torch.from_numpy(batch.terminated_steps),
    }


class Replay:
    """Steps of the last `iterations` batches; none are kept where this is 0."""

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations
        self._kept: list[Rows] = []

    def mixed(self, rows: Rows, generator: torch.Generator) -> Rows:
        """As many steps as `rows` has, half of them from earlier batches if there are any; `rows` is then kept."""
        if self._iterations == 0:
            return rows
        count = len(rows["ended"])
        mixture = rows
        if self._kept:
            earlier = {name: torch.cat([kept[name] for kept in self._kept]) for name in rows}
            half = min(count // 2, len(earlier["ended"]))
            mixture = _joined(_drawn(rows, count - half, generator), _drawn(earlier, half, generator))
        share = max(1, count // self._iterations)
        self._kept = [*self._kept, _drawn(rows, share, generator)][-self._iterations :]
        return mixture

    def state_dict(self) -> list[Rows]:
        """The kept steps."""
        return self._kept

    def load_state_dict(self, state: list[Any]) -> None:
        """Restore what `state_dict` returned."""
        self._kept = [dict(rows) for rows in state]


def _drawn(rows: Rows, count: int, generator: torch.Generator) -> Rows:
    """Steps drawn without replacement, in random order; all of them if there are fewer."""
    order = torch.randperm(len(rows["ended"]), generator=generator)[:count]
    return {name: part[order] for name, part in rows.items()}


def _joined(one: Rows, other: Rows) -> Rows:
    return {name: torch.cat([one[name], other[name]]) for name in one}
