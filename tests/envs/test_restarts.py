"""Restarts with probability 1 - gamma: after a burn-in, unweighted visits follow the discounted occupancy."""

import numpy as np
import pytest

from gail.envs import TabularVectorEnv, garnet, gridworld
from gail.exact import FiniteMDP, occupancy_of


def lasting():
    task = garnet(4, 2, 2, np.random.default_rng(1), discount=0.8)
    # All episodes begin in one state, so that the distribution of the first steps differs from the later one.
    return FiniteMDP(task.mdp.transitions, np.eye(4)[2], 0.8), task.cost


def ending():
    task = gridworld("S.#\n.PG", slip=0.3, discount=0.8)
    dense = task.mdp.transitions.toarray().reshape(task.mdp.num_states, 4, -1).copy()
    dense[2] *= 0.4
    return FiniteMDP(dense, task.mdp.initial, 0.8, terminal=np.arange(task.mdp.num_states) == 2), task.cost


def played(mdp, cost, policy, copies, steps, horizon=None):
    """Pairs visited in the first `steps` steps of every copy, without steps that only reset, shape (copies, steps)."""
    envs, rng = TabularVectorEnv(mdp, cost, copies, horizon=horizon, restart=1 - mdp.discount), np.random.default_rng(1)
    cdf = np.cumsum(policy, axis=1)
    states, _ = envs.reset(seed=7)
    pairs, taken = np.zeros((copies, steps), dtype=int), np.zeros(copies, dtype=int)
    resetting = np.zeros(copies, dtype=bool)
    while taken.min() < steps:
        actions = np.minimum((rng.random(copies)[:, None] >= cdf[states]).sum(axis=1), mdp.num_actions - 1)
        real = np.flatnonzero(~resetting & (taken < steps))
        pairs[real, taken[real]] = states[real] * mdp.num_actions + actions[real]
        taken[real] += 1
        states, _, terminated, truncated, _ = envs.step(actions)
        assert not (terminated & truncated).any()
        assert not (terminated | truncated)[resetting].any()
        resetting = terminated | truncated
    return pairs


def expected_shares(mdp, policy):
    rho = occupancy_of(mdp, policy)
    return (rho / rho.sum()).ravel()


def assert_mean_is(shares, expected):
    error = shares.std(axis=0) / np.sqrt(len(shares))
    assert (np.abs(shares.mean(axis=0) - expected) <= 4.5 * error + 1e-9).all()
    assert error.max() < 0.01  # otherwise the comparison is too weak


@pytest.mark.parametrize("make", [lasting, ending])
def test_later_visits_are_the_normalised_occupancy(make):
    mdp, cost = make()
    policy = np.random.default_rng(0).dirichlet(np.ones(mdp.num_actions), mdp.num_states)
    burn_in, pairs = 60, mdp.num_states * mdp.num_actions  # 0.8^60 = 2e-6
    visited = played(mdp, cost, policy, 4000, burn_in + 40)[:, burn_in:]
    shares = np.stack([(visited == pair).mean(axis=1) for pair in range(pairs)], axis=1)
    assert_mean_is(shares, expected_shares(mdp, policy))


def test_the_first_visits_are_biased_as_much_as_is_said():
    mdp, cost = lasting()
    policy = np.full((4, 2), 0.5)
    pairs = played(mdp, cost, policy, 60_000, 20)
    stationary = expected_shares(mdp, policy)
    # The law of step k: restart with probability 1 - gamma, otherwise follow the dynamics.
    walk = np.einsum("sa,sat->st", policy, mdp.transitions.toarray().reshape(4, 2, 4))
    law, laws = mdp.initial, []
    for step in range(20):
        assert_mean_is(np.eye(8)[pairs[:, step]], (law[:, None] * policy).ravel())
        laws.append((law[:, None] * policy).ravel())
        distance = 0.5 * np.abs(laws[-1] - stationary).sum()
        assert distance <= 0.8**step
        law = 0.2 * mdp.initial + 0.8 * law @ walk
    bias = 0.5 * np.abs(np.mean(laws, axis=0) - stationary).sum()
    assert 0.01 < bias <= 1 / (20 * (1 - 0.8))


def test_a_cut_is_a_truncation_and_comes_with_its_probability():
    mdp, cost = lasting()
    envs = TabularVectorEnv(mdp, cost, 40_000, horizon=3, restart=0.2)
    envs.reset(seed=0)
    for age in (1, 2, 3):
        _, _, terminated, truncated, _ = envs.step(np.zeros(40_000, dtype=int))
        assert not terminated.any()
        if age == 1:
            assert truncated.mean() == pytest.approx(0.2, abs=4.5 * 0.002)
            first = truncated
    # Copies cut at age 1 have since been reset and taken one step. The others are at the horizon, or were cut later.
    assert truncated[first].mean() == pytest.approx(0.2, abs=0.02)


def test_without_restarts_nothing_is_drawn_for_them():
    mdp, cost = lasting()
    one, other = TabularVectorEnv(mdp, cost, 5, horizon=4), TabularVectorEnv(mdp, cost, 5, horizon=4, restart=0.0)
    for envs in (one, other):
        envs.reset(seed=0)
        for _ in range(10):
            envs.step(np.zeros(5, dtype=int))
    assert one.np_random.bit_generator.state == other.np_random.bit_generator.state
    counted = np.random.default_rng(0)
    counted.random((11, 5))  # one reset and ten steps
    assert one.np_random.bit_generator.state == counted.bit_generator.state


@pytest.mark.parametrize("restart", [-0.1, 1.0, 1.5, np.nan])
def test_what_is_no_probability_is_refused(restart):
    with pytest.raises(ValueError, match="restart must be a probability below 1"):
        TabularVectorEnv(*lasting(), 1, horizon=None, restart=restart)
