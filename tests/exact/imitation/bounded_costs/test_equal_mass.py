"""Lipschitz costs with terminal states: the learner has the expert's mass, even if no policy has a smaller one."""

import numpy as np
import pytest
from scipy import sparse

from gail.exact import FiniteMDP, Matching, Status, match_occupancy, occupancy_of, policy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi
from gail.exact.imitation.bounded_costs.equal_mass import with_equal_mass
from gail.exact.solution import Solution


def corridor(length, discount=0.9):
    """Cells in a row: on, back, or wait; the episode ends beyond the last one."""
    transitions = np.zeros((length, 3, length))
    for cell in range(length):
        transitions[cell, 1, max(cell - 1, 0)] = 1.0
        transitions[cell, 2, cell] = 1.0
        if cell < length - 1:
            transitions[cell, 0, cell + 1] = 1.0
    terminal = np.arange(length) == length - 1
    return FiniteMDP(transitions, np.eye(length)[0], discount, terminal)


def hub(mdp):
    """The metric by which all pairs are one apart."""
    pairs = mdp.num_states * mdp.num_actions
    spokes = np.stack([np.arange(pairs), np.full(pairs, pairs)])
    rows, columns = np.concatenate([spokes, spokes[::-1]], axis=1)
    graph = sparse.csr_array((np.full(2 * pairs, 0.5), (rows, columns)), shape=(pairs + 1, pairs + 1))
    return psi.Lipschitz.on_graph(graph, pairs=pairs)


SHORTEST = solve_rl(corridor(6), np.ones((6, 3)), entropy_weight=0.0).occupancy


@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
@pytest.mark.parametrize("weight", [0.1, 1.0])
def test_an_expert_of_least_mass_is_matched_with_a_certificate(weight, solve):
    """Only the expert has the least mass. The optimal cost adds a large constant cost per step."""
    mdp = corridor(6)
    solution = solve(mdp, SHORTEST, hub(mdp), weight).require_optimal(1e-8)
    assert solution.primal_value == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(solution.occupancy, SHORTEST, atol=1e-9)
    assert solution.cost is not None
    assert solution.cost.min() > weight


def test_an_expert_of_greatest_mass_is_matched_as_well():
    """The expert never leaves. Policies that leave have another mass, where psi* is infinite."""
    mdp = corridor(3)
    waiting = occupancy_of(mdp, np.tile([0.0, 0.5, 0.5], (3, 1)))
    solution = match_occupancy(mdp, waiting, hub(mdp), 5.0)
    assert solution.occupancy.sum() == pytest.approx(waiting.sum(), rel=1e-12)
    assert 0.0 <= solution.relative_gap <= 1e-6
    assert solution.cost is not None
    assert solution.cost.mean() < -5.0


def test_masses_between_the_extremes_need_no_care():
    mdp = corridor(5)
    expert = occupancy_of(mdp, np.tile([0.6, 0.2, 0.2], (5, 1)))
    solution = match_occupancy(mdp, expert, hub(mdp), 0.5).require_optimal(1e-9)
    assert solution.occupancy.sum() == pytest.approx(expert.sum(), rel=1e-11)


def test_a_policy_of_the_right_mass_up_to_rounding_stays():
    mdp = corridor(4)
    expert = occupancy_of(mdp, np.tile([0.5, 0.2, 0.3], (4, 1)))
    policy = policy_of(expert) + 1e-13 * np.array([1.0, -1.0, 0.0])
    cost = np.zeros((4, 3))
    kept, same = with_equal_mass(Matching(mdp, expert, hub(mdp), 1.0), policy, cost)
    assert kept is policy
    assert same is cost


def test_what_is_brought_to_the_mass_is_no_worse_than_the_expert():
    """Repairing a policy far from the expert's mass would give a worse one than the expert: the expert is returned."""
    mdp = corridor(6)
    expert = occupancy_of(mdp, np.tile([0.8, 0.1, 0.1], (6, 1)))
    problem = Matching(mdp, expert, hub(mdp), 0.01)
    policy, _ = with_equal_mass(problem, np.tile([0.1, 0.45, 0.45], (6, 1)), np.zeros((6, 3)))
    assert problem.primal(occupancy_of(mdp, policy)) <= problem.primal(expert) + 1e-12


def test_policies_slightly_off_are_brought_to_the_mass_and_costs_prove_more():
    mdp = corridor(6)
    problem = Matching(mdp, SHORTEST, hub(mdp), 0.1)
    near = 0.999 * policy_of(SHORTEST) + 0.001 / 3.0
    zero = np.zeros((6, 3))
    policy, cost = with_equal_mass(problem, near, zero)
    assert problem.primal(occupancy_of(mdp, near)) == np.inf
    assert problem.primal(occupancy_of(mdp, policy)) <= 1e-12
    before, after = (problem.dual(one, solve_rl(mdp, one, 0.1).values) for one in (zero, cost))
    assert before < -1e-3
    assert after >= -1e-9


def test_random_experts_that_leave_actions_out_are_never_silent():
    """With terminal states both values are finite and close to each other, for every status."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        states, actions = int(rng.integers(2, 7)), int(rng.integers(2, 4))
        transitions = rng.dirichlet(np.ones(states), size=(states, actions))
        transitions[0] *= rng.random((actions, 1))
        mdp = FiniteMDP(transitions, rng.dirichlet(np.ones(states)), 0.9, np.arange(states) == 0)
        expert = solve_rl(mdp, rng.normal(size=(states, actions)), entropy_weight=0.0).occupancy
        solution = match_occupancy(mdp, expert, hub(mdp), 0.1)
        assert np.isfinite(solution.gap)
        assert -1e-9 <= solution.relative_gap <= 1e-2
        assert (solution.status is Status.OPTIMAL) == (abs(solution.relative_gap) <= 1e-8)


def test_a_primal_value_that_is_infinite_is_an_infinite_relative_gap():
    mdp = corridor(3)
    expert = occupancy_of(mdp, np.tile([0.5, 0.2, 0.3], (3, 1)))
    other = np.full((3, 3), 1.0 / 3.0)
    problem = Matching(mdp, expert, hub(mdp), 1.0)
    claimed = Solution(problem, occupancy_of(mdp, other), other, np.zeros((3, 3)), np.zeros(3), Status.OPTIMAL, ())
    assert claimed.primal_value == np.inf
    assert claimed.relative_gap == np.inf
