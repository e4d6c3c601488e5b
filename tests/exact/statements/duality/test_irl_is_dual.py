import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Status, occupancy_of, solve_rl
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
