"""Sources and targets: two processes with the same states, actions and true reward r(s), and other dynamics.

| pair | source | target |
|---|---|---|
| maps | a thin wall across the map, open on its left end; moves do not slip | the same, open on its right end |
| dynamics | a map whose moves slip to the side with probability 0.2 | the actions left and right are exchanged |
| random | 16 states, 4 actions, random transitions (Fu, Luo & Levine 2018) | other random transitions |

The expert is soft-optimal for r on the source with the entropy weight lambda. r is a multiple of lambda, so that the
expert's policy is the same for every lambda, and far from uniform. No episode ends: goals and pits absorb.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gail.envs import GridLayout, gridworld
from gail.envs.gridworlds import ACTIONS
from gail.exact import FiniteMDP, Solution, solve_rl
from gail.exact.process.arrays import Array
from gail.exact.statements.rewards.instances import random_dynamics
from gail.experiments.errors import InvalidRequest

DISCOUNT = 0.9

STEP, PIT = 2.0, 3.0
"""Costs per step on floor and in pits, in units of lambda; a goal costs nothing."""

PRIZE = 10.0
"""Reward of the goal of a random table, in units of lambda."""

SLIP = 0.2
"""Probability of a slip in the pair "dynamics"."""

WALLED = """
...S...
.......
.......
.P...P.
...G...
"""
WALL_BELOW = 1
"""The thin wall of the pair "maps" is below this row."""

OPEN = """
S.....
...P..
......
.P....
.....G
"""


@dataclass(frozen=True, eq=False)
class Pair:
    """A source, a target, and the true reward of both.

    Attributes:
        name: the word on the command line.
        what_changes: a sentence on the difference.
        source, target: processes with the same states and actions.
        reward: (S,) r.
        entropy_weight: lambda of the expert.
        layout: the map of both; None for random tables.
        openings: the open column of the thin wall in source and target; None without a wall.
    """

    name: str
    what_changes: str
    source: FiniteMDP
    target: FiniteMDP
    reward: Array
    entropy_weight: float
    layout: GridLayout | None = None
    openings: tuple[int, int] | None = None

    @cached_property
    def expert(self) -> Solution:
        """The soft-optimal expert on the source."""
        return solve_rl(self.source, -self.reward, self.entropy_weight).require_optimal()

    @property
    def processes(self) -> Mapping[str, FiniteMDP]:
        """Source and target by name."""
        return {"source": self.source, "target": self.target}


def walled(opening: int, slip: float = 0.0, entropy_weight: float = 1.0) -> tuple[FiniteMDP, Array, GridLayout]:
    """The map `WALLED` with a thin wall that is open in one column: its process, its r (S,), and its layout."""
    task = gridworld(WALLED, slip=slip, discount=DISCOUNT, step_cost=STEP, pit_cost=PIT)
    table, layout = _dense(task.mdp), task.layout
    for column in range(layout.shape[1]):
        above, below = layout.states[WALL_BELOW, column], layout.states[WALL_BELOW + 1, column]
        if column != opening:
            for here, there in ((above, below), (below, above)):
                table[here, :, here] += table[here, :, there]
                table[here, :, there] = 0.0
    return FiniteMDP(table, task.mdp.initial, DISCOUNT), -entropy_weight * task.cost[:, 0], layout


def maps(entropy_weight: float, seed: int) -> Pair:
    """One task on two maps; the seed is not used."""
    source, reward, layout = walled(0, 0.0, entropy_weight)
    last = layout.shape[1] - 1
    target, _, _ = walled(last, 0.0, entropy_weight)
    change = "The opening of the wall moves from its left end to its right end."
    return Pair("maps", change, source, target, reward, entropy_weight, layout, (0, last))


def dynamics(entropy_weight: float, seed: int) -> Pair:
    """One map with two meanings of its actions; the seed is not used."""
    task = gridworld(OPEN, slip=SLIP, discount=DISCOUNT, step_cost=STEP, pit_cost=PIT)
    order = [ACTIONS.index(name) for name in ("up", "left", "down", "right")]
    target = FiniteMDP(_dense(task.mdp)[:, order], task.mdp.initial, DISCOUNT)
    change = f"The actions left and right are exchanged; moves slip with probability {SLIP:g} in both."
    return Pair("dynamics", change, task.mdp, target, -entropy_weight * task.cost[:, 0], entropy_weight, task.layout)


def random(entropy_weight: float, seed: int) -> Pair:
    """The tables of Fu et al.; the seed draws both dynamics, and the state that is rewarded."""
    rng = np.random.default_rng(seed)
    source, target = random_dynamics(rng), random_dynamics(rng)
    reward = entropy_weight * PRIZE * np.eye(source.num_states)[rng.integers(source.num_states)]
    return Pair("random", "All transition probabilities are drawn again.", source, target, reward, entropy_weight)


PAIRS: Mapping[str, Callable[[float, int], Pair]] = {"maps": maps, "dynamics": dynamics, "random": random}
"""Names on the command line."""


def make_pair(name: str, entropy_weight: float = 1.0, seed: int = 0) -> Pair:
    """The pair of this name.

    Raises:
        InvalidRequest: an unknown name, an entropy weight that is not positive and finite, or a negative seed.
    """
    if name not in PAIRS:
        raise InvalidRequest(f"--pair {name}: known are {', '.join(PAIRS)}")
    if not 0.0 < entropy_weight < np.inf:
        raise InvalidRequest(f"--entropy-weight is {entropy_weight}: a positive number is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: a number of at least 0 is needed")
    return PAIRS[name](entropy_weight, seed)


def _dense(mdp: FiniteMDP) -> Array:
    """(S, A, S) transition probabilities."""
    table: Array = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)
    return table
