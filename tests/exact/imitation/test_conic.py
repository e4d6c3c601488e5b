import cvxpy as cp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import BackendFailed, FiniteMDP, Matching, Status, match_occupancy, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.imitation import conic


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic()], ids=repr)
@settings(deadline=None, derandomize=True, max_examples=15)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), weight=st.sampled_from([0.1, 1.0]))
def test_a_general_solver_finds_the_same_optimum(mdp: FiniteMDP, seed: int, weight: float, regularizer, random_policy):
    assume(mdp.discount < 0.99)  # beyond, the scaling defeats a general interior point solver
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    structured = match_occupancy(mdp, expert, regularizer, weight)
    general = match_occupancy(mdp, expert, regularizer, weight, method="conic").require_optimal(1e-5)
    assert general.primal_value == pytest.approx(structured.primal_value, rel=1e-6, abs=1e-6)
    assert abs(general.occupancy - structured.occupancy).sum() <= 1e-3 * expert.sum()


def test_survival_without_entropy():
    stay_or_end = FiniteMDP([[[1.0], [0.0]]], [1.0], 0.9, terminal=[True])
    expert = occupancy_of(stay_or_end, [[0.5, 0.5]])
    structured = match_occupancy(stay_or_end, expert, psi.Logistic(), 0.0)
    general = match_occupancy(stay_or_end, expert, psi.Logistic(), 0.0, method="conic")
    assert general.primal_value == pytest.approx(structured.primal_value, rel=1e-6)


def test_multipliers_of_the_matching_constraint_are_a_cost(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3)
    general = match_occupancy(gridworld, expert.occupancy, psi.Constant(), 1.0, method="conic").require_optimal(1e-5)
    assert abs(solve_rl(gridworld, general.cost, 1.0).occupancy - expert.occupancy).sum() <= 1e-2


def test_missing_costs_are_reported(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    general = match_occupancy(gridworld, expert, psi.Constant(), method="conic")
    assert general.status is Status.DUAL_NOT_ATTAINED
    assert general.cost is None


def test_reduced_accuracy_surfaces(gridworld, monkeypatch):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    problem = Matching(gridworld, expert, psi.Logistic(), 1.0)
    monkeypatch.setattr(conic, "_solve", lambda program: program.solve(solver=cp.CLARABEL) and cp.OPTIMAL_INACCURATE)
    assert conic.match_by_cvxpy(problem).status is Status.BACKEND_INACCURATE


def test_a_backend_without_an_answer_raises():
    x = cp.Variable()
    with pytest.raises(BackendFailed, match="infeasible"):
        conic._solve(cp.Problem(cp.Minimize(x), [x >= 1.0, x <= 0.0]))


def test_unknown_regularizers_are_refused(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))

    class Unknown:
        value, conjugate = psi.Logistic.value, psi.Logistic.conjugate

    with pytest.raises(TypeError, match="Unknown has no conic form"):
        match_occupancy(gridworld, expert, Unknown(), method="conic")


def test_a_conjugate_at_a_fixed_occupancy():
    expert = np.array([[1.0, 2.0]])
    total_variation = conic.conjugate_by_cvxpy(psi.LInfBall(), np.array([[2.0, 1.5]]), expert)
    assert total_variation == pytest.approx(1.5, abs=1e-7)
    assert conic.conjugate_by_cvxpy(psi.Constant(), expert, expert) == pytest.approx(0.0, abs=1e-7)
    assert conic.conjugate_by_cvxpy(psi.Constant(), 1.1 * expert, expert) == np.inf


def test_a_conic_form_without_a_bound_is_no_conjugate():
    class Unbounded:
        def conic(self, cp, rho, expert):
            return cp.Variable(), []

    with pytest.raises(BackendFailed, match="unbounded"):
        conic.conjugate_by_cvxpy(Unbounded(), np.ones((1, 2)), np.ones((1, 2)))
