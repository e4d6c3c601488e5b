"""Make an expert: train on the true reward, evaluate, record demonstrations, write the card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from gail.approx.atomic_files import write_text
from gail.approx.demonstrations import Demonstrations, Provenance, save_npz
from gail.approx.evaluation import play_episodes, stochastic
from gail.approx.policies import Policy, save_policy
from gail.approx.trajectories import Trajectories
from gail.envs.tasks import find_task
from gail.envs.vector import make_vector
from gail.experiments.evaluation import evaluate_policy, evaluate_random, summary
from gail.experiments.recipes import expert_recipe
from gail.experiments.runs import Run, RunConfig, read_metrics, versions

_EPISODES = 50
_RECORDING_STREAM = 2_000_003  # keeps recorded episodes apart from training and evaluation


def publish(run: Run, policy: Policy, console: Console) -> Path:
    """Evaluate a trained expert, record its demonstrations, and write what ships; return that folder."""
    config = run.config
    folder = run.folder / "ship"
    console.print(f"Evaluating over {_EPISODES} episodes and recording demonstrations.")
    save_policy(policy, folder / "expert.safetensors")
    save_npz(record(policy, config.task, config.seed), folder / "demonstrations.npz")
    sampled = evaluate_policy(policy, config.task, _EPISODES, 0, stochastic_actions=True)
    greedy = evaluate_policy(policy, config.task, _EPISODES, 0, stochastic_actions=False)
    rows = read_metrics(run.metrics)
    card: dict[str, Any] = {
        "task": config.task,
        "command": _command(config),
        "seed": config.seed,
        "env_steps": int(rows[-1]["env_steps"]),
        "iterations": int(rows[-1]["iteration"]),
        "seconds": round(sum(float(row["seconds"]) for row in rows), 1),
        "threads": config.threads,
        "expert_stochastic": summary(sampled),
        "expert_deterministic": summary(greedy),
        "random": summary(evaluate_random(config.task, _EPISODES, 0)),
        "versions": versions(),
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("expert.safetensors", "demonstrations.npz")
        },
    }
    write_text(folder / "card.json", json.dumps(card, indent=2) + "\n")
    console.print(
        f"{config.task}: stochastic {sampled.mean:.0f} ± {sampled.std:.0f}, "
        f"deterministic {greedy.mean:.0f} ± {greedy.std:.0f}. Expert, demonstrations and card are in {folder}.",
        soft_wrap=True,
        highlight=False,
    )
    return folder


def record(policy: Policy, task_id: str, seed: int) -> Demonstrations:
    """Full episodes of the stochastic expert, as many as the paper recorded; float32 observations and actions."""
    task = find_task(task_id)
    envs = make_vector(task_id, task.full_trajectories, (_RECORDING_STREAM, seed))
    try:
        episodes = play_episodes(stochastic(policy, seed), envs)
    finally:
        envs.close()
    returns = tuple(round(float(r), 3) for r in episodes.returns)
    source = f"stochastic TRPO expert of seed {seed}, actions clipped to the action space"
    return Demonstrations(_in_single_precision(episodes), Provenance(task_id, source, 1, returns))


def _in_single_precision(episodes: Trajectories) -> Trajectories:
    discrete = episodes.actions.dtype.kind in "iu"
    assert episodes.rewards is not None
    return Trajectories(
        observations=episodes.observations.astype("float32"),
        actions=episodes.actions.astype("int64" if discrete else "float32"),
        rewards=episodes.rewards.astype("float32"),
        final_observations=episodes.final_observations.astype("float32"),
        lengths=episodes.lengths,
        terminated=episodes.terminated,
        truncated=episodes.truncated,
    )


def _command(config: RunConfig) -> str:
    """The command that makes this expert, wherever it was run."""
    recipe = expert_recipe(config.task)
    words = ["gail expert", config.task, f"--seed {config.seed}"]
    if config.training.env_steps != recipe.training.env_steps:
        words.append(f"--steps {config.training.env_steps}")
    if config.num_envs != recipe.num_envs:
        words.append(f"--envs {config.num_envs}")
    if config.threads != recipe.threads:
        words.append(f"--threads {config.threads}")
    return " ".join(words)
