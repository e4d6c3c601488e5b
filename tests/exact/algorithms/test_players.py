import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from gail.exact import FiniteMDP, Matching, match_occupancy, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.algorithms import (
    BestCost,
    BestPolicy,
    CostAscent,
    FeatureAscent,
    GradientStep,
    LogitAscent,
    NaturalStep,
    onto_ball,
    play,
)

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)


def matching(mdp, seed, random_policy, regularizer=None, weight=0.5):
    expert = occupancy_of(mdp, random_policy(mdp, seed + 1))
    return Matching(mdp, expert, regularizer or psi.Logistic(), weight)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_a_natural_step_of_one_over_lambda_is_soft_policy_iteration(mdp: FiniteMDP, seed, random_policy, random_cost):
    problem, cost = matching(mdp, seed, random_policy), random_cost(mdp, seed)
    policy = np.full(cost.shape, 1.0 / mdp.num_actions)
    for _ in range(30):
        policy = NaturalStep(1.0 / 0.5).respond(problem, policy, cost)
    np.testing.assert_allclose(policy, solve_rl(mdp, cost, 0.5).policy, atol=1e-9)
    np.testing.assert_allclose(BestPolicy().respond(problem, policy, cost), policy, atol=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_small_steps_lower_the_learners_cost(mdp: FiniteMDP, seed, random_policy, random_cost):
    problem, cost, policy = matching(mdp, seed, random_policy), random_cost(mdp, seed), random_policy(mdp, seed)

    def value(pi):
        rho = occupancy_of(mdp, pi)
        return np.sum(rho * cost) + 0.5 * np.sum(rho * np.log(np.maximum(pi, 1e-300)))

    slack = 1e-12 * (1.0 + abs(value(policy)))
    for player in (NaturalStep(1e-3), GradientStep(1e-4 * (1.0 - mdp.discount) ** 2)):
        assert value(player.respond(problem, policy, cost)) <= value(policy) + slack


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_logit_ascent_has_the_discriminators_gradient_and_fixed_point(mdp: FiniteMDP, seed, random_policy):
    problem = matching(mdp, seed, random_policy)
    rho, logits = occupancy_of(mdp, random_policy(mdp, seed)), np.random.default_rng(seed).normal(size=(1, 1))
    logits = np.broadcast_to(logits, rho.shape) + np.zeros_like(rho)
    step = LogitAscent(1e-6).respond(problem, logits, rho) - logits

    def objective(g):  # E_pi[log D] + E_E[log (1-D)]
        return -np.sum(rho * np.logaddexp(0, -g)) - np.sum(problem.expert * np.logaddexp(0, g))

    direction = np.random.default_rng(seed).normal(size=rho.shape)
    change = (objective(logits + 1e-5 * direction) - objective(logits - 1e-5 * direction)) / 2e-5
    assert np.sum(direction * step) / 1e-6 == pytest.approx(change, rel=1e-5, abs=1e-5 * rho.sum())
    _, best = problem.psi.conjugate(np.maximum(rho, 1e-300), problem.expert)
    seen = rho > 0.0
    fixed = np.where(seen, np.log(np.maximum(rho, 1e-300) / np.maximum(problem.expert, 1e-300)), 0.0)
    player = LogitAscent(1.0, scaled=True)
    np.testing.assert_allclose(player.respond(problem, fixed, rho)[seen], fixed[seen], atol=1e-12)
    np.testing.assert_allclose(player.cost(fixed)[seen], best[seen], atol=1e-12)


def test_ascent_in_the_cost_itself_reaches_the_optimum():
    mdp = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(mdp, occupancy_of(mdp, [[0.8, 0.2]]), psi.Logistic(), 1.0)
    run = play(problem, CostAscent(0.1), NaturalStep(0.3), 400, order="simultaneous", evaluate_every=100)
    matched = match_occupancy(mdp, problem.expert, psi.Logistic(), 1.0)
    assert run.excess(matched.dual_value)[-1] <= 1e-10
    assert abs(run.trace[-1]) <= 1e-10
    with pytest.raises(TypeError, match="L2Ball is not smooth in the cost"):
        CostAscent(0.1).start(Matching(mdp, problem.expert, psi.L2Ball(np.ones((1, 2, 1))), 1.0), problem.expert)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_feature_players_stay_in_their_class(mdp: FiniteMDP, seed, random_policy):
    features = np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions, 3))
    problem, rho = matching(mdp, seed, random_policy), occupancy_of(mdp, random_policy(mdp, seed))
    gap = np.einsum("sak,sa->k", features, rho - problem.expert)
    for player in (FeatureAscent(features, 0.7, softmax), FeatureAscent(features, 0.7, onto_ball)):
        state = player.start(problem, rho)
        moved = player.respond(problem, state, rho)
        before, after = (np.sum((rho - problem.expert) * player.cost(weights)) for weights in (state, moved))
        assert after >= before - 1e-9 * (1.0 + abs(before))
    short, length = 0.7 * gap, 0.7 * np.linalg.norm(gap)
    np.testing.assert_allclose(player.cost(moved), features @ (short / max(1.0, length)), atol=1e-10)
    weights = np.exp(0.7 * (gap - gap.max()))
    hedged = FeatureAscent(features, 0.7, softmax)
    cost = hedged.cost(hedged.respond(problem, hedged.start(problem, rho), rho))
    np.testing.assert_allclose(cost, features @ (weights / weights.sum()), atol=1e-10)


def test_the_best_cost_is_finite_where_nobody_goes():
    mdp = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(mdp, occupancy_of(mdp, [[0.5, 0.5]]), psi.Logistic(), 1.0)
    assert np.all(np.isfinite(BestCost().start(problem, np.array([[2.0, 0.0]]))))
