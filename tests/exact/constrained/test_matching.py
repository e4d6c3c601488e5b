import numpy as np
import pytest

from gail.exact import Constraints, FiniteMDP, match_constrained, match_occupancy, occupancy_of, solve_constrained_rl
from gail.exact import regularizers as psi

SMOOTH = (psi.Logistic(), psi.Quadratic(0.7), psi.Exponential(), psi.TruncatedQuadratic(), psi.ReverseKL())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("regularizer", SMOOTH, ids=lambda one: type(one).__name__)
def test_cvxpy_finds_the_same_value(regularizer, seed, case_of, by_cvxpy):
    case = next(case for case in map(case_of, range(100 * seed, 100 * seed + 50)) if case.entropy_weight > 0.0)
    found = match_constrained(case.mdp, case.expert, regularizer, case.constraints, case.entropy_weight)
    found.require_optimal()
    value = by_cvxpy(case, regularizer)
    assert found.primal_value == pytest.approx(value, abs=1e-5 * max(1.0, abs(value)))


def test_an_expert_within_the_limits_is_matched_as_without_them(case_of):
    case = case_of(1)
    loose = Constraints(case.constraints.costs, case.constraints.limits + 100.0)
    free = match_occupancy(case.mdp, case.expert, psi.Logistic(), 0.1)
    found = match_constrained(case.mdp, case.expert, psi.Logistic(), loose, 0.1).require_optimal()
    assert found.occupancy == pytest.approx(free.occupancy, abs=1e-8)
    assert found.multipliers == pytest.approx(np.zeros(len(loose.limits)), abs=1e-12)


def test_unreachable_states_and_pairs_that_the_expert_hardly_takes():
    """Where costs are near the end of psi's domain, adding and subtracting the constraint's cost must not lose them."""
    transitions = np.array(
        [[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]] * 2]
    )
    mdp = FiniteMDP(transitions, [1.0, 0.0, 0.0], 0.9)
    expert = occupancy_of(mdp, [[1.0 - 1e-16, 1e-16], [1e-40, 1.0], [0.5, 0.5]])
    costs = np.array([[0.3, 0.1], [0.2, 0.7], [5.0, 5.0]])
    found = match_constrained(mdp, expert, psi.Logistic(), Constraints(costs, 4.0), 0.5).require_optimal()
    assert found.multipliers[0] > 0.0
    assert float(np.sum(found.occupancy * costs)) == pytest.approx(4.0)


def test_without_entropy_or_a_smooth_psi_it_says_what_to_use(case_of):
    case = case_of(0)
    with pytest.raises(ValueError, match="entropy_weight > 0"):
        match_constrained(case.mdp, case.expert, psi.Logistic(), case.constraints, 0.0)
    with pytest.raises(TypeError, match=r"smooth separable conjugate, such as Logistic\(\), got LInfBall"):
        match_constrained(case.mdp, case.expert, psi.LInfBall(), case.constraints, 1.0)
    missing = np.zeros((case.mdp.num_states, case.mdp.num_actions))
    missing[:, 0] = 1.0
    with pytest.raises(ValueError, match="ReverseKL is infinite at policies that take an action"):
        match_constrained(case.mdp, occupancy_of(case.mdp, missing), psi.ReverseKL(), case.constraints, 1.0)


@pytest.mark.slow
def test_a_thousand_random_instances_against_cvxpy(case_of, by_cvxpy):
    """Planning on every instance; matching too where lambda > 0."""
    for seed in range(1000):
        case = case_of(seed)
        found = solve_constrained_rl(case.mdp, case.cost, case.constraints, case.entropy_weight).require_optimal()
        value = by_cvxpy(case)
        assert abs(found.primal_value - value) <= 1e-5 * max(1.0, abs(value)), seed
        if case.entropy_weight > 0.0:
            matched = match_constrained(case.mdp, case.expert, psi.Logistic(), case.constraints, case.entropy_weight)
            value = by_cvxpy(case, psi.Logistic())
            assert abs(matched.require_optimal().primal_value - value) <= 1e-5 * max(1.0, abs(value)), seed
