import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import (
    FiniteMDP,
    InvalidOccupancy,
    InvalidPolicy,
    causal_entropy,
    feature_expectations,
    flow_residual,
    match_occupancy,
    occupancy_of,
    policy_of,
    solve_irl,
    solve_rl,
    validate_occupancy,
)
from gail.exact.regularizers import Logistic

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)
COIN = FiniteMDP(np.full((2, 2, 2), 0.5), [1.0, 0.0], 0.5)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_policies_and_occupancies_correspond(mdp: FiniteMDP, seed: int, random_policy):
    policy = random_policy(mdp, seed)
    rho = occupancy_of(mdp, policy)
    assert np.all(rho >= 0.0)
    assert abs(flow_residual(mdp, rho)).max() <= 1e-12 * max(1.0, rho.sum())
    visited = rho.sum(axis=1) > 0.0
    np.testing.assert_array_equal(visited, mdp.reachable)
    np.testing.assert_allclose(policy_of(rho)[visited], policy[visited], rtol=1e-12)
    np.testing.assert_allclose(occupancy_of(mdp, policy_of(rho)), rho, rtol=1e-10)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_occupancy_is_the_discounted_sum_of_visits(mdp: FiniteMDP, seed: int, random_policy):
    policy = random_policy(mdp, seed)
    chain, now, total = mdp.discounted_chain(policy).toarray(), mdp.initial, np.zeros(mdp.num_states)
    for _ in range(200):
        total, now = total + now, now @ chain
    rest = now.sum() * mdp.lifetime.max()
    assert abs(occupancy_of(mdp, policy) - total[:, None] * policy).sum() <= rest + 1e-10 * max(1.0, total.sum())


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_mass_is_the_horizon_where_no_episode_ends(mdp: FiniteMDP, seed: int, random_policy):
    mass = occupancy_of(mdp, random_policy(mdp, seed)).sum()
    assert mass <= (1.0 + 1e-11) / (1.0 - mdp.discount)
    if not mdp.terminal.any():
        np.testing.assert_allclose(mass, 1.0 / (1.0 - mdp.discount), rtol=1e-11)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_entropy_of_the_occupancy_is_the_policys(mdp: FiniteMDP, seed: int, random_policy):
    policy = random_policy(mdp, seed)
    rho = occupancy_of(mdp, policy)
    np.testing.assert_allclose(causal_entropy(rho), -np.sum(rho * np.log(policy)), rtol=1e-10, atol=1e-12)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_entropy_is_concave_on_occupancies(mdp: FiniteMDP, seed: int, random_policy):
    one, two = (occupancy_of(mdp, random_policy(mdp, seed + k)) for k in range(2))
    excess = causal_entropy(0.5 * (one + two)) - 0.5 * (causal_entropy(one) + causal_entropy(two))
    assert excess >= -1e-12 * max(1.0, one.sum())
    if abs(policy_of(one) - policy_of(two))[mdp.reachable].max() > 1e-2 and one.sum() < 1e2:
        assert excess > 0.0


def test_known_values():
    rho = occupancy_of(COIN, np.full((2, 2), 0.5))
    np.testing.assert_allclose(rho, [[0.75, 0.75], [0.25, 0.25]])
    np.testing.assert_allclose(causal_entropy(rho), 2.0 * np.log(2.0))
    assert causal_entropy([[1.0, 0.0], [0.0, 0.0]]) == 0.0
    assert causal_entropy([[1e-310, 1e-310]]) >= 0.0
    np.testing.assert_array_equal(policy_of([[2.0, 2.0], [0.0, 0.0], [0.0, 3.0]]), [[0.5, 0.5], [0.5, 0.5], [0.0, 1.0]])
    np.testing.assert_allclose(policy_of([[5e-324, 5e-324, 1e-323]]).sum(), 1.0)
    features = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_allclose(feature_expectations(rho, features), [np.sum(rho * features[:, :, k]) for k in range(3)])


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ([[0.5, 0.5]], r"shape"),
        ([[0.5, 0.5], [1.5, -0.5]], r"-0.5 at state 1, action 1"),
        ([[np.nan, 0.5], [0.5, 0.5]], r"nan at state 0, action 0"),
        ([[0.5, 0.5], [0.5, 0.4]], r"state 1 sums to 0.9"),
    ],
)
def test_invalid_policies_are_refused(policy, message):
    with pytest.raises(InvalidPolicy, match=message):
        occupancy_of(COIN, policy)


@pytest.mark.parametrize(
    ("occupancy", "message"),
    [
        ([[1.0, 1.0]], r"shape"),
        ([[0.75, 0.75], [0.5, -0.0001]], r"-0.0001 at state 1, action 1"),
        ([[0.75, np.inf], [0.25, 0.25]], r"inf at state 0, action 1"),
        ([[0.75, 0.75], [0.25, 0.35]], r"state 0 by -0.025"),
    ],
)
def test_invalid_occupancies_are_refused(occupancy, message):
    with pytest.raises(InvalidOccupancy, match=message):
        validate_occupancy(COIN, occupancy)


def test_an_accepted_residual_is_removed():
    rho = occupancy_of(COIN, np.full((2, 2), 0.5))
    rough = rho + np.array([[4e-9, 0.0], [0.0, 0.0]])
    repaired = validate_occupancy(COIN, rough)
    assert abs(flow_residual(COIN, repaired)).max() <= 1e-15
    assert abs(repaired - rho).max() <= 1e-8


NOT_REAL = {
    "complex128": np.full((2, 2), 0.5 + 0.0j),
    "<U3": np.full((2, 2), "0.5"),
    "datetime64": np.zeros((2, 2), dtype="datetime64[s]"),
    "NoneType": [[0.5, None], [0.5, 0.5]],
    "inhomogeneous": [[0.5, 0.5], [1.0]],
}


@pytest.mark.parametrize(("what", "given_array"), NOT_REAL.items(), ids=NOT_REAL)
def test_policies_and_experts_are_real_numbers(what, given_array):
    """Not even text that reads as numbers, or complex numbers that are real: someone has mixed up arrays."""
    with pytest.raises(InvalidPolicy, match=f"^policy must be an array of real numbers.*{what}[^\\n]*$"):
        occupancy_of(COIN, given_array)
    for solve in (solve_irl, match_occupancy):
        with pytest.raises(InvalidOccupancy, match=f"^occupancy must be an array of real numbers.*{what}[^\\n]*$"):
            solve(COIN, given_array, Logistic(), 1.0)


def test_a_policy_in_the_place_of_an_occupancy_is_recognised_and_the_other_way_round(gridworld, goal_cost):
    solution = solve_rl(gridworld, goal_cost)
    with pytest.raises(InvalidOccupancy, match=r"looks like a policy.*occupancy_of\(mdp, policy\)"):
        validate_occupancy(gridworld, solution.policy)
    with pytest.raises(InvalidPolicy, match=r"looks like an occupancy measure.*policy_of\(occupancy\)"):
        occupancy_of(gridworld, solution.occupancy)
