from dataclasses import replace

import numpy as np
import pytest

from gail.exact import FiniteMDP, occupancy_of, statements
from gail.exact.statements.duality import constrained


def instance(seed, *, ends):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.ones(4), size=(4, 3))
    if ends:
        transitions *= 0.8
    mdp = FiniteMDP(transitions, rng.dirichlet(np.ones(4)), 0.9, terminal=np.full(4, ends))
    return mdp, rng.normal(size=(4, 3)), occupancy_of(mdp, rng.dirichlet(np.ones(3), size=4))


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_multipliers_prove_the_optimum(seed, ends, failures):
    mdp, cost, expert = instance(seed, ends=ends)
    found = statements.check_constrained_duality(mdp, cost, expert, 0.3, "random", np.random.default_rng(seed))
    assert failures(found) == []
    assert len(found.certificates) == 3 * 8


def test_where_all_policies_cost_the_same_there_is_nothing_to_check():
    mdp = FiniteMDP(np.ones((1, 1, 1)), [1.0], 0.5)
    rho = occupancy_of(mdp, [[1.0]])
    found = statements.check_constrained_duality(mdp, np.ones((1, 1)), rho, 1.0, "one", np.random.default_rng(0))
    assert found.certificates == ()


@pytest.mark.parametrize(
    ("spoil", "claims"),
    [
        (lambda y: 1.2 * y, {"the multiplier's bound is attained"}),
        (lambda y: -y, {"the multiplier is not negative", "-y is the slope of the value in the limit"}),
        (lambda y: 0.0 * y, {"the multiplier's bound is attained", "-y is the slope of the value in the limit"}),
    ],
)
def test_wrong_multipliers_are_reported(spoil, claims, monkeypatch):
    solve = constrained.solve_constrained_rl
    monkeypatch.setattr(
        constrained,
        "solve_constrained_rl",
        lambda *arguments: (lambda found: replace(found, multipliers=spoil(found.multipliers)))(solve(*arguments)),
    )
    mdp, cost, expert = instance(0, ends=False)
    found = statements.check_constrained_duality(mdp, cost, expert, 0.3, "random", np.random.default_rng(0))
    violated = {one.statement for one in found.certificates if not one.holds}
    assert {f"Constraints: RL: {claim}" for claim in claims} <= violated


def test_a_solution_that_ignores_the_constraint_is_reported(monkeypatch):
    solve = constrained.solve_constrained_rl

    def loose(mdp, cost, constraints, weight):
        wider = constrained.Constraints(constraints.costs, constraints.limits + 1.0)
        return replace(solve(mdp, cost, wider, weight), constraints=constraints)

    monkeypatch.setattr(constrained, "solve_constrained_rl", loose)
    mdp, cost, expert = instance(0, ends=False)
    found = statements.check_constrained_duality(mdp, cost, expert, 0.3, "random", np.random.default_rng(0))
    violated = {one.statement for one in found.certificates if not one.holds}
    assert "Constraints: RL: the constraint is met" in violated


def test_a_policy_that_is_not_the_best_is_reported(monkeypatch):
    """The multiplier's bound is not attained, and policies within the limit do better."""
    solve = constrained.solve_constrained_rl

    def worse(mdp, cost, constraints, weight):
        found = solve(mdp, -np.asarray(cost), constraints, weight)
        return replace(found, problem=replace(found.problem, cost=np.asarray(cost)))

    monkeypatch.setattr(constrained, "solve_constrained_rl", worse)
    mdp, cost, expert = instance(1, ends=False)
    found = statements.check_constrained_duality(mdp, cost, expert, 0.3, "random", np.random.default_rng(0))
    violated = {one.statement for one in found.certificates if not one.holds}
    assert "Constraints: RL: no policy that meets the constraint has a lower value" in violated
    assert "Constraints: RL: no multiplier has a higher bound" not in violated
