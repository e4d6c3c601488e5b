"""What a training's command line can change, and in which order it counts.

A recipe (`--preset`) gives every field of the config a value. A file (`--config`), assignments (`--set`) and named
options then replace some, in this order. `--print-config` shows the result, in the form that `--config` reads.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Algorithm, FormName, RunConfig, structure_config
from gail.experiments.runs.paper_recipes import paper_recipe
from gail.experiments.runs.recipes import imitation_recipe
from gail.experiments.train.evaluation import reference

Imitator: TypeAlias = Literal["gail", "fem", "gtal", "bc"]
Preset: TypeAlias = Literal["default", "paper"]


@dataclass(frozen=True)
class PlayerOptions:
    """Options of the two players that have names of their own; whatever else a config holds is reached by `--set`."""

    reward_form: FormName | None = None
    """Reward of a step, with D the probability that it is the learner's: survival, -log D, positive, so that episodes
    grow; arrival, log(1-D), negative, so that they shrink; difference, log(1-D) - log D, of either sign. With D for
    the expert's: -log(1-D), log D, log D - log(1-D). fem and gtal shift their rewards to the same sign."""
    warm_start: Literal["none", "bc"] | None = None
    """Whether the policy begins as a clone of the demonstrations (bc)."""
    entropy_weight: float | None = None
    """Weight of the causal entropy (lambda)."""
    gradient_penalty: float | None = None
    """Weight of the discriminator's gradient penalty; 0 for none."""
    spectral_norm: bool = False
    """Keep every layer of the discriminator 1-Lipschitz."""
    absorbing: bool = False
    """Let episodes that end early go on in an absorbing state, so that all have one length."""


def configured(
    task: str,
    algorithm: Imitator | None,
    preset: Preset,
    file: Path | None,
    assignments: tuple[str, ...],
    options: PlayerOptions,
) -> RunConfig:
    """The config of a recipe with what a file, assignments and named options change.

    Raises:
        InvalidRequest: a field is unknown or of a wrong type, or the file is of another task.
    """
    recipe = paper_recipe(task) if preset == "paper" else imitation_recipe(task)
    values = asdict(recipe)
    if file is not None:
        _merge(values, _read(file), str(file))
    for assignment in assignments:
        _merge(values, _parse(assignment), f"--set {assignment}")
    if values["task"] != recipe.task:
        raise InvalidRequest(f"{file or '--set'} is of the task {values['task']}, not of {recipe.task}")
    try:
        config = structure_config(values)
    except ValueError as error:
        raise InvalidRequest(f"{file or '--set'}: {error}") from error
    return _with_options(config, algorithm, options)


def assigned(recipe: RunConfig, assignments: tuple[str, ...]) -> RunConfig:
    """A recipe with assignments, NAME=VALUE each.

    Raises:
        InvalidRequest: a field is unknown or of a wrong type.
    """
    values = asdict(recipe)
    for assignment in assignments:
        _merge(values, _parse(assignment), f"--set {assignment}")
    try:
        return structure_config(values)
    except ValueError as error:
        raise InvalidRequest(f"--set: {error}") from error


def printed(config: RunConfig) -> str:
    """Every field of a config, as `--config` reads it."""
    return json.dumps(asdict(config), indent=2)


def _with_options(config: RunConfig, algorithm: Imitator | None, options: PlayerOptions) -> RunConfig:
    training = config.training
    if options.entropy_weight is not None:
        training = replace(training, player=replace(training.player, entropy_weight=options.entropy_weight))
    discriminator = training.discriminator
    if options.gradient_penalty is not None:
        discriminator = replace(discriminator, gradient_penalty=options.gradient_penalty)
    if options.spectral_norm:
        discriminator = replace(discriminator, spectral_norm=True)
    chosen: Algorithm = algorithm or config.algorithm
    _refuse_idle(chosen, options)
    return replace(
        config,
        algorithm=chosen,
        training=replace(training, discriminator=discriminator),
        reward_form=options.reward_form or config.reward_form,
        warm_start=options.warm_start or config.warm_start,
        absorbing=options.absorbing or config.absorbing,
    )


def _refuse_idle(algorithm: Algorithm, options: PlayerOptions) -> None:
    """Raise `InvalidRequest` for an option that would change nothing."""
    given = {name for name, value in asdict(options).items() if value not in (None, False, "none")}
    idle = {"gradient_penalty", "spectral_norm"} if algorithm in ("fem", "gtal") else set()
    if algorithm == "bc":
        idle = set(asdict(options))
    for name in sorted(given & idle):
        raise InvalidRequest(f"--{name.replace('_', '-')} changes nothing for {algorithm}: leave it out")


