import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from gail.exact import FiniteMDP, Matching, match_occupancy, occupancy_of, policy_of, solve_rl
from gail.exact.regularizers import Logistic
from gail.exact.statements import check_uniqueness_and_bias
from gail.exact.statements.occupancy_measures import random_policies
from gail.exact.statements.surrogates import uniqueness
from gail.exact.statements.surrogates.uniqueness import excess
from gail.exact.statements.verdicts import Verdicts


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


STAY = FiniteMDP([[[0.0, 0.5], [0.5, 0.5]], [[0.4, 0.6], [0.0, 0.0]]], [1.0, 0.0], 0.9, [True, True])
"""Episodes end at either state, by one of its two actions."""


def without_entropy(monkeypatch, expert, objective):
    """What fails of the claims at lambda = 0 on `STAY` where another function takes the place of J."""

    class Other(Matching):
        def primal(self, rho):
            return objective(rho)

    monkeypatch.setattr(uniqueness, "Matching", Other)
    verdicts = Verdicts("J", "another objective")
    learners = [occupancy_of(STAY, policy) for policy in random_policies(STAY, 12, np.random.default_rng(0))]
    uniqueness._without_entropy(verdicts, STAY, expert, learners)
    return [one.statement for one in verdicts.certificates if not one.holds]


@pytest.mark.parametrize("slack", [-1e-6, 1e-6])
def test_the_lower_bound_is_the_squared_distance_less_log_2_per_further_step(monkeypatch, slack):
    """On the expert's pairs, of which there are three."""
    expert = occupancy_of(STAY, [[0.5, 0.5], [1.0, 0.0]])
    mass, seen = expert.sum(), expert > 0.0

    def least(rho):
        distance, further = abs(rho - expert)[seen].sum(), rho[seen].sum() - mass
        bound = distance**2 / (2.0 * (rho[seen].sum() + mass)) - further * np.log(2.0)
        return bound - 2.0 * mass * np.log(2.0) + (slack if distance > 0.0 else 0.0)

    failed = without_entropy(monkeypatch, expert, least)
    assert any("is at least the squared distance" in one for one in failed) == (slack < 0.0)


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_no_occupancy_is_better_than_log_2_per_further_step(monkeypatch, share):
    """The expert may stay longer by always taking the action that goes on."""
    expert = occupancy_of(STAY, [[0.5, 0.5], [0.5, 0.5]])
    longest = max(occupancy_of(STAY, [np.eye(2)[one], np.eye(2)[two]]).sum() for one in (0, 1) for two in (0, 1))
    further = longest - expert.sum()

    def better(rho):
        fall = 0.0 if np.array_equal(rho, expert) else share * further * np.log(2.0)
        return -2.0 * expert.sum() * np.log(2.0) - fall

    failed = without_entropy(monkeypatch, expert, better)
    assert any("better by more than log 2 per further step" in one for one in failed) == (share > 1.0)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_a_step_that_gains_less_than_promised_is_caught(monkeypatch, share):
    expert = occupancy_of(STAY, [[0.5, 0.5], [0.5, 0.5]])
    longest = occupancy_of(STAY, [[0.0, 1.0], [1.0, 0.0]])
    assert longest.sum() > expert.sum() + 0.5
    _, gain = uniqueness._step(longest, expert)

    def gains(rho):
        return -2.0 * expert.sum() * np.log(2.0) - (0.0 if np.array_equal(rho, expert) else share * gain)

    failed = without_entropy(monkeypatch, expert, gains)
    assert any("a step towards a policy that outlives the expert" in one for one in failed) == (share < 1.0)


def test_a_step_gains_as_much_as_it_promises():
    """One pair, from 1 towards 3: slope 2 log 2 and curvature 16/3; towards 1.1 the step is cut at half the way."""
    step, gain = uniqueness._step(np.array([3.0]), np.array([1.0]))
    assert (step, gain) == pytest.approx((3.0 * np.log(2.0) / 8.0, 3.0 * np.log(2.0) ** 2 / 8.0))
    step, gain = uniqueness._step(np.array([1.1]), np.array([1.0]))
    assert (step, gain) == pytest.approx((0.5, 0.05 * np.log(2.0) - 0.01 / 6.0))
    for rho in (3.0, 1.1):
        step, gain = uniqueness._step(np.array([rho]), np.array([1.0]))
        there = 1.0 + step * (rho - 1.0)
        value = there * np.log(there / (there + 1.0)) - np.log(there + 1.0)
        assert value + 2.0 * np.log(2.0) <= -gain
