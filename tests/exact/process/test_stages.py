"""Processes that come in stages: found from the transitions, and solved backwards as the equations would be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, solve_rl
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.planning.soft_planning import soft_optimum
from gail.exact.process.finite_horizon import time_expanded

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=30)
DISCOUNTS = st.sampled_from([0.5, 1.0])


def wide(seed, states, horizon, discount):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.full(states, 0.3), size=(states, 3))
    return time_expanded(FiniteMDP(transitions, rng.dirichlet(np.ones(states)), 0.9), horizon, discount)


def backwards(mdp):
    """The same process with its states in the opposite order, in which it has no stages."""
    flipped = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, -1)[::-1, :, ::-1]
    return FiniteMDP(flipped, mdp.initial[::-1], mdp.discount, mdp.terminal[::-1])


@CHECKED
@given(seed=SEEDS, states=st.integers(4, 7), horizon=st.integers(2, 6), discount=DISCOUNTS)
def test_the_steps_of_a_horizon_are_stages(seed, states, horizon, discount):
    mdp = wide(seed, states, horizon, discount)
    runs = [run for run, _ in mdp.stages]
    assert runs == [slice(t * states, (t + 1) * states) for t in reversed(range(horizon))]
    rebuilt = np.concatenate([rows.toarray() for _, rows in reversed(mdp.stages)])
    np.testing.assert_array_equal(rebuilt, discount * mdp.transitions.toarray())
    assert backwards(mdp).stages is None


@CHECKED
@given(mdp=...)
def test_stages_lead_only_to_later_ones(mdp: FiniteMDP):
    for run, rows in mdp.stages or ():
        assert np.all(rows.indices >= run.stop)
    if mdp.stages is None:
        return
    assert sum(run.stop - run.start for run, _ in mdp.stages) == mdp.num_states


def test_skipping_a_stage_and_ending_early():
    """States 0-3 lead to 4-7 or straight to 8-11; state 5, and the second action anywhere, ends the episode."""
    transitions = np.zeros((12, 2, 12))
    transitions[[0, 1, 2, 3], 0, [8, 5, 4, 9]] = 1.0
    transitions[[4, 6, 7], 0, [8, 10, 11]] = 1.0
    mdp = FiniteMDP(transitions, np.eye(12)[0], 1.0, np.full(12, True))
    assert [run for run, _ in mdp.stages] == [slice(8, 12), slice(4, 8), slice(0, 4)]
    np.testing.assert_array_equal(mdp.lifetime, [2, 2, 3, 2, 2, 1, 2, 2, 1, 1, 1, 1])


def test_narrow_stages_are_left_to_the_equations():
    line = np.eye(9, k=1)[:, None, :]
    assert FiniteMDP(line, np.eye(9)[0], 1.0, np.arange(9) == 8).stages is None


@CHECKED
@given(seed=SEEDS, discount=DISCOUNTS, weight=st.sampled_from([0.01, 1.0]))
def test_the_backward_recursion_solves_the_equation(seed, discount, weight):
    mdp = wide(seed, 5, 6, discount)
    cost = np.random.default_rng(seed).normal(size=(mdp.num_states, 3))
    optimum, general = soft_optimum(mdp, cost, weight), soft_optimum(backwards(mdp), cost[::-1], weight)
    np.testing.assert_allclose(optimum.values, general.values[::-1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(optimum.policy, general.policy[::-1], atol=1e-9)
    source = mdp.initial
    np.testing.assert_allclose(optimum.chain.visits(source), general.chain.visits(source[::-1])[::-1], atol=1e-12)
    solution = solve_rl(mdp, cost, weight).require_optimal(1e-12)
    assert len(solution.trace) == 1


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_several_charges_are_valued_at_once(mdp: FiniteMDP, seed: int, random_policy):
    charges = np.random.default_rng(seed).normal(size=(mdp.num_states, 3))
    chain = Chain(mdp, random_policy(mdp, seed))
    apart = np.column_stack([chain.values(charge) for charge in charges.T])
    np.testing.assert_allclose(chain.values(charges), apart, rtol=1e-13, atol=1e-13)
    together = mdp.flow_adjoint(charges)
    for index, charge in enumerate(charges.T):
        np.testing.assert_allclose(together[:, :, index], mdp.flow_adjoint(charge), atol=1e-14)


def test_several_charges_by_iteration():
    """Where states are many and tangled, nothing is factored."""
    rng = np.random.default_rng(0)
    states = 1200
    rows = np.zeros((states, 1, states))
    for row in rows[:, 0]:
        row[rng.choice(states, 3, replace=False)] = 1.0 / 3.0
    mdp = FiniteMDP(rows, np.eye(states)[0], 0.9)
    chain = Chain(mdp, np.ones((states, 1)))
    charges = rng.normal(size=(states, 2))
    np.testing.assert_allclose(charges, (found := chain.values(charges)) - 0.9 * (rows[:, 0] @ found), atol=1e-12)


def test_the_lifetime_of_stages_is_that_of_the_longest_way():
    """One action goes on, the other ends the episode."""
    transitions = np.zeros((4, 2, 4))
    transitions[:, 1, :] = 0.25
    mdp = time_expanded(FiniteMDP(transitions, np.full(4, 0.25), 0.5, terminal=np.ones(4, dtype=bool)), 3)
    assert mdp.stages is not None
    np.testing.assert_array_equal(mdp.lifetime, np.repeat([3.0, 2.0, 1.0], 4))
    np.testing.assert_array_equal(backwards(mdp).lifetime[::-1], mdp.lifetime)
