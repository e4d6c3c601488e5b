"""`gail train`: from a command line to a run folder with a policy and a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from tyro.conf import Positional, arg

from gail.approx import CloningSettings, RewardForm
from gail.envs.tasks import TASKS
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.algorithms import COST_PLAYERS
from gail.experiments.runs.config import Cloning, RunConfig
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.options import Preset, check_config, configured, printed
from gail.experiments.runs.players import playable
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import clone_in, make_training, read_demonstrations, start
from gail.experiments.train.conclusion import finish

_CONSOLE = Console()

_ALGORITHMS = {kind.name: kind.title for kind in COST_PLAYERS} | {Cloning.name: "behavioural cloning"}

TaskId = Annotated[
    Positional[str],
    arg(metavar="TASK", help=f"a task: {', '.join(TASKS)}, or one of your own, my_package:MyEnv-v0"),
]
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
    """Options of the players that have names of their own; `--set` reaches every other field of the config."""

    reward_form: Form = None
    """Reward of a step, with D the probability that the step is the learner's. survival: -log D, positive, so episodes
    grow. arrival: log(1 - D), negative, so episodes shrink. difference: log(1 - D) - log D, of either sign. With D for
    the expert's: -log(1 - D), log D, log D - log(1 - D). fem and gtal shift their rewards to the same sign."""
    warm_start: Literal["none", "bc"] | None = None
    """Whether the policy begins as a clone of the demonstrations (bc)."""
    entropy_weight: float | None = None
    """Weight of the causal entropy (lambda)."""
    gradient_penalty: float | None = None
    """Weight of the discriminator's gradient penalty; 0 for none."""
    spectral_norm: bool = False
    """Keep every layer of the discriminator 1-Lipschitz."""
    absorbing: bool = False
    """Let episodes that end early continue in an absorbing state, so that all have one length."""

    def options(self) -> dict[str, Any]:
        """The options that were given, as `configured` takes them."""
        found = {
            "reward_form": self.reward_form,
            "entropy_weight": self.entropy_weight,
            "gradient_penalty": self.gradient_penalty,
            "spectral_norm": self.spectral_norm or None,
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
    algo: Algorithm = None,
    demos: str | None = None,
    trajectories: int | None = None,
    stride: int | None = None,
    seed: int | None = None,
    steps: int | None = None,
    envs: int | None = None,
    threads: int | None = None,
    preset: Preset = "default",
    config: Path | None = None,
    set: tuple[str, ...] = (),
    print_config: bool = False,
    control: bool = False,
    control_steps: int | None = None,
    out: Path | None = None,
) -> int:
    """Train an imitator from demonstrations, evaluate it, and write a run folder with a report.

    Ctrl-C stops after the iteration under way and says how to continue. Iterations after the last checkpoint
    (learner.training.checkpoint_every) are then played again, to the same numbers.

    Args:
        players: options of both players.
        demos: demonstrations in any format that `gail demos show` reads, or a number: the first so many of those that
            ship with the task; default: the shipped ones.
        trajectories: how many of them to use, the first ones; default: the paper's least number of shipped ones, all
            of a file.
        stride: keep every stride-th step of them, from a random offset; default: the paper's for shipped ones, 1 for
            a file.
        seed: of everything random; default: 0.
        steps: environment steps to spend, in whole batches; default: the task's recipe.
        envs: environments stepped together.
        threads: threads of the simulator.
        preset: default (small batches, few steps) or paper (as published, with the steps of its Table 2).
        config: a file in JSON, or in TOML if its name ends in .toml, with some or all fields that `--print-config`
            shows.
        set: assignments to such fields, NAME=VALUE: learner.training.policy.discount=0.99.
        print_config: print every setting that the run would have, and train nothing.
        control: train two control runs afterwards, with a constant reward and with shuffled demonstrations. The
            command fails if the run is not better than both by half the distance between random play and the expert.
        control_steps: environment steps of each control; default: as many as the run's.
        out: folder of the run; default: runs/TASK-ALGO-seedSEED.
    """
    options = players.options() | _demonstration_options(demos, trajectories, stride)
    options |= _given(seed=seed, steps=steps, envs=envs, threads=threads)
    if control:
        options["control"] = {"env_steps": control_steps}
    elif control_steps is not None:
        raise InvalidRequest(f"--control-steps {control_steps} changes nothing without --control: leave it out")
    chosen = configured(task, algo, preset, config, set, options)
    check_config(chosen)
    if print_config:
        print(printed(chosen))
        return 0
    folder = out or Path("runs") / f"{chosen.task.rpartition(':')[2]}-{chosen.name}-seed{chosen.seed}"
    return _trained(chosen, folder)


def _trained(config: RunConfig, folder: Path) -> int:
    Run.check_free(folder)
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
    """Options of a file of demonstrations, or of a number of the shipped ones, and of how much of them is used."""
    if demos is None:
        return _given(trajectories=trajectories, stride=stride)
    if demos.isdecimal() and not Path(demos).exists():
        if trajectories is not None:
            raise InvalidRequest(f"--demos {demos} --trajectories {trajectories}: give the number once")
        return _given(trajectories=int(demos), stride=stride)
    file = str(Path(demos).resolve())  # so that the run can be resumed from any folder
    return {"demos": file, "trajectories": trajectories, "stride": 1 if stride is None else stride}
