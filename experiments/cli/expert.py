"""`gail expert`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from gail.envs.data import shipped_file
from gail.envs.task_ids import folder_name, with_arguments
from gail.envs.tasks import find_task
from gail.experiments.data.task_arguments import EnvArgs, TaskId
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Reinforcement, RunConfig
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.players import reward_choice
from gail.experiments.runs.recipes.expert import expert_recipe
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import make_training, start
from gail.experiments.train.expert import evaluate_again, publish

_CONSOLE = Console()


def expert(
    task: TaskId,
    /,
    env_arg: EnvArgs = (),
    seed: int = 0,
    steps: int | None = None,
    envs: int | None = None,
    threads: int | None = None,
    reward: Path | None = None,
    out: Path | None = None,
    evaluate_only: bool = False,
) -> int:
    """Train an expert with TRPO on the task's true reward, evaluate it, and record demonstrations.

    With --reward the policy never sees the true reward, which still judges it: a test of what a learned reward is
    worth for a fresh policy, on this task or on one with other dynamics.

    Args:
        seed: seed of all randomness.
        steps: environment steps of training; default: the recipe's.
        envs: number of environments stepped together.
        threads: simulator threads.
        reward: a learned reward to train on: the folder of a run of `gail train`, or its reward.safetensors.
        out: folder of the run; default: runs/TASK-expert-seedSEED, with --reward runs/TASK-reward-seedSEED. Its folder
            `ship` holds the files to ship.
        evaluate_only: train nothing; evaluate the shipped expert, or the one in a folder `ship` named by --out, and
            rewrite the returns on its card.
    """
    task = with_arguments(task, env_arg)
    if evaluate_only:
        if seed or any(value is not None for value in (steps, envs, threads, reward)):
            raise InvalidRequest(
                "--evaluate-only trains nothing: --seed, --steps, --envs, --threads and --reward do not apply"
            )
        task_id = find_task(task).id
        evaluate_again(out or shipped_file(task_id, "expert.safetensors").parent, task_id, _CONSOLE)
        return 0
    config = _expert_config(task, seed, steps, envs, threads)
    if reward is not None:
        config = replace(config, learner=replace(_reinforcement(config), reward=reward_choice(reward)))
    training = make_training(config)
    kind = "expert" if reward is None else "reward"
    run = Run.create(out or Path("runs") / f"{folder_name(config.task)}-{kind}-seed{seed}", config)
    if not start(run, training, _CONSOLE):
        return INTERRUPTED
    publish(run, training.policy, _CONSOLE)
    return 0


def _reinforcement(config: RunConfig) -> Reinforcement:
    learner = config.learner
    if not isinstance(learner, Reinforcement):
        raise TypeError(f"{config.name} on {config.task} imitates")
    return learner


def _expert_config(task: str, seed: int, steps: int | None, envs: int | None, threads: int | None) -> RunConfig:
    """A task's recipe with the command line's changes."""
    for name, value in (("--steps", steps), ("--envs", envs), ("--threads", threads)):
        if value is not None and value < 1:
            raise InvalidRequest(f"{name} is {value}: at least 1 is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: seeds are non-negative")
    recipe = expert_recipe(task)
    learner = recipe.played()
    training = replace(learner.training, env_steps=steps or learner.training.env_steps)
    simulator = replace(
        learner.simulator,
        num_envs=envs or learner.simulator.num_envs,
        threads=threads or learner.simulator.threads,
    )
    return replace(recipe, seed=seed, learner=replace(learner, training=training, simulator=simulator))
