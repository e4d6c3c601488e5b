"""Processes in the layouts of other libraries: each gives the process that the library's own arrays describe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gail.exact import FiniteMDP, InvalidMDP, RoundedInput, solve_rl

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


MDPSOLVER_REWARDS = np.array([[5.0, -1.0], [1.0, -2.0], [50.0, 0.0]])
MDPSOLVER_DENSE = [
    [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]],
    [[0.4, 0.5, 0.1], [0.3, 0.5, 0.2]],
    [[0.2, 0.2, 0.6], [0.5, 0.5, 0.0]],
]
MDPSOLVER_LISTS = (
    [[[0.9, 0.1], [0.1, 0.9]], [[0.4, 0.5, 0.1], [0.3, 0.5, 0.2]], [[0.2, 0.2, 0.6], [0.5, 0.5]]],
    [[[0, 1], [0, 1]], [[0, 1, 2], [0, 1, 2]], [[0, 1, 2], [0, 1]]],
)
MDPSOLVER_ELEMENTS = [
    (state, action, to, chance)
    for state, rows in enumerate(MDPSOLVER_DENSE)
    for action, row in enumerate(rows)
    for to, chance in enumerate(row)
    if chance
]


def test_mdpsolvers_quick_start():
    """Its three layouts, from lists as they stand there, give the policy [1, 1, 0] that its page states."""
    states, actions, to, chances = np.array(MDPSOLVER_ELEMENTS).T
    rows = sparse.coo_array((chances, ((2 * states + actions).astype(int), to.astype(int))), shape=(6, 3))
    for mdp in (
        FiniteMDP(MDPSOLVER_DENSE, 0, 0.8),
        FiniteMDP.from_successor_lists(*MDPSOLVER_LISTS, 0, 0.8),
        FiniteMDP(rows, 0, 0.8),
    ):
        np.testing.assert_array_equal(by_pair(mdp), MDPSOLVER_DENSE)
        policy = solve_rl(mdp, -MDPSOLVER_REWARDS, entropy_weight=0.0).policy
        np.testing.assert_array_equal(policy.argmax(axis=1), [1, 1, 0])


SEALS_TRANSITIONS = [
    [[0.03034977987408638, 0.532888650894165, 0.4367615878582001], [0.0, 0.9453745484352112, 0.05462547391653061]],
    [[1.0, 0.0, 0.0], [0.41560423374176025, 0.0, 0.5843957662582397]],
    [[0.1818753033876419, 0.6781842708587646, 0.13994044065475464], [1.0, 0.0, 0.0]],
]
SEALS_REWARD = [-1.2894187467538587, 0.0206903940375912, -0.03788574104406823]
SEALS_START = [0.6170206619518941, 0.021686462777835716, 0.36129287527027026]


def test_sealss_random_transitions():
    """`RandomTransitionEnv(n_states=3, n_actions=2, branch_factor=3, generator_seed=5)` of seals 0.2.1: its
    transitions are in single precision, and its reward is one of states."""
    transitions = np.array(SEALS_TRANSITIONS, dtype=np.float32)
    with pytest.warns(RoundedInput, match="transitions"):
        mdp = FiniteMDP(transitions, SEALS_START, 0.9)
    np.testing.assert_allclose(by_pair(mdp), transitions, rtol=1e-7)
    of_states, of_pairs = (
        solve_rl(mdp, cost, entropy_weight=0.1)
        for cost in (-np.array(SEALS_REWARD), -np.repeat(np.array(SEALS_REWARD)[:, None], 2, axis=1))
    )
    np.testing.assert_array_equal(of_states.policy, of_pairs.policy)


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
