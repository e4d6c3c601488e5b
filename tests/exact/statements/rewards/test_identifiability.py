import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, statements
from gail.exact.statements.rewards.instances import mild_reward, random_dynamics, ring


@settings(deadline=None, max_examples=40)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_it_holds_on_random_processes(mdp: FiniteMDP, seed: int):
    found = statements.check_identifiability(mdp, "random", np.random.default_rng(seed))
    assert [(one.statement, one.violation) for one in found.certificates if not one.holds] == []


def test_deterministic_dynamics_are_compared_with_their_classes(failures):
    found = statements.check_identifiability(ring(6, 0.9), "ring", np.random.default_rng(0))
    assert failures(found) == []
    assert "Identifiability: the dimension is the number of linked classes" in [c.statement for c in found.certificates]


def test_two_sides_leave_two_rewards(failures):
    found = statements.check_two_sides("ring")
    assert failures(found) == []
    assert len(found.certificates) == 7


@pytest.mark.parametrize("stays", [False, True])
def test_a_ring_moves_to_both_sides(stays):
    moves = ring(4, 0.9, stays=stays).transitions.toarray().reshape(4, 2, 4).argmax(axis=2)
    assert moves.tolist() == [[(s + (0 if stays else -1)) % 4, (s + 1) % 4] for s in range(4)]


def test_mild_rewards_have_sums_of_about_one():
    mdp = random_dynamics(np.random.default_rng(0))
    reward = mild_reward(mdp, np.random.default_rng(0), state_only=False)
    assert reward.shape == (16, 4)
    assert abs(reward + np.log(4)).max() < 0.5
