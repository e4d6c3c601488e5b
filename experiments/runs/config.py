"""The config of a run: one frozen object, from which the run can be repeated.

A config names a task, demonstrations and a learner. The learner is one of three kinds, and an imitation has one of
several cost players and policy players (`algorithms`). Each kind is a frozen dataclass with its own fields and no
others. In files a tag says which kind it is:

    {"task": "Hopper-v5", "seed": 0, "demonstrations": {...},
     "learner": {"kind": "imitation", "cost": {"player": "gail", ...}, "training": {"policy": {"player": "trpo", ...}}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, get_args

import cattrs
from cattrs.gen import make_dict_unstructure_fn

from gail.approx import (
    CloningSettings,
    CostConfig,
    InvalidSettings,
    PolicyConfig,
    PolicySettings,
    RewardForm,
    TrainingSettings,
)
from gail.approx.settings import require
from gail.experiments.runs import algorithms

NETWORK_THREADS = 1
"""Threads of the networks; with 100 units per layer, a second thread makes training slower."""


@dataclass(frozen=True)
class DemonstrationChoice:
    """The demonstrations that a run imitates."""

    file: str | None = None
    """A demonstrations file; None for those that ship with the task."""
    count: int | None = None
    """Number of trajectories to use, from the first on; None for all."""
    stride: int = 1
    """Keep every stride-th step of each trajectory, from a random offset."""
    seed: int = 0
    """Seed of the offsets."""
    sha256: str | None = None
    """Digest of the file; None if it is not checked. A new run notes it, and refuses to go on with another content."""
    drop_broken: bool = False
    """Whether malformed episodes of a file are left out; else a file that has any is refused."""
    shuffled: bool = False
    """Whether each coordinate is shuffled over all steps; only control runs do this."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("count", "stride"), not_negative=("seed",))


@dataclass(frozen=True)
class Simulator:
    """The environments in which a policy learns."""

    num_envs: int = 32
    """Environments stepped together."""
    threads: int = 1
    """Threads of the simulator."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("num_envs", "threads"))


@dataclass(frozen=True)
class Controls:
    """The control runs that follow a run."""

    env_steps: int | None = None
    """Environment steps of each control; None for the run's own number."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("env_steps",))


@dataclass(frozen=True)
class Imitation:
    """A cost player against a policy player, with demonstrations."""

    kind: ClassVar[str] = "imitation"

    cost: CostConfig
    """The cost player."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """Budget, batches and the policy player."""
    simulator: Simulator = field(default_factory=Simulator)
    """The environments in which the policy learns."""
    warm_start: CloningSettings | None = None
    """Settings of the behavioural clone from which the policy starts; None for a new policy."""
    absorbing: bool = False
    """Whether episodes that end early continue in an absorbing state until the time limit."""
    controls: Controls | None = None
    """Control runs after the run; None for none."""

    @property
    def name(self) -> str:
        """Name of the cost player."""
        return self.cost.name

    @property
    def title(self) -> str:
        """Title of the cost player, for pictures."""
        return self.cost.title


@dataclass(frozen=True)
class Cloning:
    """Behavioural cloning: no game, no environment."""

    kind: ClassVar[str] = "cloning"
    name: ClassVar[str] = "bc"
    title: ClassVar[str] = "behavioural cloning, same data"

    network: PolicySettings = field(default_factory=PolicySettings)
    """Architecture of the policy."""
    fit: CloningSettings = field(default_factory=CloningSettings)
    """Settings of the fit."""


@dataclass(frozen=True)
class RewardChoice:
    """A learned reward in the place of the task's own."""

    file: str
    """A reward file, or the folder of the run that learned it."""
    sha256: str
    """Digest of the file; a run refuses to go on with another content."""


@dataclass(frozen=True)
class Reinforcement:
    """A policy player that minimizes the environment's own cost, or a learned one; this trains experts."""

    kind: ClassVar[str] = "reinforcement"
    title: ClassVar[str] = "expert"

    training: TrainingSettings = field(default_factory=TrainingSettings)
    """Budget, batches and the policy player."""
    simulator: Simulator = field(default_factory=Simulator)
    """The environments in which the policy learns."""
    reward: RewardChoice | None = None
    """A learned reward; None for the task's own."""

    @property
    def name(self) -> str:
        """Name of the policy player."""
        return self.training.policy.name


Learner: TypeAlias = Imitation | Cloning | Reinforcement


