import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.statements import check_class_scaling
from gail.exact.statements.apprenticeship import class_scaling as scaling


@settings(deadline=None, derandomize=True, max_examples=15)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), alpha=st.sampled_from([0.1, 3.0, 10.0]))
def test_a_scaled_class_is_a_weighted_entropy(mdp: FiniteMDP, seed, alpha, failures, random_policy):
    rng = np.random.default_rng(seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    features = rng.normal(size=(mdp.num_states, mdp.num_actions, 3))
    assert failures(check_class_scaling(mdp, expert, features, 1.0, alpha, "random", rng)) == []


def test_the_square_of_alpha_would_be_caught(gridworld, failures, monkeypatch):
    honest = scaling.Matching
    monkeypatch.setattr(scaling, "Matching", lambda mdp, expert, psi, weight: honest(mdp, expert, psi, weight**2))
    rng = np.random.default_rng(0)
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    assert failures(check_class_scaling(gridworld, expert, rng.normal(size=(64, 4, 3)), 1.0, 3.0, "broken", rng)) != []
