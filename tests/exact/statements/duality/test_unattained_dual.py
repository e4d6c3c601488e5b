import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Matching, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.statements import check_unattained_dual, unattained_curve
from gail.exact.statements.duality import unattained_dual as unattained


@settings(deadline=None, derandomize=True, max_examples=25)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_a_deterministic_expert_has_no_optimal_cost(mdp: FiniteMDP, seed, failures):
    assume(mdp.num_actions > 1)
    cost = np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions))
    assert failures(check_unattained_dual(mdp, cost, 0.7, "random")) == []


def test_the_curve_is_the_objective_of_its_costs(gridworld):
    """Against planning for the same cost, instead of the closed form V = 0."""
    expert = occupancy_of(gridworld, np.eye(4)[np.zeros(64, dtype=int)])
    curve = unattained_curve(gridworld, expert, 0.5, [0.1, 1e-3])
    problem = Matching(gridworld, expert, psi.Constant(), 0.5)
    for share, gap in zip(curve.shares, curve.gap, strict=True):
        cost = -0.5 * np.log((1.0 - share) * np.eye(4)[np.zeros(64, dtype=int)] + share / 4)
        dual = problem.dual(cost, solve_rl(gridworld, cost, 0.5).values)
        np.testing.assert_allclose(gap, problem.primal(expert) - dual, rtol=1e-9)


def test_a_stochastic_expert_would_be_noticed(gridworld, failures, monkeypatch):
    monkeypatch.setattr(unattained, "solve_rl", lambda mdp, cost, entropy_weight: solve_rl(mdp, cost, 1.0))
    cost = np.random.default_rng(0).normal(size=(64, 4))
    assert any("none exists" in name for name, _ in failures(check_unattained_dual(gridworld, cost, 1.0, "broken")))
