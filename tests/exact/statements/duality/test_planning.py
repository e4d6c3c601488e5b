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
