"""Instances beyond dense algebra, small enough for every run: residuals certified, and the small solvers' answers."""

import numpy as np
import pytest
from scipy import sparse

from gail.exact import FiniteMDP, match_occupancy, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.linear_systems import markov_chain as chain
from gail.exact.linear_systems import newton_system
from gail.exact.planning import rl as planning_module
from gail.exact.planning import soft_planning
from gail.exact.planning.bellman import action_values, soft_minimum


def big_gridworld(side: int, discount: float, terminal: bool = False) -> tuple[FiniteMDP, np.ndarray]:
    """Slipping moves on a square; one corner cut off by a wall of absorbing cells; episodes end at some cells."""
    rng = np.random.default_rng(side)
    cells = np.arange(side * side)
    row, column = cells // side, cells % side
    moves = np.array([[-1, 0], [0, 1], [1, 0], [0, -1]])
    stuck = (row + column == side // 4) | (rng.random(cells.size) < 0.05)
    reached = np.empty((cells.size, 4), dtype=np.int64)
    for action, (down, right) in enumerate(moves):
        there = np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1)
        reached[:, action] = np.where(stuck, cells, there)
    targets = np.stack([reached, np.roll(reached, -1, axis=1), np.roll(reached, 1, axis=1)], axis=2)
    chances = np.tile([0.8, 0.1, 0.1], cells.size * 4)
    ends = np.zeros(cells.size, dtype=bool)
    if terminal:
        ends = rng.random(cells.size) < 0.02
        chances = chances * np.repeat(np.where(ends, 0.5, 1.0), 12)
    rows = np.repeat(np.arange(cells.size * 4), 3)
    matrix = sparse.csr_array((chances, (rows, targets.ravel())), shape=(cells.size * 4, cells.size))
    initial = np.where(row + column > side // 4, rng.random(cells.size), 0.0)
    cost = rng.random((cells.size, 4)) + 1.0
    cost[rng.random(cells.size) < 0.002] = 0.0
    return FiniteMDP(matrix, initial / initial.sum(), discount, ends), cost


def random_mdp(states: int, discount: float) -> tuple[FiniteMDP, np.ndarray]:
    """Transitions that lead anywhere: no small separators."""
    rng = np.random.default_rng(states)
    targets = rng.integers(0, states, size=(states * 4, 3))
    chances = rng.dirichlet(np.ones(3), size=states * 4)
    rows = np.repeat(np.arange(states * 4), 3)
    matrix = sparse.csr_array((chances.ravel(), (rows, targets.ravel())), shape=(states * 4, states))
    return FiniteMDP(matrix, rng.dirichlet(np.ones(states)), discount), rng.random((states, 4))


INSTANCES = {
    "gridworld": lambda discount: big_gridworld(60, discount),
    "gridworld with ends": lambda discount: big_gridworld(60, discount, terminal=True),
    "garnet": lambda discount: random_mdp(4000, discount),
}


@pytest.mark.parametrize("discount", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("name", INSTANCES)
def test_soft_planning_by_iteration(name: str, discount: float):
    mdp, cost = INSTANCES[name](discount)
    assert mdp.num_states > chain.DIRECT_UP_TO
    solution = solve_rl(mdp, cost, 0.1).require_optimal(1e-10)
    residual = soft_minimum(action_values(mdp, cost, solution.values), 0.1) - solution.values
    assert abs(residual).max() <= 1e-13 * abs(solution.values).max()
    assert solution.flow_residual <= 1e-12 * solution.occupancy.sum()
    again = solve_rl(mdp, cost, 0.1)
    np.testing.assert_array_equal(again.values, solution.values)
    np.testing.assert_array_equal(again.occupancy, solution.occupancy)


@pytest.mark.parametrize("discount", [0.95, 0.999])
@pytest.mark.parametrize("name", INSTANCES)
def test_policy_iteration_stopped_early_ends_where_the_exact_one_does(name: str, discount: float, monkeypatch):
    mdp, cost = INSTANCES[name](discount)
    early = solve_rl(mdp, cost, entropy_weight=0.0).require_optimal(1e-10)
    assert np.isin(early.policy, [0.0, 1.0]).all()
    if name != "garnet":  # where factors are dense
        monkeypatch.setattr(chain, "DIRECT_UP_TO", 10**6)
        monkeypatch.setattr(planning_module, "DIRECT_UP_TO", 10**6)
        exact = solve_rl(mdp, cost, entropy_weight=0.0)
        np.testing.assert_allclose(early.values, exact.values, rtol=1e-11)
        np.testing.assert_array_equal(early.policy[mdp.reachable], exact.policy[mdp.reachable])


def test_iterated_chains_agree_with_factored_ones(monkeypatch):
    mdp, _ = big_gridworld(60, 0.99, terminal=True)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), size=mdp.num_states)
    charge = np.random.default_rng(1).normal(size=mdp.num_states)
    factored = chain.Chain(mdp, policy)
    monkeypatch.setattr(chain, "MAX_SPARSE_LEVEL", 0.0)
    iterated = chain.Chain(mdp, policy)
    for solve in ("values", "visits"):
        expected = getattr(factored, solve)(charge)
        np.testing.assert_allclose(getattr(iterated, solve)(charge), expected, atol=1e-11 * abs(expected).max())
    monkeypatch.setattr(chain, "MAX_STEPS", 0)  # the contraction alone
    expected = factored.values(charge)
    np.testing.assert_allclose(iterated.values(charge), expected, atol=1e-11 * abs(expected).max())


