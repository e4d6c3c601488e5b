import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.algorithms import PathMatching, match_paths
from gail.exact.algorithms.path_matching import solve_moments
from gail.exact.process.finite_horizon import over_time
from gail.exact.process.paths import TooManyPaths, divergence, enumerate_paths

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
BANDIT = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=st.integers(1, 3))
def test_any_distribution_is_repaired_and_its_gap_is_a_divergence(
    mdp: FiniteMDP, seed, horizon, random_policy, random_cost
):
    assume(mdp.num_states * mdp.num_actions <= 12)
    problem, reward = match_paths(mdp, horizon, random_policy(mdp, seed)), random_cost(mdp, seed)
    paths = problem.paths
    for given_density in (paths.maxent(reward), paths.distribution(random_policy(mdp, seed + 1))):
        repaired = problem.feasible(given_density)
        assert repaired.min() >= 0.0
        assert repaired.sum() == pytest.approx(1.0, abs=1e-12)
        assert problem.violation(repaired) <= 1e-7
        gap = problem.primal(repaired) - problem.dual(reward)
        assert gap == pytest.approx(divergence(repaired, paths.maxent(reward)), abs=1e-6)
        assert gap >= -1e-7
    assert problem.violation(problem.expert) == 0.0


def test_a_near_distribution_is_repaired_by_little():
    """To second order in its error, as Newton steps have it; the expert far away does not enter."""
    problem = match_paths(BANDIT, 2, [[0.9, 0.1], [0.2, 0.8]])
    optimum = problem.feasible(problem.paths.maxent(np.log([[0.55, 0.45]])))
    moved = [problem.feasible(problem.paths.maxent([[np.log(0.55 / 0.45) + change, 0.0]])) for change in (1e-2, 1e-3)]
    far, near = (abs(repaired - optimum).max() for repaired in moved)
    assert 0.0 < near <= 0.02 * far


@pytest.mark.parametrize(("first", "second"), [(0.9, 0.2), (0.5, 0.5), (0.99, 0.01)])
def test_a_changing_bandit_by_hand(first, second):
    """Visits see only the mean chance m; the optimum draws with m twice: KL = 2 (m log m + (1-m) log (1-m))."""
    problem = match_paths(BANDIT, 2, [[first, 1.0 - first], [second, 1.0 - second]])
    mean = (first + second) / 2.0
    optimal = problem.paths.distribution([[mean, 1.0 - mean]])
    value = 2.0 * (mean * np.log(mean) + (1.0 - mean) * np.log(1.0 - mean))
    assert problem.violation(optimal) <= 1e-15
    assert problem.primal(optimal) == pytest.approx(value, abs=1e-14)
    assert problem.dual(np.log([[mean, 1.0 - mean]])) == pytest.approx(value, abs=1e-14)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_a_stationary_expert_is_its_own_solution(mdp: FiniteMDP, seed, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 12)
    policy = random_policy(mdp, seed)
    problem = match_paths(mdp, 3, policy)
    assert problem.paths.log_partition(np.log(policy)) == pytest.approx(0.0, abs=1e-12)
    assert problem.dual(np.log(policy)) == pytest.approx(problem.primal(problem.expert), abs=1e-11)


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=st.integers(1, 3))
def test_the_generators_process_has_the_experts_visits(mdp: FiniteMDP, seed, horizon, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 12)
    problem = match_paths(mdp, horizon, random_policy(mdp, seed))
    control = problem.control
    np.testing.assert_allclose(control.mdp.flow(control.expert), control.mdp.initial, atol=1e-12)
    np.testing.assert_allclose(over_time(control.expert, horizon).ravel(), problem.expert_visits, atol=1e-12)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_moments_are_solved(mdp: FiniteMDP, seed, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 12)
    paths = enumerate_paths(mdp, 3)
    density = paths.distribution(random_policy(mdp, seed))
    centred = paths.counts.toarray() - paths.expected_counts(density)
    covariance = centred.T @ (density[:, None] * centred)
    change = covariance @ np.random.default_rng(seed).normal(size=len(covariance))
    np.testing.assert_allclose(covariance @ solve_moments(paths, density, change), change, atol=1e-8)


def test_what_is_no_program_is_refused():
    paths = enumerate_paths(BANDIT, 2)
    for expert, message in (
        (np.ones(3) / 3.0, r"one probability for each of 4 paths, got shape \(3,\)"),
        ([0.5, 0.5, np.nan, 0.0], "probability nan at path 2"),
        ([0.5, 0.6, -0.1, 0.0], r"probability -0\.1 at path 2"),
        ([0.5, 0.6, 0.0, 0.0], r"sum to 1\.1, not to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            PathMatching(BANDIT, paths, expert)
    with pytest.raises(ValueError, match="paths visit 2 state-action pairs, the process has 3"):
        PathMatching(FiniteMDP(np.ones((1, 3, 1)), [1.0], 0.5), paths, np.ones(4) / 4.0)
    with pytest.raises(ValueError, match=r"shape \(1, 2\), or 2 times the rows, got \(3, 2\)"):
        match_paths(BANDIT, 2, np.full((3, 2), 0.5))
    with pytest.raises(ValueError, match="horizon must be at least 1, got -1"):
        match_paths(BANDIT, -1, [[0.5, 0.5]])
    with pytest.raises(ValueError, match="sum to"):
        match_paths(BANDIT, 2, [[0.5, 0.6]])
    with pytest.raises(TooManyPaths):
        match_paths(BANDIT, 5, [[0.5, 0.5]], max_paths=3)
