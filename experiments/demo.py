"""The demo: the theory on a gridworld, and an imitator on Hopper, in one report."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gail.approx.evaluation import Evaluation
from gail.approx.policies.policy import load_policy
from gail.envs.data import card, shipped_file
from gail.experiments.reports.page import Report
from gail.experiments.runs.config import Cloning
from gail.experiments.runs.interrupts import INTERRUPTED
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import clone_demonstrations, make_training, read_demonstrations, start
from gail.experiments.train.evaluation import Reference, evaluate_policy, evaluate_random, reference, summary
from gail.experiments.train.report import report_training
from gail.experiments.verify.both_routes import check_both_routes, print_theory, report_theory
from gail.experiments.verify.instances import demo_gridworld

TASK = "Hopper-v5"
EPISODES = 20


def run_demo(folder: Path, seed: int, console: Console) -> int:
    """Run both parts and write the report; give the exit status: 1 if a statement fails, 130 if interrupted."""
    began = time.monotonic()
    report = Report(
        "gail: one theory, two engines",
        "Exact imitation learning on a gridworld, and generative adversarial imitation of a hopping robot.",
    )
    console.rule("1  The theory, exactly")
    theory = check_both_routes(demo_gridworld(expert_entropy_weight=1.0, discount=0.95), entropy_weight=1.0, seed=seed)
    print_theory(theory, console)
    report_theory(theory, report)

    console.rule("2  The same game from samples")
    config = replace(imitation_recipe(TASK), seed=seed)
    demonstrations = read_demonstrations(config)
    count = demonstrations.trajectories.num_trajectories
    console.print(
        f"Learning to hop from {count} trajectories of {demonstrations.trajectories.num_steps // count} state-action "
        "pairs each. "
        "The algorithm never sees the reward.",
        soft_wrap=True,
    )
    shutil.rmtree(folder / "hopper", ignore_errors=True)
    run = Run.create(folder / "hopper", config)
    training = make_training(config)
    if not start(run, training, console):
        return INTERRUPTED
    console.print(f"Evaluating: {EPISODES} whole episodes each.")
    evaluations = {
        "GAIL": evaluate_policy(training.policy, TASK, EPISODES, seed, stochastic_actions=False),
        "behavioural cloning, same data": evaluate_policy(
            clone_demonstrations(TASK, demonstrations, Cloning(), seed).policy,
            TASK,
            EPISODES,
            seed,
            stochastic_actions=False,
        ),
        "expert": evaluate_policy(
            load_policy(shipped_file(TASK, "expert.safetensors")),
            TASK,
            EPISODES,
            seed,
            stochastic_actions=True,
        ),
        "random policy": evaluate_random(TASK, EPISODES, seed),
    }
    levels = reference(TASK)
    assert levels is not None
    run.write_result({name: summary(found) for name, found in evaluations.items()})
    console.print(_table(evaluations, levels))
    _report_imitation(report, run, evaluations, levels)
    path = folder / "report.html"
    report.paragraph(f"Everything above was computed by `gail demo --seed {seed}` in {time.monotonic() - began:.0f} s.")
    report.write(path)
    console.print(
        f"\nDone in {time.monotonic() - began:.0f} s. Open the report: [bold]{path.resolve()}[/bold]",
        soft_wrap=True,
        highlight=False,
    )
    return 0 if theory.holds else 1


_HEADER = ("policy", "return over 20 episodes", "share of the expert", "mean length", "actions")


def _rows(evaluations: dict[str, Evaluation], levels: Reference) -> list[tuple[str, ...]]:
    sampled = {"expert": "sampled", "random policy": "uniform"}
    return [
        (
            name,
            f"{found.mean:,.0f} ± {found.std:,.0f}",
            f"{levels.fraction(found.mean):.2f}",
            f"{found.lengths.mean():.0f}",
            sampled.get(name, "mean action"),
        )
        for name, found in evaluations.items()
    ]


def _table(evaluations: dict[str, Evaluation], levels: Reference) -> Table:
    table = Table(*_HEADER, title=f"{TASK}: share of the expert's card, {levels.expert:,.0f}")
    for row in _rows(evaluations, levels):
        table.add_row(*row)
    return table


def _report_imitation(report: Report, run: Run, evaluations: dict[str, Evaluation], levels: Reference) -> None:
    wanted, facts = run.config.demonstrations, card(TASK)
    assert wanted is not None
    report.heading(f"Generative adversarial imitation on {TASK}")
    report.paragraph(
        f"{wanted.count} expert trajectories, every {wanted.stride}th step from a random "
        "offset. TRPO is the policy player, a neural discriminator the cost player. The share of the expert is "
        f"measured against the expert's card: {levels.expert:,.1f} over {facts['expert_stochastic']['episodes']} "
        f"stochastic episodes, made by `{facts['command']}`."
    )
    report.table(_HEADER, _rows(evaluations, levels))
    report_training(report, run, evaluations)
