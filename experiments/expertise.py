"""Make an expert: train on the true reward, evaluate, record demonstrations, write the card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from gail.approx.atomic_files import write_text
from gail.approx.demonstrations import save_npz
from gail.approx.policies import Policy, save_policy
from gail.envs.tasks import find_task
from gail.experiments.demos import record
from gail.experiments.evaluation import evaluate_policy, evaluate_random, summary
from gail.experiments.recipes import expert_recipe
from gail.experiments.runs import Run, RunConfig, read_metrics, versions

_EPISODES = 50


def publish(run: Run, policy: Policy, console: Console) -> Path:
    """Evaluate a trained expert, record its demonstrations, and write what ships; return that folder."""
    config = run.config
    folder = run.folder / "ship"
    console.print(f"Evaluating over {_EPISODES} episodes and recording demonstrations.")
    save_policy(policy, folder / "expert.safetensors")
    recorded = record(
        policy,
        config.task,
        find_task(config.task).full_trajectories,
        config.seed,
        f"stochastic TRPO expert of seed {config.seed}",
    )
    save_npz(recorded, folder / "demonstrations.npz")
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
