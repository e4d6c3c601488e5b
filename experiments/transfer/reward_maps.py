"""Maps of the true reward, of learned rewards, and of learned rewards without shaping.

Upper row: the true reward, and learned rewards plus the best constant. Lower row: the expert, and the learned rewards
minus the shaping V(s) - gamma E[V(s') | s,a] of the source that brings them nearest to the true one
(`gail.exact.compare_rewards`). A reward that is the true one up to shaping looks like the true one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from gail.envs import GridLayout
from gail.envs.gridworlds import MOVES
from gail.exact import FiniteMDP, compare_rewards
from gail.exact.process.arrays import Array
from gail.experiments.reports.gridworld import arrows, frame
from gail.experiments.transfer.learned import SAMPLED, STATE_ACTION, STATE_ONLY
from gail.experiments.transfer.pairs import WALL_BELOW, Pair
from gail.experiments.transfer.study import PairStudy

DRAWN = (STATE_ONLY, SAMPLED, STATE_ACTION, "IRL, psi logistic")

_COLOURS = "viridis"
_UNVISITED: dict[str, Any] = {"facecolor": "#e4e4e4", "edgecolor": "#8a8a8a", "hatch": "////", "linewidth": 0.0}


def reward_maps(one: PairStudy, names: Sequence[str] = DRAWN) -> Figure:
    """True, learned and shaping-corrected rewards of a pair with a layout, on one colour scale."""
    pair, layout = one.pair, one.pair.layout
    assert layout is not None
    truth = pair_reward(pair.reward, pair.source.num_actions)
    norm = Normalize(float(truth.min()) - 0.25 * float(np.ptp(truth)), float(truth.max()) + 0.25 * float(np.ptp(truth)))
    columns = len(names) + 1
    height, width = (0.38 * size for size in layout.shape)
    size = (width * columns + 1.2, 2.0 * height + 1.3)
    figure, axes = plt.subplots(2, columns, figsize=size, layout="constrained")
    _draw(axes[0, 0], pair, truth, norm, "true reward")
    _draw_expert(axes[1, 0], pair, layout)
    for name, (upper, lower) in zip(names, axes[:, 1:].T, strict=True):
        learned = pair_reward(one.learned(name), pair.source.num_actions)
        found = compare_rewards(pair.source, learned, truth)
        _draw(upper, pair, learned - found.constant, norm, name.replace(", ", "\n"))
        _draw(lower, pair, unshaped(pair.source, learned, truth), norm, "minus shaping")
    scale = plt.cm.ScalarMappable(norm, _COLOURS)
    figure.colorbar(scale, ax=axes.ravel().tolist(), shrink=0.7, label="reward per step", extend="both")
    return figure


def pair_reward(reward: Array, actions: int) -> Array:
    """(S, A) of a reward (S,) or (S, A)."""
    return np.repeat(reward[:, None], actions, axis=1) if reward.ndim == 1 else reward


def unshaped(mdp: FiniteMDP, learned: Array, truth: Array) -> Array:
    """(S, A) the learned reward minus the shaping that brings it nearest to the true one."""
    return np.asarray(learned - mdp.flow_adjoint(compare_rewards(mdp, learned, truth).potential))


def _draw(axis: Axes, pair: Pair, values: Array, norm: Normalize, title: str) -> None:
    """One triangle per action in each cell; cells that no policy visits are hatched."""
    layout, colours = pair.layout, plt.get_cmap(_COLOURS)
    assert layout is not None
    for (row, column), entries, met in zip(layout.cells, values, pair.source.reachable, strict=True):
        for (down, right), value in zip(MOVES, entries, strict=True):
            first = (column + 0.5 * (right - down), row + 0.5 * (down + right))
            second = (column + 0.5 * (right + down), row + 0.5 * (down - right))
            colour = colours(norm(value))
            axis.add_patch(Polygon([first, second, (column, row)], facecolor=colour, edgecolor=colour, linewidth=0.2))
        style = {"fill": False, "edgecolor": "white", "linewidth": 0.6} if met else _UNVISITED
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, 1.0, **style))
    frame(axis, layout, "")
    axis.set_title(title, fontsize=9)
    _wall(axis, pair)


def _draw_expert(axis: Axes, pair: Pair, layout: GridLayout) -> None:
    visits, met = pair.expert.occupancy.sum(axis=1), pair.source.reachable
    axis.imshow(layout.on_grid(np.log10(visits, out=np.full_like(visits, np.nan), where=met)), cmap="Greys", alpha=0.6)
    for row, column in layout.cells[~met]:
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, 1.0, **_UNVISITED))
    frame(axis, layout, "")
    axis.set_title("the expert\n(darker: more visits)", fontsize=9)
    arrows(axis, layout, pair.expert.policy, met)
    _wall(axis, pair)


def _wall(axis: Axes, pair: Pair) -> None:
    """The thin wall of the source."""
    if pair.openings is None or pair.layout is None:
        return
    for column in range(pair.layout.shape[1]):
        if column != pair.openings[0]:
            height = WALL_BELOW + 0.5
            axis.plot([column - 0.5, column + 0.5], [height, height], color="black", linewidth=3.0)
