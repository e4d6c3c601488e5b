"""Lambda-returns agree with their definition: a mixture of n-step returns within each trajectory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.approx.policy_players.advantages import lambda_returns

laws = settings(derandomize=True, deadline=None, max_examples=60)


def n_step_return(rewards, values, discount, terminated, t, n):
    """r_t + ... + discount^(n-1) r_{t+n-1} + discount^n v_{t+n}; `values` has one entry more than `rewards`."""
    total = sum(discount**k * rewards[t + k] for k in range(n))
    ended = terminated and t + n == len(rewards)
    return total if ended else total + discount**n * values[t + n]


def mixed_return(rewards, values, discount, mixing, terminated, t):
    """(1 - l) sum_n l^(n-1) G^(n), with the remaining weight on the longest return."""
    longest = len(rewards) - t
    g = [n_step_return(rewards, values, discount, terminated, t, n) for n in range(1, longest + 1)]
    head = (1 - mixing) * sum(mixing**n * g[n] for n in range(longest - 1))
    return head + mixing ** (longest - 1) * g[-1]


def flat_problem(segments, discount, mixing):
    """Arguments of `lambda_returns` for several trajectories, each (rewards, values, terminated)."""
    columns = []
    for rewards, values, terminated in segments:
        d, m = np.full(len(rewards), discount), np.full(len(rewards), mixing)
        m[-1] = 0.0
        if terminated:
            d[-1] = 0.0
        columns.append((rewards, d, values[1:], m))
    return [np.concatenate(column) for column in zip(*columns, strict=True)]


def random_segments(rng, lengths, endings):
    return [(rng.normal(size=n), rng.normal(size=n + 1), end) for n, end in zip(lengths, endings, strict=True)]


@laws
@given(
    shape=st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=5),
    discount=st.floats(0, 1),
    mixing=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_the_mixture_of_n_step_returns(shape, discount, mixing, seed):
    segments = random_segments(np.random.default_rng(seed), *zip(*shape, strict=True))
    expected = [
        mixed_return(rewards, values, discount, mixing, terminated, t)
        for rewards, values, terminated in segments
        for t in range(len(rewards))
    ]
    found = lambda_returns(*flat_problem(segments, discount, mixing))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_full_mixing_is_the_monte_carlo_return():
    rewards = np.array([1.0, 2.0, 4.0])
    terminated = [(rewards, np.full(4, 100.0), True)]
    assert lambda_returns(*flat_problem(terminated, 0.5, 1.0)).tolist() == [3.0, 4.0, 4.0]
    truncated = [(rewards, np.array([100.0, 100.0, 100.0, 8.0]), False)]
    assert lambda_returns(*flat_problem(truncated, 0.5, 1.0)).tolist() == [4.0, 6.0, 8.0]


def test_no_mixing_is_the_one_step_return():
    segments = [(np.array([1.0, 2.0]), np.array([100.0, 10.0, 20.0]), False)]
    assert lambda_returns(*flat_problem(segments, 0.5, 0.0)).tolist() == [6.0, 12.0]


@pytest.mark.parametrize("terminated", [True, False])
def test_nothing_leaks_into_the_trajectory_before(terminated):
    rng = np.random.default_rng(0)
    first = (rng.normal(size=4), rng.normal(size=5), terminated)
    seconds = [(rng.normal(size=3), rng.normal(size=4), True) for _ in range(2)]
    one, two = (lambda_returns(*flat_problem([first, second], 0.9, 0.95)) for second in seconds)
    np.testing.assert_array_equal(one[:4], two[:4])
    assert (one[4:] != two[4:]).all()


def test_termination_ignores_what_the_critic_says_of_the_end():
    rewards, values = np.ones(3), np.zeros(4)
    other = values.copy()
    other[-1] = 1e9
    for terminated, equal in ((True, True), (False, False)):
        returns = [lambda_returns(*flat_problem([(rewards, v, terminated)], 0.9, 0.5)) for v in (values, other)]
        assert (returns[0] == returns[1]).all() == equal


def test_a_perfect_critic_has_no_advantage():
    # Deterministic endless chain with reward 1: v = 1 / (1 - discount) for every mixing weight.
    values = np.full(6, 10.0)
    for mixing in (0.0, 0.5, 1.0):
        returns = lambda_returns(*flat_problem([(np.ones(5), values, False)], 0.9, mixing))
        np.testing.assert_allclose(returns, 10.0)


def test_arguments_are_left_alone():
    arguments = flat_problem(random_segments(np.random.default_rng(0), [3], [False]), 0.9, 0.5)
    copies = [a.copy() for a in arguments]
    lambda_returns(*arguments)
    for argument, copy in zip(arguments, copies, strict=True):
        np.testing.assert_array_equal(argument, copy)
