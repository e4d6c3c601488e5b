"""Every statement on the oddest processes there are: none may crash, and none may fail for want of choices."""

import numpy as np
import pytest

from gail.envs import garnet
from gail.exact import FiniteMDP, solve_rl
from gail.exact.time_expanded import time_expanded
from gail.experiments.instances import Instance, named
from gail.experiments.psi_choices import CHOICES
from gail.experiments.statements import Trial, statements_for


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
        if statement.own_instance or statement.silent(odd) is not None:
            continue
        found = statement.check(Trial(odd, 1.0, np.random.default_rng(0)))
        failures += [(claim.statement, claim.violation) for claim in found.certificates if not claim.holds]
    assert failures == []


def test_only_what_needs_a_choice_or_a_discount_is_silent():
    silent = {
        name: [statement.name for statement in statements_for(CHOICES) if statement.silent(make()) is not None]
        for name, make in ODD.items()
    }
    assert silent.pop("discount one") == ["trpo"]
    assert silent.pop("one action") == silent.pop("one of each") == ["unattained"]
    assert not any(silent.values())
