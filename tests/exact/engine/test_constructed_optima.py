"""Optima known by construction: choose the solution on both sides, then build the problem that it solves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, match_occupancy, occupancy_of, policy_of, solve_irl, solve_occupancy_lp, solve_rl
from gail.exact import regularizers as psi

CHECKED = settings(deadline=None, derandomize=True, max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_planning_by_complementary_slackness(mdp: FiniteMDP, seed: int):
    """cost = V - gamma E[V'] + slack, the slack zero exactly where the chosen policy acts."""
    rng = np.random.default_rng(seed)
    actions = rng.integers(mdp.num_actions, size=mdp.num_states)
    values = rng.normal(size=mdp.num_states)
    slack = rng.uniform(0.1, 1.0, size=(mdp.num_states, mdp.num_actions))
    slack[np.arange(mdp.num_states), actions] = 0.0
    cost = mdp.flow_adjoint(values) + slack
    optimal = occupancy_of(mdp, np.eye(mdp.num_actions)[actions])
    for solution in (solve_rl(mdp, cost, entropy_weight=0.0), solve_occupancy_lp(mdp, cost)):
        np.testing.assert_allclose(solution.occupancy, optimal, atol=1e-9 * optimal.sum())
        np.testing.assert_allclose(solution.primal_value, mdp.initial @ values, rtol=1e-9, atol=1e-8)
        np.testing.assert_allclose(solution.values[mdp.reachable], values[mdp.reachable], rtol=1e-7, atol=1e-7)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.05, 1.0, 20.0]))
def test_soft_planning(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    """cost = V - gamma E[V'] - lambda log pi."""
    policy, values = random_policy(mdp, seed), np.random.default_rng(seed).normal(size=mdp.num_states)
    solution = solve_rl(mdp, mdp.flow_adjoint(values) - weight * np.log(policy), weight)
    np.testing.assert_allclose(solution.policy, policy, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(solution.values, values, rtol=1e-8, atol=1e-8 * (1.0 + weight))


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_imitation_with_a_quadratic_psi(mdp: FiniteMDP, seed: int, random_policy):
    """A policy, and a cost for which it is soft-optimal and which is a circulation: rho_E = rho - w c is an occupancy.

    psi = w/2 sum c^2 answers rho with c = (rho - rho_E) / w, so (rho, c) is the saddle point of the expert rho_E.
    """
    policy = random_policy(mdp, seed)
    rho = occupancy_of(mdp, policy)
    seen = np.repeat(mdp.reachable[:, None], mdp.num_actions, axis=1)
    surprise = -np.log(policy) * seen
    flow = mdp.flow_matrix.toarray()[mdp.reachable][:, seen.ravel()]
    potential = np.zeros(mdp.num_states)
    potential[mdp.reachable] = np.linalg.lstsq(flow.T, -surprise[seen], rcond=None)[0]
    cost = (surprise + mdp.flow_adjoint(potential)) * seen
    largest = float(np.max(np.where(seen, cost / np.maximum(rho, 1e-300), 0.0), initial=0.0))
    weight = 0.5 / max(largest, 1e-3)
    expert = np.where(seen, rho - weight * cost, 0.0)
    for solve in (solve_irl, match_occupancy):
        solution = solve(mdp, expert, psi.Quadratic(weight), 1.0).require_optimal(1e-8)
        assert abs(solution.occupancy - rho).sum() <= 1e-6 * rho.sum()
        mattering = seen & (rho > 1e-6 * rho.sum())
        np.testing.assert_allclose(policy_of(solution.occupancy)[mattering], policy[mattering], rtol=1e-4)
