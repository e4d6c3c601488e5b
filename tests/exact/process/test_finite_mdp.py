from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gail.exact import FiniteMDP, InvalidCost, InvalidMDP, solve_rl, validate_cost

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)
RING = np.array([[[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]])
START = np.array([1.0, 0.0])


def test_dense_and_sparse_are_the_same_process():
    dense = FiniteMDP(RING, START, 0.9)
    rows = FiniteMDP(sparse.csr_matrix(RING.reshape(4, 2)), START, 0.9)
    assert (dense.num_states, dense.num_actions) == (rows.num_states, rows.num_actions) == (2, 2)
    np.testing.assert_array_equal(dense.transitions.toarray(), rows.transitions.toarray())
    # Row s * A + a: action 0 of state 1.
    np.testing.assert_array_equal(dense.transitions.toarray()[2], [0.5, 0.5])


def test_the_callers_arrays_are_neither_kept_nor_changed():
    transitions, start = RING.copy(), START.copy()
    mdp = FiniteMDP(transitions, start, 0.9)
    transitions[:] = start[:] = 7.0
    np.testing.assert_array_equal(mdp.transitions.toarray(), RING.reshape(4, 2))
    with pytest.raises(ValueError, match="read-only"):
        mdp.initial[0] = 0.0
    with pytest.raises(AttributeError):
        mdp.discount = 0.5


def replaced(index, value):
    changed = RING.copy()
    changed[index] = value
    return changed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((replaced((1, 0, 0), 0.4), START, 0.9), r"state 1, action 0 sums to 0.9, off by -0.1 .*not marked terminal"),
        ((replaced((0, 1, 0), 1.25), START, 0.9), r"state 0, action 1 sums to 1.25, off by \+0.25"),
        ((replaced((1, 1), [1.5, -0.5]), START, 0.9), r"-0.5 at state 1, action 1, next state 1"),
        ((replaced((0, 0, 1), np.nan), START, 0.9), r"nan at state 0, action 0, next state 1"),
        ((replaced((0, 0, 1), np.inf), START, 0.9), r"inf at state 0, action 0, next state 1"),
        ((RING[0], START, 0.9), r"shape \(S, A, S\)"),
        ((np.zeros((0, 2, 0)), [], 0.9), r"shape \(S, A, S\) with S, A >= 1, got \(0, 2, 0\)"),
        ((np.zeros((2, 0, 2)), START, 0.9), r"with S, A >= 1, got \(2, 0, 2\)"),
        (("x", START, 0.9), r"transitions must be an array of real numbers, got <U1"),
        ((None, START, 0.9), r"transitions must be an array of real numbers, got NoneType"),
        ((RING + 0.5j, START, 0.9), r"transitions must be an array of real numbers, got complex128"),
        ((sparse.csr_array(RING.reshape(-1, 2) + 0.5j), START, 0.9), r"real numbers, got complex128"),
        ((np.ones((2, 2, 3)), START, 0.9), r"shape \(S, A, S\)"),
        ((sparse.csr_array((3, 2)), START, 0.9), r"S\*A rows"),
        ((RING, [0.5, 0.4], 0.9), r"initial sums to 0.9, off by -0.1"),
        ((RING, [1.5, -0.5], 0.9), r"initial: probability -0.5 at state 1"),
        ((RING, [np.nan, 1.0], 0.9), r"initial: probability nan at state 0"),
        ((RING, [1.0], 0.9), r"initial must have shape \(2,\)"),
        ((RING, START, -0.1), r"discount"),
        ((RING, START, 1.5), r"discount"),
        ((RING, START, np.nan), r"discount"),
        ((RING, START, "x"), r"discount must be a number in \[0, 1\], got 'x'"),
        ((RING, START, None), r"discount must be a number in \[0, 1\], got None"),
        ((RING, START, 1.0), r"acyclic continuation, but state 0"),
        ((RING, START, 0.9, [0, 1]), r"a mask or a list of states\? A mask must be boolean"),
        ((RING, START, 0.9, [True]), r"boolean mask of shape \(2,\)"),
    ],
)
def test_invalid_processes_are_refused_by_name(arguments, message):
    with pytest.raises(InvalidMDP, match=message):
        FiniteMDP(*arguments)


def test_rounding_is_accepted_and_removed():
    mdp = FiniteMDP(RING * (1.0 + 5e-10), START * (1.0 - 5e-10), 0.9)
    np.testing.assert_allclose(mdp.transitions.sum(axis=1), 1.0, rtol=0, atol=1e-15)
    assert mdp.initial.sum() == 1.0


def test_missing_mass_ends_the_episode_at_terminal_states_only():
    mdp = FiniteMDP(RING * 0.5, START, 0.9, terminal=[True, True])
    np.testing.assert_array_equal(mdp.transitions.toarray(), 0.5 * RING.reshape(4, 2))
    with pytest.raises(InvalidMDP, match=r"state 1, action 0 sums to 0\.5"):
        FiniteMDP(RING * np.array([1.0, 0.5])[:, None, None], START, 0.9, terminal=[True, False])
    with pytest.raises(InvalidMDP, match="sums to 2"):
        FiniteMDP(RING * 2.0, START, 0.9, terminal=[True, True])


