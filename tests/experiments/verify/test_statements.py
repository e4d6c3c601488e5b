"""Every statement on degenerate processes (one state, one action, discount 0 or 1, ...): none may raise or fail."""

import numpy as np
import pytest

from gail.envs import garnet
from gail.exact import FiniteMDP, solve_rl
from gail.exact.process.finite_horizon import time_expanded
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import Instance, named
from gail.experiments.verify.psi_choices import CHOICES, find_psi
from gail.experiments.verify.psi_statements import BEST_COST_UNIQUE
from gail.experiments.verify.statement import Trial
from gail.experiments.verify.statements import find_statements, statements_for


def instance(mdp: FiniteMDP, cost: np.ndarray) -> Instance:
    return Instance("odd", mdp, solve_rl(mdp, cost, 1.0).occupancy, cost, None)


def small(discount: float = 0.9) -> FiniteMDP:
    return garnet(5, 2, 2, np.random.default_rng(0), discount=discount).mdp


def costs(states: int, actions: int) -> np.ndarray:
    return np.random.default_rng(1).random((states, actions))


ODD = {
    "discount one": lambda: instance(time_expanded(small(), 4), costs(20, 2)),
    "discount zero": lambda: instance(small(0.0), costs(5, 2)),
    "states that no discount reaches": lambda: named("chain", 1.0, 0.0),
    "long discount": lambda: instance(small(0.999), costs(5, 2)),
    "no costs": lambda: instance(small(), np.zeros((5, 2))),
    "equal costs": lambda: instance(small(), np.ones((5, 2))),
    "one action": lambda: instance(FiniteMDP(np.full((5, 1, 5), 0.2), np.eye(5)[0], 0.9), costs(5, 1)),
    "one state": lambda: instance(FiniteMDP(np.ones((1, 3, 1)), [1.0], 0.9), costs(1, 3)),
    "one of each": lambda: instance(FiniteMDP(np.ones((1, 1, 1)), [1.0], 0.9), costs(1, 1)),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_every_statement_holds_or_is_silent(make):
    odd = make()
    failures = []
    for statement in statements_for(CHOICES):
        if statement.own_instance is not None or statement.inapplicable(odd) is not None:
            continue
        found = statement.check(Trial(odd, 1.0, np.random.default_rng(0)))
        failures += [(claim.statement, claim.violation) for claim in found.certificates if not claim.holds]
    assert failures == []


def test_only_what_needs_a_choice_or_a_discount_is_silent():
    inapplicable = {
        name: [statement.name for statement in statements_for(CHOICES) if statement.inapplicable(make()) is not None]
        for name, make in ODD.items()
    }
    assert inapplicable.pop("discount one") == ["trpo"]
    assert inapplicable.pop("one action") == inapplicable.pop("one of each") == ["unattained"]
    assert not any(inapplicable.values())


def test_where_there_is_no_choice_another_discriminator_shows_nothing():
    (elsewhere,) = find_statements(["gradient-elsewhere"], CHOICES)
    assert elsewhere.check(Trial(ODD["one action"](), 1.0, np.random.default_rng(0))).certificates == ()
    claims = elsewhere.check(Trial(instance(small(), costs(5, 2)), 1.0, np.random.default_rng(0))).certificates
    assert {claim.statement.split(": ")[1] for claim in claims} == {f"psi {name}" for name in BEST_COST_UNIQUE}


def test_the_gradient_is_checked_for_every_psi_asked_for_whose_best_cost_is_unique():
    asked = find_psi(["constant", "hinge", "jeffreys", "l2-ball"])
    (gradient, _) = find_statements(["gradient"], asked)
    claims = gradient.check(Trial(instance(small(), costs(5, 2)), 1.0, np.random.default_rng(0))).certificates
    assert [claim.statement.split(": ")[1] for claim in claims] == ["psi jeffreys", "psi l2-ball"]
    assert all(claim.holds for claim in claims)


def test_a_statement_whose_psi_is_left_out_is_not_called_unknown():
    with pytest.raises(InvalidRequest, match="--psi logistic leaves out"):
        find_statements(["prop-3.2-hinge"], find_psi(["logistic"]))
    with pytest.raises(InvalidRequest, match="unknown"):
        find_statements(["prop-3.2-wasserstein"], find_psi(["logistic"]))


def test_statements_are_numbered_in_the_order_of_the_theory():
    assert {statement.number for statement in statements_for(CHOICES)} == set(range(1, 26))
    names = [statement.name for statement in statements_for(CHOICES)]
    assert len(set(names)) == len(names)


def test_a_number_stands_for_every_statement_that_has_it():
    chosen = find_statements(["1", "17"], CHOICES)
    assert [statement.name for statement in chosen] == ["prop-3.1", "gan-gcl", "gan-gcl-inequality"]
    with pytest.raises(InvalidRequest, match="unknown"):
        find_statements(["26"], CHOICES)
