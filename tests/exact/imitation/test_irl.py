import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Status, match_occupancy, occupancy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic()], ids=repr)
@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.1, 1.0, 5.0]))
def test_both_routes_lead_to_one_occupancy(mdp: FiniteMDP, seed: int, weight: float, regularizer, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    inverse = solve_irl(mdp, expert, regularizer, weight).require_optimal()
    matched = match_occupancy(mdp, expert, regularizer, weight)
    assert abs(inverse.occupancy - matched.occupancy).sum() <= 1e-9 * expert.sum()
    assert matched.primal_value == pytest.approx(inverse.dual_value, rel=1e-9, abs=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_planning_with_the_cost_found_gives_the_policy_found(mdp: FiniteMDP, seed: int, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    inverse = solve_irl(mdp, expert, psi.Logistic(), 0.5)
    replanned = solve_rl(mdp, inverse.cost, 0.5)
    assert abs(replanned.occupancy - inverse.occupancy).sum() <= 1e-9 * expert.sum()


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_logistic_costs_answer_the_imitator(mdp: FiniteMDP, seed: int, random_cost):
    """At the optimum c = log D, for experts that never take some actions as well."""
    assume(mdp.discount < 0.99)
    expert = solve_rl(mdp, random_cost(mdp, seed), entropy_weight=0.0).occupancy
    inverse = solve_irl(mdp, expert, psi.Logistic(), 1.0).require_optimal()
    _, answer = psi.Logistic().conjugate(inverse.occupancy, expert)
    seen = expert > 1e-3
    np.testing.assert_allclose(inverse.cost[seen], answer[seen], atol=1e-6)
    assert np.all(inverse.cost[expert == 0.0] == 0.0)


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic()], ids=repr)
def test_the_gap_falls_to_rounding_on_a_gridworld(gridworld, goal_cost, regularizer):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    inverse = solve_irl(gridworld, expert, regularizer, 1.0).require_optimal(1e-12)
    assert inverse.trace[0] > 1e-3
    assert abs(inverse.trace[-1]) <= 1e-11
    assert len(inverse.trace) <= 40
    assert all(after <= before + 1e-10 for before, after in zip(inverse.trace, inverse.trace[1:], strict=False))


def test_costs_that_would_run_to_infinity_are_reported(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0)
    inverse = solve_irl(gridworld, expert.occupancy, psi.Constant())
    assert inverse.status is Status.DUAL_NOT_ATTAINED
    assert inverse.cost is None
    assert inverse.dual_value == -np.inf
    np.testing.assert_allclose(inverse.occupancy, expert.occupancy, atol=1e-12)


def test_unreachable_states_are_harmless():
    mdp = FiniteMDP([[[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]], [1.0, 0.0], 0.9)
    expert = occupancy_of(mdp, [[0.3, 0.7], [1.0, 0.0]])
    for regularizer in (psi.Constant(), psi.Logistic()):
        inverse = solve_irl(mdp, expert, regularizer).require_optimal()
        np.testing.assert_array_equal(inverse.cost[1], 0.0)
        np.testing.assert_array_equal(inverse.policy[1], 0.5)


def test_an_expert_at_odds_with_the_start_by_many_orders():
    """Rare pairs must not stall the ascent: pi_E down to 1e-12."""
    bandit = FiniteMDP(np.ones((1, 3, 1)), [1.0], 0.9)
    expert = occupancy_of(bandit, [[1.0 - 1e-6 - 1e-12, 1e-6, 1e-12]])
    inverse = solve_irl(bandit, expert, psi.Constant(), 0.5).require_optimal()
    assert abs(inverse.occupancy - expert).sum() <= 1e-11 * expert.sum()
    differences = inverse.cost[0] - inverse.cost[0, 0]
    np.testing.assert_allclose(differences, -0.5 * np.log(expert[0] / expert[0, 0]), rtol=1e-3)


def test_what_cannot_be_solved_is_refused(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    with pytest.raises(ValueError, match="entropy_weight > 0"):
        solve_irl(gridworld, expert, psi.Logistic(), 0.0)

    class Rough:
        value, conjugate = psi.Logistic.value, psi.Logistic.conjugate

    with pytest.raises(TypeError, match="Rough is not smooth"):
        solve_irl(gridworld, expert, Rough())
