"""The list of statements that `gail verify` checks. For each: number, name, title, and the call that checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gail.envs.finite import garnet
from gail.exact import Verification, check_corollary_3_2_1, statements
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.psi_choices import CHOICES, MakePsi, random_features
from gail.experiments.verify.psi_statements import gradients, proposition_3_2, proposition_name, surrogate_losses
from gail.experiments.verify.statement import Statement, Trial

THREE_ROADS, SMALL_GARNET, COIN, RECOVERY = "3 roads", "small garnet", "coin", "recovery"
RING, RANDOM_TABLE = "ring", "random table"
"""Names of the processes that belong to one statement."""


def _scaling(t: Trial) -> Verification:
    mdp, expert = t.instance.mdp, t.instance.expert_occupancy
    return statements.check_class_scaling(
        mdp, expert, random_features(mdp), t.entropy_weight, 2.0, t.instance.name, t.rng
    )


def _feature_classes(t: Trial) -> Verification:
    mdp, expert = t.instance.mdp, t.instance.expert_occupancy
    return statements.check_feature_classes(mdp, expert, random_features(mdp), t.entropy_weight, t.instance.name, t.rng)


def _paths(trial: Trial) -> Verification:
    """Statement 17 on a small Garnet process, because all paths are enumerated."""
    small = garnet(3, 2, 2, trial.rng)
    return statements.check_guided_cost_learning(small.mdp, -small.cost, 4, SMALL_GARNET, trial.rng)


_BEFORE = (
    Statement(
        1,
        "prop-3.1",
        "Proposition 3.1: policies and occupancy measures are one to one",
        lambda t: statements.check_proposition_3_1(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        2,
        "lemma-3.1",
        "Lemma 3.1: causal entropy is strictly concave",
        lambda t: statements.check_lemma_3_1(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        3,
        "lemma-3.2",
        "Lemma 3.2: both Lagrangians agree",
        lambda t: statements.check_lemma_3_2(t.instance.mdp, t.entropy_weight, t.instance.name, t.rng),
    ),
    Statement(
        4,
        "rl-lp",
        "RL(c) is a linear program",
        lambda t: statements.check_planning_duality(t.instance.mdp, t.cost, t.instance.name),
    ),
    Statement(
        5,
        "rl-soft",
        "RL(c) with entropy: the soft Bellman equation is the dual",
        lambda t: statements.check_soft_planning_duality(t.instance.mdp, t.cost, t.entropy_weight, t.instance.name),
    ),
)

_MATCHING = (
    Statement(
        7,
        "cor-3.2.1",
        "Corollary 3.2.1: constant psi gives the expert back",
        lambda t: check_corollary_3_2_1(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
        independent_check=True,
    ),
    Statement(
        8,
        "dual",
        "IRL is the dual of occupancy matching",
        lambda t: statements.check_irl_is_dual(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
        independent_check=True,
    ),
    Statement(
        7,
        "unattained",
        "Corollary 3.2.1 without coverage (expected failure): no optimal cost",
        lambda t: statements.check_unattained_dual(t.instance.mdp, t.cost, t.entropy_weight, t.instance.name),
        inapplicable=lambda instance: "the process has only one action" if instance.mdp.num_actions == 1 else None,
    ),
    Statement(9, "eq-9", "Eq. 9-11: feature classes, FEM and GTAL", _feature_classes),
    Statement(9, "scaling", "Eq. 11: scaling the class by alpha is the entropy weight 1/alpha", _scaling),
    Statement(
        10,
        "unexpressive",
        "Section 4 (expected failure): a class of costs that cannot imitate",
        lambda t: statements.check_unexpressive_class(statements.unexpressive_instance(), THREE_ROADS),
        own_instance=THREE_ROADS,
    ),
)

_DIVERGENCES = (
    Statement(
        12,
        "cor-a.1.1",
        "Corollary A.1.1: psi_GA is the Jensen-Shannon divergence",
        lambda t: statements.check_jensen_shannon(t.instance.mdp, t.instance.expert_occupancy, t.instance.name, t.rng),
    ),
    Statement(
        13,
        "eq-15",
        "Eq. 15-16: one minimiser, and the bias of entropy",
        lambda t: statements.check_uniqueness_and_bias(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
    ),
    Statement(
        14,
        "lemma-a.1",
        "Lemma A.1: gradient of causal entropy",
        lambda t: statements.check_lemma_a_1(t.instance.mdp, t.instance.name, t.rng),
    ),
)

_ALGORITHMS = (
    Statement(
        16,
        "trpo",
        "TRPO's bound and its monotone improvement",
        lambda t: statements.check_monotone_improvement(t.instance.mdp, t.cost, t.instance.name, t.rng),
        inapplicable=lambda instance: (
            "its constant is infinite at discount 1" if instance.mdp.discount == 1.0 else None
        ),
    ),
    Statement(17, "gan-gcl", "GAN-GCL on enumerated paths", _paths, own_instance=SMALL_GARNET),
    Statement(
        17,
        "gan-gcl-inequality",
        "GAN-GCL (expected failure): where equality fails",
        lambda t: statements.check_guided_cost_inequalities(COIN),
        own_instance=COIN,
    ),
    Statement(
        18,
        "compounding",
        "Compounding error: bounds of cloning and of matching",
        lambda t: statements.check_compounding_error(
            t.instance.mdp, t.unit_cost, t.instance.expert_occupancy, 10, t.instance.name, t.rng
        ),
    ),
    Statement(
        18,
        "compounding-family",
        "Compounding error (expected failure): a family where cloning fails",
        lambda t: statements.check_recovery_family(RECOVERY),
        own_instance=RECOVERY,
    ),
)


_EXTENSIONS = (
    Statement(
        19,
        "constraints",
        "Constrained problems: multipliers prove the optimum",
        lambda t: statements.check_constrained_duality(
            t.instance.mdp, t.cost, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
        nothing="all policies have the same expected costs",
    ),
    Statement(
        20,
        "average-cost",
        "Average cost per step: the bias proves the optimum",
        lambda t: statements.check_average_cost(t.instance.mdp, t.cost, t.entropy_weight, t.instance.name, t.rng),
        nothing="the process is not recurrent",
    ),
    Statement(
        21,
        "shared-cost",
        "Several experts with one cost",
        lambda t: statements.check_shared_cost(
            t.instance.mdp, t.instance.expert_occupancy, t.entropy_weight, t.instance.name, t.rng
        ),
        nothing="the process is too large for a dense Hessian",
    ),
)

_REWARDS = (
    Statement(
        22,
        "identifiability",
        "Rewards that explain the same expert",
        lambda t: statements.check_identifiability(t.instance.mdp, t.instance.name, t.rng),
    ),
    Statement(
        22,
        "two-sides",
        "Rewards that explain the same expert (expected failure): a map with two sides",
        lambda t: statements.check_two_sides(RING),
        own_instance=RING,
    ),
    Statement(
        23,
        "airl",
        "AIRL's optimum is the true reward",
        lambda t: statements.check_airl(t.instance.mdp, t.instance.name, t.rng),
        nothing="the process is too large for a dense regression",
    ),
    Statement(
        23,
        "airl-bias",
        "AIRL (expected failure): stochastic dynamics and sampled next states",
        lambda t: statements.check_airl_bias(RANDOM_TABLE),
        own_instance=RANDOM_TABLE,
    ),
    Statement(
        24,
        "transfer",
        "State-only rewards transfer to other dynamics",
        lambda t: statements.check_transfer(RANDOM_TABLE, t.rng),
        own_instance=RANDOM_TABLE,
    ),
    Statement(
        24,
        "entangled",
        "Transfer (expected failure): state-action rewards and GAIL's discriminator",
        lambda t: statements.check_entangled_rewards(RANDOM_TABLE),
        own_instance=RANDOM_TABLE,
    ),
    Statement(
        25,
        "two-discounts",
        "Two experts with one reward: two discounts",
        lambda t: statements.check_two_discounts(t.instance.mdp, t.instance.name, t.rng),
        nothing="the process is too large for dense linear systems, or its discount is zero",
    ),
    Statement(
        25,
        "two-dynamics",
        "Two experts with one reward: two dynamics",
        lambda t: statements.check_two_dynamics(RANDOM_TABLE, t.rng),
        own_instance=RANDOM_TABLE,
    ),
)


def statements_for(choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """All statements, in the order of docs/theory.md; statements about psi are listed for these choices of psi."""
    return (
        *_BEFORE,
        *proposition_3_2(choices),
        *_MATCHING,
        surrogate_losses(choices),
        *_DIVERGENCES,
        *gradients(choices),
        *_ALGORITHMS,
        *_EXTENSIONS,
        *_REWARDS,
    )


def find_statements(names: Sequence[str], choices: Mapping[str, MakePsi]) -> tuple[Statement, ...]:
    """The statements that these names select; all statements if `names` is empty.

    A name also selects the statements whose names continue it after a hyphen: prop-3.2 selects prop-3.2-logistic. A
    number selects all statements that have it.

    Raises:
        InvalidRequest: a name is unknown, or its statement is about a psi that is not among the choices.
    """
    known = statements_for(choices)
    for name in names:
        if any(_goes_by(statement, name) for statement in known):
            continue
        left_out = [psi_name for psi_name in CHOICES if proposition_name(psi_name) == name]
        if left_out:
            raise InvalidRequest(
                f"--statement {name} is about the psi {left_out[0]}, which --psi {' '.join(choices)} leaves out: "
                "add it to --psi, or omit --psi"
            )
        listed = ", ".join(statement.name for statement in known)
        raise InvalidRequest(f"--statement {name} is unknown: choose a number (1 to 25) or one of {listed}")
    return tuple(one for one in known if not names or any(_goes_by(one, name) for name in names))


def _goes_by(statement: Statement, name: str) -> bool:
    return name in (statement.name, str(statement.number)) or statement.name.startswith(f"{name}-")
