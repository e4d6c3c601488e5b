"""Verify the theory on a finite instance: table, report, verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from gail.exact import (
    Certificate,
    Solution,
    Verification,
    check_corollary_3_2_1,
    check_proposition_3_2,
    policy_of,
)
from gail.exact import regularizers as psi
from gail.experiments import figures
from gail.experiments.instances import Instance
from gail.experiments.report import Report

_HEADER = ("statement", "worst violation", "tolerance", "verdict")


@dataclass(frozen=True, eq=False)
class Theory:
    """What was verified on one instance."""

    instance: Instance
    entropy_weight: float
    constant: Verification
    logistic: Verification
    corollary: Verification

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """All verdicts."""
        return self.constant.certificates + self.corollary.certificates + self.logistic.certificates

    @property
    def holds(self) -> bool:
        """Whether every statement holds."""
        return all(certificate.holds for certificate in self.certificates)


def verify_instance(instance: Instance, entropy_weight: float, seed: int) -> Theory:
    """Check Proposition 3.2 (constant and logistic psi) and Corollary 3.2.1 on an instance."""
    rng = np.random.default_rng(seed)
    mdp, expert, name = instance.mdp, instance.expert_occupancy, instance.name
    return Theory(
        instance,
        entropy_weight,
        check_proposition_3_2(mdp, expert, psi.Constant(), entropy_weight, name, rng),
        check_proposition_3_2(mdp, expert, psi.Logistic(), entropy_weight, name, rng),
        check_corollary_3_2_1(mdp, expert, entropy_weight, name, rng),
    )


def print_theory(theory: Theory, console: Console) -> None:
    """Print the routes' values and the table of verdicts."""
    mdp = theory.instance.mdp
    console.print(
        f"\n[bold]{theory.instance.name}[/bold]: {mdp.num_states} states, {mdp.num_actions} actions, "
        f"discount {mdp.discount:g}, entropy weight {theory.entropy_weight:g}"
    )
    values = Table(
        "psi", "route", "primal value", "dual value", "signed gap", "status", title="Two routes, one optimum"
    )
    for row in _value_rows(theory):
        values.add_row(*row)
    console.print(values)
    verdicts = Table(*_HEADER, title="Statements")
    for row in _verdict_rows(theory):
        colour = "green" if row[-1] == "holds" else "bold red"
        verdicts.add_row(*row[:-1], f"[{colour}]{row[-1]}[/{colour}]")
    console.print(verdicts)


def report_theory(theory: Theory, report: Report) -> None:
    """Add the exact part to a report."""
    instance, weight = theory.instance, theory.entropy_weight
    report.heading(f"Proposition 3.2 and Corollary 3.2.1 on the {instance.name}")
    report.paragraph(
        "Inverse reinforcement learning followed by reinforcement learning (the dual route) gives the policy whose "
        "occupancy measure is closest to the expert's, as the regularizer psi measures distance (the primal "
        "route). The two routes share no iteration; a general conic solver gives a second opinion. Every value "
        f"is recomputed from the problem's data. Entropy weight {weight:g}, discount {instance.mdp.discount:g}."
    )
    report.table(("psi", "route", "primal value", "dual value", "signed gap", "status"), _value_rows(theory))
    report.table(_HEADER, _verdict_rows(theory))
    _report_pictures(theory, report)


def _report_pictures(theory: Theory, report: Report) -> None:
    logistic, constant = theory.logistic.solutions, theory.constant.solutions
    layout, expert = theory.instance.layout, theory.instance.expert_occupancy
    if layout is not None:
        occupancies = {
            "expert": expert,
            "recovered, psi constant": constant["irl"].occupancy,
            "recovered, psi logistic (GAIL)": logistic["irl"].occupancy,
        }
        policies = {
            "expert": policy_of(expert),
            "recovered, psi constant": constant["irl"].policy,
            "recovered, psi logistic (GAIL)": logistic["irl"].policy,
        }
        report.figure(
            figures.embed(figures.occupancy_maps(layout, occupancies, policies)),
            "State occupancy and policy. With constant psi the expert's occupancy comes back exactly "
            "(Corollary 3.2.1); with the logistic one the entropy weight blurs it. S start, G goal, P pit.",
        )
        for name, solutions in (("constant", constant), ("logistic", logistic)):
            cost = solutions["irl"].cost
            if cost is not None:
                report.figure(
                    figures.embed(figures.cost_map(layout, cost, f"optimal cost, psi {name}")),
                    f"The cost that IRL finds with {name} psi, one triangle per action. "
                    + (
                        "Unique only up to potential shaping."
                        if name == "constant"
                        else "It is log D of the optimal discriminator, D the probability of the learner."
                    ),
                )
    traces = {
        f"{route}, psi {name}": solutions[key].trace
        for name, solutions in (("constant", constant), ("logistic", logistic))
        for key, route in (("irl", "dual route"), ("matching", "primal route"))
        if len(solutions[key].trace) > 0
    }
    unit = max(abs(logistic["matching"].primal_value), 1.0)
    report.figure(
        figures.embed(figures.gap_traces(traces, unit)),
        "Certified gap per iteration of each route, in units of the logistic optimum. A trace ends where its "
        "gap is zero to rounding.",
    )


def _value_rows(theory: Theory) -> list[tuple[str, ...]]:
    routes = (("dual: RL after IRL", "irl"), ("primal: matching", "matching"), ("second opinion: CVXPY", "conic"))
    rows = []
    for name, verification in (("constant", theory.constant), ("logistic", theory.logistic)):
        for route, key in routes:
            solution = verification.solutions[key]
            values = _values(solution) if np.isfinite(solution.primal_value) else _near_misses(theory, solution)
            rows.append((name, route, *values))
    return rows


def _values(solution: Solution) -> tuple[str, ...]:
    return (
        f"{solution.primal_value:.10f}",
        f"{solution.dual_value:.10f}",
        f"{solution.gap:+.1e}",
        solution.status.value.split(":")[0],
    )


def _near_misses(theory: Theory, solution: Solution) -> tuple[str, ...]:
    """Constant psi allows the expert's occupancy only: a point beside it has no value but a distance."""
    expert = theory.instance.expert_occupancy
    distance = float(abs(solution.occupancy - expert).sum() / expert.sum())
    return (f"rho_E up to {distance:.0e}", f"{solution.dual_value:.10f}", "", "see the statement below")


def _verdict_rows(theory: Theory) -> list[tuple[str, ...]]:
    return [
        (c.statement, f"{c.violation:.1e}", f"{c.tolerance:.0e}", "holds" if c.holds else "FAILS")
        for c in theory.certificates
    ]
