"""Transitions per second of tabular environments, compared with Gymnasium's FrozenLake.

Each row steps many copies of a finite MDP under actions drawn beforehand. The rate includes the sampling of successors,
rewards, terminations, truncations and restarts. The reference is Gymnasium's FrozenLake in Gymnasium's own vector
environment, measured in the same process on the same machine: the ratio of the two rates depends less on the machine
than each rate. Times are the minimum over `repeats` runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import VectorEnv

from gail.envs.conversions import from_gymnasium
from gail.envs.finite import FiniteTask, garnet
from gail.envs.gridworlds import DEMO_8X8, gridworld
from gail.envs.tabular import TabularVectorEnv
from gail.experiments.bench.exact.measurements import Row, fastest

HORIZON = 100  # steps until truncation, as in FrozenLake
TARGET = 5_000_000
"""Required transitions per second of tabular environments on two cores."""


def tabular_row(name: str, task: FiniteTask[Any], num_envs: int, reference: float, repeats: int = 5) -> Row:
    """Transitions per second of `num_envs` copies of a task, and the ratio of this rate to `reference`."""
    envs = TabularVectorEnv(task.mdp, task.cost, num_envs, horizon=HORIZON)
    rate = transition_rate(envs, rounds=max(10, 1_000_000 // num_envs), repeats=repeats)
    return {
        "task": name,
        "states": task.mdp.num_states,
        "successors": float(np.diff(task.mdp.transitions.indptr).mean()),
        "num_envs": num_envs,
        "transitions_per_second": rate,
        "reference_transitions_per_second": reference,
        "ours_over_reference": rate / reference,
    }


def tabular_rows(copies: tuple[int, ...] = (1_000, 10_000, 100_000)) -> Iterator[Row]:
    """The table, row by row: small and large finite tasks, each with every number of copies in `copies`."""
    tasks: dict[str, FiniteTask[Any]] = {
        "FrozenLake-v1": from_gymnasium(gymnasium.make("FrozenLake-v1"), discount=0.99),
        "gridworld 8x8": gridworld(DEMO_8X8, slip=0.1),
        "Garnet, 5 successors": garnet(10_000, 4, 5, np.random.default_rng(0)),
        "Garnet, 20 successors": garnet(100_000, 4, 20, np.random.default_rng(0)),
    }
    reference = reference_rate()
    for name, task in tasks.items():
        for num_envs in copies:
            yield tabular_row(name, task, num_envs, reference)


def reference_rate(num_envs: int = 100, repeats: int = 3) -> float:
    """Transitions per second of Gymnasium's FrozenLake in Gymnasium's vector environment.

    The copies are stepped one after the other, so this rate does not grow with their number.
    """
    envs = gymnasium.make_vec("FrozenLake-v1", num_envs=num_envs, vectorization_mode="sync")
    try:
        return transition_rate(envs, rounds=50, repeats=repeats)
    finally:
        envs.close()


def transition_rate(envs: VectorEnv[Any, Any, Any], rounds: int, repeats: int) -> float:
    """Transitions per second of a vector environment with discrete actions; eight random action arrays alternate."""
    space = envs.single_action_space
    assert isinstance(space, gymnasium.spaces.Discrete)
    actions = np.random.default_rng(0).integers(space.n, size=(8, envs.num_envs))
    envs.reset(seed=0)

    def play() -> None:
        for index in range(rounds):
            envs.step(actions[index % 8])

    play()  # warms caches, and lets the copies reach different steps of their episodes
    seconds, _ = fastest(play, repeats)
    return rounds * envs.num_envs / seconds
