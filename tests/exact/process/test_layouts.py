"""Processes in the layouts of other libraries: each gives the process that the library's own arrays describe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gail.exact import FiniteMDP, InvalidMDP

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=40)


def by_pair(mdp):
    return mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)


@CHECKED
@given(mdp=...)
def test_every_layout_gives_the_same_process(mdp: FiniteMDP):
    table, start, rest = by_pair(mdp), mdp.initial, (mdp.discount, mdp.terminal)
    matrices = table.transpose(1, 0, 2)
    states, actions = np.divmod(np.arange(table.shape[0] * table.shape[1]), table.shape[1])
    order = np.random.default_rng(0).permutation(len(states))
    pairs, given_row = FiniteMDP.from_pairs(
        states[order], actions[order], table.reshape(len(states), -1)[order], start, *rest
    )
    ends = [[np.flatnonzero(row).tolist() for row in rows] for rows in table]
    chances = [[row[row > 0.0].tolist() for row in rows] for rows in table]
    for other in (
        FiniteMDP.from_action_matrices(matrices, start, *rest),
        FiniteMDP.from_action_matrices([sparse.csr_matrix(matrix) for matrix in matrices], start, *rest),
        FiniteMDP.from_successor_lists(chances, ends, start, *rest),
        pairs,
    ):
        np.testing.assert_allclose(by_pair(other), table, rtol=1e-15)
        np.testing.assert_allclose(other.initial, start, rtol=1e-15)
    np.testing.assert_array_equal(order[given_row].ravel(), np.arange(len(states)))


def test_pymdptoolboxs_forest():
    # Example of pymdptoolbox: three ages of a forest, wait or cut; fires burn it down with probability 0.1.
    wait = [[0.1, 0.9, 0.0], [0.1, 0.0, 0.9], [0.1, 0.0, 0.9]]
    cut = [[1.0, 0.0, 0.0]] * 3
    mdp = FiniteMDP.from_action_matrices([wait, cut], 0, 0.9)
    np.testing.assert_array_equal(by_pair(mdp)[1], [[0.1, 0.0, 0.9], [1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(mdp.initial, [1.0, 0.0, 0.0])


def test_quantecons_pairs_leave_actions_out():
    # Example of QuantEcon's DiscreteDP: state 0 has two actions, state 1 has one.
    mdp, pair = FiniteMDP.from_pairs([0, 0, 1], [0, 1, 0], [[0.5, 0.5], [0.0, 1.0], [0.0, 1.0]], [1.0, 0.0], 0.95)
    np.testing.assert_array_equal(pair, [[0, 1], [2, 2]])
    np.testing.assert_array_equal(by_pair(mdp), [[[0.5, 0.5], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])


EYE = np.eye(2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FiniteMDP.from_action_matrices([], 0, 0.9), "one square matrix .* per action, got no matrix"),
        (lambda: FiniteMDP.from_action_matrices([EYE, np.eye(3)], 0, 0.9), r"got \(2, 2\), \(3, 3\)"),
        (lambda: FiniteMDP.from_action_matrices([EYE, 0.5 * EYE], 0, 0.9), "state 0, action 1 sums to 0.5"),
        (lambda: FiniteMDP.from_pairs([0, 1], [0], EYE, 0, 0.9), r"one state, one action and one row each"),
        (
            lambda: FiniteMDP.from_pairs([0, 0], [0, 0], EYE, 0, 0.9),
            "state 0, action 0 is listed twice, as pairs 0 a",
        ),
        (lambda: FiniteMDP.from_pairs([0, 2], [0, 0], EYE, 0, 0.9), "pair 1 is state 2, action 0: states are 0 to 1"),
        (lambda: FiniteMDP.from_pairs([0, 0], [0, 1], EYE, 0, 0.9), "state 1 has no action"),
        (lambda: FiniteMDP.from_pairs([0.0, 1.0], [0, 0], EYE, 0, 0.9), "whole numbers, got float64"),
        (lambda: FiniteMDP.from_successor_lists([[[1.0]]], [[[0, 0]]], 0, 0.9), "has 1 probabilities and 2 successors"),
        (lambda: FiniteMDP.from_successor_lists([[[1.0]]], [[[3]]], 0, 0.9), "successor 3 is no state of 0 to 0"),
        (lambda: FiniteMDP.from_successor_lists([[[1.0]], []], [[[0]], []], 0, 0.9), "one list per state and action"),
        (lambda: FiniteMDP(np.ones((1, 1, 1)), 1, 0.9), "initial is state 1: states are 0 to 0"),
        (lambda: FiniteMDP(np.eye(3)[:, None], 0, 0.9, [3]), "terminal lists state 3"),
        (lambda: FiniteMDP(np.eye(3)[:, None], 0, 0.9, [0, 1, 1]), "a mask or a list of states"),
    ],
)
def test_layouts_that_are_none_are_refused(make, message):
    with pytest.raises(InvalidMDP, match=message):
        make()


def test_starts_and_ends_may_be_named_by_state():
    mdp = FiniteMDP(np.eye(3)[:, None] * [[[1.0]], [[0.5]], [[1.0]]], np.int64(2), 0.9, [1])
    np.testing.assert_array_equal(mdp.initial, [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(mdp.terminal, [False, True, False])
    assert not FiniteMDP(np.eye(3)[:, None], 0, 0.9, []).terminal.any()
