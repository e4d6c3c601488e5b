import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Matching, Status, occupancy_of
from gail.exact import regularizers as psi
from gail.exact.imitation.dual_bound import with_dual_bound


@settings(deadline=None, derandomize=True, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_any_policy_gets_a_true_bound(mdp: FiniteMDP, seed: int, random_policy):
    expert, policy = occupancy_of(mdp, random_policy(mdp, seed)), random_policy(mdp, seed + 1)
    solution = with_dual_bound(Matching(mdp, expert, psi.Logistic(), 1.0), policy, tolerance=1e-9)
    assert solution.gap >= -1e-9 * max(1.0, abs(solution.primal_value))
    assert np.isfinite(solution.dual_value)


def test_a_policy_far_from_the_expert_is_not_called_optimal():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(bandit, np.array([[2.0, 0.0]]), psi.Logistic(), 0.0)
    solution = with_dual_bound(problem, np.array([[0.0, 1.0]]), tolerance=1e-9)
    assert solution.status is Status.NOT_CONVERGED
    assert solution.gap > 0.0


def corridor() -> FiniteMDP:
    """State 0 stays (action 0) or leaves for state 1, which stays for good."""
    transitions = np.zeros((2, 2, 2))
    transitions[0, 0, 0] = transitions[0, 1, 1] = 1.0
    transitions[1, :, 1] = 1.0
    return FiniteMDP(transitions, [1.0, 0.0], 0.9)


def test_pairs_that_nobody_visits_do_not_spoil_the_bound():
    """Learner and expert visit state 1 with about 1e-20. Their ratio is arbitrary and must not spoil the bound."""
    mdp = corridor()
    expert = occupancy_of(mdp, np.array([[1.0 - 1e-20, 1e-20], [0.5, 0.5]]))
    for leaving in (1e-20, 1e-24, 1e-30):
        problem = Matching(mdp, expert, psi.TruncatedQuadratic(), 0.0)
        solution = with_dual_bound(problem, np.array([[1.0 - leaving, leaving], [0.9, 0.1]]), tolerance=1e-12)
        assert solution.status is Status.OPTIMAL
        assert solution.gap >= -1e-12


def test_a_pair_that_the_expert_does_visit_is_not_taken_for_one():
    expert = occupancy_of(corridor(), np.array([[0.99, 0.01], [0.5, 0.5]]))
    problem = Matching(corridor(), expert, psi.TruncatedQuadratic(), 0.0)
    solution = with_dual_bound(problem, np.array([[1.0 - 1e-9, 1e-9], [0.5, 0.5]]), tolerance=1e-9)
    assert solution.status is Status.NOT_CONVERGED
    assert solution.gap > 1e-3
