"""Run a training in its folder: rows of metrics, checkpoints, a display, and a clean stop on Ctrl-C."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from gail.approx.cloning import CloningResult, clone
from gail.approx.cost_players.cost_player import Rewarding
from gail.approx.cost_players.rewards.learned_reward import save_reward
from gail.approx.demonstrations import Demonstrations, load_demonstrations
from gail.approx.game import RoundReport
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.policy import InvalidPolicyFile, Policy, save_policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.training.absorbing_states import with_absorbing_steps
from gail.approx.training.imitation import imitation_against, reinforcement
from gail.approx.training.training import Training, TrainingFailed
from gail.envs import EnvironmentFailed
from gail.envs.tasks import find_task
from gail.experiments.data.demonstrations import digest, dropped, flattened_for, long_stride, spec_of
from gail.experiments.data.mujoco_layouts import check_layout
from gail.experiments.data.odd_coordinates import odd_coordinates
from gail.experiments.data.shipped import demonstrations_file
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import NETWORK_THREADS, Cloning, Imitation, Reinforcement, RunConfig
from gail.experiments.runs.interrupts import StopAfterIteration
from gail.experiments.runs.metrics import MetricsFile, read_metrics
from gail.experiments.runs.players import make_cost_player, make_environments, playable, shuffled
from gail.experiments.runs.progress import TrainingDisplay
from gail.experiments.runs.run import Run
from gail.experiments.runs.tensorboard import EventsFile


def read_demonstrations(config: RunConfig, *, quiet: bool = False) -> Demonstrations:
    """The demonstrations that a config names, checked against its task and subsampled.

    Actions outside the task's bounds are used as recorded. Lines of output say so, and what else was noticed, unless
    `quiet`.
    """
    console = Console(stderr=True, quiet=quiet)
    wanted = config.demonstrations
    if wanted is None:
        raise InvalidRequest(f"{config.name} on {config.task} learns from the true reward: it has no demonstrations")
    path = wanted.file or demonstrations_file(config.task, console)
    if wanted.sha256 is not None and digest(Path(path)) != wanted.sha256:
        raise InvalidRequest(
            f"{path}: its content is not the one with which the run began (sha256 {wanted.sha256[:12]}...): "
            "restore the file, or start a new run"
        )
    broken: list[str] | None = [] if wanted.drop_broken else None
    full, spec = load_demonstrations(Path(path), broken), spec_of(config.task)
    left_out = dropped(broken or (), full.trajectories.num_trajectories)
    if left_out is not None:
        console.print(f"{path}: {left_out}.", soft_wrap=True, highlight=False, markup=False)
    full.check_task(config.task)
    full = flattened_for(full, config.task)
    for assumed in full.provenance.notes:
        console.print(f"{path}: {assumed}.", soft_wrap=True, highlight=False, markup=False)
    check_layout(full, spec, config.task)
    full.check_fits(spec)
    outside = full.outside_bounds(spec)
    if outside is not None:
        console.print(f"{path}: {outside}.", soft_wrap=True, highlight=False, markup=False)
    chosen = full if wanted.count is None else full.first(wanted.count)
    notes = [long_stride(chosen, wanted.stride), *(odd_coordinates(chosen) if wanted.file is not None else ())]
    for note in (note for note in notes if note is not None):
        console.print(f"{path}: {note}.", soft_wrap=True, highlight=False, markup=False)
    if isinstance(config.learner, Imitation) and config.learner.absorbing:
        chosen = with_absorbing_steps(chosen, find_task(config.task).horizon)
    sparse = chosen.subsample(wanted.stride, wanted.seed, keep_next=chosen.has_next)
    return shuffled(sparse, config.seed) if wanted.shuffled else sparse


def demonstrated_return(config: RunConfig) -> float | None:
    """Mean return of the episodes of the file that a config names; None without a file or without returns."""
    wanted = config.demonstrations
    if wanted is None or wanted.file is None:
        return None
    returns = load_demonstrations(Path(wanted.file), [] if wanted.drop_broken else None).returns
    return None if returns is None else float(np.mean(returns[: wanted.count]))


def with_digest(config: RunConfig) -> RunConfig:
    """The config with the digest of the file of demonstrations that it names, if any.

    Raises:
        InvalidRequest: there is no such file.
    """
    wanted = config.demonstrations
    if wanted is None or wanted.file is None or wanted.sha256 is not None:
        return config
    if not Path(wanted.file).exists():
        raise InvalidRequest(f"{wanted.file}: there is no such file")
    return replace(config, demonstrations=replace(wanted, sha256=digest(Path(wanted.file))))


def check_policy_fits(policy: Policy, task_id: str, path: Path) -> None:
    """Raise `InvalidPolicyFile` if the policy belongs to other spaces than the task's."""
    spec = spec_of(task_id)
    if policy.spec != spec:
        raise InvalidPolicyFile(f"{path}: a policy for {_in_words(policy.spec)}; {task_id} has {_in_words(spec)}")


