"""Proposition 3.2 and Corollary 3.2.1 on one instance: table and pictures of both routes' solutions.

The dual route is RL after IRL; the primal route is occupancy matching. Where possible, a general conic solver (CVXPY)
solves the same problem for comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from gail.exact import (
    Certificate,
    Solution,
    Status,
    Verification,
    check_corollary_3_2_1,
    check_proposition_3_2,
    policy_of,
)
from gail.exact import regularizers as psi
from gail.experiments.reports import figures
from gail.experiments.reports.page import Report
from gail.experiments.verify.instances import Array, Instance
from gail.experiments.verify.pictures.predicted_failures import occupancy_scatter

_ROUTES = (("RL after IRL", "irl"), ("matching", "matching"), ("CVXPY", "conic"))
_VALUES = ("psi", "route", "primal value", "dual value", "gap", "status")
_VERDICTS = ("statement", "worst violation", "tolerance", "verdict")
_DRAWN = ("constant", "logistic")
_STATUS = {
    Status.OPTIMAL: "optimal",
    Status.NOT_CONVERGED: "not converged",
    Status.DUAL_NOT_ATTAINED: "no optimal cost exists",
    Status.BACKEND_INACCURATE: "inexact",
}
_OUTSIDE = "outside psi*'s domain"
_SHORT = {
    "not converged": "open gap",
    "no optimal cost exists": "no cost",
    _OUTSIDE: "outside",
}
"""Short forms for terminals of 80 columns; a line below the table explains them."""


@dataclass(frozen=True, eq=False)
class Theory:
    """The verifications of Proposition 3.2 and Corollary 3.2.1 on one instance."""

    instance: Instance
    entropy_weight: float
    propositions: Mapping[str, Verification]
    """Proposition 3.2; the keys are names of psi."""
    corollary: Verification | None

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """All claims of the propositions and of the corollary."""
        found = [*self.propositions.values(), *([self.corollary] if self.corollary else [])]
        return tuple(claim for verification in found for claim in verification.certificates)

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(certificate.holds for certificate in self.certificates)


def check_both_routes(instance: Instance, entropy_weight: float, seed: int) -> Theory:
    """Check Proposition 3.2 (constant and logistic psi) and Corollary 3.2.1 on an instance."""
    rng = np.random.default_rng(seed)
    mdp, expert, name = instance.mdp, instance.expert_occupancy, instance.name
    propositions = {
        "constant": check_proposition_3_2(mdp, expert, psi.Constant(), entropy_weight, name, rng),
        "logistic": check_proposition_3_2(mdp, expert, psi.Logistic(), entropy_weight, name, rng),
    }
    corollary = check_corollary_3_2_1(mdp, expert, entropy_weight, name, rng)
    return Theory(instance, entropy_weight, propositions, corollary)


def print_routes(theory: Theory, console: Console) -> None:
    """Print primal value, dual value, gap and status of every route, for every psi."""
    mdp = theory.instance.mdp
    console.print(
        f"\n[bold]{theory.instance.name}[/bold]: {mdp.num_states} states, {mdp.num_actions} actions, "
        f"discount {mdp.discount:g}, entropy weight {theory.entropy_weight:g}"
    )
    values = Table(title="Values of both routes", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for header in _VALUES:
        values.add_column(header, no_wrap=True)
    rows = _value_rows(theory)
    for *numbers, status in rows:
        values.add_row(*numbers, _SHORT.get(status, status))
    console.print(values)
    shortened = [f"{_SHORT[status]}: {status}" for status in dict.fromkeys(row[-1] for row in rows) if status in _SHORT]
    if shortened:
        console.print("; ".join(shortened), style="dim", highlight=False)


def print_theory(theory: Theory, console: Console) -> None:
    """Print the routes' values and the table of verdicts."""
    print_routes(theory, console)
    verdicts = Table(*_VERDICTS, title="Statements")
    for row in _verdict_rows(theory):
        colour = "green" if row[-1] == "holds" else "bold red"
        verdicts.add_row(*row[:-1], f"[{colour}]{row[-1]}[/{colour}]")
    console.print(verdicts)


def report_theory(theory: Theory, report: Report) -> None:
    """Add values, verdicts and pictures to a report."""
    report_routes(theory, report)
    report.table(_VERDICTS, _verdict_rows(theory))


def report_routes(theory: Theory, report: Report) -> None:
    """Add the values of every route to a report, with pictures."""
    instance, weight = theory.instance, theory.entropy_weight
    report.heading(f"Both routes to the imitator: {instance.name}")
    report.paragraph(
        "RL after IRL (the dual route) and occupancy matching (the primal route) have the same optimal value and the "
        "same policy, the imitator (Proposition 3.2). The matching problem minimises psi*(rho - rho_E) - lambda H(rho) "
        "over occupancy measures rho; rho_E is the expert's, H the causal entropy, lambda the entropy weight. The two "
        "routes use different algorithms, except for the psi l2-ball, simplex, linear-span, linf-ball, lipschitz and "
        "hinge, where one algorithm solves both. The rows CVXPY are solutions by a general conic solver. If psi* is "
        "infinite at such a solution, the table shows its relative l1 distance from the imitator (off by) instead of "
        "a value. All values are recomputed from the problem's data. "
        f"{instance.mdp.num_states} states, {instance.mdp.num_actions} "
        f"actions, discount {instance.mdp.discount:g}, entropy weight {weight:g}."
    )
    report.table(_VALUES, _value_rows(theory))
    _report_maps(theory, report)
    _report_occupancies(theory, report)
    _report_traces(theory, report)


