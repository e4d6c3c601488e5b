"""Pictures of statements 9 and 11: apprenticeship learning, and surrogate losses."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gail.exact import Matching, match_occupancy
from gail.exact import regularizers as psi
from gail.exact.algorithms.apprenticeship import (
    conditional_gradient,
    multiplicative_weights,
    projected_ascent,
    projected_regret_bound,
    regret_bound,
)
from gail.exact.statements.surrogates.surrogate_family import numeric_conjugate
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.verify.instances import Array
from gail.experiments.verify.psi_choices import random_features
from gail.experiments.verify.statement import Trial

ROUNDS = 40
"""Rounds of each algorithm of apprenticeship learning."""

SURROGATES: dict[str, psi.Surrogate] = {
    "logistic (psi_GA)": psi.Logistic(),
    "exponential": psi.Exponential(),
    "truncated quadratic": psi.TruncatedQuadratic(),
    "hinge": psi.Hinge(),
    "Jeffreys": psi.Jeffreys(),
}


def apprenticeship(trial: Trial) -> Figure:
    """Statement 9: excess of apprenticeship learning algorithms over the matching problems' minima, round by round."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.6), layout="constrained", sharey=True)
    mdp, expert = trial.instance.mdp, trial.instance.expert_occupancy
    features = random_features(mdp)
    ball, simplex = (Matching(mdp, expert, one, 0.0) for one in (psi.L2Ball(features), psi.Simplex(features)))
    unit = float(mdp.initial @ mdp.lifetime) * float(np.linalg.norm(features, axis=2).max())
    fem, gtal = (match_occupancy(mdp, expert, one.psi, 0.0).primal_value for one in (ball, simplex))
    projections = conditional_gradient(ball, ROUNDS)
    ascent = projected_ascent(ball, features, ROUNDS)
    weights = multiplicative_weights(simplex, features, ROUNDS)
    _descent(left, "projection method", np.asarray(projections.steps), (projections.primal - fem) / unit, LEARNER)
    _descent(left, "projected gradient", np.asarray(ascent.steps), (ascent.primal - fem) / unit, OTHER)
    _ends(left, projected_regret_bound(ball, features, ROUNDS) / unit, OTHER)
    _descent(right, "MWAL", np.asarray(weights.steps), (weights.primal - gtal) / unit, LEARNER)
    _ends(right, regret_bound(simplex, features, ROUNDS) / unit, LEARNER)
    left.set(title="9  l2 ball: feature matching (FEM)", ylabel="excess over the minimum, relative")
    right.set(title="9  simplex: apprenticeship learning (GTAL)")
    for axis in (left, right):
        axis.set_xlabel("rounds")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure


def _descent(axis: Axes, name: str, steps: Array, above: Array, colour: str) -> None:
    axis.semilogy(steps, np.maximum(above, 1e-16), color=colour, label=name)


def _ends(axis: Axes, bound: float, colour: str) -> None:
    axis.plot([ROUNDS], [bound], "v", color=colour, clip_on=False, label=f"its bound after {ROUNDS} rounds")


def surrogate_losses() -> Figure:
    """Statement 11: losses phi, their penalties g_phi on costs, and psi* = -R_phi, in closed form and numerically."""
    figure, axes = plt.subplots(1, 3, figsize=(11.5, 3.6), layout="constrained")
    logits, costs, ratios = np.linspace(-3.0, 3.0, 241), np.linspace(-4.5, 1.5, 481), np.geomspace(1e-2, 1e2, 61)
    for index, (name, one) in enumerate(SURROGATES.items()):
        inside, (low, high) = logits[abs(logits) <= one.limit], one.domain
        axes[0].plot(inside, one.phi(inside), color=f"C{index}", label=name)
        priced = costs[(costs > low) & (costs < high)]
        axes[1].plot(priced, one.penalty(priced), color=f"C{index}")
        axes[2].semilogx(ratios, _entries(one.conjugate, ratios), color=f"C{index}")
        some = ratios[::6]
        axes[2].semilogx(some, numeric_conjugate(one, some, np.ones_like(some)) / (1.0 + some), ".", color=f"C{index}")
    axes[0].set(title="11  Surrogate loss phi", xlabel="logit of D", ylim=(-2.5, 8.0))
    axes[1].set(title="11  Its penalty g_phi", xlabel="cost", ylim=(-1.0, 12.0))
    axes[2].set(title="11  psi* = -R_phi, per visit", xlabel="rho / rho_E")
    axes[2].axhline(0.0, color=BOUND, linewidth=0.6)
    axes[2].plot([], [], "k.", label="numeric conjugate")
    axes[2].plot([], [], "k-", label="closed form")
    axes[0].legend(frameon=False, fontsize=8)
    axes[2].legend(frameon=False, fontsize=8)
    for axis in axes:
        axis.grid(alpha=0.25)
    return figure


def _entries(conjugate: Callable[[Array, Array], tuple[float, Array]], ratios: Array) -> Array:
    """psi* at one pair with occupancies ratio and 1, divided by their sum, for every ratio."""
    one = np.ones(1)
    return np.array([conjugate(np.array([ratio]), one)[0] / (1.0 + ratio) for ratio in ratios])
