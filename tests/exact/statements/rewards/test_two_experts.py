import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, statements


@settings(deadline=None, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_two_discounts_on_random_processes(mdp: FiniteMDP, seed: int):
    found = statements.check_two_discounts(mdp, "random", np.random.default_rng(seed))
    assert [(one.statement, one.violation) for one in found.certificates if not one.holds] == []
    assert bool(found.certificates) == (mdp.discount > 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_two_dynamics(seed, failures):
    found = statements.check_two_dynamics("tables", np.random.default_rng(seed))
    assert failures(found) == []
    assert len(found.certificates) == 6


def test_large_processes_are_left_out():
    many = FiniteMDP(np.tile(np.eye(600)[:, None], (1, 2, 1)), 0, 0.9)
    assert statements.check_two_discounts(many, "large", np.random.default_rng(0)).certificates == ()
