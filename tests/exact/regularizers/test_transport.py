"""Shortest flows: bounds on both sides, on graphs where the answer is known or a linear program gives it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gail.exact.regularizers.transport import by_linear_program, shortest_flow

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=40)


def differences(edges, nodes):
    edges = np.asarray(edges)
    rows = np.repeat(np.arange(len(edges)), 2)
    return sparse.csr_array((np.tile([1.0, -1.0], len(edges)), (rows, edges.ravel())), shape=(len(edges), nodes))


def random_graph(rng, nodes, extra):
    """A random tree with more edges, and lengths of several magnitudes."""
    edges = {(int(rng.integers(node)), node) for node in range(1, nodes)}
    while len(edges) < min(nodes - 1 + extra, nodes * (nodes - 1) // 2):
        edges.add(tuple(sorted(int(end) for end in rng.choice(nodes, 2, replace=False))))
    return differences(sorted(edges), nodes), 10.0 ** rng.uniform(-2, 2, size=len(edges))


@CHECKED
@given(seed=SEEDS, nodes=st.integers(2, 40), extra=st.integers(0, 60), spread=st.integers(0, 8))
def test_the_bounds_hold_and_meet(seed, nodes, extra, spread):
    rng = np.random.default_rng(seed)
    matrix, lengths = random_graph(rng, nodes, extra)
    supply = rng.normal(size=nodes) * 10.0 ** -rng.uniform(0, spread, size=nodes)
    supply -= supply.mean()
    found = shortest_flow(matrix, lengths, supply, 1e-12, 0.0)
    assert -1e-12 * found.upper <= found.gap <= 1e-12 * found.upper
    assert np.all(abs(matrix @ found.potential) <= lengths * (1.0 + 1e-9))
    assert supply @ found.potential == pytest.approx(found.lower, rel=1e-12)
    value, potential = by_linear_program(matrix, lengths, supply)
    assert found.upper == pytest.approx(value, rel=1e-6, abs=1e-6 * lengths.max())
    assert supply @ potential == pytest.approx(value, rel=1e-9)


def test_on_a_path_the_flow_over_an_edge_is_what_lies_behind_it():
    """All whole numbers."""
    rng = np.random.default_rng(0)
    supply = rng.integers(-1000, 1000, size=200)
    supply[-1] -= supply.sum()
    lengths = rng.integers(1, 50, size=199)
    expected = float(abs(lengths * np.cumsum(supply)[:-1]).sum())
    matrix = differences([(node, node + 1) for node in range(199)], 200)
    found = shortest_flow(matrix, lengths.astype(float), supply.astype(float), 1e-12, 0.0)
    assert found.upper == pytest.approx(expected, rel=1e-12)
    assert found.lower == pytest.approx(expected, rel=1e-12)


def test_on_a_ring_the_flow_is_that_of_the_better_cut():
    """Flows that meet the supplies differ by a circulation: the median of the edges' flows is taken away."""
    rng = np.random.default_rng(1)
    supply = rng.normal(size=101)
    supply -= supply.mean()
    along = np.cumsum(supply)
    expected = abs(along - np.median(along)).sum()
    matrix = differences([(node, (node + 1) % 101) for node in range(101)], 101)
    assert shortest_flow(matrix, np.ones(101), supply, 1e-12, 0.0).upper == pytest.approx(expected, rel=1e-12)


def test_what_is_not_asked_for_is_not_resolved():
    rng = np.random.default_rng(2)
    matrix, lengths = random_graph(rng, 60, 100)
    supply = rng.normal(size=60)
    supply -= supply.mean()
    exact = shortest_flow(matrix, lengths, supply, 1e-12, 0.0)
    rough = shortest_flow(matrix, lengths, supply, 0.0, 0.01 * exact.upper)
    assert 1e-9 * exact.upper < rough.gap <= 0.01 * exact.upper
    assert rough.lower <= exact.upper and exact.lower <= rough.upper


def test_supplies_that_rounding_hides_leave_honest_bounds():
    """Two far ends exchange 1, their neighbours next to nothing: nodes held together firmly, and hardly to the rest."""
    supply = np.array([1.0, 1e-14, -1e-14, -1.0, 1e-15, -1e-15])
    matrix = differences([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)], 6)
    found = shortest_flow(matrix, np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0]), supply, 1e-12, 0.0)
    assert found.lower <= 3.0 + 1e-12 and found.upper >= 3.0 - 1e-12
    assert found.upper <= 5.0 * abs(supply).sum() * 3.0


def test_a_node_that_needs_next_to_nothing_does_not_hide_the_others():
    """Three nodes exchange all there is: were the fourth held, they would be firmly joined and hardly held at all."""
    supply = np.array([-1.0, 0.364012770, 0.635987230, 0.0])
    supply[3] = 1.6e-14
    matrix = differences([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], 4)
    lengths = np.array([2.69543655, 2.62578975, 2.0326985, 0.0978823, 0.97693507, 0.87943718])
    found = shortest_flow(matrix, lengths, supply, 1e-12, 0.0)
    assert found.upper == pytest.approx(0.364012770 * 2.69543655 + 0.635987230 * 2.62578975, rel=1e-11)
    assert found.gap <= 1e-12 * found.upper
