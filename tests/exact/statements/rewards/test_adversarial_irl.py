import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, statements
from gail.exact.statements.rewards.instances import ring


@settings(deadline=None, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_it_holds_on_random_processes(mdp: FiniteMDP, seed: int):
    found = statements.check_airl(mdp, "random", np.random.default_rng(seed))
    assert [(one.statement, one.violation) for one in found.certificates if not one.holds] == []


def test_deterministic_dynamics_need_no_expectation(failures):
    found = statements.check_airl(ring(5, 0.9), "ring", np.random.default_rng(0))
    assert failures(found) == []
    assert "AIRL: with deterministic dynamics they do not raise it" in [c.statement for c in found.certificates]


def test_large_processes_are_left_out():
    many = FiniteMDP(np.tile(np.eye(400)[:, None], (1, 2, 1)), 0, 0.9)
    assert statements.check_airl(many, "large", np.random.default_rng(0)).certificates == ()


def test_sampled_next_states_are_biased(failures):
    found = statements.check_airl_bias("table")
    assert failures(found) == []
    assert len(found.certificates) == 6
