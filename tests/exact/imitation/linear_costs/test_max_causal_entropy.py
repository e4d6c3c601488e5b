"""Maximum causal entropy IRL: feature expectations matched by the soft-optimal policy of a cost in their span."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from gail.exact import FiniteMDP, Status, causal_entropy, match_occupancy, occupancy_of, solve_irl, solve_rl
from gail.exact import regularizers as psi
from gail.exact.occupancy import feature_expectations
from gail.exact.process.finite_horizon import at_every_step, time_expanded
from gail.exact.process.reachability import Reachable

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = st.sampled_from([0.1, 1.0, 5.0])
CHECKED = settings(deadline=None, derandomize=True, max_examples=30)


def drawn(mdp, seed, count=3):
    return np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions, count))


def missed(solution, features, expert):
    """The largest gap of feature expectations, relative to mass and features."""
    gap = feature_expectations(solution.occupancy - expert, features)
    return abs(gap).max() / (expert.sum() * abs(features).max())


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS, count=st.integers(1, 5))
def test_the_learner_is_soft_optimal_and_matches(mdp: FiniteMDP, seed, weight, count, random_policy):
    features = drawn(mdp, seed, count)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    solution = solve_irl(mdp, expert, psi.LinearSpan(features), weight).require_optimal(1e-8)
    assert missed(solution, features, expert) <= 1e-11
    assert causal_entropy(solution.occupancy) >= causal_entropy(expert) - 1e-10 * expert.sum()
    planned = solve_rl(mdp, solution.cost, weight)
    assert abs(planned.occupancy - solution.occupancy).sum() <= 1e-9 * expert.sum()
    weights = np.linalg.lstsq(features.reshape(-1, count), solution.cost.ravel(), rcond=None)[0]
    np.testing.assert_allclose(features @ weights, solution.cost, atol=1e-9 * (1.0 + abs(solution.cost).max()))


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_an_expert_whose_cost_is_in_the_span_is_recovered(mdp: FiniteMDP, seed, weight):
    features = drawn(mdp, seed)
    cost = features @ np.random.default_rng(seed + 1).normal(size=3)
    expert = solve_rl(mdp, cost, weight).occupancy
    assume(np.all(expert[mdp.reachable] > 1e-280))
    solution = solve_irl(mdp, expert, psi.LinearSpan(features), weight)
    assert abs(solution.occupancy - expert).sum() <= 1e-10 * expert.sum()
    assert solution.status is Status.OPTIMAL


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_one_feature_per_pair_is_constant_psi(mdp: FiniteMDP, seed, weight, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    pairs = np.eye(expert.size).reshape(*expert.shape, expert.size)
    spanned = match_occupancy(mdp, expert, psi.LinearSpan(pairs), weight).require_optimal(1e-8)
    constant = match_occupancy(mdp, expert, psi.Constant(), weight).require_optimal(1e-8)
    assert abs(spanned.occupancy - expert).sum() <= 1e-10 * expert.sum()
    # The costs differ by shaping: they leave the same policy optimal, and the same advantage at each pair.
    replanned = solve_rl(mdp, spanned.cost, weight)
    reach = mdp.reachable & (expert.sum(axis=1) > 1e-6 * expert.sum())
    np.testing.assert_allclose(replanned.policy[reach], constant.policy[reach], atol=1e-7)


def can_be_matched_with_every_action(mdp, expert, features):
    """The largest t for which t times the uniform policy's occupancy fits below one with the same expectations."""
    part = Reachable(mdp)
    uniform = occupancy_of(part.mdp, np.full((part.mdp.num_states, mdp.num_actions), 1.0 / mdp.num_actions))
    seen = part.restrict(features).reshape(uniform.size, -1)
    flow = sparse.hstack([part.mdp.flow_matrix, part.mdp.initial[:, None]])  # rho = x + t * uniform
    matched = np.column_stack([seen.T, seen.T @ uniform.ravel()])
    result = linprog(
        np.append(np.zeros(uniform.size), -1.0),
        A_eq=sparse.vstack([flow, sparse.csr_array(matched)]),
        b_eq=np.append(part.mdp.initial, seen.T @ part.restrict(expert).ravel()),
        bounds=(0.0, None),
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return result.x[-1] if result.x is not None else np.nan


@CHECKED
@given(mdp=..., seed=SEEDS, count=st.integers(1, 6), share=st.sampled_from([0.3, 1.0]))
def test_the_dual_is_attained_inside_and_only_there(mdp: FiniteMDP, seed, count, share, random_policy):
    """Experts that leave actions out, compared with a linear program that knows no duality."""
    assume(mdp.discount < 0.999)
    rng = np.random.default_rng(seed)
    policy = random_policy(mdp, seed)
    alone = np.eye(mdp.num_actions)[rng.integers(mdp.num_actions, size=mdp.num_states)]
    policy = np.where(rng.random(mdp.num_states)[:, None] < share, alone, policy)
    expert, features = occupancy_of(mdp, policy), drawn(mdp, seed, count)
    inside = can_be_matched_with_every_action(mdp, expert, features)
    assume(not 1e-10 < inside < 1e-6)
    solution = solve_irl(mdp, expert, psi.LinearSpan(features))
    assert missed(solution, features, expert) <= 1e-11
    assert causal_entropy(solution.occupancy) >= causal_entropy(expert) - 1e-10 * expert.sum()
    if inside > 1e-6:
        solution.require_optimal(1e-8)
    else:
        assert solution.status is Status.DUAL_NOT_ATTAINED
        assert solution.cost is None
        assert solution.dual_value == -np.inf


def test_a_single_choice_by_hand():
    """log(p / (1 - p)) is the weight of a feature that only one action has; at p = 0 there is none."""
    bandit, features = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5), [[[0.0], [2.0]]]
    for share in (0.3, 1e-6, 1e-12):
        expert = occupancy_of(bandit, [[1.0 - share, share]])
        solution = solve_irl(bandit, expert, psi.LinearSpan(features), 0.5).require_optimal(1e-12)
        np.testing.assert_allclose(solution.cost, [[0.0, 0.5 * np.log((1.0 - share) / share)]], rtol=1e-9)
        np.testing.assert_allclose(solution.occupancy, expert, rtol=1e-9)
    never = solve_irl(bandit, occupancy_of(bandit, [[1.0, 0.0]]), psi.LinearSpan(features), 0.5)
    assert never.status is Status.DUAL_NOT_ATTAINED
    np.testing.assert_allclose(never.occupancy, [[2.0, 0.0]], atol=1e-12)


