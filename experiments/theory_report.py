"""The report of `gail verify`: pictures of statements, and the failures that the theory predicts, on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gail.exact import solve_rl, statements
from gail.experiments import theory_figures
from gail.experiments.findings import Finding, report_findings, write_claims
from gail.experiments.instances import Instance
from gail.experiments.psi_choices import MakePsi
from gail.experiments.report import Report
from gail.experiments.statements import proposition_name
from gail.experiments.verification import Theory, report_routes


def theories(
    findings: Sequence[Finding], instances: Sequence[Instance], entropy_weight: float, choices: dict[str, MakePsi]
) -> list[Theory]:
    """What was found of Proposition 3.2 and its corollary, instance by instance."""
    collected = []
    for instance in instances:
        here = {one.statement.name: one.verification for one in findings if one.instance is instance}
        propositions = {name: here[proposition_name(name)] for name in choices if proposition_name(name) in here}
        if propositions:
            collected.append(Theory(instance, entropy_weight, propositions, here.get("cor-3.2.1")))
    return collected


def write_report(findings: Sequence[Finding], collected: Sequence[Theory], entropy_weight: float, folder: Path) -> Path:
    """Write `report.html` and `claims.csv` into a folder; give the report's path."""
    report = Report("gail verify", "Statements of the theory, checked numerically.")
    report_findings(findings, report)
    shown = {finding.statement.name for finding in findings}
    for theory in collected:
        report_routes(theory, report)
    if "eq-15" in shown:
        _bias(findings, report)
    if shown & {"unexpressive", "unattained", "compounding-family"}:
        report.heading("Failures on purpose")
    if "unexpressive" in shown:
        _unexpressive(findings, report)
    if "unattained" in shown:
        _unattained(findings, entropy_weight, report)
    if "compounding-family" in shown:
        report.figure(
            "compounding-error",
            theory_figures.compounding_error(statements.compounding_curves()),
            "One mistake in a thousand steps on the track. Off the track there are no demonstrations: a clone may "
            "never come back, and its loss grows with the square of the horizon; a matcher's divergence sees the time "
            "off the track, and it comes back at once.",
        )
    path = folder / "report.html"
    write_claims(findings, folder / "claims.csv")
    report.write(path)
    return path


def _bias(findings: Sequence[Finding], report: Report) -> None:
    instance = _first(findings, "eq-15")
    curve = statements.bias_curve(instance.mdp, instance.expert_occupancy)
    if not (curve.divergence > 0.0).any():
        return  # one policy is all there is
    report.heading("What the entropy weight costs")
    report.figure(
        "entropy-bias",
        theory_figures.bias_of_entropy(curve, instance.name),
        "Divergence of GAIL's exact imitator from the expert against the weight of the entropy (Eq. 15-16), with the "
        "bound lambda/2 (log A - (1-gamma) H(pi_E)) where all episodes last forever.",
    )


def _unexpressive(findings: Sequence[Finding], report: Report) -> None:
    found = next(one.verification for one in findings if one.statement.name == "unexpressive")
    member = statements.unexpressive_instance()
    occupancies = {name: solution.occupancy for name, solution in found.solutions.items()}
    report.figure(
        "unexpressive-class",
        theory_figures.occupancy_bars(member.state_names, {"expert": member.expert_occupancy} | occupancies),
        "A class of costs that cannot tell the expert's route from another (section 4): feature matching and the game "
        "of apprenticeship learning reach their optimum away from the expert's occupancy. psi_GA does not.",
    )


def _unattained(findings: Sequence[Finding], entropy_weight: float, report: Report) -> None:
    instance = _first(findings, "unattained")
    if instance.cost is None:
        return
    expert = solve_rl(instance.mdp, instance.cost).occupancy
    curve = statements.unattained_curve(instance.mdp, expert, entropy_weight)
    report.figure(
        "unattained-dual",
        theory_figures.unattained_dual(curve, instance.name),
        "Corollary 3.2.1 with an expert that never takes some actions: the dual's gap falls to zero only as costs run "
        "to infinity. No optimal cost exists, and the solver says so instead of returning a large number.",
    )


def _first(findings: Sequence[Finding], name: str) -> Instance:
    return next(finding.instance for finding in findings if finding.statement.name == name)
