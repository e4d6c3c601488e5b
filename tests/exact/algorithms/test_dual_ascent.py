import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Matching, occupancy_of, policy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi
from gail.exact.algorithms import dual_ascent

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=15)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_ascent_reaches_the_expert_and_keeps_its_shaping(mdp: FiniteMDP, seed, random_policy, random_cost):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    problem = Matching(mdp, expert, psi.Constant(), 0.5)
    start = mdp.flow_adjoint(np.random.default_rng(seed).normal(size=mdp.num_states))
    run = dual_ascent(problem, 1500, start=start, tolerance=1e-9)
    assert run.trace[-1] <= 2e-9
    assert abs(run.occupancy - expert).sum() <= 1e-2 * expert.sum()
    assert np.all(np.diff(run.dual) >= -1e-12 * (1.0 + abs(run.dual[:-1])))
    np.testing.assert_allclose(mdp.flow(run.cost - start), 0.0, atol=1e-9 * (1.0 + abs(run.cost).max()))


def test_its_cost_is_minus_log_policy_modulo_shaping(gridworld, goal_cost):
    """On the states that matter: the rest after the best shaping is small where the expert goes."""
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    run = dual_ascent(Matching(gridworld, expert, psi.Constant(), 0.5), 150)
    surprise = -0.5 * np.log(policy_of(expert))
    flow, weight = gridworld.flow_matrix.toarray(), np.sqrt(expert.ravel())
    rest = (run.cost - surprise).ravel() * weight
    potential, *_ = np.linalg.lstsq((flow * weight).T, rest, rcond=None)
    unexplained = np.linalg.norm(rest - (flow * weight).T @ potential)
    assert unexplained <= 1e-2 * np.linalg.norm(surprise.ravel() * weight)
    exact = solve_irl(gridworld, expert, psi.Constant(), 0.5)
    assert run.excess(exact.dual_value)[-1] == pytest.approx(0.0, abs=1e-11)
    assert np.max(run.dual) <= exact.primal_value + 1e-11


def test_a_deterministic_expert_drives_the_costs_to_infinity():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(bandit, occupancy_of(bandit, [[1.0, 0.0]]), psi.Constant(), 1.0)
    short, long = dual_ascent(problem, 5), dual_ascent(problem, 15)
    assert 0.0 < long.trace[-1] < short.trace[-1]
    assert np.ptp(long.cost) > np.ptp(short.cost) > 1.0


def test_what_it_is_not_for_is_refused(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    with pytest.raises(TypeError, match="dual ascent is for psi Constant, got Logistic"):
        dual_ascent(Matching(gridworld, expert, psi.Logistic(), 1.0), 1)
    with pytest.raises(ValueError, match="entropy_weight > 0"):
        dual_ascent(Matching(gridworld, expert, psi.Constant(), 0.0), 1)
    problem = Matching(gridworld, expert, psi.Constant(), 1.0)
    for iterations in (-1, 0):
        with pytest.raises(ValueError, match=f"iterations must be at least 1, got {iterations}"):
            dual_ascent(problem, iterations)
    for tolerance in (-1.0, np.nan):
        with pytest.raises(ValueError, match=f"tolerance must be finite and not negative, got {tolerance}"):
            dual_ascent(problem, 1, tolerance=tolerance)
    with pytest.raises(ValueError, match=r"start must have shape \(states, actions\) = \(64, 4\), got \(4,\)"):
        dual_ascent(problem, 1, start=np.zeros(4))
    with pytest.raises(ValueError, match="start must be finite, got nan at state 0, action 0"):
        dual_ascent(problem, 1, start=np.full((64, 4), np.nan))
