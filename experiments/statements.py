"""The statements of the theory that `gail verify` can check, each with how it is run on an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from gail.envs.finite import garnet
from gail.exact import Certificate, Verification, check_corollary_3_2_1, check_proposition_3_2, statements
from gail.exact import regularizers as psi
from gail.experiments.failures import InvalidRequest
from gail.experiments.instances import Array, Instance
from gail.experiments.report import Report


@dataclass(frozen=True)
class Trial:
    """One instance, with what a check needs besides."""

    instance: Instance
    """The process and its expert."""
    entropy_weight: float
    """lambda, positive."""
    rng: np.random.Generator
    """Of random points."""

    @property
    def cost(self) -> Array:
        """The instance's cost, or a random one."""
        if self.instance.cost is not None:
            return self.instance.cost
        return self.rng.random(self.instance.expert_occupancy.shape)

    @property
    def unit_cost(self) -> Array:
        """The cost, mapped onto [0, 1]."""
        cost = self.cost
        spread = float(np.ptp(cost))
        return (cost - cost.min()) / spread if spread > 0.0 else np.zeros_like(cost)


@dataclass(frozen=True)
class Statement:
    """A statement and its check."""

    name: str
    """For the command line."""
    title: str
    """For tables."""
    check: Callable[[Trial], Verification]
    """Runs it."""


def _proposition_3_2(regularizer: psi.Regularizer) -> Callable[[Trial], Verification]:
    def check(trial: Trial) -> Verification:
        instance = trial.instance
        return check_proposition_3_2(
            instance.mdp, instance.expert_occupancy, regularizer, trial.entropy_weight, instance.name, trial.rng
        )

    return check


def _paths(trial: Trial) -> Verification:
    """On a small process of its own, because all paths are enumerated."""
    small = garnet(3, 2, 2, trial.rng)
    return statements.check_guided_cost_learning(small.mdp, -small.cost, 4, "3-state Garnet", trial.rng)


STATEMENTS = (
    Statement(
        "prop-3.1",
        "Proposition 3.1: policies and occupancy measures are one to one",
        lambda t: statements.check_proposition_3_1(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        "lemma-3.1",
        "Lemma 3.1: causal entropy is strictly concave",
        lambda t: statements.check_lemma_3_1(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        "lemma-3.2",
        "Lemma 3.2: both Lagrangians agree",
        lambda t: statements.check_lemma_3_2(t.instance.mdp, t.entropy_weight, t.instance.name, t.rng),
    ),
    Statement(
        "rl-lp",
        "RL(c) is a linear program",
        lambda t: statements.check_planning_duality(t.instance.mdp, t.cost, t.instance.name),
    ),
    Statement(
        "rl-soft",
        "RL(c) with entropy: the soft Bellman equation is the dual",
        lambda t: statements.check_soft_planning_duality(t.instance.mdp, t.cost, t.entropy_weight, t.instance.name),
    ),
    Statement("prop-3.2-constant", "Proposition 3.2, constant psi", _proposition_3_2(psi.Constant())),
    Statement("prop-3.2-logistic", "Proposition 3.2, logistic psi (GAIL)", _proposition_3_2(psi.Logistic())),
    Statement(
        "cor-3.2.1",
        "Corollary 3.2.1: constant psi gives the expert back",
        lambda t: check_corollary_3_2_1(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
    ),
    Statement(
        "dual",
        "IRL is the dual of occupancy matching",
        lambda t: statements.check_irl_is_dual(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
    ),
    Statement(
        "lemma-a.1",
        "Lemma A.1: gradient of causal entropy",
        lambda t: statements.check_lemma_a_1(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        "gradient",
        "Eq. 12 and 18: policy gradient at the best cost",
        lambda t: statements.check_imitation_gradient(
            t.instance.mdp,
            t.instance.expert_occupancy,
            psi.Logistic(),
            t.entropy_weight,
            t.instance.name,
            t.rng,
        ),
    ),
    Statement(
        "trpo",
        "TRPO's bound and its monotone improvement",
        lambda t: statements.check_monotone_improvement(t.instance.mdp, t.cost, t.instance.name, t.rng),
    ),
    Statement("gan-gcl", "GAN-GCL on enumerated paths", _paths),
    Statement(
        "gan-gcl-inequality",
        "GAN-GCL: where equality fails, on purpose",
        lambda t: statements.check_guided_cost_inequalities("3-state coin"),
    ),
    Statement(
        "compounding",
        "Compounding error: bounds of cloning and of matching",
        lambda t: statements.check_compounding_error(
            t.instance.mdp, t.unit_cost, t.instance.expert_occupancy, 10, t.instance.name, t.rng
        ),
    ),
    Statement(
        "compounding-family",
        "Compounding error: a family where cloning fails, on purpose",
        lambda t: statements.check_recovery_family("recovery family"),
    ),
)
"""All of them, in the order of the theory."""


def find_statements(names: Sequence[str]) -> tuple[Statement, ...]:
    """The statements of these names, all for none; raise `InvalidRequest` for a name that is none."""
    known = {statement.name: statement for statement in STATEMENTS}
    for name in names:
        if name not in known:
            raise InvalidRequest(f"unknown statement {name!r}: known are {', '.join(known)}")
    return tuple(known[name] for name in names) if names else STATEMENTS


def check_statements(
    chosen: Sequence[Statement], instance: Instance, entropy_weight: float, seed: int
) -> dict[str, Verification]:
    """Check statements on an instance; each has its own random points, whatever else is checked."""
    return {
        statement.title: statement.check(Trial(instance, entropy_weight, np.random.default_rng(seed)))
        for statement in chosen
    }


_HEADER = ("statement", "claims", "worst violation", "its tolerance", "verdict")


def print_statements(found: Mapping[str, Verification], instance: Instance, console: Console) -> None:
    """One row per statement; claims that fail are listed in full."""
    table = Table(*_HEADER, title=f"Statements on {instance.name}")
    for row in _rows(found):
        colour = "green" if row[-1] == "holds" else "bold red"
        table.add_row(*row[:-1], f"[{colour}]{row[-1]}[/{colour}]")
    console.print(table)
    for verification in found.values():
        for claim in verification.certificates:
            if not claim.holds:
                console.print(
                    f"[bold red]FAILS[/bold red] {claim.statement}: violation {claim.violation:.3g}, "
                    f"tolerance {claim.tolerance:.1g}, {dict(claim.numbers)}",
                    soft_wrap=True,
                )


def report_statements(found: Mapping[str, Verification], instance: Instance, report: Report) -> None:
    """All statements, and under them every claim."""
    report.heading(f"Statements on {instance.name}")
    report.table(_HEADER, _rows(found))
    report.heading("Every claim")
    rows = [
        (c.statement, f"{c.violation:.1e}", f"{c.tolerance:.0e}", "holds" if c.holds else "FAILS")
        for verification in found.values()
        for c in verification.certificates
    ]
    report.table(("claim", "violation", "tolerance", "verdict"), rows)


def _rows(found: Mapping[str, Verification]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for title, verification in found.items():
        worst = max(verification.certificates, key=_severity)
        verdict = "holds" if verification.holds else "FAILS"
        claims = str(len(verification.certificates))
        rows.append((title, claims, f"{worst.violation:.1e}", f"{worst.tolerance:.0e}", verdict))
    return rows


def _severity(claim: Certificate) -> float:
    """Violation in units of the tolerance; claims without a tolerance are worst as soon as they are violated."""
    if claim.tolerance > 0.0:
        return claim.violation / claim.tolerance
    return 0.0 if claim.holds else np.inf
