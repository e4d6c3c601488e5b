"""What the `gail` command can do: one function per verb; its text is the verb's help.

Each returns the exit status: 0 done, 1 a statement does not hold, 130 interrupted. A mistake of the user's is
raised before any work starts, and becomes status 2.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional, arg

from gail.approx.policies.policy import load_policy
from gail.approx.training.training import TrainingSettings
from gail.envs.data import shipped_file
from gail.envs.tasks import TASKS, find_task
from gail.experiments.demo import run_demo
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import RunConfig
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.options import Imitator, PlayerOptions, Preset, check_config, configured, printed
from gail.experiments.runs.players import playable
from gail.experiments.runs.recipes import expert_recipe
from gail.experiments.runs.run import Run
from gail.experiments.train.conclusion import finish
from gail.experiments.train.evaluation import evaluation_table
from gail.experiments.train.expert import evaluate_again, publish
from gail.experiments.train.video import check_video, film
from gail.experiments.verify.both_routes import print_routes
from gail.experiments.verify.checking import check_statements, print_findings
from gail.experiments.verify.instances import NAMES, Instance, gridworld_from_file, mdp_from_file, named
from gail.experiments.verify.psi_choices import find_psi
from gail.experiments.verify.report import check_report_folder, theories, write_report
from gail.experiments.verify.statements import find_statements

_CONSOLE = Console()

TaskId = Annotated[
    Positional[str],
    arg(metavar="TASK", help=f"a task: {', '.join(TASKS)}, or one of your own, my_package:MyEnv-v0"),
]


def verify(
    mdp: tuple[str, ...] = (),
    map: Path | None = None,
    statement: tuple[str, ...] = (),
    psi: tuple[str, ...] = (),
    entropy_weight: float = 1.0,
    discount: float = 0.95,
    expert_entropy_weight: float = 1.0,
    tolerance: float | None = None,
    seed: int = 0,
    out: Path = Path("runs/verify"),
) -> int:
    """Verify the statements of the theory on finite MDPs, with certificates.

    Prints a verdict per statement, with the instance where it is worst, and writes a report with pictures; exits with
    1 if any statement fails, was not solved, or raised, and with 2 if none had anything to say.

    Args:
        mdp: gridworld, garnet, chain, frozenlake, cliffwalking, taxi, graph, or .npz files with arrays transitions
            (S, A, S), initial (S,), discount, terminal (S,) where episodes may end, and expert_occupancy or cost
            (S, A); default: all of the named ones.
        map: an ASCII map in a text file (# wall, . floor, S start, G goal, P pit).
        statement: only these statements, by name or number (1 to 18); prop-3.2 stands for all that begin with it; a
            wrong name lists all.
        psi: only these cost regularizers; a wrong name lists all.
        entropy_weight: lambda, the weight of the imitator's causal entropy.
        discount: of instances that are not from a file.
        expert_entropy_weight: how random the expert is: it is soft-optimal for the cost with this weight.
        tolerance: judge every numerical claim by this relative violation instead of by the claim's own.
        seed: of the random points at which inequalities are tried.
        out: folder of the report.
    """
    choices = find_psi(psi)
    chosen = find_statements(statement, choices)
    if tolerance is not None and not 0.0 < tolerance < math.inf:
        raise InvalidRequest(f"--tolerance is {tolerance}: a positive number is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: a number of at least 0 is needed")
    check_report_folder(out)
    instances = _instances(mdp, map, entropy_weight, expert_entropy_weight, discount)
    findings = check_statements(chosen, instances, entropy_weight, seed, tolerance, _CONSOLE)
    collected = theories(findings, instances, entropy_weight, choices)
    if len(instances) == 1:
        for theory in collected:
            print_routes(theory, _CONSOLE)
    print_findings(findings, _CONSOLE)
    path = write_report(findings, collected, entropy_weight, out)
    _say(f"Report: [bold]{path.resolve()}[/bold]")
    return 0 if all(finding.verification.holds for finding in findings) else 1


def _instances(
    names: tuple[str, ...],
    map_file: Path | None,
    entropy_weight: float,
    expert_entropy_weight: float,
    discount: float,
) -> list[Instance]:
    """The instances that a command line names; all named ones if it names none."""
    if not 0.0 < entropy_weight < math.inf:
        raise InvalidRequest(
            f"--entropy-weight is {entropy_weight}: a positive number is needed for one occupancy by both routes"
        )
    if not 0.0 <= expert_entropy_weight < math.inf:
        raise InvalidRequest(f"--expert-entropy-weight is {expert_entropy_weight}: a number of at least 0 is needed")
    found = [] if map_file is None else [gridworld_from_file(map_file, expert_entropy_weight, discount)]
    for name in names if names or found else NAMES:
        if name in NAMES:
            found.append(named(name, expert_entropy_weight, discount))
        elif Path(name).is_file():
            found.append(mdp_from_file(Path(name), expert_entropy_weight))
        else:
            raise InvalidRequest(f"--mdp {name}: neither a file nor one of {', '.join(NAMES)}")
    return found


def train(
    task: TaskId,
    /,
    players: Annotated[PlayerOptions, arg(name="")],
    algo: Imitator | None = None,
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

    Ctrl-C stops after the iteration under way and says how to go on. What came after the last checkpoint
    (training.checkpoint_every) is then played again, to the same numbers.

    Args:
        players: options of both players.
        algo: gail (generative adversarial imitation), fem (feature expectation matching) or gtal (its game form), each
            with TRPO, or bc (behavioural cloning); default: gail.
        demos: demonstrations of any format that `gail demos show` reads, or a number: that many of those that ship with
            the task; default: the shipped ones.
        trajectories: how many of them to use, the first ones; default: the paper's least number of shipped ones, all
            of a file.
        stride: keep every so many-th step of them, from a random offset; default: the paper's for shipped ones, 1 for
            a file.
        seed: of everything random; default: 0.
        steps: environment steps to spend, in whole batches; default: the task's recipe.
        envs: environments stepped together.
        threads: threads of the simulator.
        preset: default (small batches, few steps) or paper (as published, with the steps of its Table 2).
        config: a file in JSON, or in TOML if named so, with some or all fields that `--print-config` shows.
        set: assignments to such fields, NAME=VALUE: training.player.discount=0.99.
        print_config: print every setting that the run would have, and train nothing.
        control: let two control runs follow, with a constant reward and with shuffled demonstrations; fail if the run
            is not better than both by half of what the expert is better than random play.
        control_steps: environment steps of each control; default: as many as the run's.
        out: folder of the run; default: runs/TASK-ALGO-seedSEED.
    """
    chosen = configured(task, algo, preset, config, set, players)
    if chosen.algorithm == "bc":
        _refuse_play(steps, envs, threads)
    chosen = _overridden(chosen, chosen.seed if seed is None else seed, steps, envs, threads)
    chosen = _with_demonstrations(chosen, demos, trajectories, stride)
    if control_steps is not None:
        chosen = replace(chosen, control_steps=control_steps)
    if control:
        chosen = replace(chosen, controls=True)
    check_config(chosen)
    if print_config:
        print(printed(chosen))
        return 0
    folder = out or Path("runs") / f"{_slug(chosen.task)}-{chosen.algorithm}-seed{chosen.seed}"
    Run.check_free(folder)
    if chosen.algorithm == "bc":
        demonstrations = trainings.read_demonstrations(chosen)
        run = Run.create(folder, chosen)
        policy = trainings.clone_in(run, demonstrations)
    else:
        training = trainings.make_training(chosen)
        run = Run.create(folder, chosen)
        if not trainings.start(run, training, _CONSOLE):
            return INTERRUPTED
        policy = playable(chosen, training.policy)
    return finish(run, policy, _CONSOLE)


def _refuse_play(steps: int | None, envs: int | None, threads: int | None) -> None:
    for name, value in (("--steps", steps), ("--envs", envs), ("--threads", threads)):
        if value is not None:
            raise InvalidRequest(f"{name} {value} changes nothing for bc, which plays no environment: leave it out")


def _with_demonstrations(
    config: RunConfig, demos: str | None, trajectories: int | None, stride: int | None
) -> RunConfig:
    """The config with a file of demonstrations, and with how much of them is used."""
    if demos is not None and demos.isdecimal() and not Path(demos).exists():
        if trajectories is not None:
            raise InvalidRequest(f"--demos {demos} --trajectories {trajectories}: one number of them, please")
        trajectories, demos = int(demos), None
    for name, value in (("--trajectories", trajectories), ("--stride", stride)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")
    if demos is not None:
        config = replace(config, demonstrations=demos, num_demonstrations=None, demonstration_stride=1)
    if config.demonstrations is not None:  # a run is resumed from any folder
        config = replace(config, demonstrations=str(Path(config.demonstrations).resolve()))
    return replace(
        config,
        num_demonstrations=trajectories or config.num_demonstrations,
        demonstration_stride=stride or config.demonstration_stride,
    )


def resume(run: Annotated[Positional[Path], arg(metavar="RUN")], /) -> int:
    """Go on with an interrupted training, from its last checkpoint; cloning, which takes seconds, begins again.

    Args:
        run: the run's folder.
    """
    opened = Run.open(run)
    if opened.config.algorithm == "bc":
        return finish(opened, trainings.clone_in(opened, trainings.read_demonstrations(opened.config)), _CONSOLE)
    changed = opened.changed_versions()
    if changed is not None:
        _CONSOLE.print(changed, soft_wrap=True, highlight=False, markup=False)
    training, finished = trainings.resume(opened, _CONSOLE)
    if not finished:
        return INTERRUPTED
    if opened.config.algorithm == "trpo":
        publish(opened, training.policy, _CONSOLE)
        return 0
    return finish(opened, playable(opened.config, training.policy), _CONSOLE)


def evaluate(
    what: Annotated[Positional[Path], arg(metavar="RUN_OR_POLICY")],
    /,
    task: str | None = None,
    episodes: int = 50,
    seed: int = 0,
    video: Path | None = None,
) -> int:
    """Evaluate a policy over whole episodes, with sampled and with mean actions, beside expert and random play.

    Args:
        what: a run's folder, or a policy's .safetensors file.
        task: the task to play; needed for a policy file only.
        episodes: whole episodes of each kind.
        seed: of the episodes.
        video: also film one episode with mean actions into this file, .mp4 say; needs no display.
    """
    if episodes < 1:
        raise InvalidRequest(f"--episodes is {episodes}: at least one is needed")
    if video is not None:
        check_video(video)
    if what.is_dir():
        run = Run.open(what)
        task_id, path = run.config.task, run.policy
        if not path.exists():
            raise InvalidRequest(f"{what}: the run is not finished and has no policy: go on with `gail resume {what}`")
    elif task is None:
        raise InvalidRequest(f"{what} is no run folder: for a policy file, name the task with --task")
    else:
        task_id, path = find_task(task).id, what
    policy = load_policy(path)
    trainings.check_policy_fits(policy, task_id, path)
    _CONSOLE.print(evaluation_table(policy, task_id, episodes, seed))
    if video is not None:
        filmed = film(path, task_id, seed, video)
        _say(f"{filmed.frames:,} frames, return {filmed.total_reward:,.1f}: [bold]{video.resolve()}[/bold]")
    return 0


def expert(
    task: TaskId,
    /,
    seed: int = 0,
    steps: int | None = None,
    envs: int | None = None,
    threads: int | None = None,
    out: Path | None = None,
    evaluate_only: bool = False,
) -> int:
    """Train an expert with TRPO on the task's true reward, evaluate it, and record demonstrations.

    Args:
        seed: of everything random.
        steps: environment steps to spend; default: the task's recipe.
        envs: environments stepped together.
        threads: threads of the simulator.
        out: folder of the run; default: runs/TASK-expert-seedSEED. What ships is in its folder `ship`.
        evaluate_only: train nothing: play the expert that ships with the task, or that of a folder `ship` named by
            --out, and rewrite the returns on its card.
    """
    if evaluate_only:
        if seed or any(value is not None for value in (steps, envs, threads)):
            raise InvalidRequest("--evaluate-only trains nothing: --seed, --steps, --envs and --threads do not apply")
        task_id = find_task(task).id
        evaluate_again(out or shipped_file(task_id, "expert.safetensors").parent, task_id, _CONSOLE)
        return 0
    config = _overridden(expert_recipe(task), seed, steps, envs, threads)
    training = trainings.make_training(config)
    run = Run.create(out or Path("runs") / f"{_slug(config.task)}-expert-seed{seed}", config)
    if not trainings.start(run, training, _CONSOLE):
        return INTERRUPTED
    publish(run, training.policy, _CONSOLE)
    return 0


def demo(seed: int = 0, out: Path = Path("runs/demo")) -> int:
    """Verify the theory on a gridworld, then train an imitator on Hopper; a few minutes on two cores.

    Args:
        seed: of everything random.
        out: folder of the report; a demo that is already there is replaced.
    """
    return run_demo(out, seed, _CONSOLE)


def _overridden(config: RunConfig, seed: int, steps: int | None, envs: int | None, threads: int | None) -> RunConfig:
    """A recipe with what the command line changes."""
    for name, value in (("--steps", steps), ("--envs", envs), ("--threads", threads)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: seeds are non-negative")
    training: TrainingSettings = config.training
    if steps is not None:
        training = replace(training, env_steps=steps)
    return replace(
        config,
        seed=seed,
        training=training,
        num_envs=envs or config.num_envs,
        threads=threads or config.threads,
    )


def _slug(task_id: str) -> str:
    """A task's id as a folder's name: without the module that registers it."""
    return task_id.rpartition(":")[2]


def _say(text: str) -> None:
    _CONSOLE.print(text, soft_wrap=True, highlight=False)
