import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import (
    FiniteMDP,
    Matching,
    Planning,
    Status,
    causal_entropy,
    match_occupancy,
    occupancy_of,
    solve_irl,
    solve_rl,
)
from gail.exact import regularizers as psi
from gail.exact.problems import validate_entropy_weight

CHECKED = settings(deadline=None, derandomize=True, max_examples=60)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("weight", [0.0, 0.5])
@CHECKED
@given(mdp=..., seed=SEEDS)
def test_any_cost_bounds_any_imitator(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    """Weak duality of Proposition 3.2, at random points far from the optimum."""
    rng = np.random.default_rng(seed)
    expert, rho = (occupancy_of(mdp, random_policy(mdp, seed + k)) for k in range(2))
    problem = Matching(mdp, expert, psi.Logistic(), weight)
    cost = -np.exp(rng.normal(size=expert.shape))
    assert problem.dual(cost, rng.normal(size=mdp.num_states)) <= problem.primal(rho) + 1e-9 * expert.sum()


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_primal_values_are_the_definitions(mdp: FiniteMDP, seed: int, random_policy, random_cost):
    expert, rho = (occupancy_of(mdp, random_policy(mdp, seed + k)) for k in range(2))
    cost = random_cost(mdp, seed)
    planned = Planning(mdp, cost, 0.7).primal(rho)
    np.testing.assert_allclose(planned, np.sum(rho * cost) - 0.7 * causal_entropy(rho), rtol=1e-12)
    seen = expert > 0.0
    ratio = rho[seen] / (rho[seen] + expert[seen])
    distance = np.sum(rho[seen] * np.log(ratio)) + np.sum(expert[seen] * np.log(1.0 - ratio))
    matched = Matching(mdp, expert, psi.Logistic(), 0.7).primal(rho)
    np.testing.assert_allclose(matched, distance - 0.7 * causal_entropy(rho), rtol=1e-9, atol=1e-9)


def test_without_a_finite_cost_there_is_no_bound(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    problem = Matching(gridworld, expert, psi.Constant(), 1.0)
    assert problem.dual(None, None) == -np.inf
    assert problem.dual(np.full((64, 4), -np.inf), np.zeros(64)) == -np.inf


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_expert_itself_is_optimal_where_its_own_costs_would_be_the_unit(mdp: FiniteMDP, seed: int):
    # psi*(0) and lambda are 0, so gaps have the unit of a learner's costs; a uniform expert's own ones are rounding.
    uniform = np.full((mdp.num_states, mdp.num_actions), 1.0 / mdp.num_actions)
    noise = 1.0 + 1e-15 * np.random.default_rng(seed).normal(size=uniform.shape)
    found = match_occupancy(mdp, occupancy_of(mdp, uniform) * noise, psi.Quadratic(1.0), 0.0)
    assert found.status is Status.OPTIMAL
    assert found.problem.unit > 1e-9


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_entropy_weights_are_checked(weight):
    with pytest.raises(ValueError, match="entropy_weight"):
        validate_entropy_weight(weight)


@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
@pytest.mark.parametrize(("wrong", "name"), [(None, "NoneType"), ("logistic", "str")])
def test_a_psi_is_no_name(solve, wrong, name):
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    with pytest.raises(TypeError, match=rf"psi must be an instance such as Logistic\(\), got {name}"):
        solve(bandit, np.array([[1.0, 1.0]]), wrong)
    with pytest.raises(TypeError, match="mdp must be a FiniteMDP, got NoneType"):
        solve(None, np.array([[1.0, 1.0]]), psi.Logistic())


def test_planning_needs_a_process_and_a_number():
    bandit, cost = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5), np.array([[1.0, 3.0]])
    with pytest.raises(TypeError, match="mdp must be a FiniteMDP, got NoneType"):
        solve_rl(None, cost, entropy_weight=0.0)
    with pytest.raises(TypeError, match="entropy_weight must be a number, got 'a'"):
        solve_rl(bandit, cost, "a")
