from dataclasses import replace

import numpy as np
import pytest

from gail.exact import FiniteMDP, occupancy_of, statements
from gail.exact.statements.duality import shared_cost


def check(seed, *, ends=False):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.ones(4), size=(4, 3)) * (0.8 if ends else 1.0)
    mdp = FiniteMDP(transitions, rng.dirichlet(np.ones(4)), 0.9, terminal=np.full(4, ends))
    expert = occupancy_of(mdp, rng.dirichlet(np.ones(3), size=4))
    return statements.check_shared_cost(mdp, expert, 0.3, "random", np.random.default_rng(seed))


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_common_cost_proves_the_learners(seed, ends, failures):
    found = check(seed, ends=ends)
    assert failures(found) == []
    assert len(found.certificates) == 5


def lowered(found):
    """A solution that claims too low a value."""
    found.__dict__["primal_value"] = found.primal_value - 0.01 * abs(found.primal_value)
    return found


@pytest.mark.parametrize(
    ("spoil", "claim"),
    [
        (lambda found: replace(found, cost=1.1 * found.cost), "the common cost proves the learners' value"),
        (
            lambda found: replace(found, policies=tuple(one[:, ::-1] for one in found.policies)),
            "no learners have a lower value",
        ),
        (
            lambda found: replace(found, policies=tuple(one[:, ::-1] for one in found.policies)),
            "experts on one process are matched as their mean is",
        ),
        (lambda found: lowered(found), "no cost proves more"),
    ],
)
def test_wrong_solutions_are_reported(spoil, claim, monkeypatch):
    solve = shared_cost.solve_shared_irl
    monkeypatch.setattr(shared_cost, "solve_shared_irl", lambda *arguments, **named: spoil(solve(*arguments, **named)))
    violated = {one.statement for one in check(0).certificates if not one.holds}
    assert f"Several experts: {claim}" in violated
