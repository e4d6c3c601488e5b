from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import (
    FiniteMDP,
    check_corollary_3_2_1,
    check_proposition_3_2,
    match_occupancy,
    occupancy_of,
    policy_of,
    solve_irl,
    solve_rl,
)
from gail.exact import regularizers as psi
from gail.exact.statements.duality import proposition_3_2 as theorems

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=12)


def failures(verification):
    return [(c.statement, c.violation) for c in verification.certificates if not c.holds]


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic()], ids=repr)
@CHECKED
@given(mdp=..., seed=SEEDS)
def test_proposition_3_2_on_random_processes(mdp: FiniteMDP, seed: int, regularizer, random_policy):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    verification = check_proposition_3_2(mdp, expert, regularizer, 1.0, "random", np.random.default_rng(seed))
    assert failures(verification) == []
    assert set(verification.solutions) == {"irl", "matching", "conic"}


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_corollary_3_2_1_on_random_processes(mdp: FiniteMDP, seed: int, random_policy):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    verification = check_corollary_3_2_1(mdp, expert, 0.5, "random", np.random.default_rng(seed))
    assert failures(verification) == []


def test_both_on_a_gridworld(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    for regularizer in (psi.Constant(), psi.Logistic()):
        verification = check_proposition_3_2(gridworld, expert, regularizer, 1.0, "gridworld", np.random.default_rng(0))
        assert failures(verification) == []
        assert all(c.instance == "gridworld" for c in verification.certificates)
    assert failures(check_corollary_3_2_1(gridworld, expert, 1.0, "gridworld", np.random.default_rng(0))) == []


def test_an_expert_without_a_cost_is_reported_not_failed(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    corollary = check_corollary_3_2_1(gridworld, expert, 1.0, "hard expert", np.random.default_rng(0))
    assert corollary.holds
    assert "no optimal cost exists" in corollary.certificates[-1].statement
    proposition = check_proposition_3_2(gridworld, expert, psi.Constant(), 1.0, "hard expert", np.random.default_rng(0))
    assert proposition.holds
    assert proposition.solutions["irl"].cost is None


@pytest.mark.parametrize("broken", ["cost", "occupancy"])
def test_a_wrong_solution_is_caught(gridworld, goal_cost, monkeypatch, broken):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    honest = theorems.solve_irl

    def wrong(*arguments):
        solution = honest(*arguments)
        damaged = object.__new__(type(solution))
        fields = {name: getattr(solution, name) for name in solution.__dataclass_fields__}
        fields[broken] = 0.99 * fields[broken]
        damaged.__dict__.update(fields)
        return damaged

    monkeypatch.setattr(theorems, "solve_irl", wrong)
    verification = check_proposition_3_2(gridworld, expert, psi.Logistic(), 1.0, "damaged", np.random.default_rng(0))
    caught = " ".join(statement for statement, _ in failures(verification))
    assert "the dual route has no gap" in caught
    assert "L(rho*, c)" in caught


ROUTE = ("problem", "occupancy", "policy", "cost", "primal_value", "dual_value", "gap", "relative_gap", "status")


def altered(solution, **changes):
    return SimpleNamespace(**({name: getattr(solution, name) for name in ROUTE} | changes))


def test_each_side_of_the_saddle_inequality_is_looked_at(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    saddle = solve_irl(gridworld, expert, psi.Logistic(), 1.0)
    uniform = occupancy_of(gridworld, np.full(expert.shape, 0.25))

    def violation(**changes):
        return theorems._saddle_violation(altered(saddle, **changes), np.random.default_rng(0))

    assert violation() < 1e-8
    # A cost that is the best answer to a policy, which is not the best answer to it: the right side only.
    answered = psi.Logistic().conjugate(uniform, expert)[1]
    assert violation(occupancy=uniform, policy=policy_of(uniform), cost=answered) > 1e-3
    # A policy that is the best answer to a cost, which is not the best answer to it: the left side only.
    cost = saddle.cost - 1.0
    planned = solve_rl(gridworld, cost, 1.0)
    assert violation(occupancy=planned.occupancy, policy=planned.policy, cost=cost) > 1e-3


@pytest.mark.parametrize(
    ("route", "changes", "claim"),
    [
        ("irl", {"primal_value": 1e-6}, "each route's bound certifies the other"),
        ("matching", {"primal_value": 1e-6}, "each route's bound certifies the other"),
        ("irl", {"dual_value": 1e-6}, "no bound exceeds a value"),
        ("matching", {"dual_value": 1e-6}, "no bound exceeds a value"),
        ("irl", {"occupancy": 1e-5}, "both routes give the same occupancy"),
        ("irl", {"relative_gap": 1e-6}, "the dual route has no gap"),
        ("matching", {"relative_gap": 1e-6}, "the primal route has no gap"),
        ("matching", {"relative_gap": -1e-6}, "the bound does not exceed the value"),
    ],
)
def test_each_comparison_of_the_routes_is_looked_at(gridworld, goal_cost, route, changes, claim):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    routes = {"irl": solve_irl(gridworld, expert, psi.Logistic(), 1.0)}
    routes["matching"] = match_occupancy(gridworld, expert, psi.Logistic(), 1.0)
    assert all(claim.holds for claim in theorems._both_routes("name", "here", **routes))
    (field, by), scale = next(iter(changes.items())), abs(routes["matching"].primal_value)
    change = {"occupancy": by * expert[::-1], "relative_gap": by}.get(field, by * scale)
    routes[route] = altered(routes[route], **{field: getattr(routes[route], field) + change})
    failed = [one.statement for one in theorems._both_routes("name", "here", **routes) if not one.holds]
    assert len(failed) == 1
    assert claim in failed[0]


SMALL = FiniteMDP(np.random.default_rng(7).dirichlet(np.ones(4), size=(4, 3)), np.full(4, 0.25), 0.8)


def spoil_cost(monkeypatch, change):
    """Let the dual route return another cost: its own plus a change."""
    honest = theorems.solve_irl
    monkeypatch.setattr(
        theorems, "solve_irl", lambda *given: (right := honest(*given)) and replace(right, cost=right.cost + change)
    )


@pytest.mark.parametrize("size", [0.3, 3.0])
def test_costs_are_the_experts_surprise_up_to_shaping_and_nothing_else(monkeypatch, random_policy, size):
    """rho / rho_E - 1 has the mean zero against every shaping, weighted by rho_E: all of it is beyond shaping."""
    weight = 0.5
    expert, rho = (occupancy_of(SMALL, random_policy(SMALL, seed)) for seed in (0, 1))
    change = rho / expert - 1.0
    change /= np.sqrt(np.sum(expert * change**2) / expert.sum())
    shaping = SMALL.flow_adjoint(np.arange(4.0))
    spoil_cost(monkeypatch, shaping + size * weight * theorems.COST_TOLERANCE * change)
    verification = check_corollary_3_2_1(SMALL, expert, weight, "changed", np.random.default_rng(0))
    (claim,) = (one for one in verification.certificates if one.statement.endswith("-lambda log pi_E + shaping"))
    assert claim.violation == pytest.approx(size * theorems.COST_TOLERANCE, rel=1e-3)
    assert claim.holds == (size < 1.0)


def test_some_shaping_is_added_before_planning(monkeypatch, random_policy):
    """The claim that any shaping leaves the expert optimal is tried on a shaping that is not zero."""
    expert, planned, honest = occupancy_of(SMALL, random_policy(SMALL, 0)), [], theorems.solve_rl
    monkeypatch.setattr(theorems, "solve_rl", lambda *given: planned.append(given[1]) or honest(*given))
    assert check_corollary_3_2_1(SMALL, expert, 0.5, "shaped", np.random.default_rng(0)).holds
    (cost,) = planned
    shaping = cost + 0.5 * np.log(policy_of(expert))
    potential = np.linalg.lstsq(SMALL.flow_matrix.T.toarray(), shaping.ravel())[0]
    np.testing.assert_allclose(SMALL.flow_adjoint(potential), shaping, atol=1e-12)
    assert abs(shaping).max() > 0.1


@pytest.mark.parametrize(
    ("solver", "claim"),
    [
        ("solve_irl", "Corollary 3.2.1: rho = rho_E"),
        ("match_occupancy", "Corollary 3.2.1: rho = rho_E by the conic program"),
        ("solve_rl", "Corollary 3.2.1: -lambda log pi_E + any shaping is optimal"),
    ],
)
@pytest.mark.parametrize("size", [0.5, 5.0])
def test_another_occupancy_than_the_experts_is_caught(monkeypatch, random_policy, solver, claim, size):
    honest, tolerance = getattr(theorems, solver), 1e-5 if solver == "match_occupancy" else theorems.TOLERANCE
    expert = occupancy_of(SMALL, random_policy(SMALL, 0))

    def elsewhere(*given, **options):
        return replace(honest(*given, **options), occupancy=(1.0 + size * tolerance) * expert)

    monkeypatch.setattr(theorems, solver, elsewhere)
    verification = check_corollary_3_2_1(SMALL, expert, 0.5, "elsewhere", np.random.default_rng(0))
    (found,) = (one for one in verification.certificates if one.statement == claim)
    assert found.violation == pytest.approx(size * tolerance, rel=1e-4)
    assert found.holds == (size < 1.0)
