import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.chain import Chain


@settings(deadline=None, derandomize=True, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_values_and_visits_solve_the_dense_systems(mdp: FiniteMDP, seed: int, random_policy):
    rng = np.random.default_rng(seed)
    policy = random_policy(mdp, seed)
    dense = np.eye(mdp.num_states) - mdp.discounted_chain(policy).toarray()
    charge = rng.normal(size=mdp.num_states)
    chain = Chain(mdp, policy)
    np.testing.assert_allclose(chain.values(charge), np.linalg.solve(dense, charge), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(chain.visits(charge), np.linalg.solve(dense.T, charge), rtol=1e-9, atol=1e-9)