def _in_words(spec: SpaceSpec) -> str:
    bounds = "" if spec.action_low is None else f" in [{spec.action_low}, {spec.action_high}]"
    return f"observations of {spec.observation_size} numbers, actions of {spec.actions_in_words}{bounds}"


def make_training(config: RunConfig) -> Training:
    """Prepare the training that a config describes, at iteration 0."""
    training = _prepared(config)
    training.name = f"{config.name} on {config.task}"
    return training


def _prepared(config: RunConfig) -> Training:
    make_envs, learner = make_environments(config), config.played()
    if isinstance(learner, Reinforcement):
        return reinforcement(make_envs, learner.training, config.seed)
    return imitation_against(
        make_cost_player(learner),
        make_envs,
        read_demonstrations(config),
        learner.training,
        config.seed,
        warm_start=learner.warm_start,
    )


def start(run: Run, training: Training, console: Console) -> bool:
    """Begin a run from iteration 0."""
    training.save(run.checkpoint)  # from here on the run can be resumed
    return _go_on(run, training, console)


def resume(run: Run, console: Console) -> tuple[Training, bool]:
    """Continue an interrupted run from its last checkpoint."""
    training = make_training(run.config)
    if run.checkpoint.exists() or run.metrics.exists():  # otherwise the run was killed before its first iteration
        training.load(run.checkpoint)
    console.print(f"Going on from iteration {training.iteration} ({training.env_steps:,} steps).")
    return training, _go_on(run, training, console)


def _go_on(run: Run, training: Training, console: Console) -> bool:
    """Train until the budget is spent (True) or a stop is requested (False)."""
    torch.set_num_threads(NETWORK_THREADS)
    metrics = MetricsFile(run.metrics, keep_iterations=training.iteration)
    events = EventsFile(run.folder / "tensorboard", read_metrics(run.metrics))
    title = f"{run.config.name} on {run.config.task}, seed {run.config.seed}"
    display = TrainingDisplay(console, title, training.settings.env_steps, training.env_steps)
    try:
        with StopAfterIteration() as stop, display:
            while not training.finished and not stop.requested:
                began = time.perf_counter()
                report = training.step()
                row = metrics_row(training, report, time.perf_counter() - began)
                metrics.append(row)
                events.append(row)
                display.show(row)
                if training.at_checkpoint:
                    training.save(run.checkpoint)
    except EnvironmentFailed as error:
        raise EnvironmentFailed(
            f"{run.folder}: {error}. The last checkpoint is intact: mend the environment, then go on with "
            f"`gail resume {run.folder}`"
        ) from error
    except TrainingFailed as error:
        raise TrainingFailed(
            f"{run.folder}: {error}. The last checkpoint is intact, but resuming from it gives the same numbers: "
            "start again with smaller steps (a learning rate, max_kl) or other demonstrations, in another --out"
        ) from error
    finally:
        metrics.close()
        events.close()
    save_policy(playable(run.config, training.policy), run.policy, run.config.task)
    _save_reward(run, training)
    if not training.finished:
        saved = training.iteration - training.iteration % training.phase.checkpoint_every
        console.print(
            f"Stopped after iteration {training.iteration}; the policy so far is in {run.policy}.\n"
            f"Go on from the checkpoint of iteration {saved}: [bold]gail resume {run.folder}[/bold]\n"
            f"Look at it as it is: [bold]gail evaluate {run.folder}[/bold]",
            soft_wrap=True,
            highlight=False,
        )
        training.close()
    return training.finished


