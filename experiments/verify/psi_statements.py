"""Statements about all psi, or about a family of psi, checked for the psi that the command line chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gail.exact import FiniteMDP, Verification, check_proposition_3_2, statements
from gail.exact import regularizers as psi
from gail.experiments.verify.instances import Array
from gail.experiments.verify.psi_choices import MakePsi
from gail.experiments.verify.statement import Statement, Trial

PAPERS_PSI = ("constant", "logistic", "l2-ball", "simplex")
"""The cost regularizers of Ho & Ermon (2016): Eq. 9, 10, 13 and Corollary 3.2.1."""

BEST_COST_UNIQUE = (
    "logistic",
    "l2-ball",
    "simplex",
    "quadratic",
    "exponential",
    "truncated-quadratic",
    "jeffreys",
    "reverse-kl",
    "forward-kl",
)
"""The psi whose best cost, and so the gradient of psi*, is unique at random learners."""


def proposition_name(psi_name: str) -> str:
    """The command-line name of Proposition 3.2 for one psi."""
    return f"prop-3.2-{psi_name}"


def proposition_3_2(choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """Statement 6: one for each psi, and one for lambda = 0 with the paper's own psi (if none is chosen, with all)."""
    papers = {name: make for name, make in choices.items() if name in PAPERS_PSI} or choices
    return (
        *(_proposition_3_2(name, make) for name, make in choices.items()),
        Statement(
            6,
            "prop-3.2-without-entropy",
            "Proposition 3.2 without entropy: one inclusion",
            _for_each(
                papers, lambda t, one: statements.check_without_entropy(*_expert(t), one, t.instance.name, t.rng)
            ),
        ),
    )


def _proposition_3_2(name: str, make: MakePsi) -> Statement:
    def check(t: Trial) -> Verification:
        return check_proposition_3_2(*_matching(t, make(t.instance.mdp)), t.rng)

    return Statement(6, proposition_name(name), f"Proposition 3.2, psi {name}", check, independent_check=True)


def surrogate_losses(choices: Mapping[str, MakePsi]) -> Statement:
    """Statement 11, for the surrogate losses among the choices."""

    def check(t: Trial, one: psi.Regularizer) -> Verification:
        if not isinstance(one, psi.Surrogate):
            return Verification((), {})
        return statements.check_surrogate_family(*_expert(t), one, t.instance.name, t.rng)

    return Statement(
        11,
        "prop-a.1",
        "Proposition A.1: surrogate losses",
        _for_each(choices, check),
        nothing="none of the chosen psi is a surrogate loss",
    )


def gradients(choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """Statement 15, for the choices whose best cost is unique."""
    smooth = {name: make for name, make in choices.items() if name in BEST_COST_UNIQUE}
    return (
        Statement(
            15,
            "gradient",
            "Eq. 12 and 18: policy gradient at the best cost",
            _for_each(smooth, lambda t, one: statements.check_imitation_gradient(*_matching(t, one), t.rng)),
            nothing="the best cost of the chosen psi is not unique, or is infinite off the expert's support",
        ),
        Statement(
            15,
            "gradient-elsewhere",
            "Eq. 18 at another discriminator (expected failure)",
            _for_each(smooth, lambda t, one: statements.check_gradient_elsewhere(*_matching(t, one), t.rng)),
            nothing="the best cost is infinite, or every other cost gives the same vector",
        ),
    )


def _for_each(
    choices: Mapping[str, MakePsi], check: Callable[[Trial, psi.Regularizer], Verification]
) -> Callable[[Trial], Verification]:
    """A check that joins the claims for several psi; each claim names its psi, and solutions are not kept."""

    def check_all(t: Trial) -> Verification:
        claims = [
            replace(claim, statement=_of_psi(claim.statement, name))
            for name, make in choices.items()
            for claim in check(t, make(t.instance.mdp)).certificates
        ]
        return Verification(tuple(claims), {})

    return check_all


def _of_psi(statement: str, name: str) -> str:
    """A claim's text with the command-line name of psi inserted after the statement's title."""
    title, _, claim = statement.partition(": ")
    return f"{title}: psi {name}: {claim}"


def _expert(t: Trial) -> tuple[FiniteMDP, Array]:
    return t.instance.mdp, t.instance.expert_occupancy


def _matching(t: Trial, one: psi.Regularizer) -> tuple[FiniteMDP, Array, psi.Regularizer, float, str]:
    return *_expert(t), one, t.entropy_weight, t.instance.name
