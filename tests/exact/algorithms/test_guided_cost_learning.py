import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, solve_rl
from gail.exact.algorithms import (
    PathMatching,
    guided_cost_learning,
    match_paths,
    maxent_irl,
    sampled_guided_cost_learning,
)
from gail.exact.process.paths import divergence, enumerate_paths

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
BANDIT = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)


@CHECKED
@given(mdp=..., seed=SEEDS, horizon=st.integers(1, 3))
def test_the_ascent_closes_the_gap_for_experts_of_any_kind(mdp: FiniteMDP, seed, horizon, random_policy):
    """Stationary ones, and distributions of paths that are no policy's."""
    assume(mdp.num_states * mdp.num_actions <= 12)
    paths = enumerate_paths(mdp, horizon)
    stationary = paths.distribution(random_policy(mdp, seed))
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(stationary)))
    for expert in (stationary, 0.5 * (stationary + drawn)):
        problem = PathMatching(mdp, paths, expert)
        run = maxent_irl(problem, 60, tolerance=1e-12)
        assert -1e-9 <= run.trace[-1] <= 1e-9
        assert run.violation[-1] <= 1e-5
        assert np.all(np.diff(run.dual) >= -1e-12)
        np.testing.assert_allclose(run.density, paths.maxent(run.reward))
    assert divergence(stationary, maxent_irl(PathMatching(mdp, paths, stationary), 60).density) <= 1e-9


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_guided_cost_learning_with_exact_weights_is_maximum_entropy_irl(mdp: FiniteMDP, seed, random_policy):
    assume(mdp.num_states * mdp.num_actions <= 8)
    problem = match_paths(mdp, 3, np.vstack([random_policy(mdp, seed + step) for step in range(3)]))
    guided, direct = guided_cost_learning(problem, 12), maxent_irl(problem, 12)
    assert abs(guided.trace[-1]) <= 1e-9
    np.testing.assert_allclose(guided.dual, np.pad(direct.dual, (0, 12 - len(direct.dual)), mode="edge"), atol=1e-9)
    np.testing.assert_allclose(guided.density, direct.density, atol=1e-6)


def test_samples_are_off_by_the_square_root_of_their_number():
    rng = np.random.default_rng(0)
    mdp = FiniteMDP([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.4, 0.6]]], [0.5, 0.5], 0.5)
    problem = match_paths(mdp, 3, rng.dirichlet(np.ones(2), size=6))
    optimum = maxent_irl(problem, 40, tolerance=1e-13).density
    draws = np.array([400, 1600, 6400, 25600])
    errors = [
        np.mean([abs(sampled_guided_cost_learning(problem, 8, count, rng).density - optimum).sum() for _ in range(30)])
        for count in draws.tolist()
    ]
    power, _ = np.polyfit(np.log(draws), np.log(errors), 1)
    assert power == pytest.approx(-0.5, abs=0.08)
    assert errors[-1] <= 0.02


class Expected:
    """Draws as many of each path as are expected, and remembers from what."""

    def __init__(self):
        self.samplers = []

    def multinomial(self, draws, chances):
        self.samplers.append(chances)
        return draws * chances


def test_paths_are_drawn_from_the_expert_and_the_current_policy_alike():
    mdp = FiniteMDP([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.4, 0.6]]], [0.5, 0.5], 0.5)
    problem = match_paths(mdp, 2, [[0.99, 0.01], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    rng = Expected()
    run = sampled_guided_cost_learning(problem, 3, 10, rng)
    exact = guided_cost_learning(problem, 3)
    np.testing.assert_allclose(run.dual, exact.dual, atol=1e-12)
    rewards = [np.zeros((2, 2)), *(guided_cost_learning(problem, rounds).reward for rounds in (1, 2))]
    for sampler, reward in zip(rng.samplers, rewards, strict=True):
        policy = solve_rl(problem.control.mdp, problem.generator_cost(reward), 1.0).policy
        np.testing.assert_allclose(sampler, 0.5 * (problem.expert + problem.paths.distribution(policy)), atol=1e-12)


def test_judgements_of_samples_are_exact():
    problem = match_paths(BANDIT, 3, [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    optimum = maxent_irl(problem, 30, tolerance=1e-13)
    run = sampled_guided_cost_learning(problem, 10, 50, np.random.default_rng(0))
    assert np.all(run.primal >= optimum.dual[-1] - 1e-12)
    assert np.all(run.dual <= optimum.primal[-1] + 1e-12)
    assert np.any(np.diff(run.dual) < 0.0)  # noise; the best bound so far counts
    best = [value - max(run.dual[: index + 1]) for index, value in enumerate(run.primal)]
    np.testing.assert_array_equal(run.trace, best)
    again = sampled_guided_cost_learning(problem, 10, 50, np.random.default_rng(0))
    np.testing.assert_array_equal(run.reward, again.reward)


def test_an_expert_that_avoids_an_action_is_approached_without_end():
    problem = match_paths(BANDIT, 2, [[1.0, 0.0]])
    short, long = maxent_irl(problem, 5), maxent_irl(problem, 12)
    assert 0.0 < long.trace[-1] < short.trace[-1] < 0.1
    assert np.ptp(long.reward) > np.ptp(short.reward) > 1.0


def test_the_start_decides_only_what_no_path_distinguishes():
    problem = match_paths(BANDIT, 2, [[0.9, 0.1], [0.2, 0.8]])
    plain, raised = maxent_irl(problem, 20), maxent_irl(problem, 20, start=np.array([[5.0, 5.0]]))
    np.testing.assert_allclose(raised.reward - plain.reward, 5.0, atol=1e-8)
    np.testing.assert_allclose(plain.reward[0, 0] - plain.reward[0, 1], np.log(0.55 / 0.45), atol=1e-8)


def test_what_cannot_be_run_is_refused():
    problem, rng = match_paths(BANDIT, 2, [[0.5, 0.5]]), np.random.default_rng(0)
    for run in (maxent_irl, guided_cost_learning, lambda *a, **k: sampled_guided_cost_learning(*a, 9, rng, **k)):
        with pytest.raises(ValueError, match="iterations must be at least 1, got -1"):
            run(problem, -1)
        with pytest.raises(TypeError, match="iterations must be a whole number such as 11, got '5'"):
            run(problem, "5")
        with pytest.raises(ValueError, match=r"start must have shape \(states, actions\) = \(1, 2\), got \(2,\)"):
            run(problem, 1, start=np.zeros(2))
        with pytest.raises(ValueError, match="start must be finite, got nan at state 0, action 1"):
            run(problem, 1, start=np.array([[0.0, np.nan]]))
        with pytest.raises(ValueError, match=r"start must be an array of real numbers, got <U3$"):
            run(problem, 1, start=[["0.0", "1.0"]])
    with pytest.raises(ValueError, match="tolerance must be finite and not negative, got -1"):
        maxent_irl(problem, 1, tolerance=-1.0)
    with pytest.raises(ValueError, match="draws must be at least 1, got 0"):
        sampled_guided_cost_learning(problem, 1, 0, rng)
