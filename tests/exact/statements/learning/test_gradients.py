import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.problems import Matching
from gail.exact.statements import check_gradient_elsewhere, check_imitation_gradient, check_lemma_a_1
from gail.exact.statements.learning import gradients

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=20)
SMOOTH = [psi.Logistic(), psi.Exponential(), psi.Jeffreys(), psi.ReverseKL(), psi.Quadratic(2.0)]


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_statement_14_on_random_processes(mdp: FiniteMDP, seed, failures):
    assert failures(check_lemma_a_1(mdp, "random", np.random.default_rng(seed))) == []


@pytest.mark.parametrize("regularizer", SMOOTH, ids=lambda regularizer: type(regularizer).__name__)
@CHECKED
@given(mdp=..., seed=SEEDS)
def test_statement_15_on_random_processes(mdp: FiniteMDP, seed, failures, regularizer, random_policy):
    assume(mdp.discount < 0.999)
    assume(bool(mdp.reachable.all()))  # elsewhere both occupancies vanish, and ratios of them mean nothing
    expert, rng = occupancy_of(mdp, random_policy(mdp, seed)), np.random.default_rng(seed)
    assert failures(check_imitation_gradient(mdp, expert, regularizer, 0.3, "random", rng)) == []


def test_both_on_a_gridworld_with_features(gridworld, goal_cost, failures):
    rng = np.random.default_rng(0)
    assert failures(check_lemma_a_1(gridworld, "gridworld", rng)) == []
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    features = rng.random((64, 4, 3))
    for regularizer in (psi.Logistic(), psi.L2Ball(features), psi.Simplex(features)):
        verification = check_imitation_gradient(gridworld, expert, regularizer, 0.0, "gridworld", rng)
        assert failures(verification) == []
    elsewhere = check_gradient_elsewhere(gridworld, expert, psi.Logistic(), 0.0, "gridworld", rng)
    assert failures(elsewhere) == []


def test_where_no_cost_asks_for_anything_else_nothing_is_claimed_of_another():
    one_action = FiniteMDP(np.full((3, 1, 3), 1.0 / 3.0), [1.0, 0.0, 0.0], 0.9)
    expert = occupancy_of(one_action, np.ones((3, 1)))
    rng = np.random.default_rng(0)
    assert check_gradient_elsewhere(one_action, expert, psi.Logistic(), 1.0, "no choice", rng).certificates == ()


@pytest.mark.parametrize("regularizer", [psi.Jeffreys(), psi.ReverseKL(), psi.Logistic(), psi.ForwardKL()])
def test_only_where_the_best_cost_is_infinite_nothing_is_claimed(gridworld, goal_cost, regularizer):
    hard, soft = (solve_rl(gridworld, goal_cost, weight).occupancy for weight in (0.0, 0.3))
    for check in (check_imitation_gradient, check_gradient_elsewhere):
        claims = [
            check(gridworld, expert, regularizer, 0.3, "gridworld", np.random.default_rng(0)).certificates
            for expert in (hard, soft)
        ]
        assert bool(claims[0]) is not psi.needs_coverage(regularizer)
        assert claims[1]


def test_a_gradient_at_the_wrong_cost_is_caught(gridworld, goal_cost, failures, monkeypatch):
    expert, psi_ga = solve_rl(gridworld, goal_cost, 0.3).occupancy, psi.Logistic()
    cost = gradients.another_cost(Matching(gridworld, expert, psi_ga, 0.0), np.random.default_rng(1))
    monkeypatch.setattr(gradients, "another_cost", lambda problem, rng: cost)
    honest = gradients.policy_gradient
    monkeypatch.setattr(
        gradients,
        "imitation_gradient",
        lambda problem, logits: honest(problem.mdp, logits, cost, problem.entropy_weight),
    )
    for check in (check_imitation_gradient, check_gradient_elsewhere):
        assert len(failures(check(gridworld, expert, psi_ga, 0.3, "broken", np.random.default_rng(0)))) == 1


def test_a_wrong_gradient_is_caught(gridworld, failures, monkeypatch):
    honest = gradients.entropy_gradient
    monkeypatch.setattr(gradients, "entropy_gradient", lambda mdp, logits: -honest(mdp, logits))
    assert len(failures(check_lemma_a_1(gridworld, "broken", np.random.default_rng(0)))) == 2
