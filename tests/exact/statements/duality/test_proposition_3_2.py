import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, check_corollary_3_2_1, check_proposition_3_2, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.statements.duality import proposition_3_2 as theorems

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=12)


def failures(verification):
    return [(c.statement, c.violation) for c in verification.certificates if not c.holds]


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic()], ids=repr)
@CHECKED
@given(mdp=..., seed=SEEDS)
def test_proposition_3_2_on_random_processes(mdp: FiniteMDP, seed: int, regularizer, random_policy):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    verification = check_proposition_3_2(mdp, expert, regularizer, 1.0, "random", np.random.default_rng(seed))
    assert failures(verification) == []
    assert set(verification.solutions) == {"irl", "matching", "conic"}


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_corollary_3_2_1_on_random_processes(mdp: FiniteMDP, seed: int, random_policy):
    assume(mdp.discount < 0.99)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    verification = check_corollary_3_2_1(mdp, expert, 0.5, "random", np.random.default_rng(seed))
    assert failures(verification) == []


def test_both_on_a_gridworld(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    for regularizer in (psi.Constant(), psi.Logistic()):
        verification = check_proposition_3_2(gridworld, expert, regularizer, 1.0, "gridworld", np.random.default_rng(0))
        assert failures(verification) == []
        assert all(c.instance == "gridworld" for c in verification.certificates)
    assert failures(check_corollary_3_2_1(gridworld, expert, 1.0, "gridworld", np.random.default_rng(0))) == []


def test_an_expert_without_a_cost_is_reported_not_failed(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    corollary = check_corollary_3_2_1(gridworld, expert, 1.0, "hard expert", np.random.default_rng(0))
    assert corollary.holds
    assert "no optimal cost exists" in corollary.certificates[-1].statement
    proposition = check_proposition_3_2(gridworld, expert, psi.Constant(), 1.0, "hard expert", np.random.default_rng(0))
    assert proposition.holds
    assert proposition.solutions["irl"].cost is None


@pytest.mark.parametrize("broken", ["cost", "occupancy"])
def test_a_wrong_solution_is_caught(gridworld, goal_cost, monkeypatch, broken):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    honest = theorems.solve_irl

    def wrong(*arguments):
        solution = honest(*arguments)
        damaged = object.__new__(type(solution))
        fields = {name: getattr(solution, name) for name in solution.__dataclass_fields__}
        fields[broken] = 0.99 * fields[broken]
        damaged.__dict__.update(fields)
        return damaged

    monkeypatch.setattr(theorems, "solve_irl", wrong)
    verification = check_proposition_3_2(gridworld, expert, psi.Logistic(), 1.0, "damaged", np.random.default_rng(0))
    caught = " ".join(statement for statement, _ in failures(verification))
    assert "the dual route has no gap" in caught
    assert "L(rho*, c)" in caught
