"""Which picture shows which statements, and how it is drawn from the instances on which they were checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from gail.exact import NotOptimal, solve_rl, statements
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.pictures import predicted_failures as theory_figures
from gail.experiments.verify.pictures.algorithms import gradients, guided_cost, improvement
from gail.experiments.verify.pictures.cost_classes import apprenticeship, surrogate_losses
from gail.experiments.verify.pictures.duality import divergence, irl_is_dual
from gail.experiments.verify.pictures.occupancy_measures import occupancy_measures, planning
from gail.experiments.verify.statement import Trial


@dataclass(frozen=True)
class Illustration:
    """A picture of one or several statements.

    Attributes:
        name: of its file.
        shows: names of statements; it is drawn where one of them was checked.
        draw: the picture, given a trial on every instance where it was.
        caption: what to see.
        first_only: whether it shows the first instance only, which its caption then names.
        on_purpose: whether it shows a failure.
    """

    name: str
    shows: frozenset[str]
    draw: Callable[[Sequence[Trial]], Figure]
    caption: str
    first_only: bool = False
    on_purpose: bool = False


def _first(name: str, shows: Sequence[str], draw: Callable[[Trial], Figure], caption: str) -> Illustration:
    return Illustration(name, frozenset(shows), lambda trials: draw(trials[0]), caption, first_only=True)


def _bias(trials: Sequence[Trial]) -> Figure:
    curves = {}
    for trial in trials:
        try:
            curve = statements.bias_curve(trial.instance.mdp, trial.instance.expert_occupancy)
        except NotOptimal:  # an instance whose curve cannot be proven has none
            continue
        if (curve.divergence > 0.0).any():
            curves[trial.instance.name] = curve
    if not curves:
        raise InvalidRequest("no instance has an imitator other than the expert with a proven optimum")
    return theory_figures.bias_of_entropy(curves)


def _unattained(trials: Sequence[Trial]) -> Figure:
    curves = {}
    for trial in trials:
        expert = solve_rl(trial.instance.mdp, trial.cost, entropy_weight=0.0).occupancy
        curve = statements.unattained_curve(trial.instance.mdp, expert, trial.entropy_weight)
        curves[trial.instance.name] = curve
    return theory_figures.unattained_dual(curves)


def _unexpressive(trials: Sequence[Trial]) -> Figure:
    member = statements.unexpressive_instance()
    found = statements.check_unexpressive_class(member, "").solutions
    occupancies = {name: solution.occupancy for name, solution in found.items()}
    return theory_figures.occupancy_bars(member.state_names, {"expert": member.expert_occupancy} | occupancies)


ILLUSTRATIONS = (
    _first(
        "occupancy-measures",
        ("prop-3.1", "lemma-3.1", "lemma-3.2"),
        occupancy_measures,
        "Statements 1 to 3. Left: occupancy measures, by their expected costs for two random ones, form a polytope: a "
        "mixture of two is the occupancy of one policy, which is not the mixture of theirs. Middle: causal entropy "
        "above its chords, between pairs of occupancy measures. Right: both Lagrangians at random policies and costs, "
        "one by Bellman's equation, one by sums over the occupancy.",
    ),
    _first(
        "planning",
        ("rl-lp", "rl-soft"),
        planning,
        "Statements 4 and 5. Left: every pair has no visits, or no slack in Bellman's inequality. Right: entropy takes "
        "at most lambda log A times the expected lifetime off the value.",
    ),
    Illustration(
        "unattained-dual",
        frozenset({"unattained"}),
        _unattained,
        "Statement 7 without coverage. With an expert that never takes some actions the dual's gap falls to zero only "
        "as costs run to infinity. No optimal cost exists, and the solver says so instead of returning a large number.",
        on_purpose=True,
    ),
    _first(
        "irl-is-dual",
        ("dual",),
        irl_is_dual,
        "Statement 8. Left: dual ascent on the cost closes the gap to the expert from two starts. Right: the costs "
        "that it ends with, pair by pair: they differ by the potential shaping in which the starts did.",
    ),
    _first(
        "feature-classes",
        ("eq-9",),
        apprenticeship,
        "Statement 9. The algorithms of apprenticeship learning come down to the minimum of the matching problem with "
        "their class of costs, within the bounds of their rates.",
    ),
    Illustration(
        "unexpressive-class",
        frozenset({"unexpressive"}),
        _unexpressive,
        "Statement 10. A class of costs that cannot tell the expert's route from another: feature matching and the "
        "game of apprenticeship learning reach their optimum away from the expert's occupancy. psi_GA does not.",
        on_purpose=True,
    ),
    Illustration(
        "surrogate-losses",
        frozenset({"prop-a.1"}),
        lambda trials: surrogate_losses(),
        "Statement 11. A surrogate loss phi, the penalty g_phi that it makes of a cost, and the divergence that comes "
        "out: lines in closed form, dots by maximising over costs with nothing but phi.",
    ),
    _first(
        "divergence",
        ("cor-a.1.1",),
        divergence,
        "Statement 12. Each point is a learner between the expert and a random policy. psi_GA* is the Jensen-Shannon "
        "divergence of its occupancy measure from the expert's, up to scale and a constant where no episode ends by "
        "itself, and that bounds the total variation.",
    ),
    Illustration(
        "entropy-bias",
        frozenset({"eq-15"}),
        _bias,
        "Statement 13. Divergence of GAIL's exact imitator from the expert against the weight of the entropy, with its "
        "bound, which is lambda/2 (log A - (1-gamma) H(pi_E)) where no episode ends.",
    ),
    _first(
        "gradients",
        ("lemma-a.1", "gradient", "gradient-elsewhere"),
        gradients,
        "Statements 14 and 15, one point per random direction. On the line, formula and differentiation agree; at a "
        "discriminator that is not the best one Eq. 18 is another vector.",
    ),
    _first(
        "monotone-improvement",
        ("trpo",),
        improvement,
        "Statement 16. Left: what a step towards the greedy policy gains, the surrogate that predicts it, and the "
        "bound that it never falls below. Right: policy iteration with the bound never gets worse, and is so cautious "
        "that it hardly gets better; the natural policy gradient, which ignores the bound, is beside it.",
    ),
    Illustration(
        "gan-gcl",
        frozenset({"gan-gcl", "gan-gcl-inequality"}),
        lambda trials: guided_cost(trials[0]),
        "Statement 17, on the paths of a small Garnet process. Left: the discriminator's loss; its best Z is the "
        "partition function where p or q is p_r. Right: its gradient in r is that of maximum entropy IRL, zero, where "
        "p is p_r, half of it where q is (dotted line), and otherwise neither.",
    ),
    Illustration(
        "compounding-error",
        frozenset({"compounding-family"}),
        lambda trials: theory_figures.compounding_error(statements.compounding_curves()),
        "Statement 18. One mistake in a thousand steps on the track. Off the track there are no demonstrations: a "
        "clone may never come back, and its loss grows with the square of the horizon; a matcher's divergence sees the "
        "time off the track, and it comes back at once.",
        on_purpose=True,
    ),
)
"""In the order of the theory."""
