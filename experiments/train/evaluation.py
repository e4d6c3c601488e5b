"""Evaluations: returns of whole episodes, with the expert's and random play's for comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from gail.approx.evaluation import Act, Evaluation, deterministic, evaluate, stochastic, uniformly_random
from gail.approx.policies.policy import Policy
from gail.envs.data import card, has_expert
from gail.envs.vector import Entropy, VectorEnvironment, make_vector
from gail.experiments.reports.interquartile import interquartile_mean

MakeVector: TypeAlias = Callable[[str, int, Entropy], VectorEnvironment]
"""Number of environments, entropy of the seed -> that many copies of a task."""

FASTEST: MakeVector = partial(make_vector, threads=2)

_EVALUATION_STREAM = 1_000_003  # keeps evaluation episodes apart from training's seeds (seed, iteration)


@dataclass(frozen=True)
class Reference:
    """Returns with the scores 0 and 1: random play's and the expert's, from the expert's card."""

    random: float
    """Mean return of uniformly random actions."""
    expert: float
    """Mean return of the stochastic expert."""

    def normalized(self, mean_return: float) -> float:
        """The score of a return: 0 for random play, 1 for the expert."""
        return (mean_return - self.random) / (self.expert - self.random)

    def normalized_all(self, returns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score of each of several returns."""
        return (returns - self.random) / (self.expert - self.random)

    def fraction(self, mean_return: float) -> float:
        """The return as a share of the expert's mean return."""
        return mean_return / self.expert


def reference(task_id: str) -> Reference | None:
    """The references that ship with a task, if any."""
    if not has_expert(task_id):
        return None
    facts = card(task_id)
    return Reference(facts["random"]["mean"], facts["expert_stochastic"]["mean"])


def evaluate_policy(
    policy: Policy,
    task_id: str,
    episodes: int,
    seed: int,
    *,
    stochastic_actions: bool,
    make_envs: MakeVector = FASTEST,
) -> Evaluation:
    """Returns of `episodes` whole episodes of a policy, in environments made by `make_envs`."""
    act = stochastic(policy, seed) if stochastic_actions else deterministic(policy)
    return _evaluate(act, task_id, episodes, seed, make_envs)


def evaluate_random(task_id: str, episodes: int, seed: int, make_envs: MakeVector = FASTEST) -> Evaluation:
    """Returns of `episodes` whole episodes with uniformly random actions."""
    envs = make_envs(task_id, 1, 0)
    try:
        return _evaluate(uniformly_random(envs, seed), task_id, episodes, seed, make_envs)
    finally:
        envs.close()


@dataclass(frozen=True)
class Evaluated:
    """A policy's returns, and what they are compared with."""

    mean_actions: Evaluation
    sampled_actions: Evaluation
    random_play: Evaluation
    clone: Evaluation | None = None
    """Of a clone of the same demonstrations, with mean actions."""
    demonstrated: float | None = None
    """Mean return of the demonstrations."""


def evaluate_beside(
    policy: Policy,
    task_id: str,
    episodes: int,
    seed: int,
    *,
    clone: Policy | None = None,
    demonstrated: float | None = None,
) -> Evaluated:
    """Returns of `episodes` whole episodes with mean actions, with sampled ones, of random play, and of a clone."""
    return Evaluated(
        evaluate_policy(policy, task_id, episodes, seed, stochastic_actions=False),
        evaluate_policy(policy, task_id, episodes, seed, stochastic_actions=True),
        evaluate_random(task_id, episodes, seed),
        None if clone is None else evaluate_policy(clone, task_id, episodes, seed, stochastic_actions=False),
        demonstrated,
    )


def evaluation_table(found: Evaluated, task_id: str, seed: int) -> Table:
    """A table of returns: mean actions, sampled actions, the clone, random play, and what they are compared with.

    Scores are 0 for random play. They are 1 for the demonstrations if their mean return is known, and
    for the expert's card otherwise. The interquartile mean (IQM) comes with a bootstrap interval.
    """
    card_levels = levels = reference(task_id)
    unit, random, demonstrated = "expert", found.random_play.mean, found.demonstrated
    if demonstrated is not None and demonstrated > random:
        unit, levels = "demonstrations", Reference(random, demonstrated)
    episodes = len(found.mean_actions.returns)
    table = Table(
        "policy",
        "return",
        "length",
        "score",
        "IQM of score, 95 %" if levels else "IQM of return, 95 %",
        title=f"{task_id}, {episodes} whole episodes" + (f"; score 0 = random play, 1 = {unit}" if levels else ""),
        caption="IQM: mean of the middle half, with its bootstrap interval"
        + ("" if levels else f"; no expert ships for {task_id}"),
    )

    def row(name: str, one: Evaluation) -> None:
        score = f"{levels.normalized(one.mean):.3f}" if levels else ""
        shape = "{:.3f}" if levels else "{:,.1f}"
        middle = interquartile_mean(levels.normalized_all(one.returns) if levels else one.returns, seed)
        estimate, low, high = (shape.format(value + 0.0) for value in (middle.estimate, middle.low, middle.high))
        table.add_row(
            name,
            f"{one.mean:,.1f} ± {one.std:,.1f}",
            f"{one.lengths.mean():.0f}",
            score,
            f"{estimate} [{low}, {high}]",
        )

    row("mean actions", found.mean_actions)
    row("sampled actions", found.sampled_actions)
    if found.clone is not None:
        row("clone, mean actions", found.clone)
    row("random play", found.random_play)
    if demonstrated is not None:
        table.add_row("demonstrations", f"{demonstrated:,.1f}", "", "1" if unit == "demonstrations" else "", "")
    if card_levels and levels:
        table.add_row(
            "expert's card", f"{card_levels.expert:,.1f}", "", f"{levels.normalized(card_levels.expert):.3g}", ""
        )
    return table


def _evaluate(act: Act, task_id: str, episodes: int, seed: int, make_envs: MakeVector) -> Evaluation:
    envs = make_envs(task_id, episodes, (_EVALUATION_STREAM, seed))
    try:
        return evaluate(act, envs)
    finally:
        envs.close()


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Numbers of an evaluation, for JSON."""
    return {
        "mean": evaluation.mean,
        "std": evaluation.std,
        "episodes": len(evaluation.returns),
        "mean_length": float(evaluation.lengths.mean()),
        "returns": [round(float(r), 3) for r in evaluation.returns],
    }
