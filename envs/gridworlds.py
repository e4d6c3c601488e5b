"""Gridworlds from ASCII maps.

    #  wall: not a state          S  start: a floor cell where episodes may begin (several: uniformly)
    .  floor                      G  goal, P  pit: absorbing cells

States are the non-wall cells in reading order (left to right, then down). The actions are ``ACTIONS``, in the
order up, right, down, left. A move goes in its own direction with probability 1 - slip, and in each of the two
directions at a right angle with probability slip/2. A move into a wall or out of the map stays in its cell.

Goals and pits lead to themselves under every action, so no episode ends by itself and each occupancy measure
has total mass exactly 1/(1-γ). The cost of (s, a) depends on the cell s only. With the default costs a goal
costs nothing, and a pit costs more per step than any other cell. A goal that no start can reach is allowed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from gail.envs.finite import FiniteTask
from gail.exact.process.finite_mdp import FiniteMDP

_Scalar = TypeVar("_Scalar", bound=np.generic)

WALL, FLOOR, START, GOAL, PIT = "#", ".", "S", "G", "P"

ACTIONS = ("up", "right", "down", "left")
# (row, column) displacement of each action, rows growing downwards. Clockwise, so that the two directions at
# a right angle to action a are a + 1 and a - 1, modulo four.
MOVES = np.array([[-1, 0], [0, 1], [1, 0], [0, -1]])
MOVES.flags.writeable = False

# Four rooms. The eastern way to the goal passes one cell beside a pit, the southern way at least two.
DEMO_8X8 = """
S...#...
....#...
..P.....
....#...
#.####.#
....#...
..P.....
....#..G
"""


class InvalidMap(ValueError):
    """An ASCII map that describes no gridworld. Rows and columns in the message count from zero."""


@dataclass(frozen=True)
class GridLayout:
    """The map of a gridworld: the cell of each state, the state of each cell, and the kinds of cells.

    Layouts with equal rows are equal. Every array is read-only; H and W are the map's height and width, S the
    number of states (non-wall cells).

    Attributes:
        rows: the map, one string per row.

    Raises:
        InvalidMap: no rows, rows of unequal length, an unknown character, no free cell, or no start.
    """

    rows: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_shape(self.rows)
        _check_characters(self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return len(self.rows), len(self.rows[0])

    @property
    def num_states(self) -> int:
        """The number S of non-wall cells."""
        return len(self.cells)

    @cached_property
    def characters(self) -> NDArray[np.str_]:
        """The map as an (H, W) array of single characters."""
        height, width = self.shape
        return _frozen(np.array(self.rows, dtype=f"U{width}").view("U1").reshape(height, width))

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """(row, column) of each state, shape (S, 2)."""
        return _frozen(np.argwhere(~self.walls))

    @cached_property
    def states(self) -> NDArray[np.int64]:
        """The state at each cell, shape (H, W); -1 on walls."""
        return _frozen(np.where(self.walls, -1, np.cumsum(~self.walls).reshape(self.shape) - 1))

    @cached_property
    def walls(self) -> NDArray[np.bool_]:
        """Where the walls are, shape (H, W)."""
        return _frozen(self.characters == WALL)

    @cached_property
    def starts(self) -> NDArray[np.bool_]:
        """Where episodes begin, shape (H, W)."""
        return _frozen(self.characters == START)

    @cached_property
    def goals(self) -> NDArray[np.bool_]:
        """Where the goals are, shape (H, W)."""
        return _frozen(self.characters == GOAL)

    @cached_property
    def pits(self) -> NDArray[np.bool_]:
        """Where the pits are, shape (H, W)."""
        return _frozen(self.characters == PIT)

    def of_state(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The entries of an (H, W) mask at the states' cells, shape (S,)."""
        selected: NDArray[np.bool_] = mask[~self.walls]
        return selected

    def on_grid(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values of states as an array over the map.

        Args:
            values: shape (S, ...): one number per state, or one array (a policy's row, an arrow).

        Returns:
            Shape (H, W, ...), NaN on walls.

        Raises:
            ValueError: the first axis of ``values`` has not S entries.
        """
        per_state = np.asarray(values, dtype=np.float64)
        if per_state.shape[:1] != (self.num_states,):
            raise ValueError(f"values have shape {per_state.shape}, but the grid has {self.num_states} states")
        grid = np.full(self.shape + per_state.shape[1:], np.nan)
        grid[~self.walls] = per_state
        return grid


def gridworld(
    ascii_map: str | Sequence[str],
    *,
    slip: float = 0.1,
    discount: float = 0.95,
    step_cost: float = 1.0,
    pit_cost: float = 2.0,
    goal_cost: float = 0.0,
) -> FiniteTask[GridLayout]:
    """The gridworld of a map, see the module's text for its characters and dynamics.

    Args:
        ascii_map: the map, as rows or as one text; common indentation and blank lines around a text are
            dropped.
        slip: probability that a move goes in one of the two directions at a right angle, in [0, 1].
        discount: γ, in [0, 1).
        step_cost: cost of a step spent on floor or start.
        pit_cost: cost of a step spent in a pit; in total pit_cost/(1-γ), because pits absorb.
        goal_cost: cost of a step spent at a goal.

    Raises:
        InvalidMap: see :class:`GridLayout`.
        ValueError: slip outside [0, 1], a cost that is not finite, or a discount that :class:`FiniteMDP`
            rejects.
    """
    if not 0.0 <= slip <= 1.0:
        raise ValueError(f"slip is a probability and must lie in [0, 1], got {slip}")
    layout = GridLayout(_rows_of(ascii_map))
    starts = layout.of_state(layout.starts)
    cell_costs = np.full(layout.num_states, step_cost, dtype=np.float64)
    cell_costs[layout.of_state(layout.pits)] = pit_cost
    cell_costs[layout.of_state(layout.goals)] = goal_cost
    mdp = FiniteMDP(_transitions(layout, slip), starts / starts.sum(), discount)
    return FiniteTask(mdp, np.repeat(cell_costs[:, None], len(ACTIONS), axis=1), layout)


def _transitions(layout: GridLayout, slip: float) -> sp.csr_array:
    """P(s'|s,a) as a CSR array of shape (S·A, S), row s·A + a."""
    aimed = np.arange(len(ACTIONS))
    outcomes = np.stack([aimed, aimed + 1, aimed - 1], axis=1) % len(ACTIONS)
    successors = _neighbours(layout)[:, outcomes]
    num_rows, width = layout.num_states * len(ACTIONS), outcomes.shape[1]
    probabilities = np.tile([1.0 - slip, slip / 2, slip / 2], num_rows)
    transitions = sp.csr_array(
        (probabilities, successors.ravel(), np.arange(num_rows + 1) * width),
        shape=(num_rows, layout.num_states),
    )
    # Several outcomes of a blocked move may reach the same cell. Without slip, two of three outcomes have
    # probability zero.
    transitions.sum_duplicates()
    transitions.eliminate_zeros()
    return transitions


def _neighbours(layout: GridLayout) -> NDArray[np.int64]:
    """The state that each move without slip reaches, shape (S, A): s itself if blocked or absorbing."""
    itself = np.arange(layout.num_states)[:, None]
    bordered = np.pad(layout.states, 1, constant_values=-1)
    targets = layout.cells[:, None, :] + MOVES + 1
    reached = bordered[targets[..., 0], targets[..., 1]]
    absorbing = layout.of_state(layout.goals | layout.pits)[:, None]
    return np.where(absorbing | (reached < 0), itself, reached)


def _rows_of(ascii_map: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(ascii_map, str):
        return tuple(textwrap.dedent(ascii_map).strip("\n").splitlines())
    return tuple(ascii_map)


def _check_shape(rows: tuple[str, ...]) -> None:
    if not rows or not rows[0]:
        raise InvalidMap("the map is empty")
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InvalidMap(f"row {number} has {len(row)} columns, but row 0 has {len(rows[0])}: {row!r}")


def _check_characters(rows: tuple[str, ...]) -> None:
    known = WALL + FLOOR + START + GOAL + PIT
    text = "".join(rows)
    unknown = set(text) - set(known)
    if unknown:
        position = min(text.index(character) for character in unknown)
        row, column = divmod(position, len(rows[0]))
        raise InvalidMap(f"row {row}, column {column}: {text[position]!r} is none of {' '.join(known)}")
    if set(text) == {WALL}:
        raise InvalidMap(f"the map has no free cell: all {len(text)} are walls {WALL!r}")
    if START not in text:
        raise InvalidMap(f"the map has no start {START!r}")


def _frozen(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    array.flags.writeable = False
    return array
