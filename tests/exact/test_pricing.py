import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Matching, Status, occupancy_of
from gail.exact import regularizers as psi
from gail.exact.pricing import priced


@settings(deadline=None, derandomize=True, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_any_policy_gets_a_true_bound(mdp: FiniteMDP, seed: int, random_policy):
    expert, policy = occupancy_of(mdp, random_policy(mdp, seed)), random_policy(mdp, seed + 1)
    solution = priced(Matching(mdp, expert, psi.Logistic(), 1.0), policy, tolerance=1e-9)
    assert solution.gap >= -1e-9 * max(1.0, abs(solution.primal_value))
    assert np.isfinite(solution.dual_value)


def test_a_policy_far_from_the_expert_is_not_called_optimal():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(bandit, np.array([[2.0, 0.0]]), psi.Logistic(), 0.0)
    solution = priced(problem, np.array([[0.0, 1.0]]), tolerance=1e-9)
    assert solution.status is Status.NOT_CONVERGED
    assert solution.gap > 0.0
