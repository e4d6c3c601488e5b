import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.linear_systems import gauss_seidel as sweeps
from gail.exact.linear_systems import markov_chain as chain
from gail.exact.linear_systems.markov_chain import Chain


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


def test_a_chain_that_goes_one_way_is_solved_by_sweeps_alone(monkeypatch):
    """In both directions: neither factors nor acceleration are there to help out."""
    size = 400
    ahead, behind = np.minimum(np.arange(size) + 1, size - 1), np.maximum(np.arange(size) - 1, 0)
    line = np.zeros((size, 1, size))
    line[np.arange(size), 0, ahead] += 0.98
    line[np.arange(size), 0, behind] += np.where(np.arange(size) == size - 1, 0.0, 0.02)
    line[-1, 0, -1] += 0.02
    mdp = FiniteMDP(line, np.eye(size)[0], 0.99)
    policy, charge = np.ones((size, 1)), np.random.default_rng(0).random(size)
    expected = Chain(mdp, policy)
    values, visits = expected.values(charge), expected.visits(mdp.initial)
    monkeypatch.setattr(chain, "DIRECT_UP_TO", 0)
    monkeypatch.setattr(chain, "ITERATIVE_BEYOND", 0)
    monkeypatch.setattr(sweeps, "BLOCK", 1)
    monkeypatch.delattr(sweeps.Sweeps, "refined")
    swept = Chain(mdp, policy)
    np.testing.assert_allclose(swept.values(charge), values, rtol=1e-12)
    np.testing.assert_allclose(swept.visits(mdp.initial), visits, rtol=1e-10)
