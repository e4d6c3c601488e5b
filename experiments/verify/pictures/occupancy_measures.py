"""Pictures of statements 1 to 5: occupancy measures, their entropy, and planning."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import entr

from gail.exact import FiniteMDP, causal_entropy, occupancy_of, solve_occupancy_lp, solve_rl
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.planning.bellman import action_values
from gail.exact.statements.occupancy_measures import random_policies
from gail.experiments.reports.figures import BOUND, LEARNER, OTHER
from gail.experiments.verify.instances import Array
from gail.experiments.verify.statement import Trial

CORNERS, POLICIES = 49, 200
"""Number of optima that outline the polytope, and of random policies in it."""


def occupancy_measures(trial: Trial) -> Figure:
    """Statements 1 to 3: occupancy measures as a polytope, entropy above its chords, and both Lagrangians."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11.5, 3.5), layout="constrained")
    mdp = trial.instance.mdp
    policies = random_policies(mdp, 4, trial.rng)
    _polytope(left, mdp, trial.rng)
    _chords(middle, mdp, policies)
    _lagrangians(right, trial)
    return figure


def _polytope(axis: Axes, mdp: FiniteMDP, rng: np.random.Generator) -> None:
    """The flow polytope, projected by the expected values of two random costs.

    Its outline consists of optima for linear combinations of the two costs.
    """
    costs = rng.random((2, mdp.num_states, mdp.num_actions)) / float(mdp.initial @ mdp.lifetime)

    def place(rho: Array) -> Array:
        return np.asarray(np.sum(costs * rho, axis=(1, 2)))

    angles = np.linspace(0.0, 2.0 * np.pi, CORNERS)
    mixtures = (np.cos(angle) * costs[0] + np.sin(angle) * costs[1] for angle in angles)
    corners = np.array([place(solve_rl(mdp, cost, entropy_weight=0.0).occupancy) for cost in mixtures])
    axis.fill(*corners.T, facecolor="#eef2f6", edgecolor=BOUND, linewidth=0.8, label="occupancy measures")
    drawn = np.array([place(occupancy_of(mdp, policy)) for policy in random_policies(mdp, POLICIES, rng)])
    axis.plot(*drawn.T, ".", color="grey", markersize=3, label="random policies")
    # Two opposite corners: there the two paths between them differ most.
    ends = [solve_rl(mdp, sign * (costs[0] + costs[1]), entropy_weight=0.0) for sign in (1.0, -1.0)]
    shares = np.linspace(0.0, 1.0, 41)
    for colour, name, points in (
        (LEARNER, "mixtures of two measures", [_mixed(t, *(one.occupancy for one in ends)) for t in shares]),
        (
            OTHER,
            "mixtures of their policies",
            [occupancy_of(mdp, _mixed(t, *(e.policy for e in ends))) for t in shares],
        ),
    ):
        axis.plot(*np.array([place(point) for point in points]).T, color=colour, label=name)
    axis.set(xlabel="expected cost 1", ylabel="expected cost 2", title="1  Occupancy measures form a polytope")
    low, high = corners[:, 1].min(), corners[:, 1].max()
    height = float(high - low) or 1.0  # without choices the polytope is a point
    axis.set_ylim(low - 0.08 * height, high + 0.55 * height)  # the legend is above
    axis.legend(frameon=False, fontsize=7, loc="upper left")


def _mixed(share: float, one: Array, other: Array) -> Array:
    return (1.0 - share) * one + share * other


def _chords(axis: Axes, mdp: FiniteMDP, policies: list[Array]) -> None:
    shares = np.linspace(0.0, 1.0, 41)
    occupancies = [occupancy_of(mdp, policy) for policy in policies]
    for index, one in enumerate(occupancies):
        other = occupancies[(index + 1) % len(occupancies)]
        ends = causal_entropy(one), causal_entropy(other)
        heights = [causal_entropy((1.0 - t) * one + t * other) - (1.0 - t) * ends[0] - t * ends[1] for t in shares]
        axis.plot(shares, heights, color=f"C{index}")
    axis.axhline(0.0, color=BOUND, linewidth=0.8)
    axis.set(
        xlabel="share of the second measure", ylabel="nats above the chord", title="2  Entropy is strictly concave"
    )
    axis.grid(alpha=0.25)


