import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.process.finite_horizon import time_expanded
from gail.exact.statements import check_planning_duality, check_soft_planning_duality
from gail.exact.statements.duality import planning

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.01, 1.0, 10.0]))
def test_statements_4_and_5_on_random_processes(mdp: FiniteMDP, seed, weight, failures, random_cost):
    cost = random_cost(mdp, seed)
    assert failures(check_planning_duality(mdp, cost, "random")) == []
    assert failures(check_soft_planning_duality(mdp, cost, weight, "random")) == []


def test_statements_4_and_5_on_a_gridworld_and_a_finite_horizon(gridworld, goal_cost, failures):
    for mdp, cost in ((gridworld, goal_cost), (time_expanded(gridworld, 3), np.tile(goal_cost, (3, 1)))):
        verification = check_planning_duality(mdp, cost, "gridworld")
        assert failures(verification) == []
        assert set(verification.solutions) == {"lp", "policy_iteration"}
        assert failures(check_soft_planning_duality(mdp, cost, 0.5, "gridworld")) == []


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_statement_4_knows_no_unit_of_cost(gridworld, goal_cost, failures, size):
    verification = check_planning_duality(gridworld, size * goal_cost, "scaled")
    assert failures(verification) == []
    assert verification.solutions["lp"].primal_value == pytest.approx(
        check_planning_duality(gridworld, goal_cost, "unscaled").solutions["lp"].primal_value
    )


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_statement_5_leaves_digits_to_compare_at_any_unit_of_cost(gridworld, goal_cost, failures, size):
    assert failures(check_soft_planning_duality(gridworld, size * goal_cost, 0.5, "scaled")) == []


def test_a_wrong_linear_program_is_caught_at_any_unit_of_cost(gridworld, goal_cost, failures, monkeypatch):
    honest = planning.solve_occupancy_lp
    monkeypatch.setattr(planning, "solve_occupancy_lp", lambda mdp, cost: honest(mdp, cost[::-1]))
    assert failures(check_planning_duality(gridworld, 1e-300 * goal_cost, "broken")) != []


def test_a_wrong_weight_is_caught(gridworld, goal_cost, failures, monkeypatch):
    honest = planning.solve_rl
    monkeypatch.setattr(
        planning, "solve_rl", lambda mdp, cost, entropy_weight: honest(mdp, cost, 1.01 * entropy_weight)
    )
    caught = failures(check_soft_planning_duality(gridworld, goal_cost, 0.5, "broken"))
    assert "tight for constant costs" in " ".join(name for name, _ in caught)


def test_the_soft_statement_needs_entropy(gridworld, goal_cost):
    with pytest.raises(ValueError, match="entropy_weight > 0"):
        check_soft_planning_duality(gridworld, goal_cost, 0.0, "hard")


def spoiled(monkeypatch, name, which, **changes):
    """Let a solver of the statement return results whose fields are changed, where `which` says so."""
    honest = getattr(planning, name)

    def solve(*arguments, **options):
        solution = honest(*arguments, **options)
        if not which(*arguments, **options):
            return solution
        damaged = object.__new__(type(solution))
        fields = {field: getattr(solution, field) for field in solution.__dataclass_fields__}
        fields |= {field: change(fields[field]) for field, change in changes.items()}
        damaged.__dict__.update(fields)
        return damaged

    monkeypatch.setattr(planning, name, solve)


def caught(verification, failures):
    return " ".join(statement for statement, _ in failures(verification))


@pytest.mark.parametrize(
    ("by", "claim"),
    [(-0.05, "V_0 - V_lambda <= lambda log A u, at the given lambda"), (1.05, "V_lambda <= V_0 at every state")],
)
def test_values_outside_the_sandwich_are_caught(gridworld, failures, monkeypatch, by, claim):
    # For constant costs V_lambda is at the lower end: 5 % of the width beyond either end must be seen.
    weight = 0.5
    cost = np.full((gridworld.num_states, gridworld.num_actions), weight)
    width = weight * np.log(gridworld.num_actions) * gridworld.lifetime
    assert caught(check_soft_planning_duality(gridworld, cost, weight, "honest"), failures) == ""
    spoiled(
        monkeypatch,
        "solve_rl",
        lambda mdp, cost, entropy_weight: entropy_weight == weight,
        values=lambda v: v + by * width,
    )
    assert claim in caught(check_soft_planning_duality(gridworld, cost, weight, "spoiled"), failures)


@pytest.mark.parametrize(("solver", "name"), [("solve_occupancy_lp", "the LP"), ("solve_rl", "policy iteration")])
def test_visits_to_actions_that_are_not_the_best_are_caught(gridworld, goal_cost, failures, monkeypatch, solver, name):
    spoiled(
        monkeypatch,
        solver,
        lambda *_, **__: True,
        occupancy=lambda rho: 0.999 * rho + 0.001 * rho.mean(axis=1, keepdims=True),
    )
    assert f"{name} satisfies complementary slackness" in caught(
        check_planning_duality(gridworld, goal_cost, "spoiled"), failures
    )


@pytest.mark.parametrize(("solver", "name"), [("solve_occupancy_lp", "the LP"), ("solve_rl", "policy iteration")])
def test_values_that_are_too_high_are_caught(gridworld, goal_cost, failures, monkeypatch, solver, name):
    spoiled(monkeypatch, solver, lambda *_, **__: True, values=lambda v: v + np.eye(len(v))[0])
    assert f"{name}'s V is dual feasible" in caught(check_planning_duality(gridworld, goal_cost, "spoiled"), failures)


def test_values_that_fall_with_lambda_are_caught(gridworld, goal_cost, failures, monkeypatch):
    unit = float(abs(goal_cost).max())
    spoiled(
        monkeypatch,
        "solve_rl",
        lambda mdp, cost, entropy_weight: entropy_weight == 0.1 * unit,
        values=lambda v: v - 100.0 * np.eye(len(v))[0],
    )
    assert "V_lambda rises as lambda falls" in caught(
        check_soft_planning_duality(gridworld, goal_cost, 0.5, "spoiled"), failures
    )
