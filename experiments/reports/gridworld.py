"""Pictures of gridworlds, for notebooks and reports: values as colours, policies as arrows.

This module sets no matplotlib backend, so a notebook shows the figures with its own backend.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from gail.envs.gridworlds import MOVES, GridLayout

Array = NDArray[np.float64]

_WALL = "#3a3a3a"
_OUTLINE = [withStroke(linewidth=2.5, foreground="black")]


def plot_gridworld(
    layout: GridLayout,
    values: ArrayLike | None = None,
    policy: ArrayLike | None = None,
    *,
    title: str = "",
    label: str = "",
) -> Figure:
    """Draw a gridworld with a number per state and a policy.

    Args:
        layout: `task.layout` of a task from `gail.envs.gridworld`.
        values: (S,) one number per state, drawn as the cell's colour: values, state occupancies, costs.
        policy: (S, 4) probabilities of the moves, drawn as arrows whose lengths are the probabilities.
        title: the text above the picture.
        label: the text beside the colour bar, which is drawn only with `values`.

    Returns:
        The figure; a notebook shows it, and `figure.savefig(path)` writes it to a file.

    Raises:
        ValueError: the shape of values or policy does not fit the layout.
    """
    moves = None if policy is None else np.asarray(policy, dtype=np.float64)
    wanted = (layout.num_states, len(MOVES))
    if moves is not None and moves.shape != wanted:
        raise ValueError(f"policy has shape {moves.shape}: (states, moves) = {wanted} is needed")
    grid = None if values is None else layout.on_grid(values)
    if grid is not None and grid.ndim != 2:
        raise ValueError(f"values have {grid.ndim - 1} axes: one number per state, shape ({wanted[0]},), is needed")
    height, width = layout.shape
    figure, axis = plt.subplots(figsize=(1.2 + 0.55 * width, 0.8 + 0.55 * height), layout="constrained")
    if grid is not None:
        figure.colorbar(axis.imshow(grid, cmap="YlGnBu"), ax=axis, shrink=0.85, label=label)
    frame(axis, layout, title)
    if moves is not None:
        arrows(axis, layout, moves, np.ones(layout.num_states, dtype=bool))
    return figure


def frame(axis: Axes, layout: GridLayout, title: str) -> None:
    """Draw walls, the letters S (start), G (goal), P (pit), and a title."""
    walls = np.where(layout.walls, 1.0, np.nan)
    axis.imshow(walls, cmap=ListedColormap([_WALL]))
    for mask, letter in ((layout.starts, "S"), (layout.goals, "G"), (layout.pits, "P")):
        for row, column in np.argwhere(mask):
            axis.text(column - 0.42, row - 0.2, letter, fontsize=9, weight="bold", color="white", path_effects=_OUTLINE)
    axis.set(xticks=[], yticks=[], title=title)


def arrows(axis: Axes, layout: GridLayout, policy: Array, visited: NDArray[np.bool_]) -> None:
    """Draw one arrow per action, as long as its probability; none in goals, pits and cells that are not visited."""
    drawn = visited & ~(layout.goals | layout.pits)[tuple(layout.cells.T)]
    cells, weights = layout.cells[drawn], policy[drawn]
    for action, (down, right) in enumerate(MOVES):
        length = 0.48 * weights[:, action]
        axis.quiver(
            cells[:, 1],
            cells[:, 0],
            right * length,
            down * length,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.006,
            headwidth=4,
            color="#d95f02",
        )