def check_config(config: RunConfig) -> None:
    """Raise `InvalidRequest` for a config with which no training can be done; the message names the field."""
    training = config.training
    player, critic, discriminator = training.player, training.player.critic, training.discriminator
    at_least_one = {
        "num_envs": config.num_envs,
        "threads": config.threads,
        "demonstration_stride": config.demonstration_stride,
        "num_demonstrations": config.num_demonstrations,
        "control_steps": config.control_steps,
        "training.env_steps": training.env_steps,
        "training.batch_size": training.batch_size,
        "training.checkpoint_every": training.checkpoint_every,
        "training.player.critic.minibatch": critic.minibatch,
        "training.player.critic.memory": critic.memory,
        "training.policy.hidden": min(training.policy.hidden, default=1),
        "training.player.critic.hidden": min(critic.hidden, default=1),
        "training.discriminator.hidden": min(discriminator.hidden, default=1),
        "training.player.trust_region.cg_iterations": player.trust_region.cg_iterations,
        "cloning.minibatch": config.cloning.minibatch,
        "cloning.max_epochs": config.cloning.max_epochs,
    }
    not_negative = {
        "seed": config.seed,
        "demonstration_seed": config.demonstration_seed,
        "training.player.entropy_weight": player.entropy_weight,
        "training.player.trust_region.damping": player.trust_region.damping,
        "training.player.trust_region.backtracks": player.trust_region.backtracks,
        "training.player.trust_region.accept_ratio": player.trust_region.accept_ratio,
        "training.player.critic.epochs": critic.epochs,
        "training.discriminator.steps": discriminator.steps,
        "training.discriminator.gradient_penalty": discriminator.gradient_penalty,
        "training.discriminator.entropy_bonus": discriminator.entropy_bonus,
    }
    positive = {
        "training.player.trust_region.max_kl": player.trust_region.max_kl,
        "training.player.critic.learning_rate": critic.learning_rate,
        "training.discriminator.learning_rate": discriminator.learning_rate,
        "training.policy.initial_std": training.policy.initial_std,
        "cloning.learning_rate": config.cloning.learning_rate,
    }
    fraction = {
        "training.player.discount": player.discount,
        "training.player.mixing": player.mixing,
        "training.player.critic_mixing": player.critic_mixing,
        "training.anneal_to": training.anneal_to,
        "training.player.trust_region.fisher_fraction": player.trust_region.fisher_fraction,
        "cloning.training_fraction": config.cloning.training_fraction,
    }
    _check(at_least_one, lambda value: value >= 1, "at least 1 is needed")
    _check(not_negative, lambda value: 0.0 <= value < float("inf"), "a finite number of at least 0 is needed")
    _check(positive, lambda value: 0.0 < value < float("inf"), "a positive number is needed")
    _check(fraction, lambda value: 0.0 <= value <= 1.0, "a number between 0 and 1 is needed")
    _check_combination(config)


def _check(numbers: Mapping[str, Any], fits: Any, wanted: str) -> None:
    for name, value in numbers.items():
        if value is not None and not fits(value):
            raise InvalidRequest(f"{name} is {value}: {wanted}")


def _check_combination(config: RunConfig) -> None:
    if config.algorithm == "trpo":
        raise InvalidRequest("algorithm is trpo: that learns from the true reward, with `gail expert`")
    if config.control == "constant" and config.reward_form == "difference":
        raise InvalidRequest("reward_form difference has no sign: there is no constant reward like it")
    if config.algorithm == "bc":
        if config.absorbing:
            raise InvalidRequest("absorbing changes nothing for bc, which looks at no episode's end: leave it out")
    else:
        _check_budget("training.env_steps", config.training.env_steps, config)
        if config.controls:
            _check_budget("control_steps", config.control_steps, config)
    if not config.controls:
        return
    if config.algorithm == "bc":
        raise InvalidRequest("--control changes nothing for bc: it has no learned reward")
    if config.control != "none":
        raise InvalidRequest(f"this config is that of a control run ({config.control}): it has no controls of its own")
    if reference(config.task) is None:
        raise InvalidRequest(f"--control compares returns with the expert's, and no expert ships for {config.task}")


def _check_budget(name: str, steps: int | None, config: RunConfig) -> None:
    batch = config.training.batch_size
    if steps is not None and steps < batch:
        raise InvalidRequest(
            f"{name} is {steps:,}: less than one batch of {batch:,} steps, so nothing would be trained; take more "
            "steps, or a smaller training.batch_size"
        )


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
    """`a.b=1` as {"a": {"b": 1}}; what is not JSON is a word."""
    name, equals, text = assignment.partition("=")
    if not equals or not all(name.split(".")):
        raise InvalidRequest(f"--set {assignment}: NAME=VALUE is needed, such as training.player.discount=0.99")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def _merge(values: dict[str, Any], changes: Any, source: str) -> None:
    """Put nested changes into nested values; every name must be there already."""
    if not isinstance(changes, Mapping):
        raise InvalidRequest(f"{source}: a table of fields is needed, not {changes!r}")
    for name, change in changes.items():
        if name not in values:
            raise InvalidRequest(f"{source}: there is no field {name!r}; here are {', '.join(values)}")
        if isinstance(values[name], dict):
            _merge(values[name], change, source)
        else:
            values[name] = change
