import numpy as np
import pytest
from scipy import sparse

from gail.exact.linear_systems import gauss_seidel as sweeps
from gail.exact.linear_systems.gauss_seidel import Sweeps, sweep_order


def slipping_line(size: int, slip: float = 0.1, shuffle: int | None = 0) -> sparse.csr_array:
    """gamma P of a walk to the end of a line, whose last two states lead to each other; states shuffled."""
    here = np.arange(size)
    ahead = np.minimum(here + 1, size - 1)
    ahead[-1] = size - 2
    behind = np.maximum(here - 1, 0)
    behind[-1] = size - 1  # slipping, the last state stays
    rows, columns = np.concatenate([here, here]), np.concatenate([ahead, behind])
    chances = np.repeat([1.0 - slip, slip], size)
    name = here if shuffle is None else np.random.default_rng(shuffle).permutation(size)
    return 0.95 * sparse.csr_array((chances, (name[rows], name[columns])), shape=(size, size))


def systems(matrix: sparse.csr_array) -> list[tuple[sparse.csr_array, Sweeps]]:
    order = sweep_order(matrix)
    ordered = order.arranged(matrix)
    turned = sparse.csr_array(ordered.T)
    return [
        (ordered, Sweeps(ordered, order.cuts, order.partners)),
        (turned, Sweeps(turned, order.cuts, order.partners, backwards=True)),
    ]


def test_the_order_is_by_steps_along_the_likeliest_way():
    matrix = slipping_line(50, shuffle=None)
    order = sweep_order(matrix)
    assert set(order.states[:2]) == {48, 49}
    np.testing.assert_array_equal(order.states[2:], np.arange(47, -1, -1))
    np.testing.assert_array_equal(order.partners, [1, 0])
    assert order.cuts[0] == 0
    assert order.cuts[-1] == 50


def test_arranging_renames_and_restoring_undoes_it():
    matrix = slipping_line(50)
    order = sweep_order(matrix)
    dense = matrix.toarray()
    np.testing.assert_array_equal(order.arranged(matrix).toarray(), dense[np.ix_(order.states, order.states)])
    values = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(order.restored(values[order.states]), values)


def test_one_sweep_solves_a_chain_without_slips_whose_end_is_a_pair(monkeypatch):
    """Nothing is left above the blocks: the splitting is exact, the pair of lingering states included."""
    monkeypatch.setattr(sweeps, "BLOCK", 1)
    monkeypatch.setattr(sweeps, "ROUND", 1)
    weights = sparse.diags_array(np.random.default_rng(0).random(300))
    for matrix, system in systems(sparse.csr_array(weights @ slipping_line(300, slip=0.0))):
        right = np.random.default_rng(1).random(300)
        expected = np.linalg.solve(np.eye(300) - matrix.toarray(), right)
        np.testing.assert_allclose(system.reduced(right, 1e-12), expected, rtol=1e-12)
        found = np.zeros(300)
        system._sweep(found, right)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_sweeps_alone_solve_both_systems_of_a_slipping_chain(monkeypatch):
    monkeypatch.setattr(sweeps, "BLOCK", 1)
    for matrix, system in systems(slipping_line(600)):
        right = np.random.default_rng(2).random(600)
        found = system.solution(right)
        assert found is not None
        assert np.linalg.norm(right - found + matrix @ found) <= 1e-14 * np.linalg.norm(found)


def test_sweeps_alone_give_up_where_they_are_slow_and_acceleration_does_not(monkeypatch):
    rng = np.random.default_rng(3)
    columns = rng.integers(0, 3000, size=(3000, 4))
    chances = 0.999 * rng.dirichlet(np.ones(4), size=3000)
    matrix = sparse.csr_array((chances.ravel(), (np.repeat(np.arange(3000), 4), columns.ravel())), shape=(3000, 3000))
    monkeypatch.setattr(sweeps, "MAX_ROUNDS", 60)
    for ordered, system in systems(matrix):
        right = rng.normal(size=3000)
        assert system.solution(right) is None
        for accuracy in (1e-1, 1e-6, 1e-12):
            found = system.reduced(right, accuracy)
            assert np.linalg.norm(right - found + ordered @ found) <= accuracy * np.linalg.norm(right)
        found = system.refined(right)
        assert np.linalg.norm(right - found + ordered @ found) <= 1e-14 * np.linalg.norm(found)


def test_rows_without_entries_lead_nowhere():
    matrix = sparse.csr_array(np.array([[0.0, 0.9, 0.0], [0.0, 0.0, 0.9], [0.0, 0.0, 0.0]]))
    order = sweep_order(matrix)
    np.testing.assert_array_equal(order.states, [2, 1, 0])
    (_, system), _ = systems(matrix)
    np.testing.assert_allclose(order.restored(system.refined(np.ones(3))), [2.71, 1.9, 1.0], rtol=1e-15)


@pytest.mark.parametrize("size", [5, 5000])
def test_a_ring_has_no_depth_and_is_solved_all_the_same(size: int):
    """Every state is on the one cycle; sweeps never do worse than the contraction."""
    ring = 0.9 * sparse.csr_array((np.ones(size), (np.arange(size), np.roll(np.arange(size), -1))))
    (_, system), _ = systems(ring)
    np.testing.assert_allclose(system.refined(np.ones(size)), np.full(size, 10.0), rtol=1e-13)
