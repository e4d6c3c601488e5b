"""Pictures of statements 14 to 17: policy gradients, monotone improvement, and GAN-GCL."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gail.envs.finite import garnet
from gail.exact import Matching, solve_rl
from gail.exact import regularizers as psi
from gail.exact.algorithms.gan_gcl import GuidedCostGame
from gail.exact.algorithms.policy_gradient import entropy_gradient, imitation_gradient, policy_gradient
from gail.exact.algorithms.trust_region import natural_gradient_run, penalised_run, surrogate
from gail.exact.process.paths import enumerate_paths
from gail.exact.process.reachability import Reachable
from gail.exact.statements.learning.gradients import another_cost, entropy_slope, imitation_slope
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.verify.instances import Array
from gail.experiments.verify.statement import Trial

DIRECTIONS = 24
"""Number of random directions of differentiation."""

ITERATIONS = 40
"""Iterations of the two runs of statement 16."""


def gradients(trial: Trial) -> Figure:
    """Statements 14 and 15: slopes by the formulas against slopes by differentiation, for random directions."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8), layout="constrained")
    mdp, rng = trial.instance.mdp, trial.rng
    problem = Matching(mdp, trial.instance.expert_occupancy, psi.Logistic(), trial.entropy_weight)
    logits = rng.normal(size=problem.expert.shape)
    directions = rng.normal(size=(DIRECTIONS, *logits.shape))
    truth = [entropy_slope(mdp, logits, one) for one in directions]
    _against(left, truth, np.tensordot(directions, entropy_gradient(mdp, logits), axes=2), "o", LEARNER, "Lemma A.1")
    left.set(title="14  Gradient of causal entropy", xlabel="slope by a complex step", ylabel="slope by Lemma A.1")
    truth = [imitation_slope(problem, logits, one) for one in directions]
    best = np.tensordot(directions, imitation_gradient(problem, logits), axes=2)
    elsewhere = policy_gradient(mdp, logits, another_cost(problem, rng), trial.entropy_weight)
    _against(right, truth, best, "o", LEARNER, "at the best D")
    _against(right, truth, np.tensordot(directions, elsewhere, axes=2), "x", OTHER, "at another D")
    right.set(title="15  Gradient of Eq. 15, psi_GA", xlabel="slope by differentiation", ylabel="slope by Eq. 18")
    return figure


def _against(axis: Axes, truth: Sequence[float], claimed: Array, mark: str, colour: str, name: str) -> None:
    ends = min(truth), max(truth)
    axis.plot(ends, ends, color="grey", linewidth=0.8)
    axis.plot(truth, claimed, mark, color=colour, markersize=4, label=name)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)


def improvement(trial: Trial) -> Figure:
    """Statement 16: TRPO's bound for steps towards the greedy policy, and two runs of policy improvement."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.6), layout="constrained")
    cost = trial.unit_cost
    part = Reachable(trial.instance.mdp)
    mdp, price = part.mdp, part.restrict(cost)
    old = trial.rng.dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    model = surrogate(mdp, old, price)
    greedy = np.eye(mdp.num_actions)[model.advantage.argmax(axis=1)]

    def towards(share: float) -> Array:
        return np.asarray((1.0 - share) * old + share * greedy)

    everywhere = np.geomspace(1e-12, 1.0, 121)
    best = float(everywhere[np.argmax([model.bound(towards(share)) for share in everywhere])])
    shares = np.geomspace(1e-2 * best, 1.0, 61)
    policies = [towards(share) for share in shares]
    start = float(mdp.initial @ model.values)
    saved = [start - float(mdp.initial @ surrogate(mdp, one, price).values) for one in policies]
    for style, colour, name, gains in (
        ("-", LEARNER, "eta(pi') - eta(pi)", saved),
        ("--", OTHER, "surrogate L", [model.gain(one) for one in policies]),
        ("-", BOUND, "bound L - C max KL, where positive", [model.bound(one) for one in policies]),
    ):
        positive = np.where(np.array(gains) > 0.0, gains, np.nan)
        left.loglog(shares, positive, style, color=colour, label=name)
    left.set(xlabel="share of the greedy policy", ylabel="reward gained")
    left.set_title("16  TRPO's bound")
    _runs(right, trial, cost)
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure


def _runs(axis: Axes, trial: Trial, cost: Array) -> None:
    mdp = trial.instance.mdp
    unit = float(mdp.initial @ mdp.lifetime)
    optimum = solve_rl(mdp, cost, entropy_weight=0.0).dual_value
    penalised = penalised_run(mdp, cost, ITERATIONS)
    natural = natural_gradient_run(mdp, cost, ITERATIONS, 1.0)
    axis.plot(penalised.steps, penalised.primal / unit, color=BOUND, label="maximising the bound")
    axis.plot(natural.steps, natural.primal / unit, color=LEARNER, label="natural policy gradient")
    axis.axhline(optimum / unit, color="grey", linewidth=0.8, linestyle=":", label="optimum")
    axis.set(xlabel="iteration", ylabel="cost per step", title="16  Two runs")


def guided_cost(trial: Trial) -> Figure:
    """Statement 17: the discriminator's loss against Z, and its gradient against the one of maximum entropy IRL."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7), layout="constrained")
    small = garnet(3, 2, 2, trial.rng)
    reward, paths = -small.cost, enumerate_paths(small.mdp, 4)
    policies = trial.rng.dirichlet(np.ones(2), size=(2, 3))
    expert, generator = (paths.distribution(policy) for policy in policies)
    optimal, exact = paths.maxent(reward), paths.log_partition(reward)
    rows = (
        ("p, q arbitrary", GuidedCostGame(paths, expert, generator), LEARNER, "o"),
        ("q = p_r: half of it", GuidedCostGame(paths, expert, optimal), OTHER, "s"),
        ("p = p_r: zero", GuidedCostGame(paths, optimal, generator), BOUND, "x"),
    )
    span = np.linspace(-1.5, 1.5, 61)
    slopes = []
    for name, game, colour, mark in rows:
        best = game.best_log_partition(reward)
        left.plot(span, [game.loss(reward, exact + change) for change in span], color=colour, label=name)
        left.plot([best - exact], [game.loss(reward, best)], mark, color=colour)
        truth = paths.maxent_gradient(reward, game.expert)
        slopes += truth.tolist()
        right.plot(truth, -game.gradient(reward, best)[0], mark, color=colour, markersize=5, label=name)
    ends = np.array([min(slopes), max(slopes)])
    right.plot(ends, ends, color="grey", linewidth=0.8)
    right.plot(ends, 0.5 * ends, color="grey", linewidth=0.8, linestyle=":")
    left.axvline(0.0, color="grey", linewidth=0.8, linestyle=":")
    left.set(xlabel="log Z - exact log Z", ylabel="discriminator's loss", title="17  The best Z (marked)")
    right.set(xlabel="gradient of maximum entropy IRL", ylabel="discriminator's gradient", title="17  Gradients in r")
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure
