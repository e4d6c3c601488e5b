"""From a recipe to the config of a run: files, assignments and named options, in this order.

A recipe (`--preset`) gives every field of the config a value. A file (`--config`), assignments (`--set`) and named
options then replace some values. `--print-config` shows the result, in the form that `--config` reads. A named option
is a short name for one field, so it exists for those algorithms whose config has that field.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from gail.approx import Gail, RewardForm
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Cloning, Imitation, Reinforcement, RunConfig, structured, unstructured
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.recipes.paper import paper_recipe
from gail.experiments.train.evaluation import reference

Preset: TypeAlias = Literal["default", "paper"]

FIELDS: Mapping[str, str] = {
    "demos": "demonstrations.file",
    "trajectories": "demonstrations.count",
    "stride": "demonstrations.stride",
    "drop_broken": "demonstrations.drop_broken",
    "seed": "seed",
    "steps": "learner.training.env_steps",
    "envs": "learner.simulator.num_envs",
    "threads": "learner.simulator.threads",
    "reward_form": "learner.cost.reward",
    "gradient_penalty": "learner.cost.discriminator.gradient_penalty",
    "spectral_norm": "learner.cost.discriminator.spectral_norm",
    "entropy_weight": "learner.training.policy.entropy_weight",
    "state_only": "learner.cost.state_only",
    "warm_start": "learner.warm_start",
    "absorbing": "learner.absorbing",
    "control": "learner.controls",
}
"""Named options, and the field of the config that each one sets."""

_TAGS = ("kind", "player")


def configured(
    task: str,
    algorithm: str | None = None,
    preset: Preset = "default",
    file: Path | None = None,
    assignments: tuple[str, ...] = (),
    options: Mapping[str, Any] = {},
    reward: RewardForm | None = None,
) -> RunConfig:
    """The config of a recipe, with what a file, assignments and named options change.

    Args:
        task: task id.
        algorithm: name of a cost player, or bc; None for the one in the file or the assignments, otherwise gail.
        preset: which recipe.
        file: JSON or TOML with some or all fields.
        assignments: NAME=VALUE each.
        options: values of the options in `FIELDS`, by name.
        reward: the recipe's reward form, where it was read off the demonstrations.

    Raises:
        InvalidRequest: a field is unknown, or has a value that it cannot have; an option does nothing for the
            algorithm; or the file is of another task.
    """
    changes = [] if file is None else [(_read(file), str(file))]
    changes += [(_parse(assignment), f"--set {assignment}") for assignment in assignments]
    chosen = algorithm or _named_algorithm(changes) or Gail.name
    recipe = paper_recipe(task, chosen) if preset == "paper" else imitation_recipe(task, chosen, reward)
    values = unstructured(recipe)
    for change, source in changes:
        _merge(values, change, source)
    if values["task"] != recipe.task:
        raise InvalidRequest(f"{file or '--set'} is of the task {values['task']}, not of {recipe.task}")
    config = _structured(values, f"{file or '--set'}")
    for name, value in options.items():
        if name in unused(config, options):
            continue
        option = f"--{name.replace('_', '-')}" + ("" if value is True or isinstance(value, Mapping) else f" {value}")
        _set_option(values, name, value, f"{option} changes nothing for {chosen}: leave it out")
        config = _structured(values, option)
    return config


def unused(config: RunConfig, options: Mapping[str, Any]) -> list[str]:
    """Given options that only say how a simulator runs, for a learner that uses none: they do no harm."""
    return [name for name in ("envs", "threads") if name in options and isinstance(config.learner, Cloning)]


def printed(config: RunConfig) -> str:
    """Every field of a config, as `--config` reads it."""
    return json.dumps(unstructured(config), indent=2)


def check_config(config: RunConfig) -> None:
    """Raise `InvalidRequest` for a config that cannot be trained; the message names the field."""
    learner = config.learner
    if isinstance(learner, Cloning):
        return
    _check_budget("learner.training.env_steps", learner.training.env_steps, learner)
    if isinstance(learner, Imitation) and learner.controls is not None:
        _check_controls(config, learner)


def _check_controls(config: RunConfig, learner: Imitation) -> None:
    shuffled = config.demonstrations is not None and config.demonstrations.shuffled
    if shuffled or learner.name == "constant":
        kind = "with shuffled demonstrations" if shuffled else "with a constant reward"
        raise InvalidRequest(f"this config is that of a control run, {kind}: it has no controls of its own")
    if learner.controls is not None:
        _check_budget("learner.controls.env_steps", learner.controls.env_steps, learner)
    if reference(config.task) is None:
        raise InvalidRequest(f"--control compares returns with the expert's, and no expert ships for {config.task}")


def _check_budget(name: str, steps: int | None, learner: Imitation | Reinforcement) -> None:
    batch = learner.training.batch_size
    if steps is not None and steps < batch:
        raise InvalidRequest(
            f"{name} is {steps:,}: less than one batch of {batch:,} steps, so nothing would be trained; take more "
            "steps, or a smaller learner.training.batch_size"
        )


def _named_algorithm(changes: list[tuple[Any, str]]) -> str | None:
    """The algorithm that the tags in the file or the assignments name; the last one counts."""
    found = None
    for change, source in changes:
        learner = change.get("learner", {}) if isinstance(change, Mapping) else {}
        if not isinstance(learner, Mapping):
            continue
        if learner.get("kind") == Reinforcement.kind:
            raise InvalidRequest(f"{source}: an expert learns from the true reward, with `gail expert`")
        if learner.get("kind") == Cloning.kind:
            found = Cloning.name
        cost = learner.get("cost")
        if isinstance(cost, Mapping) and "player" in cost:
            found = str(cost["player"])
    return found


def _structured(values: dict[str, Any], source: str) -> RunConfig:
    try:
        return structured(values)
    except ValueError as error:
        raise InvalidRequest(f"{source}: {error}") from error


def _set_option(values: dict[str, Any], name: str, value: Any, refusal: str) -> None:
    """Put the value of a named option into its field; refuse an option whose field the config does not have."""
    *parents, last = FIELDS[name].split(".")
    table: Any = values
    for parent in parents:
        table = table.get(parent) if isinstance(table, dict) else None
    if not isinstance(table, dict) or last not in table:
        raise InvalidRequest(refusal)
    table[last] = value


def _read(file: Path) -> Any:
    try:
        text = file.read_text()
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{file}: neither JSON nor TOML ({error})") from error
    try:
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRequest(f"{file}: {error}; end its name in .toml if it is TOML") from error


def _parse(assignment: str) -> dict[str, Any]:
    """`a.b=1` as {"a": {"b": 1}}; a value that is not JSON is taken as a string."""
    name, equals, text = assignment.partition("=")
    if not equals or not all(name.split(".")):
        raise InvalidRequest(f"--set {assignment}: NAME=VALUE is needed, such as learner.training.policy.discount=0.99")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def _merge(values: dict[str, Any], changes: Any, source: str, place: str = "") -> None:
    """Put nested changes into nested values; every name must exist. Tags were used before, to choose the recipe."""
    if not isinstance(changes, Mapping):
        raise InvalidRequest(
            f"{source}: a table of fields is needed{f' for {place}' if place else ''}, not {changes!r}"
        )
    for name, change in changes.items():
        if name not in values:
            here = ", ".join(known for known in values if known not in _TAGS)
            raise InvalidRequest(f"{source}: {place or 'a config'} has no field {name!r}; it has {here}")
        if name in _TAGS:
            continue
        if isinstance(values[name], dict) and change is not None:
            _merge(values[name], change, source, f"{place}.{name}" if place else name)
        else:
            values[name] = change
