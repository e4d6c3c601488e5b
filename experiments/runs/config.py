"""Config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import cattrs

from gail.approx.cloning import CloningSettings
from gail.approx.training.training import TrainingSettings

NETWORK_THREADS = 1
"""Threads of the networks: at 100 units a layer, handing work to a second one costs more than it saves."""


def _strict_number(value: Any, kind: type) -> Any:
    """The value, if it is a number of that kind: `int(1.5)` and `bool("false")` would both be accepted silently."""
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return kind(value)


_CONVERTER = cattrs.Converter(forbid_extra_keys=True)
for _kind in (bool, int, float):
    _CONVERTER.register_structure_hook(_kind, _strict_number)


Algorithm: TypeAlias = Literal["gail", "fem", "gtal", "bc", "trpo"]


FormName: TypeAlias = Literal["survival", "arrival", "difference"]


@dataclass(frozen=True)
class RunConfig:
    """What a training run is."""

    task: str
    """Task id."""
    algorithm: Algorithm
    """Who learns from what: gail, fem, gtal and bc from demonstrations, trpo from the true reward."""
    seed: int
    """Of everything random in training."""
    demonstrations: str | None
    """A demonstrations file; none for those that ship with the task."""
    num_demonstrations: int | None
    """How many trajectories of it are used, the first ones; none for all."""
    demonstration_stride: int
    """Every k-th step of them is kept, from a random offset."""
    demonstration_seed: int
    """Of those offsets."""
    num_envs: int
    """Environments stepped together."""
    threads: int
    """Threads of the simulator."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """Budget and players (gail, fem, gtal, trpo)."""
    cloning: CloningSettings = field(default_factory=CloningSettings)
    """Fit (bc, and a warm start)."""
    reward_form: FormName = "survival"
    """Where the learned reward has its zero; see `gail.approx.cost_players.reward_forms`."""
    warm_start: Literal["none", "bc"] = "none"
    """Whether the policy begins as a clone of the demonstrations."""
    absorbing: bool = False
    """Whether episodes that end early go on in an absorbing state until the time limit."""
    control: Literal["none", "constant", "shuffled"] = "none"
    """Whether this run is a control: with a constant reward, or with shuffled demonstrations."""
    controls: bool = False
    """Whether both controls follow this run."""
    control_steps: int | None = None
    """Environment steps of each control; none for as many as this run's."""


def structure_config(values: Any) -> RunConfig:
    """The config of nested dictionaries, as `dataclasses.asdict` makes them; fields with a default may be missing.

    Raises:
        ValueError: a field is unknown, missing or of a wrong type; the message names each.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"a table of fields is needed, not {values!r}")
    try:
        return _CONVERTER.structure(values, RunConfig)
    except cattrs.BaseValidationError as error:
        raise ValueError("; ".join(cattrs.transform_error(error))) from error
