import numpy as np
import pytest

from gail.exact import Constraints, FiniteMDP, NotOptimal, Status, solve_constrained_rl, solve_rl

COIN = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
FIRST, SECOND = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])


def test_a_limit_makes_the_optimal_policy_random():
    """The second action is free, and may be taken in half a step of two: with probability 1/4. The first costs 1."""
    found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 0.5), 0.0).require_optimal()
    assert found.policy == pytest.approx(np.array([[0.75, 0.25]]))
    assert found.primal_value == pytest.approx(1.5)
    assert found.multipliers == pytest.approx([1.0])  # half a step more would save half of the cost


def test_with_entropy_the_multiplier_is_the_difference_of_log_probabilities():
    """pi = (3/4, 1/4) is soft-optimal for c + y d: lambda log(pi_1 / pi_2) = y - (c_1 - c_2)."""
    found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 0.5), 0.3).require_optimal()
    assert found.policy == pytest.approx(np.array([[0.75, 0.25]]))
    assert found.multipliers == pytest.approx([1.0 + 0.3 * np.log(3.0)])


def test_a_limit_that_does_not_bind_changes_nothing():
    for weight in (0.0, 0.5):
        free = solve_rl(COIN, FIRST, weight)
        found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 5.0), weight).require_optimal()
        assert found.primal_value == pytest.approx(free.primal_value)
        assert found.multipliers == pytest.approx([0.0], abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_cvxpy_finds_the_same_value(seed, case_of, by_cvxpy):
    case = case_of(seed)
    found = solve_constrained_rl(case.mdp, case.cost, case.constraints, case.entropy_weight).require_optimal()
    assert found.status is Status.OPTIMAL
    assert np.all(found.multipliers >= 0.0)
    assert np.all(
        found.multipliers * abs(found.constraints.excess(found.occupancy)) <= 1e-7 * (1.0 + found.multipliers)
    )
    value = by_cvxpy(case)
    assert found.primal_value == pytest.approx(value, abs=1e-5 * max(1.0, abs(value)))


def test_small_entropy_weights_approach_the_linear_program(case_of):
    case = case_of(3)
    limit = solve_constrained_rl(case.mdp, case.cost, case.constraints, 0.0).primal_value
    values = [
        solve_constrained_rl(case.mdp, case.cost, case.constraints, weight).require_optimal().primal_value
        for weight in (1e-1, 1e-3, 1e-5)
    ]
    apart = [abs(value - limit) for value in values]
    assert apart[2] <= 1e-5 * case.mdp.lifetime.max() * np.log(4.0)
    assert apart == sorted(apart, reverse=True)


def test_a_violated_constraint_is_never_optimal():
    found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 0.5), 0.0)
    claimed = type(found)(found.problem, Constraints(SECOND, 0.4), found.multipliers, found.lagrangian, found.tolerance)
    assert claimed.violation == pytest.approx(0.05)
    assert claimed.status is Status.NOT_CONVERGED
    with pytest.raises(NotOptimal, match=r"violation 0\.05"):
        claimed.require_optimal()


def test_a_negative_multiplier_is_never_optimal():
    """With -d in place of d and the limit from below, the bound would hold; for the given limit it does not."""
    found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 5.0), 0.0)
    claimed = type(found)(found.problem, found.constraints, np.array([-1e-12]), found.lagrangian, found.tolerance)
    assert claimed.status is Status.NOT_CONVERGED


def test_a_constrained_solution_is_shown_in_a_line():
    found = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 0.5), 0.0)
    assert repr(found).startswith(
        "ConstrainedSolution(Planning on 1 states and 2 actions, 1 constraints, OPTIMAL, primal 1.5"
    )


def test_the_optimum_without_constraints_is_not_optimal_with_them():
    """Its gap at multipliers zero is closed; only the violated constraint, one of two, tells."""
    free = solve_constrained_rl(COIN, FIRST, Constraints(SECOND, 5.0), 0.0)
    limits = Constraints([FIRST, SECOND], [5.0, 0.5])
    claimed = type(free)(free.problem, limits, np.zeros(2), free.lagrangian, free.tolerance)
    assert claimed.relative_gap == pytest.approx(0.0, abs=1e-12)
    assert claimed.violation == pytest.approx(0.75)  # two steps of the second action, in units of two
    assert claimed.status is Status.NOT_CONVERGED
