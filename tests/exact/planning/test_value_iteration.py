import numpy as np
import pytest

from gail.exact import FiniteMDP
from gail.exact.planning import value_iteration
from gail.exact.planning.bellman import action_values, least_value


@pytest.fixture
def instance():
    rng = np.random.default_rng(0)
    mdp = FiniteMDP(rng.dirichlet(np.ones(40), size=(40, 3)), np.full(40, 1.0 / 40), 0.9)
    return mdp, rng.random((40, 3))


def plain(mdp, cost, times):
    values = np.zeros(mdp.num_states)
    for _ in range(times):
        values = least_value(action_values(mdp, cost, values))
    return values


@pytest.mark.parametrize(("block", "workers"), [(1, 1), (7, 3), (10**6, 2)])
def test_blocks_and_threads_change_nothing(instance, monkeypatch, block: int, workers: int):
    mdp, cost = instance
    monkeypatch.setattr(value_iteration, "BLOCK", block)
    monkeypatch.setattr(value_iteration, "WORKERS", workers)
    monkeypatch.setattr(value_iteration, "SETTLED", 0.0)
    found = value_iteration.warm_values(mdp, cost, 2)
    np.testing.assert_allclose(found, plain(mdp, cost, 2 * value_iteration.ROUND), rtol=1e-14)


def test_settled_states_are_left_and_the_others_go_on(monkeypatch):
    """Odd states are a line to a free end, which settle when that has reached them; even states are free at once."""
    size = 200
    line = np.zeros((size, 2, size))
    line[np.arange(size), 0, np.arange(size)] = 1.0
    line[
        np.arange(size), 1, np.where(np.arange(size) % 2 == 1, np.maximum(np.arange(size) - 2, 0), np.arange(size))
    ] = 1.0
    mdp = FiniteMDP(line, np.full(size, 1.0 / size), 0.95)
    cost = np.tile([[0.0, 0.0], [2.0, 1.0]], (size // 2, 1))
    gathered = []
    whole = value_iteration._blocks
    monkeypatch.setattr(
        value_iteration, "_blocks", lambda mdp, cost, states: gathered.append(states) or whole(mdp, cost, states)
    )
    np.testing.assert_allclose(value_iteration.warm_values(mdp, cost, 10), plain(mdp, cost, 100), rtol=1e-14)
    assert len(gathered) > 2
    for states in gathered[1:]:
        np.testing.assert_array_equal(states, np.arange(states[0], size, 2))  # the far part of the line


def test_zero_costs_move_nothing(instance):
    mdp, cost = instance
    np.testing.assert_array_equal(value_iteration.warm_values(mdp, np.zeros_like(cost), 3), np.zeros(40))
