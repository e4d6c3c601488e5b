import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from gail.exact import FiniteMDP, Matching, match_occupancy, occupancy_of, policy_of, solve_rl
from gail.exact.regularizers import Logistic
from gail.exact.statements import check_uniqueness_and_bias
from gail.exact.statements.surrogates import uniqueness
from gail.exact.statements.surrogates.uniqueness import excess


@settings(deadline=None, derandomize=True, max_examples=20)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), weight=st.sampled_from([0.1, 0.5, 1.0]))
def test_statement_13_on_random_processes(mdp: FiniteMDP, seed, weight, failures, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    assert failures(check_uniqueness_and_bias(mdp, expert, weight, "random", np.random.default_rng(seed))) == []


def test_a_deterministic_expert(gridworld, goal_cost, failures):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    assert failures(check_uniqueness_and_bias(gridworld, expert, 0.1, "goal", np.random.default_rng(0))) == []


def test_the_excess_by_brute_force(random_policy):
    """A bandit: the minimum over one probability by search, and the excess at any other."""
    mdp = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.8)
    expert, weight = occupancy_of(mdp, [[0.9, 0.1]]), 0.7
    problem = Matching(mdp, expert, Logistic(), weight)

    def value(share):
        return problem.primal(occupancy_of(mdp, [[share, 1.0 - share]]))

    best = minimize_scalar(value, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-12})
    optimum = match_occupancy(mdp, expert, Logistic(), weight)
    assert optimum.primal_value == pytest.approx(best.fun, rel=1e-12)
    log_policy, cost = np.log(policy_of(optimum.occupancy)), optimum.cost
    for share in (0.0, 0.2, 0.99):
        rho = occupancy_of(mdp, [[share, 1.0 - share]])
        assert excess(problem, rho, log_policy, cost) == pytest.approx(value(share) - best.fun, rel=1e-8)


def test_an_expert_that_ends_episodes_is_outlived(failures):
    """One state; "stop" ends the episode, "go on" does not. The objective prefers a longer life than the expert's."""
    mdp = FiniteMDP([[[0.0], [1.0]]], [1.0], 0.9, [True])
    expert = occupancy_of(mdp, [[0.5, 0.5]])
    found = check_uniqueness_and_bias(mdp, expert, 0.5, "stop", np.random.default_rng(0))
    assert failures(found) == []
    assert any("outlives the expert" in c.statement for c in found.certificates)
    assert not any("the minimum is the expert's value" in c.statement for c in found.certificates)
    assert "without entropy" not in found.solutions
    minimum = match_occupancy(mdp, expert, Logistic(), 0.0)
    assert minimum.primal_value < -2.0 * np.log(2.0) * expert.sum() - 0.1


def test_an_expert_that_never_ends_them_is_not(failures):
    """The same process: masses differ between policies, and still no policy stays longer than this expert."""
    mdp = FiniteMDP([[[0.0], [1.0]]], [1.0], 0.9, [True])
    found = check_uniqueness_and_bias(mdp, occupancy_of(mdp, [[0.0, 1.0]]), 0.5, "go on", np.random.default_rng(0))
    assert failures(found) == []
    assert any("the minimum is the expert's value" in c.statement for c in found.certificates)
    assert "without entropy" in found.solutions


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("excess", "is the divergence of policies and labels"),
        ("excess", "the midpoint gap is the mean divergence"),
        ("match_occupancy", "both routes give the same occupancy"),
        ("match_occupancy", "lambda = 0: the minimum is attained at the expert"),
    ],
)
def test_another_formula_is_caught(name, claim, gridworld, failures, random_policy, monkeypatch):
    honest = getattr(uniqueness, name)
    broken = {
        "excess": lambda *arguments: 1.001 * honest(*arguments),
        "match_occupancy": lambda mdp, expert, psi, weight: honest(mdp, expert, psi, 1.01 * weight + 1e-3),
    }
    monkeypatch.setattr(uniqueness, name, broken[name])
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_uniqueness_and_bias(gridworld, expert, 0.5, "broken", np.random.default_rng(0)))
    assert any(claim in statement for statement, _ in found)
