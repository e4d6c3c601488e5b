import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gail.exact.linear_systems.multifrontal import Elimination
from gail.exact.linear_systems.nested_dissection import dissect

SEEDS = st.integers(0, 2**32 - 1)


def random_graph(states: int, degree: float, seed: int) -> sparse.csr_array:
    """A symmetric pattern with a full diagonal; often in several pieces."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, states, size=(2, int(states * degree)))
    ones = np.ones(ends.shape[1])
    graph = sparse.csr_array((ones, (ends[0], ends[1])), shape=(states, states))
    graph = sparse.csr_array(graph + graph.T + sparse.eye_array(states))
    graph.data[:] = 1.0
    return graph


def grid_graph(side: int) -> sparse.csr_array:
    path = sparse.diags_array([np.ones(side - 1), np.ones(side), np.ones(side - 1)], offsets=[-1, 0, 1])
    return sparse.csr_array(sparse.kron(path, path))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(states=st.integers(1, 400), degree=st.sampled_from([0.0, 0.5, 1.0, 3.0]), seed=SEEDS)
def test_no_edge_joins_blocks_unless_one_is_above_the_other(states: int, degree: float, seed: int):
    graph = random_graph(states, degree, seed)
    tree = dissect(graph)
    np.testing.assert_array_equal(np.sort(tree.order), np.arange(states))
    assert np.all(np.diff(tree.starts) > 0)
    block = np.empty(states, dtype=int)
    block[tree.order] = np.repeat(np.arange(tree.parents.size), np.diff(tree.starts))
    assert all(parent < 0 or parent > child for child, parent in enumerate(tree.parents))
    above = [{index} for index in range(tree.parents.size)]
    for index in reversed(range(tree.parents.size)):
        if tree.parents[index] >= 0:
            above[index] |= above[tree.parents[index]]
    for one, other in zip(*graph.nonzero(), strict=True):
        low, high = sorted((block[one], block[other]))
        assert high in above[low]


def test_separators_of_a_square_are_its_sides():
    """The first cut of n x n states leaves halves joined by nothing, and takes at most two lines of them."""
    side = 60
    tree = dissect(grid_graph(side))
    sizes = np.diff(tree.starts)
    assert sizes[-1] <= 2 * side
    assert sizes.max() <= 2 * side


def saddle(states: int, flat: str, seed: int) -> tuple[Elimination, np.ndarray, np.ndarray]:
    """A plan, data for it, and the dense matrix that they stand for: B a random discounted chain."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(states)))
    graph = grid_graph(side)
    size = graph.shape[0]
    lower = sparse.tril(graph).tocoo()
    definite = np.zeros((size, size))
    definite[lower.row, lower.col] = rng.normal(size=lower.nnz)
    definite = np.tril(definite) + np.tril(definite, -1).T
    definite += np.diag(1.0 + abs(definite).sum(axis=1))
    chain = graph.toarray() * rng.random((size, size))
    chain = np.diag(rng.random(size) + 0.5) @ (np.eye(size) - 0.99 * chain / chain.sum(axis=1, keepdims=True))
    slack = {"zero": np.zeros(size), "some": rng.choice([0.0, 1.0], size), "all": 10.0 ** rng.uniform(-9, 3, size)}[
        flat
    ]
    dense = np.block([[definite, chain.T], [chain, -np.diag(slack)]])
    cross = graph.tocoo()
    rows = np.concatenate([lower.row, size + cross.row, size + np.arange(size)])
    columns = np.concatenate([lower.col, cross.col, size + np.arange(size)])
    return Elimination(graph, rows, columns), dense[rows, columns], dense


@pytest.mark.parametrize("flat", ["zero", "some", "all"])
@pytest.mark.parametrize("states", [1, 4, 100, 900])
def test_saddle_systems_are_solved_as_dense_ones(states: int, flat: str):
    """Without a second diagonal, with half of one, and with one that spans twelve orders."""
    plan, data, dense = saddle(states, flat, states)
    right = np.random.default_rng(1).normal(size=dense.shape[0])
    found = plan.factor(data).solve(right)
    expected = np.linalg.solve(dense, right)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * abs(expected).max())
    np.testing.assert_array_equal(plan.factor(data).solve(right), found)


def test_costs_are_known_before_any_number():
    plan, data, _ = saddle(400, "all", 0)
    factors = plan.factor(data)
    held = sum(block.size for pair in factors._blocks for block in pair)
    assert plan.entries == held
    assert plan.memory >= 8 * held
    # n log n entries: four times the states take little more than four times the memory.
    assert saddle(1600, "all", 0)[0].entries < 6.5 * plan.entries


def test_numbers_that_are_not_finite_are_refused():
    plan, data, _ = saddle(4, "all", 0)
    with pytest.raises(np.linalg.LinAlgError, match="not finite"):
        plan.factor(np.full_like(data, np.nan))