@dataclass(frozen=True)
class RunConfig:
    """Everything that defines a run."""

    task: str
    """Task id."""
    seed: int
    """Seed of all randomness in training."""
    demonstrations: DemonstrationChoice | None
    """The demonstrations to imitate; None for reinforcement learning."""
    learner: Learner
    """The learner and its settings."""

    def __post_init__(self) -> None:
        require(self, not_negative=("seed",))

    @property
    def name(self) -> str:
        """Name of the algorithm."""
        return self.learner.name

    def imitation(self) -> Imitation:
        """The learner, if it imitates with two players.

        Raises:
            TypeError: the learner is of another kind.
        """
        if not isinstance(self.learner, Imitation):
            raise TypeError(f"{self.name} on {self.task} is no imitation by two players")
        return self.learner

    def played(self) -> Imitation | Reinforcement:
        """The learner, if it plays in environments.

        Raises:
            TypeError: the learner is behavioural cloning.
        """
        if isinstance(self.learner, Cloning):
            raise TypeError(f"{self.name} on {self.task} plays in no environment")
        return self.learner


def unstructured(config: RunConfig) -> dict[str, Any]:
    """The config as nested dictionaries with tags, ready for JSON."""
    values: dict[str, Any] = _CONVERTER.unstructure(config)
    return values


def structured(values: Any) -> RunConfig:
    """The config that nested dictionaries describe, the inverse of `unstructured`; fields with defaults may be missing.

    Raises:
        ValueError: a field is unknown, missing, of a wrong type or out of range; the message names every such
            field.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"a table of fields is needed, not {values!r}")
    try:
        return _CONVERTER.structure(values, RunConfig)
    except cattrs.BaseValidationError as error:
        sentences = (_with_place(text) for text in cattrs.transform_error(error, format_exception=_sentence))
        raise ValueError("; ".join(sentences)) from error


def _with_place(text: str) -> str:
    """The message with the field's path in front; cattrs writes `text @ $.path.to.field`."""
    what, _, place = text.rpartition(" @ $")
    return f"{place.removeprefix('.')}: {what}" if place else what


def _sentence(error: BaseException, kind: type | None) -> str:
    if isinstance(error, InvalidSettings | _WrongValue):
        return str(error)
    return cattrs.v.format_exception(error, kind)


class _WrongValue(ValueError):
    """A value of the wrong type."""


def _strict_number(value: Any, kind: type) -> Any:
    """The value, if it has that type; `int(1.5)` and `bool("false")` alone would not fail."""
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise _WrongValue(f"{value!r} is not of type {kind.__name__}")
    return kind(value)


def _reward_form(value: Any, _: type) -> RewardForm:
    names = [form.value for form in RewardForm]
    if value not in names:
        raise _WrongValue(f"{value!r} is no reward form; choose one of {', '.join(names)}")
    return RewardForm(value)


def _learners() -> dict[str, type]:
    return {kind.kind: kind for kind in get_args(Learner)}


def _cost_players() -> dict[str, type]:
    return {kind.name: kind for kind in algorithms.COST_PLAYERS}


def _policy_players() -> dict[str, type]:
    return {kind.name: kind for kind in algorithms.POLICY_PLAYERS}


_TAGGED: tuple[tuple[Any, str, Callable[[], dict[str, type]]], ...] = (
    (Learner, "kind", _learners),
    (CostConfig, "player", _cost_players),
    (PolicyConfig, "player", _policy_players),
)
"""Per union: the type of the fields that hold it, the tag's name, and the member classes by tag."""


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for number in (bool, int, float):
        converter.register_structure_hook(number, _strict_number)
    converter.register_structure_hook(RewardForm, _reward_form)
    for family, tag, kinds in _TAGGED:
        _register(converter, family, tag, kinds)
    return converter


def _register(converter: cattrs.Converter, family: Any, tag: str, kinds: Callable[[], dict[str, type]]) -> None:
    def structure(values: Any, _: Any) -> Any:
        if not isinstance(values, Mapping):
            raise _WrongValue(f"a table of fields is needed, not {values!r}")
        rest, known = dict(values), kinds()
        name = rest.pop(tag, None)
        if name not in known:
            raise _WrongValue(f"{tag} is {name!r}; choose one of {', '.join(known)}")
        return converter.structure(rest, known[name])

    def of_family(kind: Any) -> bool:
        return bool(kind == family)

    def is_kind(kind: Any) -> bool:
        return kind in kinds().values()

    def unstructure_of(kind: Any) -> Callable[[Any], dict[str, Any]]:
        plain = make_dict_unstructure_fn(kind, converter)
        name = next(name for name, known in kinds().items() if known is kind)
        return lambda value: {tag: name, **plain(value)}

    converter.register_structure_hook_func(of_family, structure)
    converter.register_unstructure_hook_func(of_family, lambda value: converter.unstructure(value))
    converter.register_unstructure_hook_factory(is_kind, unstructure_of)


_CONVERTER = _converter()