def test_a_deterministic_expert_may_have_a_cost():
    """Whose features see only the first of two choices, which the expert mixes over starts."""
    mdp = FiniteMDP(np.full((2, 2, 2), 0.5), [0.5, 0.5], 0.0)
    expert = occupancy_of(mdp, [[1.0, 0.0], [0.0, 1.0]])
    together = np.array([[[1.0], [0.0]], [[1.0], [0.0]]])
    solution = solve_irl(mdp, expert, psi.LinearSpan(together)).require_optimal()
    np.testing.assert_allclose(solution.policy, 0.5, atol=1e-12)
    assert solve_irl(mdp, expert, psi.LinearSpan(np.eye(4).reshape(2, 2, 4))).status is Status.DUAL_NOT_ATTAINED


def test_an_expert_that_hardly_takes_an_action_has_a_cost():
    """Taking every action decides, however rarely: the shares of both states, 1e-12 and 1e-10, are seen together."""
    mdp = FiniteMDP(np.full((2, 2, 2), 0.5), [0.5, 0.5], 0.0)
    expert = occupancy_of(mdp, [[1.0 - 1e-12, 1e-12], [1.0 - 1e-10, 1e-10]])
    features = np.array([[[0.0], [1.0]], [[0.0], [1.0]]])
    solution = solve_irl(mdp, expert, psi.LinearSpan(features)).require_optimal()
    np.testing.assert_allclose(solution.policy[:, 1], 0.505e-10, rtol=1e-3)


