"""The statements of the theory that `gail verify` can check, each with how it is run on an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gail.envs.finite import garnet
from gail.exact import Verification, check_corollary_3_2_1, check_proposition_3_2, statements
from gail.exact import regularizers as psi
from gail.experiments.failures import InvalidRequest
from gail.experiments.instances import Array, Instance
from gail.experiments.psi_choices import MakePsi, random_features


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
    own_instance: bool = False
    """Whether it is shown on a process of its own, whatever the trial's instance is."""
    silent: Callable[[Instance], str | None] = lambda instance: None
    """Why the statement says nothing about an instance, if so."""


PAPERS_PSI = ("constant", "logistic", "l2-ball", "simplex")
"""The cost regularizers of Ho & Ermon (2016): Eq. 9, 10, 13 and Corollary 3.2.1."""


def proposition_name(psi_name: str) -> str:
    """The name of Proposition 3.2 for one psi."""
    return f"prop-3.2-{psi_name}"


def _proposition_3_2(name: str, make: MakePsi) -> Statement:
    def check(t: Trial) -> Verification:
        mdp, expert, label = t.instance.mdp, t.instance.expert_occupancy, t.instance.name
        return check_proposition_3_2(mdp, expert, make(mdp), t.entropy_weight, label, t.rng)

    return Statement(proposition_name(name), f"Proposition 3.2, psi {name}", check)


def _without_entropy(choices: Mapping[str, MakePsi]) -> Callable[[Trial], Verification]:
    """For the paper's own psi among the choices, or for all of them if none is."""
    chosen = {name: make for name, make in choices.items() if name in PAPERS_PSI} or choices

    def check(t: Trial) -> Verification:
        mdp, expert, label = t.instance.mdp, t.instance.expert_occupancy, t.instance.name
        return _joined(
            statements.check_without_entropy(mdp, expert, make(mdp), label, t.rng) for make in chosen.values()
        )

    return check


def _surrogates(choices: Mapping[str, MakePsi]) -> Callable[[Trial], Verification]:
    def check(t: Trial) -> Verification:
        mdp, expert, label = t.instance.mdp, t.instance.expert_occupancy, t.instance.name
        family = (one for one in (make(mdp) for make in choices.values()) if isinstance(one, psi.Surrogate))
        return _joined(statements.check_surrogate_family(mdp, expert, one, label, t.rng) for one in family)

    return check


def _joined(verifications: Iterable[Verification]) -> Verification:
    """The claims of several verifications as one; their solutions are dropped."""
    return Verification(tuple(claim for found in verifications for claim in found.certificates), {})


def _scaling(t: Trial) -> Verification:
    mdp, expert = t.instance.mdp, t.instance.expert_occupancy
    return statements.check_class_scaling(
        mdp, expert, random_features(mdp), t.entropy_weight, 2.0, t.instance.name, t.rng
    )


def _feature_classes(t: Trial) -> Verification:
    mdp, expert = t.instance.mdp, t.instance.expert_occupancy
    return statements.check_feature_classes(mdp, expert, random_features(mdp), t.entropy_weight, t.instance.name, t.rng)


def _paths(trial: Trial) -> Verification:
    """On a small process of its own, because all paths are enumerated."""
    small = garnet(3, 2, 2, trial.rng)
    return statements.check_guided_cost_learning(small.mdp, -small.cost, 4, "3-state Garnet", trial.rng)


_BEFORE = (
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
)

_MATCHING = (
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
        "unattained",
        "Corollary 3.2.1 without coverage, on purpose: no optimal cost",
        lambda t: statements.check_unattained_dual(t.instance.mdp, t.cost, t.entropy_weight, t.instance.name),
        silent=lambda instance: "there is one action only" if instance.mdp.num_actions == 1 else None,
    ),
    Statement("eq-9", "Eq. 9-11: feature classes, FEM and GTAL", _feature_classes),
    Statement("scaling", "Eq. 11: scaling the class is weighting the entropy", _scaling),
    Statement(
        "unexpressive",
        "Section 4: a class that cannot imitate, on purpose",
        lambda t: statements.check_unexpressive_class(statements.unexpressive_instance(), "two routes"),
        own_instance=True,
    ),
)

_DIVERGENCES = (
    Statement(
        "cor-a.1.1",
        "Corollary A.1.1: psi_GA is the Jensen-Shannon divergence",
        lambda t: statements.check_jensen_shannon(t.instance.mdp, t.instance.expert_occupancy, t.instance.name, t.rng),
    ),
    Statement(
        "eq-15",
        "Eq. 15-16: one minimiser, and the bias of entropy",
        lambda t: statements.check_uniqueness_and_bias(
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
        silent=lambda instance: "its constant is infinite at discount 1" if instance.mdp.discount == 1.0 else None,
    ),
    Statement("gan-gcl", "GAN-GCL on enumerated paths", _paths, own_instance=True),
    Statement(
        "gan-gcl-inequality",
        "GAN-GCL: where equality fails, on purpose",
        lambda t: statements.check_guided_cost_inequalities("3-state coin"),
        own_instance=True,
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
        own_instance=True,
    ),
)


def statements_for(choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """All statements, in the order of the theory; those that hold for every psi for these."""
    return (
        *_BEFORE,
        *(_proposition_3_2(name, make) for name, make in choices.items()),
        Statement(
            "prop-3.2-without-entropy", "Proposition 3.2 without entropy: one inclusion", _without_entropy(choices)
        ),
        *_MATCHING,
        Statement("prop-a.1", "Proposition A.1: surrogate losses", _surrogates(choices)),
        *_DIVERGENCES,
    )


def find_statements(names: Sequence[str], choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """The statements of these names, all for none; a name also stands for those that go on from it with a hyphen.

    Raises:
        InvalidRequest: a name that is none.
    """
    known = statements_for(choices)
    for name in names:
        if not any(_goes_by(statement, name) for statement in known):
            listed = ", ".join(statement.name for statement in known)
            raise InvalidRequest(f"unknown statement {name!r}: known are {listed}")
    return tuple(one for one in known if not names or any(_goes_by(one, name) for name in names))


def _goes_by(statement: Statement, name: str) -> bool:
    return statement.name == name or statement.name.startswith(f"{name}-")
