import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, InvalidCost, occupancy_of, solve_occupancy_lp, solve_rl


@settings(deadline=None, derandomize=True, max_examples=60)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_the_program_and_policy_iteration_agree(mdp: FiniteMDP, seed: int, random_cost):
    cost = random_cost(mdp, seed)
    program, iteration = solve_occupancy_lp(mdp, cost).require_optimal(1e-7), solve_rl(mdp, cost, entropy_weight=0.0)
    np.testing.assert_allclose(program.primal_value, iteration.primal_value, rtol=1e-8, atol=1e-8)
    # Complementary slackness: what the program uses has no slack in the other's bound.
    slack = cost + mdp.discounted_next(iteration.values) - iteration.values[:, None]
    assert np.sum(program.occupancy * slack) <= 1e-7 * (1.0 + program.occupancy.sum())


@settings(deadline=None, derandomize=True, max_examples=60)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_the_program_is_solved_at_every_state_whatever_the_start(mdp: FiniteMDP, seed: int, random_cost):
    cost = random_cost(mdp, seed)
    program, iteration = solve_occupancy_lp(mdp, cost), solve_rl(mdp, cost, entropy_weight=0.0)
    scale = 1.0 + abs(iteration.values).max()
    np.testing.assert_allclose(program.values, iteration.values, atol=1e-8 * scale)
    anywhere = np.full(mdp.num_states, 1.0 / mdp.num_states)
    from_anywhere = FiniteMDP(mdp.transitions, anywhere, mdp.discount, mdp.terminal)
    reached = np.sum(occupancy_of(from_anywhere, program.policy) * cost)
    assert abs(reached - from_anywhere.initial @ iteration.values) <= 1e-8 * scale


def test_discount_one_over_a_line():
    line = np.zeros((3, 2, 3))
    line[0, :, 1] = line[1, :, 2] = 1.0
    mdp = FiniteMDP(line, np.eye(3)[0], 1.0, terminal=[False, False, True])
    cost = np.array([[1.0, 2.0], [5.0, 3.0], [4.0, 4.0]])
    assert solve_occupancy_lp(mdp, cost).require_optimal().primal_value == pytest.approx(8.0)
    assert solve_rl(mdp, cost, entropy_weight=0.0).require_optimal().primal_value == pytest.approx(8.0)


def test_invalid_costs_are_refused(gridworld):
    with pytest.raises(InvalidCost, match="nan"):
        solve_occupancy_lp(gridworld, np.full((64, 4), np.nan))