def _report_maps(theory: Theory, report: Report) -> None:
    """Add pictures on the instance's map, if it has one."""
    layout, expert = theory.instance.layout, theory.instance.expert_occupancy
    drawn = {name: theory.propositions[name].solutions["irl"] for name in _DRAWN if name in theory.propositions}
    if layout is None or not drawn:
        return
    titles = {"constant": "recovered, psi constant", "logistic": "recovered, psi logistic (GAIL)"}
    report.figure(
        f"{_slug(theory)}-occupancies",
        figures.occupancy_maps(
            layout,
            {"expert": expert} | {titles[name]: solution.occupancy for name, solution in drawn.items()},
            {"expert": policy_of(expert)} | {titles[name]: solution.policy for name, solution in drawn.items()},
        ),
        "Colour: discounted visits of each state. Arrows: the policy; an arrow's length is the action's probability. "
        "Constant psi recovers the expert's occupancy measure exactly (Corollary 3.2.1); with logistic psi the entropy "
        "term makes the imitator more random. S start, G goal, P pit; states without visits, if any, are hatched.",
    )
    captions = {
        "constant": "This cost is unique only up to potential shaping.",
        "logistic": "This cost is log D, where D is the optimal discriminator's probability of the learner.",
    }
    for name, solution in drawn.items():
        if solution.cost is not None:
            report.figure(
                f"{_slug(theory)}-cost-{name}",
                figures.cost_map(layout, solution.cost, _visited(solution, expert), f"optimal cost, psi {name}"),
                f"Optimal cost of IRL with {name} psi, one triangle per action. {captions[name]} Pairs that neither "
                "the expert nor the imitator takes, if any, are hatched: nothing determines their cost.",
            )
    if "logistic" in drawn:
        both = drawn["logistic"].occupancy + expert
        probability = np.divide(drawn["logistic"].occupancy, both, out=np.full_like(both, 0.5), where=both > 0.0)
        report.figure(
            f"{_slug(theory)}-discriminator",
            figures.discriminator_map(layout, probability, both > 0.0, "optimal discriminator, psi logistic"),
            "Optimal discriminator D = rho / (rho + rho_E) at the imitator's occupancy measure rho, one triangle per "
            "action. D is 1/2 at pairs that imitator and expert visit equally often, larger where the imitator visits "
            "more often, smaller where less often. Pairs that neither takes, if any, are hatched.",
        )


def _visited(solution: Solution, expert: Array) -> NDArray[np.bool_]:
    """(S, A): whether the imitator or the expert takes the pair."""
    return (solution.occupancy > 0.0) | (expert > 0.0)


def _report_occupancies(theory: Theory, report: Report) -> None:
    imitators = {name: found.solutions["matching"].occupancy for name, found in theory.propositions.items()}
    if not imitators:
        return
    report.figure(
        f"{_slug(theory)}-imitators",
        occupancy_scatter(theory.instance.expert_occupancy, imitators),
        "Occupancy of every state-action pair: imitator against expert, one panel per psi. On the line both are equal. "
        "Zeros are drawn at the lower left edge.",
    )


def _report_traces(theory: Theory, report: Report) -> None:
    drawn = {name: theory.propositions[name].solutions for name in _DRAWN if name in theory.propositions}
    traces = {
        f"{route}, psi {name}": solutions[key].trace
        for name, solutions in drawn.items()
        for key, route in (("irl", "dual route"), ("matching", "primal route"))
        if len(solutions[key].trace) > 0
    }
    if not traces:
        return
    unit = max(max(abs(solutions["matching"].primal_value) for solutions in drawn.values()), 1.0)
    report.figure(
        f"{_slug(theory)}-gaps",
        figures.gap_traces(traces, unit),
        "Certified duality gap after each iteration of each route, divided by the largest optimal value in this "
        "picture (or by 1, if that is larger). Gaps that rounding makes zero or negative are not drawn.",
    )


def _slug(theory: Theory) -> str:
    """The instance's name as part of a file name."""
    return "".join(letter if letter.isalnum() else "-" for letter in theory.instance.name.lower())


def _value_rows(theory: Theory) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, verification in theory.propositions.items():
        for route, key in _ROUTES:
            if key not in verification.solutions:
                rows.append((name, route, "", "", "", "failed"))
                continue
            solution = verification.solutions[key]
            finite = np.isfinite(solution.primal_value)
            imitator = verification.solutions["matching"].occupancy
            rows.append((name, route, *(_values(solution) if finite else _infinite_value_row(solution, imitator))))
    return rows


def _values(solution: Solution) -> tuple[str, ...]:
    return (
        f"{solution.primal_value:.8g}",
        f"{solution.dual_value:.8g}",
        f"{solution.gap:+.1e}",
        _STATUS[solution.status],
    )


def _infinite_value_row(solution: Solution, imitator: Array) -> tuple[str, ...]:
    """The cells of a row whose primal value is infinite; the relative l1 distance to the imitator replaces it."""
    distance = float(abs(solution.occupancy - imitator).sum() / imitator.sum())
    return (
        f"off by {distance:.0e}",
        f"{solution.dual_value:.8g}",
        "",
        _OUTSIDE,
    )


def _verdict_rows(theory: Theory) -> list[tuple[str, ...]]:
    return [
        (c.statement, f"{c.violation:.1e}", f"{c.tolerance:.0e}", "holds" if c.holds else "FAILS")
        for c in theory.certificates
    ]
