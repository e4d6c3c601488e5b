"""Pictures of statements 8 and 12: IRL by dual ascent, and the Jensen-Shannon divergence as a bound."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.spatial.distance import jensenshannon

from gail.exact import Matching, occupancy_of, policy_of
from gail.exact import regularizers as psi
from gail.exact.algorithms.dual_ascent import dual_ascent
from gail.exact.process.reachability import Reachable
from gail.exact.statements.occupancy_measures import random_policies
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.verify.instances import Array
from gail.experiments.verify.statement import Trial

STEPS = 400
"""Largest number of steps of the ascent."""

LEARNERS = 24
"""Number of learners in the picture of statement 12."""


def irl_is_dual(trial: Trial) -> Figure:
    """Statement 8: the gap of dual ascent from two starts, and the two final costs against each other."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    whole = Reachable(trial.instance.mdp)
    mdp, expert = whole.mdp, whole.restrict(trial.instance.expert_occupancy)
    problem = Matching(mdp, expert, psi.Constant(), trial.entropy_weight)
    shaping = mdp.flow_adjoint(trial.rng.normal(size=mdp.num_states))
    costs: list[Array] = []
    for style, colour, name, start in (
        ("-", LEARNER, "start: zero", None),
        ("--", OTHER, "start: random shaping", shaping),
    ):
        run = dual_ascent(problem, STEPS, start=start, tolerance=1e-9 * problem.unit)
        assert run.cost is not None
        left.semilogy(run.steps, np.maximum(run.trace, 1e-14), style, color=colour, label=name)
        costs.append(run.cost)
    left.set(xlabel="step", ylabel="gap of the dual", title="8  Dual ascent is inverse RL")
    zero, shaped = costs
    right.plot(zero.ravel(), shaped.ravel(), "x", color=OTHER, markersize=4, label="final cost")
    right.plot(zero.ravel(), (shaped - shaping).ravel(), ".", color=LEARNER, markersize=4, label="minus its start")
    ends = float(zero.min()), float(zero.max())
    right.plot(ends, ends, color="grey", linewidth=0.8)
    right.set(xlabel="cost, start zero", ylabel="cost, start random shaping", title="8  Costs equal up to shaping")
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure


def divergence(trial: Trial) -> Figure:
    """Statement 12: JSD and total variation of learners at several distances from the expert, and the bound."""
    figure, axis = plt.subplots(figsize=(5.4, 3.7), layout="constrained")
    mdp, expert = trial.instance.mdp, trial.instance.expert_occupancy
    policy, divergences, variations = policy_of(expert), [], []
    for other, share in zip(random_policies(mdp, LEARNERS, trial.rng), np.geomspace(1e-3, 1.0, LEARNERS), strict=True):
        rho = occupancy_of(mdp, (1.0 - share) * policy + share * other)
        divergences.append(float(jensenshannon(rho.ravel(), expert.ravel())) ** 2)
        variations.append(0.5 * float(abs(rho / rho.sum() - expert / expert.sum()).sum()))
    reach = np.geomspace(max(min(divergences), 1e-12), np.log(2.0), 50)
    axis.loglog(
        reach, np.minimum(np.sqrt(2.0 * reach), 1.0), "--", color=BOUND, linewidth=1.0, label="sqrt(2 JSD), or 1"
    )
    axis.loglog(divergences, variations, "o", color=LEARNER, markersize=4, label="learners")
    axis.set(xlabel="Jensen-Shannon divergence, nats", ylabel="total variation")
    axis.set_title("12  JSD, which psi_GA measures, bounds TV")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return figure
