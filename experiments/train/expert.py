"""Make an expert: train on the true reward, evaluate, record demonstrations, write the card.

A card holds the cost of training, the returns of the expert and of random play over whole episodes, and checksums. If
EnvPool runs the task, the key `gymnasium` holds a second evaluation in Gymnasium's own environment.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from gail.approx.atomic_files import write_text
from gail.approx.demonstrations import save_npz
from gail.approx.policies.policy import Policy, load_policy, save_policy
from gail.envs.tasks import find_task
from gail.envs.vector import make_gymnasium_vector, runs_in_envpool
from gail.experiments.data.demonstrations import record
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import Reinforcement, RunConfig
from gail.experiments.runs.learning_curves import write_learning_curve
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.recipes.expert import expert_recipe
from gail.experiments.runs.run import Run, versions
from gail.experiments.runs.training import check_policy_fits
from gail.experiments.train.evaluation import FASTEST, MakeVector, evaluate_policy, evaluate_random, summary

EPISODES = 50
"""Number of whole episodes that each mean on a card averages."""

_POLICY, _CARD = "expert.safetensors", "card.json"
_TRAINING = ("task", "command", "seed", "env_steps", "iterations", "seconds", "threads", "versions")


def publish(run: Run, policy: Policy, console: Console) -> Path:
    """Evaluate a trained expert, record its demonstrations, and write the files to ship; return their folder."""
    config = run.config
    folder = run.folder / "ship"
    console.print(f"Evaluating over {EPISODES} episodes and recording demonstrations.")
    save_policy(policy, folder / _POLICY, run.config.task)
    recorded = record(
        policy,
        config.task,
        find_task(config.task).full_trajectories,
        config.seed,
        f"stochastic TRPO expert of seed {config.seed}",
    )
    save_npz(recorded, folder / "demonstrations.npz")
    rows = read_metrics(run.metrics)
    write_learning_curve(config, rows, folder / "learning_curve.csv")
    trained = {
        "task": config.task,
        "command": _command(config),
        "seed": config.seed,
        "env_steps": int(rows[-1]["env_steps"]),
        "iterations": int(rows[-1]["iteration"]),
        "seconds": round(sum(float(row["seconds"]) for row in rows), 1),
        "threads": config.played().simulator.threads,
        "versions": versions(),
    }
    digests = {name: _sha256(folder / name) for name in (_POLICY, "demonstrations.npz")}
    _write_card(folder, trained, _returns(policy, config.task), digests)
    _announce(folder, console)
    return folder


def evaluate_again(folder: Path, task_id: str, console: Console) -> None:
    """Evaluate the expert of a folder written by `publish`, and rewrite only the returns on its card.

    Raises:
        InvalidRequest: the folder holds no card, or the card is of another task or policy.
    """
    card = folder / _CARD
    if not card.is_file():
        raise InvalidRequest(f"{folder} holds no {_CARD}: name the folder `ship` of an expert's run")
    facts = json.loads(card.read_text())
    if facts["task"] != task_id:
        raise InvalidRequest(f"{card} is that of {facts['task']}, not of {task_id}")
    found, written = _sha256(folder / _POLICY), facts["sha256"][_POLICY]
    if found != written:
        raise InvalidRequest(f"{folder / _POLICY} has the sha256 {found}, its card says {written}: another policy")
    policy = load_policy(folder / _POLICY)
    check_policy_fits(policy, task_id, folder / _POLICY)
    trained = {name: facts[name] for name in _TRAINING}
    _write_card(folder, trained, _returns(policy, task_id), facts["sha256"])
    _announce(folder, console)


def _returns(policy: Policy, task_id: str) -> dict[str, Any]:
    """The returns on a card, measured after training."""
    found: dict[str, Any] = {"evaluated_with": versions(), **_played(policy, task_id, FASTEST)}
    if runs_in_envpool(task_id):
        found["gymnasium"] = _played(policy, task_id, make_gymnasium_vector)
    return found


def _played(policy: Policy, task_id: str, make_envs: MakeVector) -> dict[str, Any]:
    def play(stochastic_actions: bool) -> dict[str, Any]:
        found = evaluate_policy(
            policy, task_id, EPISODES, 0, stochastic_actions=stochastic_actions, make_envs=make_envs
        )
        return summary(found)

    return {
        "expert_stochastic": play(True),
        "expert_deterministic": play(False),
        "random": summary(evaluate_random(task_id, EPISODES, 0, make_envs)),
    }


def _write_card(folder: Path, trained: dict[str, Any], returns: dict[str, Any], digests: dict[str, str]) -> None:
    card = {**trained, **returns, "sha256": digests}
    write_text(folder / _CARD, json.dumps(card, indent=2) + "\n")


def _announce(folder: Path, console: Console) -> None:
    facts = json.loads((folder / _CARD).read_text())
    pooled = "gymnasium" in facts
    for simulator, found in ("EnvPool" if pooled else "Gymnasium", facts), ("Gymnasium", facts.get("gymnasium")):
        if found is not None:
            kinds = (f"{kind} {_spread(found[f'expert_{kind}'])}" for kind in ("stochastic", "deterministic"))
            _say(f"{facts['task']} in {simulator}: {', '.join(kinds)}, random play {_spread(found['random'])}", console)
    _say(f"Expert and card are in [bold]{folder}[/bold]", console)


def _spread(found: dict[str, Any]) -> str:
    return f"{found['mean']:,.1f} ± {found['std']:,.1f}"


def _say(text: str, console: Console) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _command(config: RunConfig) -> str:
    """The command that makes this expert, without paths of this machine."""
    recipe, learner = expert_recipe(config.task).played(), config.played()
    words = ["gail expert", config.task, f"--seed {config.seed}"]
    if isinstance(config.learner, Reinforcement) and config.learner.reward is not None:
        words.append(f"--reward {Path(config.learner.reward.file).name}")
    if learner.training.env_steps != recipe.training.env_steps:
        words.append(f"--steps {learner.training.env_steps}")
    if learner.simulator.num_envs != recipe.simulator.num_envs:
        words.append(f"--envs {learner.simulator.num_envs}")
    if learner.simulator.threads != recipe.simulator.threads:
        words.append(f"--threads {learner.simulator.threads}")
    return " ".join(words)