def _save_reward(run: Run, training: Training) -> None:
    """Write the reward of the cost player, if it has one that can be kept."""
    player = training.cost_player
    reward = player.reward() if isinstance(player, Rewarding) else None
    if reward is not None:
        reward.task = run.config.task
        save_reward(reward, run.reward)


def metrics_row(training: Training, report: RoundReport, seconds: float) -> dict[str, Any]:
    """One row of metrics.csv.

    `jsd_estimate` is log 2 - loss / 2, with the logistic loss summed over both sides. On the same pairs it is a lower
    bound on the Jensen-Shannon divergence, in nats: 0 at loss 2 log 2, and log 2 if all pairs are classified correctly.
    """
    batch, cost, policy = report.batch, report.cost, report.policy
    loss = cost.loss if cost else None
    episodes = len(batch.episode_returns)
    return {
        "iteration": training.iteration,
        "env_steps": training.env_steps,
        "episodes": episodes,
        "true_return": float(np.mean(batch.episode_returns)) if episodes else "",
        "episode_length": float(np.mean(batch.episode_lengths)) if episodes else "",
        "discriminator_loss": _cell(loss),
        "accuracy_learner": _cell(cost.accuracy_learner if cost else None),
        "accuracy_expert": _cell(cost.accuracy_expert if cost else None),
        "discriminator_steps": _cell(cost.steps if cost else None),
        "effective_samples": _cell(cost.effective_samples if cost else None),
        "jsd_estimate": "" if loss is None else math.log(2.0) - 0.5 * loss,
        "feature_distance": cost.feature_distance if cost else "",
        "kl": policy.step.kl,
        "outcome": policy.step.outcome.name.lower(),
        "backtracks": policy.step.backtracks,
        "surrogate_improvement": policy.step.improvement,
        "explained_variance": policy.explained_variance,
        "entropy": policy.entropy,
        "seconds": seconds,
        **{f"seconds_{part}": report.seconds[part] for part in ("sampling", "cost", "policy", "critic")},
    }


def _cell(value: float | None) -> float | str:
    """The number, or an empty cell."""
    return "" if value is None else value


def clone_in(run: Run, demonstrations: Demonstrations) -> Policy:
    """Fit a clone and save it, without evaluation. It takes seconds; an interrupted run starts again."""
    learner = run.config.learner
    if not isinstance(learner, Cloning):
        raise TypeError(f"{run.folder} is a run of {run.config.name}, not of cloning")
    try:
        result = clone_demonstrations(run.config.task, demonstrations, learner, run.config.seed)
    except TrainingFailed as error:
        raise TrainingFailed(f"{run.folder}: {error}, in another --out") from error
    _write_epochs(run, result)
    save_policy(result.policy, run.policy, run.config.task)
    return result.policy


def clone_demonstrations(task: str, demonstrations: Demonstrations, learner: Cloning, seed: int) -> CloningResult:
    """Behavioural cloning of a task's demonstrations.

    Raises:
        TrainingFailed: a number is not finite.
    """
    torch.set_num_threads(NETWORK_THREADS)
    try:
        return clone(demonstrations, spec_of(task), learner.fit, seed, learner.network)
    except NotFinite as error:
        raise TrainingFailed(
            f"cloning, {error}. The same settings give the same numbers: start again with smaller steps "
            "(learner.fit.learning_rate) or other demonstrations"
        ) from error


def _write_epochs(run: Run, result: CloningResult) -> None:
    """Write the metrics of a cloning run; the rows of an interrupted one are replaced."""
    errors = zip(result.training_errors, result.validation_errors, strict=True)
    rows = [
        {"epoch": epoch, "training_error": training, "validation_error": validation}
        for epoch, (training, validation) in enumerate(errors, start=1)
    ]
    run.metrics.unlink(missing_ok=True)
    with closing(MetricsFile(run.metrics, keep_iterations=0)) as metrics:
        for row in rows:
            metrics.append(row)
    EventsFile(run.folder / "tensorboard", rows).close()
