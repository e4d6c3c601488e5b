"""Curves: GAIL's frozen discriminators, their correlation with the truth, the bias of sampled next states."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.transfer.frozen import FITTED, OF_GAME, UNION, FrozenPoint
from gail.experiments.transfer.learned import STATE_ONLY
from gail.experiments.transfer.slip import VARIANTS, SlipPoint
from gail.experiments.transfer.study import PairStudy

GREEN, GREY = "#3a8f5c", "#8a8a8a"

STYLES = {
    OF_GAME: ("D of the game", LEARNER, "o-"),
    FITTED: ("D fitted to the current policy", "#e0a030", "s--"),
    UNION: ("D fitted to all policies so far", OTHER, "^-"),
}
VISITS = ("expert", "mixed", "uniform")


def frozen_regrets(studies: Sequence[PairStudy]) -> Figure:
    """Regret of planning for a frozen discriminator against k: a row per pair, source and target."""
    figure, axes = plt.subplots(
        len(studies), 2, figsize=(10.4, 3.1 * len(studies) + 0.8), layout="constrained", squeeze=False, sharex=True
    )
    for row, one in zip(axes, studies, strict=True):
        for axis, place, level in zip(row, ("source", "target"), one.frozen.constant, strict=True):
            _discriminators(axis, one.frozen.points, place)
            axis.axhline(level, color=GREY, linestyle="--", label="constant D (worst policy)")
            axis.axhline(_state_only(one, place), color=GREEN, label="state-only AIRL")
            if place == "source":
                steps = sorted(one.frozen.policies)
                own = [one.frozen.policies[k] for k in steps]
                axis.plot(steps, own, color=BOUND, linewidth=1.0, label="the game's own policy")
            axis.set(xscale="log", title=f"{one.pair.name}: planned on the {place}", ylabel="relative regret")
            axis.grid(alpha=0.25)
    _finish(figure, axes[0, 0], axes[-1])
    return figure


def _discriminators(axis: Axes, points: Sequence[FrozenPoint], quantity: str) -> None:
    for name, (label, colour, style) in STYLES.items():
        own = [point for point in points if point.discriminator == name]
        values = [getattr(point, quantity) for point in own]
        axis.plot([point.iteration for point in own], values, style, color=colour, markersize=4, label=label)


def _state_only(one: PairStudy, place: str) -> float:
    rows = [row for row in one.rows if (row.reward, row.process, row.entropy_weight) == (STATE_ONLY, place, 0.0)]
    regret = rows[0].relative_regret
    return float("nan") if regret is None else regret


def correlations_with_truth(studies: Sequence[PairStudy]) -> Figure:
    """Correlation of the frozen rewards with the true one against k: a row per pair, a column per kind of visits."""
    figure, axes = plt.subplots(
        len(studies),
        len(VISITS),
        figsize=(11.4, 2.8 * len(studies) + 0.8),
        layout="constrained",
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    for row, one in zip(axes, studies, strict=True):
        for axis, visits in zip(row, VISITS, strict=True):
            for name, (label, colour, style) in STYLES.items():
                own = [point for point in one.frozen.points if point.discriminator == name]
                values = [point.correlations[visits] for point in own]
                axis.plot([point.iteration for point in own], values, style, color=colour, markersize=4, label=label)
            axis.axhline(0.0, color=BOUND, linewidth=0.8)
            axis.set(xscale="log", ylim=(-0.35, 1.05), title=f"{one.pair.name}: visits of {_of(visits)}")
            axis.grid(alpha=0.25)
        row[0].set_ylabel("correlation with r")
    _finish(figure, axes[0, 0], axes[-1])
    return figure


def _of(visits: str) -> str:
    return {"expert": "the expert", "mixed": "both, in equal parts", "uniform": "the uniform policy"}[visits]


def bias_of_slips(points: Sequence[SlipPoint]) -> Figure:
    """Error of g and regret on the target against the probability of a slip."""
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.1), layout="constrained")
    titles = {"error": "error of g after the best constant,\nrelative to the range of r", "target": "relative regret"}
    for axis, (quantity, label) in zip(axes, titles.items(), strict=True):
        for variant, colour, style in zip(VARIANTS, (GREEN, LEARNER), ("o-", "s-"), strict=True):
            own = [point for point in points if point.next_state == variant]
            values = [getattr(point, quantity) for point in own]
            axis.plot([point.slip for point in own], values, style, color=colour, label=f"{variant} next state")
        axis.set_xscale("symlog", linthresh=min(point.slip for point in points if point.slip > 0.0))
        axis.set_xticks([0.0, 1e-12, 1e-9, 1e-6, 1e-3, 1.0])
        axis.axvline(points[0].aimed, color=BOUND, linestyle=":", label="the expert aims at a pit (no slip)")
        axis.set(xlabel="probability of a slip", ylabel=label)
        axis.grid(alpha=0.25)
    axes[0].set_title("the learned reward")
    axes[1].set_title("planned on the target")
    axes[1].axhline(1.0, color=GREY, linestyle="--", label="uniform policy")
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return figure


def _finish(figure: Figure, first: Axes, last: Sequence[Axes]) -> None:
    for axis in last:
        axis.set_xlabel("iteration k of GAIL's game")
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=9)
