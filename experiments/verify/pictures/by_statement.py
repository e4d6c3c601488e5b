"""The table of pictures: for each, the statements that it shows, the function that draws it, and its caption."""

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
class StatementPicture:
    """A picture of one or several statements.

    Attributes:
        name: the name of its file.
        shows: names of statements; the picture is drawn if at least one of them was checked.
        draw: draws the picture from one trial per instance on which such a statement was checked.
        caption: its caption.
        first_only: whether it shows only the first instance; the caption then ends with the instance's name.
        expected_failure: whether it shows an expected failure.
    """

    name: str
    shows: frozenset[str]
    draw: Callable[[Sequence[Trial]], Figure]
    caption: str
    first_only: bool = False
    expected_failure: bool = False


def _first(name: str, shows: Sequence[str], draw: Callable[[Trial], Figure], caption: str) -> StatementPicture:
    return StatementPicture(name, frozenset(shows), lambda trials: draw(trials[0]), caption, first_only=True)


def _bias(trials: Sequence[Trial]) -> Figure:
    curves = {}
    for trial in trials:
        try:
            curve = statements.bias_curve(trial.instance.mdp, trial.instance.expert_occupancy)
        except NotOptimal:  # no curve for an instance whose optimum is not certified
            continue
        if (curve.divergence > 0.0).any():
            curves[trial.instance.name] = curve
    if not curves:
        raise InvalidRequest("on every instance the imitator equals the expert, or its optimum is not certified")
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
        "Statements 1 to 3. Left: occupancy measures, plotted by their expected values of two random costs, form a "
        "polytope. A mixture of two occupancy measures (red) is the occupancy measure of one policy, but not of the "
        "mixture of the two policies (blue). Middle: causal entropy lies above its chords between pairs of occupancy "
        "measures. Right: both Lagrangians at random policies and costs; one is computed by Bellman's equation, the "
        "other by sums over the occupancy measure.",
    ),
    _first(
        "planning",
        ("rl-lp", "rl-soft"),
        planning,
        "Statements 4 and 5. Left: every pair has no visits or no slack in Bellman's inequality. Right: the entropy "
        "term lowers the value at the start by at most lambda log A times the expected lifetime.",
    ),
    StatementPicture(
        "unattained-dual",
        frozenset({"unattained"}),
        _unattained,
        "Statement 7 without coverage: the expert never takes some actions. The dual's gap to its supremum falls to "
        "zero only as the largest cost grows to infinity, so no optimal cost exists. The solver reports this status "
        "and does not return a large cost as an answer.",
        expected_failure=True,
    ),
    _first(
        "irl-is-dual",
        ("dual",),
        irl_is_dual,
        "Statement 8. Left: gap of dual ascent on the cost, from two starts: zero, and a random potential shaping. "
        "Right: the two final costs, one point per pair. Crosses: as computed. Dots: after the second start is "
        "subtracted, both costs are equal. So the final costs differ by the same potential shaping as the starts.",
    ),
    _first(
        "feature-classes",
        ("eq-9",),
        apprenticeship,
        "Statement 9. Excess of apprenticeship learning algorithms over the minimum of the matching problem with their "
        "class of costs, round by round. Triangles: upper bounds by their convergence rates after the last round.",
    ),
    StatementPicture(
        "unexpressive-class",
        frozenset({"unexpressive"}),
        _unexpressive,
        "Statement 10. State occupancies of the expert and of the imitators. The class of costs cannot distinguish the "
        "expert's route (north) from the others. So feature matching (FEM; at its worst: the worst of its optima) and "
        "game-theoretic apprenticeship learning (GTAL) have optima at other occupancy measures than the expert's. "
        "psi_GA (logistic) returns the expert's.",
        expected_failure=True,
    ),
    StatementPicture(
        "surrogate-losses",
        frozenset({"prop-a.1"}),
        lambda trials: surrogate_losses(),
        "Statement 11. Left: surrogate losses phi. Middle: the penalty g_phi on costs that each loss defines. Right: "
        "the resulting divergence psi*; lines are closed forms, dots numeric maxima over costs that use phi alone.",
    ),
    _first(
        "divergence",
        ("cor-a.1.1",),
        divergence,
        "Statement 12. Each point is a learner that mixes the expert with a random policy. The Jensen-Shannon "
        "divergence between the occupancy measures of learner and expert bounds their total variation (dashed line). "
        "If no episode ends by itself, psi_GA* is this divergence, up to a factor and a constant.",
    ),
    StatementPicture(
        "entropy-bias",
        frozenset({"eq-15"}),
        _bias,
        "Statement 13. Jensen-Shannon divergence (JSD) of GAIL's exact imitator from the expert against the entropy "
        "weight lambda, and its bound, which is lambda/2 (log A - (1-gamma) H(pi_E)) if no episode ends.",
    ),
    _first(
        "gradients",
        ("lemma-a.1", "gradient", "gradient-elsewhere"),
        gradients,
        "Statements 14 and 15. Slopes by the formula against slopes by differentiation, one point per random "
        "direction; on the line both are equal. At a discriminator that is not optimal, Eq. 18 gives another vector "
        "(crosses).",
    ),
    _first(
        "monotone-improvement",
        ("trpo",),
        improvement,
        "Statement 16. Left: gain of a step towards the greedy policy, the surrogate that predicts it, and TRPO's "
        "lower bound. Right: policy iteration that maximises the bound never gets worse but improves very slowly. The "
        "natural policy gradient, which ignores the bound, is drawn for comparison.",
    ),
    StatementPicture(
        "gan-gcl",
        frozenset({"gan-gcl", "gan-gcl-inequality"}),
        lambda trials: guided_cost(trials[0]),
        "Statement 17, on the paths of a small Garnet process; p is the expert's path distribution, q the generator's, "
        "p_r that of the reward r. Left: the discriminator's loss; its minimum (marked) is at the exact partition "
        "function Z if p or q equals p_r. Right: the discriminator's gradient in r against the gradient of maximum "
        "entropy IRL. Both are zero if p = p_r, the first is half of the second if q = p_r (dotted line), and "
        "otherwise neither relation holds.",
    ),
    StatementPicture(
        "compounding-error",
        frozenset({"compounding-family"}),
        lambda trials: theory_figures.compounding_error(statements.compounding_curves()),
        "Statement 18. Both policies make one mistake per thousand steps on the track. Off the track there are no "
        "demonstrations. The cloned policy never returns, and its loss grows with the square of the horizon. Matching "
        "compares occupancy measures, which include the time off the track, so its policy returns at once and its "
        "loss grows linearly.",
        expected_failure=True,
    ),
)
"""All pictures, in the order of the statements."""