def test_discount_one_needs_every_episode_to_end():
    line = np.zeros((3, 1, 3))
    line[0, 0, 1] = line[1, 0, 2] = 1.0
    mdp = FiniteMDP(line, np.eye(3)[0], 1.0, terminal=[False, False, True])
    np.testing.assert_array_equal(mdp.lifetime, [3.0, 2.0, 1.0])
    loop = line.copy()
    loop[2, 0, 2] = 1.0
    with pytest.raises(InvalidMDP, match="state 2 can recur"):
        FiniteMDP(loop, np.eye(3)[0], 1.0)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_flow_adjoint_and_matrix_are_one_operator(mdp: FiniteMDP, seed: int):
    rng = np.random.default_rng(seed)
    measure, values = rng.normal(size=(mdp.num_states, mdp.num_actions)), rng.normal(size=mdp.num_states)
    np.testing.assert_allclose(np.sum(mdp.flow_adjoint(values) * measure), values @ mdp.flow(measure), atol=1e-11)
    np.testing.assert_allclose(mdp.flow_matrix @ measure.ravel(), mdp.flow(measure), atol=1e-12)
    expected = np.einsum("sat,t->sa", mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, -1), values)
    np.testing.assert_allclose(mdp.discounted_next(values), mdp.discount * expected, atol=1e-12)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_chain_matrix_averages_the_policys_actions(mdp: FiniteMDP, seed: int):
    policy = np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    dense = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, -1)
    expected = mdp.discount * np.einsum("sa,sat->st", policy, dense)
    np.testing.assert_allclose(mdp.discounted_chain(policy).toarray(), expected, atol=1e-14)


@CHECKED
@given(mdp=...)
def test_lifetime_outlasts_every_action(mdp: FiniteMDP):
    later = mdp.discounted_next(mdp.lifetime)
    assert np.all(mdp.lifetime[:, None] * (1.0 + 1e-12) >= 1.0 + later)


@CHECKED
@given(mdp=...)
def test_reachable_states_are_those_that_powers_reach(mdp: FiniteMDP):
    graph = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, -1).sum(axis=1)
    mass = mdp.initial.copy()
    for _ in range(mdp.num_states):
        mass = np.minimum(mass + mass @ graph, 1e3)
    np.testing.assert_array_equal(mdp.reachable, mass > 0.0)
    part = mdp.reachable_part()
    assert part.reachable.all()
    np.testing.assert_allclose(part.initial, mdp.initial[mdp.reachable], rtol=1e-15)


def test_costs_are_checked():
    mdp = FiniteMDP(RING, START, 0.9)
    np.testing.assert_array_equal(validate_cost(mdp, [[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(InvalidCost, match=r"shape .* \(2, 2\), \(2,\) or \(2, 2, 2\), got \(3,\)"):
        validate_cost(mdp, [1.0, 2.0, 3.0])
    with pytest.raises(InvalidCost, match="state 1, action 0 is nan"):
        validate_cost(mdp, [[1.0, 2.0], [np.nan, 4.0]])


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_costs_of_states_and_of_transitions_become_costs_of_pairs(mdp: FiniteMDP, seed: int):
    states, actions = mdp.num_states, mdp.num_actions
    cost = np.random.default_rng(seed).normal(size=(states, actions, states))
    table = mdp.transitions.toarray().reshape(cost.shape)
    np.testing.assert_allclose(validate_cost(mdp, cost), np.sum(table * cost, axis=2), atol=1e-14)
    np.testing.assert_array_equal(validate_cost(mdp, cost[:, 0, 0]), np.tile(cost[:, :1, 0], actions))
    np.testing.assert_array_equal(validate_cost(mdp, sparse.csr_array(cost[:, :, 0])), cost[:, :, 0])


def test_torch_tensors_that_numpy_cannot_read_are_named():
    torch = pytest.importorskip("torch")
    mdp, cost = FiniteMDP(RING, START, 0.9), torch.ones(2, 2)
    np.testing.assert_array_equal(validate_cost(mdp, cost), np.ones((2, 2)))
    with pytest.raises(InvalidCost, match=r"^cost is a tensor with gradients, .* pass cost\.detach\(\)$"):
        validate_cost(mdp, cost.requires_grad_())
    with pytest.raises(InvalidCost, match=r"^cost is a tensor in the layout torch.sparse_coo: pass cost\.to_dense"):
        validate_cost(mdp, torch.ones(2, 2).to_sparse())
    with pytest.raises(InvalidMDP, match=r"pass transitions\.detach"):
        FiniteMDP(torch.tensor(RING, requires_grad=True), START, 0.9)


@pytest.mark.parametrize(
    ("what", "cost"),
    [
        ("complex128", np.ones((2, 2)) + 1e-3j),
        ("<U1", [["1", "2"], ["3", "4"]]),
        ("NoneType", [[1.0, None], [0.0, 0.0]]),
        ("inhomogeneous", [[1.0, 2.0], [3.0]]),
    ],
)
def test_costs_are_real_numbers(what, cost):
    mdp = FiniteMDP(RING, START, 0.9)
    for entropy_weight in (0.0, 1.0):
        with pytest.raises(InvalidCost, match=f"^cost must be an array of real numbers.*{what}[^\\n]*$"):
            solve_rl(mdp, cost, entropy_weight)


def test_whatever_is_a_real_number_is_a_cost():
    mdp = FiniteMDP(RING, START, 0.9)
    for cost in (np.ones((2, 2), dtype=bool), np.ones((2, 2), dtype=np.float16), [[Fraction(1), 1], [1, 1]]):
        np.testing.assert_array_equal(validate_cost(mdp, cost), 1.0)
    with pytest.raises(InvalidMDP, match=r"^initial must be an array of real numbers, got <U3$"):
        FiniteMDP(RING, ["1.0", "0.0"], 0.9)
