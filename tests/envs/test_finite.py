"""Garnet tasks and the record type of finite tasks."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs.finite import FiniteTask, garnet

laws = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)


@laws
@given(st.integers(1, 7), st.integers(1, 3), st.data(), seeds)
def test_every_row_is_a_distribution_on_branching_distinct_successors(states, actions, data, seed):
    branching = data.draw(st.integers(1, states))
    mdp = garnet(states, actions, branching, np.random.default_rng(seed), discount=0.5).mdp
    dense = mdp.transitions.toarray()
    assert dense.shape == (states * actions, states)
    np.testing.assert_array_equal((dense > 0).sum(axis=1), branching)
    np.testing.assert_allclose(dense.sum(axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(mdp.initial, 1 / states)
    assert mdp.discount == 0.5


@laws
@given(seeds)
def test_costs_lie_in_the_unit_interval(seed):
    cost = garnet(5, 3, 2, np.random.default_rng(seed)).cost
    assert cost.shape == (5, 3)
    assert ((cost >= 0) & (cost <= 1)).all()


def test_the_generator_decides_the_task():
    first, same, other = (garnet(6, 2, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.mdp.transitions.toarray(), same.mdp.transitions.toarray())
    np.testing.assert_array_equal(first.cost, same.cost)
    assert (first.cost != other.cost).any()


def test_subsets_and_probabilities_are_uniform():
    # 12000 rows; a subset of 2 out of 4 has probability 1/6, and the first of 2 pieces is uniform on [0, 1].
    dense = garnet(4, 3000, 2, np.random.default_rng(0)).mdp.transitions.toarray()
    _, counts = np.unique(dense > 0, axis=0, return_counts=True)
    assert len(counts) == 6
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(12000 * 1 / 6 * 5 / 6)
    pieces = dense[dense > 0]
    assert pieces.mean() == pytest.approx(1 / 2)
    assert pieces.var() == pytest.approx(1 / 12, rel=0.03)


def test_size_is_linear_in_the_branching():
    mdp = garnet(100_000, 2, 3, np.random.default_rng(0)).mdp
    assert mdp.transitions.nnz == 600_000


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (3, 2, 0), (3, 2, 4)])
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="got"):
        garnet(*sizes, np.random.default_rng(0))


def test_a_task_checks_and_keeps_its_cost():
    task = garnet(3, 2, 2, np.random.default_rng(0))
    cost = np.ones((3, 2))
    made = FiniteTask(task.mdp, cost, None)
    cost[0, 0] = 9.0
    assert made.cost[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        made.cost[0, 0] = 9.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.cost = cost


def test_a_task_names_what_is_wrong_with_its_cost():
    mdp = garnet(3, 2, 2, np.random.default_rng(0)).mdp
    with pytest.raises(ValueError, match=r"\(3, 2\), .* got \(2, 3\)"):
        FiniteTask(mdp, np.ones((2, 3)), None)
    with pytest.raises(ValueError, match="state 1, action 0 is nan"):
        FiniteTask(mdp, [[0, 0], [float("nan"), 0], [0, 0]], None)
