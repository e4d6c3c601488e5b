import numpy as np
import pytest

from gail.exact import AverageSolution, FiniteMDP, NotOptimal, NotRecurrent, Status, solve_average_rl, solve_rl

# Two states, one after the other: staying costs 1 in the first and 3 in the second; going costs 0.
STAY_OR_GO = FiniteMDP([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]], [0.5, 0.5], 0.9)
COST = np.array([[1.0, 0.0], [3.0, 0.0]])


def random_process(seed):
    rng = np.random.default_rng(seed)
    states, actions = int(rng.integers(1, 12)), int(rng.integers(1, 4))
    mdp = FiniteMDP(rng.dirichlet(np.full(states, 0.5), size=(states, actions)), np.full(states, 1.0 / states), 0.9)
    return mdp, rng.normal(size=(states, actions))


def test_going_back_and_forth_is_free():
    found = solve_average_rl(STAY_OR_GO, COST, 0.0).require_optimal()
    assert found.average == pytest.approx(0.0, abs=1e-12)
    assert found.policy == pytest.approx(np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert found.stationary.sum(axis=1) == pytest.approx([0.5, 0.5])


def test_a_single_state_is_a_soft_minimum():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    found = solve_average_rl(bandit, [[1.0, 3.0]], 0.7).require_optimal()
    assert found.average == pytest.approx(-0.7 * np.log(np.exp(-1.0 / 0.7) + np.exp(-3.0 / 0.7)))


@pytest.mark.parametrize("weight", [0.0, 1e-4, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_limit_of_discounting(seed, weight):
    mdp, cost = random_process(seed)
    found = solve_average_rl(mdp, cost, weight).require_optimal(1e-9)
    near = FiniteMDP(mdp.transitions, mdp.initial, 1.0 - 1e-6)
    discounted = 1e-6 * solve_rl(near, cost, weight).primal_value
    assert found.average == pytest.approx(discounted, abs=1e-6 * (1.0 + np.ptp(found.bias)))


def test_a_constant_cost_is_its_own_average():
    mdp, _ = random_process(3)
    assert solve_average_rl(mdp, np.full((mdp.num_states, mdp.num_actions), 2.0), 0.0).average == pytest.approx(2.0)
    assert solve_average_rl(mdp, np.zeros((mdp.num_states, mdp.num_actions)), 0.0).average == 0.0


def test_discount_and_start_play_no_part():
    mdp, cost = random_process(5)
    other = FiniteMDP(mdp.transitions, 0, 0.0)
    assert solve_average_rl(mdp, cost, 0.3).average == solve_average_rl(other, cost, 0.3).average


def test_processes_that_are_not_recurrent_are_refused():
    with pytest.raises(NotRecurrent, match="episodes may end in state 0"):
        solve_average_rl(FiniteMDP(np.full((1, 1, 1), 0.5), [1.0], 0.9, terminal=[True]), [[1.0]])
    with pytest.raises(NotRecurrent, match="state 1 is not recurrent together with state 0"):
        solve_average_rl(FiniteMDP(np.eye(2)[:, None], [1.0, 0.0], 0.9), [[1.0], [2.0]])


def test_a_wrong_policy_or_bias_is_never_optimal():
    found = solve_average_rl(STAY_OR_GO, COST, 0.5)
    worse = np.array([[0.5, 0.5], [0.5, 0.5]])
    for claimed in (
        AverageSolution(STAY_OR_GO, COST, 0.5, worse, np.full((2, 2), 0.25), found.bias),
        AverageSolution(STAY_OR_GO, COST, 0.5, found.policy, found.stationary, np.array([0.0, 1.0])),
        AverageSolution(STAY_OR_GO, COST, 0.5, found.policy, 2.0 * found.stationary, found.bias),
    ):
        assert claimed.status is Status.NOT_CONVERGED
        with pytest.raises(NotOptimal, match="relative gap"):
            claimed.require_optimal()


def test_an_average_solution_is_shown_in_a_line():
    assert repr(solve_average_rl(STAY_OR_GO, COST, 0.0)).startswith("AverageSolution(2 states and 2 actions, OPTIMAL, ")


def test_every_bias_gives_a_lower_bound():
    found = solve_average_rl(STAY_OR_GO, COST, 0.0)
    for bias in ([0.0, 1.0], [3.0, -2.0]):
        claimed = AverageSolution(STAY_OR_GO, COST, 0.0, found.policy, found.stationary, np.array(bias))
        assert claimed.bound < found.average
