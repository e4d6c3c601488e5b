from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Status, occupancy_of, policy_of, solve_rl
from gail.exact.statements import check_irl_is_dual
from gail.exact.statements.duality import irl_is_dual as duality


@settings(deadline=None, derandomize=True, max_examples=10)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_statement_8_on_random_processes(mdp: FiniteMDP, seed, failures, random_policy):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    assert failures(check_irl_is_dual(mdp, expert, 0.7, "random", np.random.default_rng(seed))) == []


def test_a_deterministic_expert_is_a_failure_on_purpose(gridworld, goal_cost, failures):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    verification = check_irl_is_dual(gridworld, expert, 1.0, "hard expert", np.random.default_rng(0))
    assert failures(verification) == []
    assert verification.solutions["irl"].status is Status.DUAL_NOT_ATTAINED
    assert "the costs of dual ascent keep growing" in verification.certificates[-1].statement


def test_a_wrong_gradient_is_caught(gridworld, goal_cost, failures, monkeypatch):
    expert = solve_rl(gridworld, goal_cost, 1.0).occupancy
    honest = duality.dual_ascent

    def leaking(problem, steps, **options):
        run = honest(problem, steps, **options)
        object.__setattr__(run, "cost", run.cost + 1e-3)
        return run

    monkeypatch.setattr(duality, "dual_ascent", leaking)
    caught = failures(check_irl_is_dual(gridworld, expert, 1.0, "broken", np.random.default_rng(0)))
    assert "keeps the start's shaping component" in " ".join(name for name, _ in caught)


SMALL = FiniteMDP(np.random.default_rng(7).dirichlet(np.ones(4), size=(4, 3)), np.full(4, 0.25), 0.8)


@pytest.mark.parametrize(
    ("solver", "claim"),
    [
        ("solve_irl", "the IRL cost's policy is the primal optimum"),
        ("match_occupancy", "the multipliers of rho = rho_E are a cost whose policy is the primal optimum"),
    ],
)
def test_the_induced_policy_is_that_of_the_cost(monkeypatch, random_policy, solver, claim):
    """With another cost, and the right occupancy beside it, the claim sees the policy that this cost induces."""
    weight, honest = 0.5, getattr(duality, solver)
    expert = occupancy_of(SMALL, random_policy(SMALL, 0))
    change = 1e-3 * np.random.default_rng(0).normal(size=expert.shape)
    costs = []

    def solve(*given, **options):
        right = honest(*given, **options)
        costs.append(right.cost + change)
        return replace(right, cost=costs[-1])

    monkeypatch.setattr(duality, solver, solve)
    verification = check_irl_is_dual(SMALL, expert, weight, "another cost", np.random.default_rng(0))
    (found,) = (one for one in verification.certificates if one.statement.endswith(claim))
    apart = abs(solve_rl(SMALL, costs[-1], weight).occupancy - expert).sum() / expert.sum()
    assert apart > 1e-4
    assert found.violation == pytest.approx(apart, rel=1e-9)
    assert not found.holds


@pytest.mark.parametrize("share", [0.95, 1.05])
def test_a_distance_beyond_what_the_gap_guarantees_is_caught(monkeypatch, random_policy, share):
    """The bound is u sqrt(2 D / m) with the expert's divergence D, its mass m and the longest lifetime u."""
    expert, honest = occupancy_of(SMALL, random_policy(SMALL, 0)), duality.dual_ascent
    visits, policy = expert.sum(axis=1), policy_of(expert)

    def displaced(*given, **options):
        run = honest(*given, **options)
        apart = float(visits @ np.sum(policy * np.log(policy / run.policy), axis=1))
        bound = np.sqrt(2.0 * max(apart, 0.0) / expert.sum()) / (1.0 - SMALL.discount)
        return replace(run, occupancy=(1.0 + share * bound) * expert)

    monkeypatch.setattr(duality, "dual_ascent", displaced)
    verification = check_irl_is_dual(SMALL, expert, 0.5, "displaced", np.random.default_rng(0))
    found = [one.holds for one in verification.certificates if "as near to the expert" in one.statement]
    assert found == [share < 1.0] * 2
