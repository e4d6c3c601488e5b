"""Run a training in its folder: rows of metrics, checkpoints, a display, and a clean stop on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from gail.approx.adversarial import RoundReport
from gail.approx.cloning import clone
from gail.approx.demonstrations import Demonstrations, load_demonstrations
from gail.approx.policies import InvalidPolicyFile, Policy, save_policy
from gail.approx.spaces import SpaceSpec
from gail.approx.training import MakeEnvs, Training, imitation, reinforcement
from gail.envs.data import shipped_file
from gail.envs.vector import VectorEnvironment, make_vector
from gail.exact import regularizers as psi
from gail.experiments.failures import InvalidRequest
from gail.experiments.interrupts import StopAfterIteration
from gail.experiments.progress import TrainingDisplay
from gail.experiments.runs import NETWORK_THREADS, MetricsFile, Run, RunConfig


def read_demonstrations(config: RunConfig) -> Demonstrations:
    """The demonstrations that a config names, validated against its task, subsampled as it says.

    Actions outside the task's bounds are used as recorded; a line says so.
    """
    path = config.demonstrations or shipped_file(config.task, "demonstrations.npz")
    full, spec = load_demonstrations(Path(path)), task_spec(config.task)
    full.check_task(config.task)
    full.check_fits(spec)
    outside = full.outside_bounds(spec)
    if outside is not None:
        Console(stderr=True).print(f"{path}: {outside}.", soft_wrap=True, highlight=False, markup=False)
    chosen = full if config.num_demonstrations is None else full.first(config.num_demonstrations)
    return chosen.subsample(config.demonstration_stride, config.demonstration_seed)


def task_spec(task_id: str) -> SpaceSpec:
    """Sizes and bounds of a task's spaces."""
    envs = make_vector(task_id, 1, 0)
    try:
        return SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    finally:
        envs.close()


def check_policy_fits(policy: Policy, task_id: str, path: Path) -> None:
    """Raise `InvalidPolicyFile` if the policy belongs to other spaces than the task's."""
    spec = task_spec(task_id)
    if policy.spec != spec:
        raise InvalidPolicyFile(
            f"{path}: a policy from {policy.spec.observation_size} observed numbers to {policy.spec.action_size} "
            f"action entries in [{policy.spec.action_low}, {policy.spec.action_high}]; {task_id} has "
            f"{spec.observation_size}, {spec.action_size} and [{spec.action_low}, {spec.action_high}]"
        )


def make_training(config: RunConfig) -> Training:
    """Prepare the training that a config describes, from its beginning."""
    make_envs = _make_envs(config)
    if config.algorithm == "trpo":
        return reinforcement(make_envs, config.training, config.seed)
    demonstrations = read_demonstrations(config)
    return imitation(make_envs, demonstrations, psi.Logistic(), config.training, config.seed)


def _make_envs(config: RunConfig) -> MakeEnvs:
    def make(entropy: Sequence[int]) -> VectorEnvironment:
        return make_vector(config.task, config.num_envs, entropy, threads=config.threads)

    return make


def start(run: Run, training: Training, console: Console) -> bool:
    """Begin a run from iteration 0."""
    training.save(run.checkpoint)  # from now on there is something to go on from
    return _go_on(run, training, console)


def resume(run: Run, console: Console) -> tuple[Training, bool]:
    """Go on with an interrupted run from its last checkpoint."""
    if run.config.algorithm == "bc":
        raise InvalidRequest(f"{run.folder} is a cloning run: it takes seconds, start it again instead")
    training = make_training(run.config)
    training.load(run.checkpoint)
    console.print(f"Going on from iteration {training.iteration} ({training.env_steps:,} steps).")
    return training, _go_on(run, training, console)


def _go_on(run: Run, training: Training, console: Console) -> bool:
    """Train until the budget is spent (True) or a stop is asked for (False)."""
    torch.set_num_threads(NETWORK_THREADS)
    metrics = MetricsFile(run.metrics, keep_iterations=training.iteration)
    title = f"{run.config.algorithm} on {run.config.task}, seed {run.config.seed}"
    display = TrainingDisplay(console, title, training.settings.env_steps, training.env_steps)
    with StopAfterIteration() as stop, display:
        while not training.finished and not stop.requested:
            began = time.perf_counter()
            report = training.step()
            row = metrics_row(training, report, time.perf_counter() - began)
            metrics.append(row)
            display.show(row)
            if training.at_checkpoint:
                training.save(run.checkpoint)
    metrics.close()
    save_policy(training.policy, run.policy)
    if not training.finished:
        saved = training.iteration - training.iteration % training.settings.checkpoint_every
        console.print(
            f"Stopped after iteration {training.iteration}; the policy so far is in {run.policy}.\n"
            f"Go on from the checkpoint of iteration {saved}: [bold]gail resume {run.folder}[/bold]\n"
            f"Look at it as it is: [bold]gail evaluate {run.folder}[/bold]",
            soft_wrap=True,
            highlight=False,
        )
        training.close()
    return training.finished


def metrics_row(training: Training, report: RoundReport, seconds: float) -> dict[str, Any]:
    """One row of metrics.csv."""
    batch, cost, policy = report.batch, report.cost, report.policy
    episodes = len(batch.episode_returns)
    return {
        "iteration": training.iteration,
        "env_steps": training.env_steps,
        "episodes": episodes,
        "true_return": float(np.mean(batch.episode_returns)) if episodes else "",
        "episode_length": float(np.mean(batch.episode_lengths)) if episodes else "",
        "discriminator_loss": cost.loss if cost else "",
        "accuracy_learner": cost.accuracy_learner if cost else "",
        "accuracy_expert": cost.accuracy_expert if cost else "",
        "kl": policy.step.kl,
        "outcome": policy.step.outcome.name.lower(),
        "backtracks": policy.step.backtracks,
        "surrogate_improvement": policy.step.improvement,
        "explained_variance": policy.explained_variance,
        "entropy": policy.entropy,
        "seconds": seconds,
        **{f"seconds_{part}": report.seconds[part] for part in ("sampling", "cost", "policy", "critic")},
    }


def clone_policy(config: RunConfig, demonstrations: Demonstrations) -> Policy:
    """Behavioural cloning of demonstrations, with a config's settings."""
    torch.set_num_threads(NETWORK_THREADS)
    return clone(demonstrations, task_spec(config.task), config.cloning, config.seed).policy
