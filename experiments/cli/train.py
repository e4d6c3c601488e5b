"""`gail train`: from a command line to a run folder with a policy and a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from tyro.conf import arg

from gail.approx import CloningSettings, RewardForm
from gail.envs.task_ids import folder_name, with_arguments
from gail.envs.tasks import TASKS, find_task
from gail.experiments.data.task_arguments import Assignments, EnvArgs, TaskId
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.algorithms import COST_PLAYERS
from gail.experiments.runs.config import Cloning, Imitation, RunConfig
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.options import Preset, check_config, configured, printed, unused
from gail.experiments.runs.players import playable
from gail.experiments.runs.recipes.episode_ends import form_of_episodes
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import clone_in, make_training, read_demonstrations, start, with_digest
from gail.experiments.train.conclusion import finish

_CONSOLE = Console()
_ERRORS = Console(stderr=True)

_ALGORITHMS = {kind.name: kind.title for kind in COST_PLAYERS} | {Cloning.name: "behavioural cloning"}

Algorithm = Annotated[
    str | None,
    arg(
        metavar="{" + ",".join(_ALGORITHMS) + "}",
        help="the algorithm: "
        + ", ".join(f"{name} ({title})" for name, title in _ALGORITHMS.items())
        + "; default: gail",
    ),
]
Form = Annotated[str | None, arg(metavar="{" + ",".join(form.value for form in RewardForm) + "}")]


@dataclass(frozen=True)
class Players:
    """Fields of the players with an option of their own; `--set` changes every other field."""

    reward_form: Form = None
    """Reward of a step, where D is the probability that the step is the learner's. survival: -log D, positive, favours
    long episodes. arrival: log(1 - D), negative, favours short episodes. difference: log(1 - D) - log D, either sign.
    If D is the expert's probability: -log(1 - D), log D, log D - log(1 - D). fem and gtal shift rewards to the same
    sign."""
    warm_start: Literal["none", "bc"] | None = None
    """Start from a behavioural clone of the demonstrations (bc), or from a new policy (none)."""
    entropy_weight: float | None = None
    """Weight of the causal entropy (lambda)."""
    gradient_penalty: float | None = None
    """Weight of the discriminator's gradient penalty; 0 for none."""
    spectral_norm: bool = False
    """Keep every layer of the discriminator 1-Lipschitz."""
    state_only: bool = False
    """Let the reward of airl, gan-gcl or gcl depend on the state only, so that other dynamics can use it."""
    absorbing: bool = False
    """Let episodes that end early continue in an absorbing state, so that all have one length."""

    def options(self) -> dict[str, Any]:
        """The options that were given, as `configured` takes them."""
        found = {
            "reward_form": self.reward_form,
            "entropy_weight": self.entropy_weight,
            "gradient_penalty": self.gradient_penalty,
            "spectral_norm": self.spectral_norm or None,
            "state_only": self.state_only or None,
            "absorbing": self.absorbing or None,
        }
        chosen: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
        if self.warm_start is not None:
            chosen["warm_start"] = _FIT if self.warm_start == "bc" else None
        return chosen


_FIT = CloningSettings().__dict__


