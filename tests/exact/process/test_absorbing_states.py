import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, InvalidCost, InvalidMDP, continuing, continuing_cost, occupancy_of, solve_rl

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


def extended(policy):
    return np.concatenate([policy, np.full((1, policy.shape[1]), 1.0 / policy.shape[1])])


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_occupancies_of_old_states_stay_and_all_have_one_mass(mdp: FiniteMDP, seed: int, random_policy):
    policy = random_policy(mdp, seed)
    occupancy, longer = occupancy_of(mdp, policy), occupancy_of(continuing(mdp), extended(policy))
    np.testing.assert_allclose(longer[:-1], occupancy, rtol=1e-12, atol=1e-15)
    mass = 1.0 / (1.0 - mdp.discount)
    assert longer.sum() == pytest.approx(mass, rel=1e-11)
    assert longer[-1].sum() == pytest.approx(mass - occupancy.sum(), rel=1e-9, abs=1e-11 * mass)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.0, 0.5]))
def test_the_end_costs_nothing(mdp: FiniteMDP, seed: int, weight: float, random_cost):
    """Values are as before, less the entropy that the idle actions of the absorbing state have."""
    cost = random_cost(mdp, seed)
    before = solve_rl(mdp, cost, weight)
    after = solve_rl(continuing(mdp), continuing_cost(cost), weight)
    scale = weight + float(abs(cost).max())
    if weight == 0.0 or not mdp.terminal.any():
        assert after.primal_value == pytest.approx(before.primal_value, rel=1e-9, abs=1e-9 * scale)
    else:
        assert after.primal_value <= before.primal_value + 1e-9 * scale


def test_what_a_row_lacks_leads_to_the_new_state():
    ending = FiniteMDP([[[0.0, 1.0], [0.25, 0.5]], [[0.0, 0.0], [0.0, 1.0]]], [1.0, 0.0], 0.5, terminal=[True, True])
    longer = continuing(ending)
    assert (longer.num_states, longer.num_actions, longer.discount) == (3, 2, 0.5)
    assert not longer.terminal.any()
    rows = longer.transitions.toarray().reshape(3, 2, 3)
    np.testing.assert_array_equal(rows[:2, :, 2], [[0.0, 0.25], [1.0, 0.0]])
    np.testing.assert_array_equal(rows[2], [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(rows[:2, :, :2].ravel(), ending.transitions.toarray().ravel())
    np.testing.assert_array_equal(longer.initial, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(continuing_cost([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]])


def test_what_cannot_go_on_is_refused():
    with pytest.raises(InvalidMDP, match="discount 1"):
        continuing(FiniteMDP([[[0.0]]], [1.0], 1.0, terminal=[True]))
    with pytest.raises(TypeError, match="FiniteMDP"):
        continuing(np.ones((1, 1, 1)))
    with pytest.raises(InvalidCost, match="shape"):
        continuing_cost([1.0, 2.0])