def test_no_weights_are_best_and_none_are_refused():
    span = psi.LinearSpan(np.eye(4).reshape(2, 2, 4))
    gap = np.array([2.0, 0.0, -1.0, 0.0])
    assert (span.support(0.0 * gap), span.support(gap)) == (0.0, np.inf)
    np.testing.assert_array_equal(span.response(gap), [np.inf, 0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(
        span.conjugate(gap.reshape(2, 2), 0.0 * gap.reshape(2, 2))[1].ravel(), span.response(gap)
    )
    np.testing.assert_array_equal(span.nearby(1e9 * gap), 1e9 * gap)
    # A flat direction of the model is left alone.
    best = span.maximise(gap, np.array([3.0, 0.0, 1.0, 0.0]), np.diag([2.0, 0.0, 4.0, 1.0]))
    np.testing.assert_allclose(best - gap, [1.5, 0.0, 0.25, 0.0], atol=1e-15)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_redundant_features_change_nothing(mdp: FiniteMDP, seed, random_policy):
    """Copies, combinations, constants where episodes cannot end, shaping, and features that are zero."""
    features = drawn(mdp, seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    shaping = mdp.flow_adjoint(np.random.default_rng(seed).normal(size=mdp.num_states))[:, :, None]
    plain = solve_irl(mdp, expert, psi.LinearSpan(features)).require_optimal(1e-8)
    mixed = features @ np.random.default_rng(seed).normal(size=(3, 2))
    for more in (features, mixed, shaping, np.zeros_like(shaping), 1e6 * features, 1e-6 * mixed):
        redundant = np.concatenate([features, more], axis=2)
        solution = solve_irl(mdp, expert, psi.LinearSpan(redundant)).require_optimal(1e-8)
        assert abs(solution.occupancy - plain.occupancy).sum() <= 1e-9 * expert.sum()


def test_of_all_weights_the_least_are_returned(gridworld, goal_cost):
    """Of g and (g + 1)/2, scaled, weights u with u1 + u2/2 = 1 explain an expert of cost g; (0.8, 0.4) is the least."""
    expert = solve_rl(gridworld, goal_cost, 1.0).occupancy
    features = np.stack([goal_cost, goal_cost + 1.0, np.ones((64, 4))], axis=2)
    cost = solve_irl(gridworld, expert, psi.LinearSpan(features)).require_optimal().cost
    np.testing.assert_allclose(cost, 0.8 * goal_cost + 0.2 * (goal_cost + 1.0), atol=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_units_do_not_matter(mdp: FiniteMDP, seed, random_policy):
    """Of features, of the entropy, and the basis of the span."""
    features = drawn(mdp, seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    plain = solve_irl(mdp, expert, psi.LinearSpan(features)).require_optimal(1e-8)
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    for changed in (features * [1e4, 1.0, 1e-4], features @ basis):
        solution = solve_irl(mdp, expert, psi.LinearSpan(changed)).require_optimal(1e-8)
        assert abs(solution.occupancy - plain.occupancy).sum() <= 1e-9 * expert.sum()
    warmer = solve_irl(mdp, expert, psi.LinearSpan(features), 3.0).require_optimal(1e-8)
    assert abs(warmer.occupancy - plain.occupancy).sum() <= 1e-9 * expert.sum()
    assert warmer.primal_value == pytest.approx(3.0 * plain.primal_value, rel=1e-9, abs=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_order_of_states_and_actions_does_not_matter(mdp: FiniteMDP, seed, random_policy):
    rng, features = np.random.default_rng(seed), drawn(mdp, seed)
    states, actions = rng.permutation(mdp.num_states), rng.permutation(mdp.num_actions)
    dense = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)
    renamed = FiniteMDP(dense[np.ix_(states, actions, states)], mdp.initial[states], mdp.discount, mdp.terminal[states])
    expert, order = occupancy_of(mdp, random_policy(mdp, seed)), np.ix_(states, actions)
    plain = solve_irl(mdp, expert, psi.LinearSpan(features)).require_optimal(1e-8)
    other = solve_irl(renamed, expert[order], psi.LinearSpan(features[order])).require_optimal(1e-8)
    assert abs(plain.occupancy[order] - other.occupancy).sum() <= 1e-9 * expert.sum()


def test_costs_that_only_shape_leave_the_policy_of_no_cost(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 1.0).occupancy
    solution = solve_irl(gridworld, expert, psi.LinearSpan(np.ones((64, 4, 2)))).require_optimal()
    np.testing.assert_allclose(solution.policy, 0.25, atol=1e-12)
    np.testing.assert_array_equal(solution.cost, 0.0)


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_a_finite_horizon_with_stationary_features(gridworld, goal_cost, discount):
    """An estimated expert, which no cost explains: demonstrated for 12 steps, features of the states."""
    expanded = time_expanded(gridworld, 12, discount)
    rng = np.random.default_rng(0)
    expert = occupancy_of(expanded, rng.dirichlet(np.full(4, 0.3), size=expanded.num_states))
    features = at_every_step(np.repeat(np.eye(64)[:, None], 4, axis=1), 12)
    solution = solve_irl(expanded, expert, psi.LinearSpan(features)).require_optimal()
    assert missed(solution, features, expert) <= 1e-12
    cost = solution.cost.reshape(12, 64, 4)
    np.testing.assert_array_equal(cost, np.broadcast_to(cost[:1, :, :1], cost.shape))
    assert len(solution.trace) <= 15
    assert all(gap >= -1e-9 for gap in solution.trace)