def train(
    task: TaskId,
    /,
    players: Annotated[Players, arg(name="")],
    env_arg: EnvArgs = (),
    algo: Algorithm = None,
    demos: str | None = None,
    trajectories: int | None = None,
    stride: int | None = None,
    drop_broken: bool = False,
    seed: int | None = None,
    steps: int | None = None,
    envs: int | None = None,
    threads: int | None = None,
    preset: Preset = "default",
    config: Path | None = None,
    assignments: Assignments = (),
    print_config: bool = False,
    control: bool = False,
    control_steps: int | None = None,
    out: Path | None = None,
) -> int:
    """Train an imitator from demonstrations, evaluate it, and write a run folder with a report.

    Ctrl-C stops after the current iteration and says how to continue. Resuming starts from the last checkpoint
    (learner.training.checkpoint_every) and repeats the iterations after it, with the same numbers.

    Args:
        players: options of both players.
        demos: a file of demonstrations in any format that `gail demos show` reads, or a number N for the first N
            shipped ones; default: the shipped ones.
        trajectories: number of trajectories to use, from the first on; default: the paper's smallest number for shipped
            ones, all of a file.
        stride: keep every stride-th step, from a random offset; default: the paper's for shipped ones, 1 for a file.
        drop_broken: leave out malformed episodes of the file, and say how many.
        seed: seed of all randomness; default: 0.
        steps: environment steps of training, in whole batches; default: the recipe's.
        envs: number of environments stepped together.
        threads: simulator threads.
        preset: default (small batches, few environment steps) or paper (published settings, steps of its Table 2).
        config: a file with some or all fields that `--print-config` shows; JSON, or TOML if its name ends in .toml.
        print_config: print every setting of the run and train nothing.
        control: train two control runs afterwards, with a constant reward and with shuffled demonstrations. The
            command fails if the run is not better than both by half the distance between random play and the expert.
        control_steps: environment steps of each control; default: the run's number.
        out: folder of the run; default: runs/TASK-ALGO-seedSEED.
    """
    task = with_arguments(task, env_arg)
    options = players.options() | _demonstration_options(demos, trajectories, stride)
    options |= _given(seed=seed, steps=steps, envs=envs, threads=threads, drop_broken=drop_broken or None)
    if control:
        options["control"] = {"env_steps": control_steps}
    elif control_steps is not None:
        raise InvalidRequest(f"--control-steps {control_steps} changes nothing without --control: leave it out")
    chosen = _with_suited_form(partial(configured, task, algo, preset, config, assignments, options))
    for option in unused(chosen, options):
        _ERRORS.print(f"Note: --{option} has no effect on {chosen.name}, which uses no simulator.", highlight=False)
    check_config(chosen)
    if print_config:
        print(printed(chosen))
        return 0
    folder = out or Path("runs") / f"{folder_name(chosen.task)}-{chosen.name}-seed{chosen.seed}"
    return _trained(chosen, folder)


def _with_suited_form(configured_with: Callable[[RewardForm | None], RunConfig]) -> RunConfig:
    """The config; on a task without a recipe of its own, with the reward form that its episodes suit.

    A form that the user chose stays.
    """
    chosen = configured_with(None)
    if find_task(chosen.task).base in TASKS or not isinstance(chosen.learner, Imitation) or chosen.learner.absorbing:
        return chosen
    if configured_with(RewardForm.SURVIVAL) == configured_with(RewardForm.ARRIVAL):
        return chosen
    form, reason = form_of_episodes(chosen)
    _ERRORS.print(f"Reward form: {form.value}, because {reason}.", soft_wrap=True, highlight=False, markup=False)
    return configured_with(form)


def _trained(config: RunConfig, folder: Path) -> int:
    Run.check_free(folder)
    config = with_digest(config)
    if isinstance(config.learner, Cloning):
        demonstrations = read_demonstrations(config)
        run = Run.create(folder, config)
        policy = clone_in(run, demonstrations)
    else:
        training = make_training(config)
        run = Run.create(folder, config)
        if not start(run, training, _CONSOLE):
            return INTERRUPTED
        policy = playable(config, training.policy)
    return finish(run, policy, _CONSOLE)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _demonstration_options(demos: str | None, trajectories: int | None, stride: int | None) -> dict[str, Any]:
    """The options that choose demonstrations and how much of them is used."""
    if demos is None:
        return _given(trajectories=trajectories, stride=stride)
    if demos.isdecimal() and not Path(demos).exists():
        if trajectories is not None:
            raise InvalidRequest(f"--demos {demos} --trajectories {trajectories}: give the number once")
        return _given(trajectories=int(demos), stride=stride)
    file = str(Path(demos).resolve())  # an absolute path, so that the run can be resumed from any folder
    return {"demos": file, "trajectories": trajectories, "stride": 1 if stride is None else stride}