def _lagrangians(axis: Axes, trial: Trial) -> None:
    mdp, weight, rng = trial.instance.mdp, trial.entropy_weight, trial.rng
    by_policy, by_occupancy = [], []
    for policy in random_policies(mdp, 24, rng):
        cost, rho = rng.normal(size=policy.shape), occupancy_of(mdp, policy)
        charge = (policy * cost).sum(axis=1) - weight * entr(policy).sum(axis=1)
        by_policy.append(float(mdp.initial @ Chain(mdp, policy).values(charge)))
        by_occupancy.append(float(np.sum(rho * cost)) - weight * causal_entropy(rho))
    ends = min(by_occupancy), max(by_occupancy)
    axis.plot(ends, ends, color="grey", linewidth=0.8)
    axis.plot(by_occupancy, by_policy, ".", color=LEARNER)
    axis.set(
        xlabel="Lbar(rho, c), by sums", ylabel="L(pi, c), by Bellman's equation", title="3  Both Lagrangians agree"
    )
    axis.grid(alpha=0.25)


def planning(trial: Trial) -> Figure:
    """Statements 4 and 5: complementary slackness, and the fall of the value with the entropy weight."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    cost = trial.cost
    size = float(abs(cost).max())
    unit_cost = cost / size if size > 0.0 else cost  # both statements are homogeneous in costs and lambda
    _slackness(left, trial.instance.mdp, unit_cost)
    _falls(right, trial.instance.mdp, unit_cost)
    return figure


def _slackness(axis: Axes, mdp: FiniteMDP, cost: Array) -> None:
    program = solve_occupancy_lp(mdp, cost)
    assert program.values is not None
    slack = np.maximum(action_values(mdp, cost, program.values) - program.values[:, None], 0.0)[mdp.reachable]
    rho = program.occupancy[mdp.reachable]
    least = 1e-9
    mass, price = rho / rho.sum(), slack / max(float(slack.max()), least)
    axis.axhspan(3 * least, 3.0, xmin=0.12, color="#f3d9d4")
    axis.text(4e-6, 4e-5, "both positive: excluded", fontsize=8, ha="center")
    axis.loglog(np.maximum(mass, least), np.maximum(price, least), ".", color=LEARNER, markersize=4, clip_on=False)
    axis.set(xlim=(least, 1.5), ylim=(least, 3.0), title="4  Complementary slackness")
    axis.set_xlabel("rho(s, a), share of the mass (0 at the edge)")
    axis.set_ylabel("c + gamma E[V'] - V, relative (0 at the edge)")


def _falls(axis: Axes, mdp: FiniteMDP, cost: Array) -> None:
    weights = np.geomspace(1e-4, 1.0, 9)
    hard = solve_rl(mdp, cost, entropy_weight=0.0).primal_value
    falls = np.array([hard - solve_rl(mdp, cost, float(weight)).primal_value for weight in weights])
    bound = weights * np.log(mdp.num_actions) * float(mdp.initial @ mdp.lifetime)
    bound[bound == 0.0] = np.nan  # with one action; a logarithmic axis cannot show zero
    axis.loglog(weights, bound, "--", color=BOUND, linewidth=1.0, label="bound, lambda log A x lifetime")
    axis.loglog(weights, np.where(falls > 0.0, falls, np.nan), "o-", color=OTHER, markersize=4, label="V0 - V_lambda")
    axis.set(
        xlabel="lambda, in units of the largest cost",
        ylabel="fall of the start value, same units",
        title="5  Entropy lowers the value",
    )
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
