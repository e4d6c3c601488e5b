"""Every psi of the library through every route: structured, conic, inverse; and what lambda = 0 means for each."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Matching, Status, match_occupancy, occupancy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).parents[1] / "psi_library.py")
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
library = _MODULE.library

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=15)
FEW = settings(deadline=None, derandomize=True, max_examples=5)
every_psi = pytest.mark.parametrize("name", library(2, 2))


def size_of(mdp):
    return mdp.num_states, mdp.num_actions


@every_psi
@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.1, 1.0, 5.0]))
def test_both_routes_are_proven_and_agree(mdp: FiniteMDP, name: str, seed: int, weight: float, random_policy):
    assume(name != "Jeffreys" or mdp.discount <= 0.9)  # for more states its ascent in costs takes long
    one = library(*size_of(mdp), seed)[name]
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    matched = match_occupancy(mdp, expert, one, weight).require_optimal(1e-8)
    inverse = solve_irl(mdp, expert, one, weight).require_optimal(1e-8)
    assert abs(matched.occupancy - inverse.occupancy).sum() <= 1e-3 * expert.sum()
    assert matched.primal_value == pytest.approx(inverse.dual_value, rel=1e-7, abs=1e-7 * matched.problem.unit)


@every_psi
@FEW
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.1, 1.0]))
def test_a_general_solver_finds_the_same_optimum(mdp: FiniteMDP, name: str, seed: int, weight: float, random_policy):
    assume(mdp.discount < 0.99)  # for worse scaling a general interior point solver fails
    one = library(*size_of(mdp), seed)[name]
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    structured = match_occupancy(mdp, expert, one, weight)
    general = match_occupancy(mdp, expert, one, weight, method="conic")
    assert general.status in (Status.OPTIMAL, Status.BACKEND_INACCURATE)
    assert general.dual_value <= structured.primal_value + 1e-6 * (1.0 + abs(structured.primal_value))
    if not isinstance(one, psi.Lipschitz):  # its value is infinite if masses differ by the solver's rounding
        assert general.primal_value == pytest.approx(structured.primal_value, rel=2e-5, abs=2e-5)
    assert general.dual_value == pytest.approx(structured.primal_value, rel=2e-5, abs=2e-5)


@every_psi
@FEW
@given(mdp=..., seed=SEEDS)
def test_experts_that_leave_actions_out(mdp: FiniteMDP, name: str, seed: int, random_cost):
    """The result is certified as optimal, or reports that no optimal cost exists."""
    assume(mdp.discount < 0.999 and not mdp.terminal.any())
    one = library(*size_of(mdp), seed)[name]
    expert = solve_rl(mdp, random_cost(mdp, seed), entropy_weight=0.0).occupancy
    covered = np.all(expert[mdp.reachable] > 0.0)
    exempt = isinstance(one, psi.LinearSpan)  # see test_expectation_matching: it depends on more than the support
    for solution in (match_occupancy(mdp, expert, one, 1.0), solve_irl(mdp, expert, one, 1.0)):
        if psi.needs_coverage(one) and not covered:
            assert solution.status is Status.DUAL_NOT_ATTAINED
            assert solution.cost is None
            assert np.all(solution.occupancy[expert == 0.0] == 0.0)
            assert np.isfinite(solution.primal_value)
        elif exempt and solution.status is Status.DUAL_NOT_ATTAINED:
            assert solution.cost is None
            assert np.isfinite(solution.primal_value)
            assert not covered
        else:
            solution.require_optimal(1e-8)


@every_psi
@FEW
@given(mdp=..., seed=SEEDS)
def test_without_entropy(mdp: FiniteMDP, name: str, seed: int, random_policy):
    """Without terminal states psi* is minimal at the expert for every psi except the simplex."""
    assume(mdp.discount < 0.999)
    one = library(*size_of(mdp), seed)[name]
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    solution = match_occupancy(mdp, expert, one, 0.0).require_optimal(1e-8)
    at_expert = Matching(mdp, expert, one, 0.0).primal(expert)
    assert solution.primal_value <= at_expert + 1e-8 * (1.0 + abs(at_expert))
    if name != "Simplex" and not mdp.terminal.any():
        assert solution.primal_value == pytest.approx(at_expert, abs=1e-8)


def test_the_simplex_can_beat_the_expert():
    """One feature whose weight must be 1: without entropy the learner avoids it and beats the expert."""
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    expert = occupancy_of(bandit, [[0.5, 0.5]])
    solution = match_occupancy(bandit, expert, psi.Simplex([[[0.0], [1.0]]]), 0.0).require_optimal(1e-9)
    assert solution.primal_value == pytest.approx(-1.0)
    np.testing.assert_allclose(solution.occupancy, [[2.0, 0.0]])


def test_total_variation_is_half_the_hinge_where_no_episode_ends(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    bounded = match_occupancy(gridworld, expert, psi.LInfBall(), 1.0).require_optimal(1e-9)
    hinged = match_occupancy(gridworld, expert, psi.Hinge(), 1.0).require_optimal(1e-9)
    assert hinged.primal_value == pytest.approx(bounded.primal_value - 2.0 * expert.sum(), rel=1e-10)
    np.testing.assert_allclose(hinged.occupancy, bounded.occupancy, atol=1e-8)


def test_the_discrete_metric_is_total_variation(gridworld, goal_cost):
    """c is 1-Lipschitz for it if and only if its range is at most one: half of [-1, 1], up to a constant."""
    mdp = FiniteMDP(np.random.default_rng(0).dirichlet(np.ones(4), size=(4, 3)), np.eye(4)[0], 0.9)
    expert = occupancy_of(mdp, np.random.default_rng(1).dirichlet(np.ones(3), size=4))
    metric = 2.0 * (1.0 - np.eye(12))
    hub = np.zeros((13, 13))
    hub[:12, 12] = hub[12, :12] = 1.0
    values = [
        match_occupancy(mdp, expert, one, 0.5).require_optimal(1e-9).primal_value
        for one in (psi.LInfBall(), psi.Lipschitz(metric), psi.Lipschitz.on_graph(hub, pairs=12))
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-9)


def test_a_small_weight_of_the_norm_is_exact():
    """l1 is an exact penalty: for small lambda the imitator is the expert itself."""
    mdp = FiniteMDP(np.random.default_rng(0).dirichlet(np.ones(4), size=(4, 3)), np.eye(4)[0], 0.9)
    expert = occupancy_of(mdp, np.random.default_rng(1).dirichlet(np.ones(3), size=4))
    solution = match_occupancy(mdp, expert, psi.LInfBall(), 0.01).require_optimal(1e-9)
    np.testing.assert_allclose(solution.occupancy, expert, atol=1e-9)
    assert abs(match_occupancy(mdp, expert, psi.LInfBall(), 10.0).occupancy - expert).sum() > 0.1


def test_a_psi_without_a_method_says_what_to_do(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))

    class Rough:
        value, conjugate = psi.LInfBall.value, psi.LInfBall.conjugate

    with pytest.raises(TypeError, match=r'Rough has no smooth .* use method="conic"'):
        match_occupancy(gridworld, expert, Rough())
    with pytest.raises(TypeError, match=r"Rough is not smooth .* match_occupancy solves"):
        solve_irl(gridworld, expert, Rough())
    with pytest.raises(TypeError, match="Rough has no conic form"):
        match_occupancy(gridworld, expert, Rough(), method="conic")
