"""Diagnostics of a training, one panel per kind of metric; the errors of a clone's fit.

If learner and expert cannot be distinguished, a discriminator has accuracy 1/2 and logistic loss 2 log 2, the
Jensen-Shannon divergence is 0 (log 2 if all pairs can be distinguished), and the mean features agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gail.experiments.reports.figures import BOUND, LEARNER, OTHER

Array = NDArray[np.float64]

CAPTION = (
    "What the algorithm sees of its progress; dotted: where learner and expert cannot be told apart. Crosses on the "
    "axis of the KL divergence are steps that were rejected and undone."
)


@dataclass(frozen=True)
class _Panel:
    title: str
    columns: Mapping[str, str]
    """Column -> label of its line; empty for a single line without legend."""
    level: float | None = None
    """Value at which learner and expert cannot be distinguished."""
    limits: tuple[float | None, float | None] = (None, None)


_PANELS = (
    _Panel(
        "discriminator is right",
        {"accuracy_learner": "on learner's pairs", "accuracy_expert": "on expert's pairs"},
        0.5,
        (0.0, 1.02),
    ),
    _Panel("discriminator's loss", {"discriminator_loss": ""}, 2.0 * math.log(2.0)),
    _Panel("Jensen-Shannon divergence, estimate", {"jsd_estimate": ""}, 0.0),
    _Panel("distance of mean features", {"feature_distance": ""}, 0.0, (0.0, None)),
    _Panel("KL(old || new) of each step", {"kl": ""}, limits=(0.0, None)),
    _Panel("explained variance of the critic", {"explained_variance": ""}, limits=(-0.25, 1.02)),
    _Panel("entropy of the policy (nats)", {"entropy": ""}),
)
_PER_ROW = 4


def diagnostics(steps: Array, columns: Mapping[str, Array], accepted: NDArray[np.bool_]) -> Figure:
    """Panels over environment steps, for the columns that have numbers.

    Args:
        steps: environment steps after each iteration, shape (n,).
        columns: metrics by name, each of shape (n,), nan where a metric is missing.
        accepted: whether the iteration's policy step was accepted, shape (n,).
    """
    shown = [panel for panel in _PANELS if any(_known(columns, name) for name in panel.columns)]
    height = math.ceil(len(shown) / _PER_ROW)
    figure, axes = plt.subplots(height, _PER_ROW, figsize=(13.0, 2.9 * height), layout="constrained", squeeze=False)
    millions = steps / 1e6
    for axis, panel in zip(axes.flat, shown, strict=False):
        _draw(axis, panel, millions, columns)
        if "kl" in panel.columns and not accepted.all():
            axis.plot(millions[~accepted], np.zeros((~accepted).sum()), "x", color=LEARNER, markersize=4, clip_on=False)
    for axis in axes.flat[len(shown) :]:
        axis.remove()
    return figure


def cloning_errors(epochs: Array, training: Array, validation: Array, kept: float) -> Figure:
    """Errors of a fit over its epochs, each of shape (n,); a line marks the epoch whose parameters were kept."""
    figure, axis = plt.subplots(figsize=(7.6, 4.2), layout="constrained")
    axis.plot(epochs, training, color=OTHER, linewidth=1.2, label="on pairs that gradients see")
    axis.plot(epochs, validation, color=LEARNER, linewidth=1.8, label="on held-out pairs")
    axis.axvline(kept, color=BOUND, linewidth=0.9, linestyle=":", label=f"kept: epoch {kept:.0f}")
    axis.set_xlabel("epoch")
    axis.set_ylabel("mean negative log-likelihood (nats)")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return figure


def _draw(axis: Axes, panel: _Panel, millions: Array, columns: Mapping[str, Array]) -> None:
    colours = (LEARNER, BOUND) if len(panel.columns) > 1 else (OTHER,)
    for (name, label), colour in zip(panel.columns.items(), colours, strict=True):
        if _known(columns, name):
            axis.plot(millions, columns[name], color=colour, linewidth=0.9, label=label or None)
    if panel.level is not None:
        axis.axhline(panel.level, color="grey", linewidth=0.9, linestyle=":")
    axis.set_ylim(*panel.limits)
    axis.set_title(panel.title, fontsize=9)
    axis.set_xlabel("environment steps (millions)", fontsize=8)
    axis.grid(alpha=0.25)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False, fontsize=7)


def _known(columns: Mapping[str, Array], name: str) -> bool:
    return name in columns and bool(np.isfinite(columns[name]).any())