def test_a_correction_is_as_accurate_as_asked(monkeypatch):
    """And by few steps of the iteration, without the sweeps that would come to its rescue."""
    monkeypatch.setattr(chain, "MAX_SWEEPS", 0)
    monkeypatch.setattr(chain, "MAX_STEPS", 300)
    mdp, cost = big_gridworld(60, 0.99)
    policy = np.full((mdp.num_states, 4), 0.25)
    loose = chain.Chain(mdp, policy)
    right = cost[:, 0]
    for accuracy in (1e-1, 1e-4, 1e-8):
        found = loose.correction(right, accuracy)
        left = right - (found - mdp.discounted_chain(policy) @ found)
        assert np.linalg.norm(left) <= 2.0 * accuracy * np.linalg.norm(right)


def test_a_cyclic_chain_on_which_the_iteration_stalls_is_solved_all_the_same():
    """A ring: the spectrum fills a circle, and a Krylov space must be as large as the ring."""
    states = 5000
    ring = sparse.csr_array((np.ones(states), (np.arange(states), np.roll(np.arange(states), -1))))
    mdp = FiniteMDP(ring, np.eye(1, states)[0], 0.99)
    occupancy = occupancy_of(mdp, np.ones((states, 1)))
    np.testing.assert_allclose(occupancy[:50, 0], 0.99 ** np.arange(50), rtol=1e-12)
    assert occupancy.sum() == pytest.approx(100.0, rel=1e-12)


def test_level_widths_tell_planes_from_tangles():
    assert big_gridworld(60, 0.9)[0].level_width <= 4 * 60
    assert random_mdp(4000, 0.9)[0].level_width >= 1000


@pytest.mark.parametrize("terminal", [False, True])
def test_matching_on_a_large_gridworld(terminal: bool):
    mdp, cost = big_gridworld(40, 0.95, terminal)
    expert = solve_rl(mdp, cost, 0.1).occupancy
    solution = match_occupancy(mdp, expert, psi.Logistic(), 0.1).require_optimal(1e-10)
    assert np.all(solution.policy[~mdp.reachable] == 0.25)
    assert len(solution.trace) <= 30


def test_matching_where_factors_would_be_dense():
    mdp, cost = random_mdp(1500, 0.95)
    expert = solve_rl(mdp, cost, 0.1).occupancy
    solution = match_occupancy(mdp, expert, psi.Logistic(), 0.1).require_optimal(1e-10)
    assert len(solution.trace) <= 30


def test_newton_directions_by_elimination_and_by_minimal_residuals_agree(monkeypatch):
    mdp, _ = big_gridworld(25, 0.9)
    mdp = mdp.reachable_part()
    rng = np.random.default_rng(0)
    occupancy = occupancy_of(mdp, rng.dirichlet(np.ones(4), size=mdp.num_states))
    elasticity = rng.random(occupancy.shape)
    gradient = rng.normal(size=occupancy.shape)
    direct = newton_system.NewtonSystem(mdp).direction(occupancy, 0.3, elasticity, gradient)
    monkeypatch.setattr(newton_system, "DIRECT_UP_TO", 0)
    monkeypatch.setattr(newton_system, "MAX_SPARSE_LEVEL", 0.0)
    iterated = newton_system.NewtonSystem(mdp).direction(occupancy, 0.3, elasticity, gradient)
    for one, other in zip(direct, iterated, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7 * abs(one).max())
    # And it is the step: flow-preserving, with the model's stationarity.
    change, shift, multipliers = direct
    assert abs(mdp.flow(occupancy * change)).max() <= 1e-10 * abs(occupancy * change).max()
    stationarity = (0.3 + elasticity) * change - 0.3 * (change - shift) - mdp.flow_adjoint(multipliers) + gradient
    assert abs(stationarity).max() <= 1e-9


def test_inexact_steps_that_take_too_long_become_exact(monkeypatch):
    mdp, cost = big_gridworld(60, 0.95)
    expected = solve_rl(mdp, cost, 0.1).values
    monkeypatch.setattr(soft_planning, "PATIENCE", 0)
    np.testing.assert_allclose(solve_rl(mdp, cost, 0.1).values, expected, rtol=1e-12)
