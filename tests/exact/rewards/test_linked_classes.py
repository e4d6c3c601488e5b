import numpy as np
import pytest

from gail.exact import FiniteMDP
from gail.exact.rewards.linked_classes import linked_classes


def process(successors, discount=0.9):
    """Deterministic dynamics; the successor -1 is the end of the episode."""
    table = np.asarray(successors)
    states = len(table)
    return FiniteMDP(np.eye(states + 1)[table][:, :, :states], 0, discount, np.ones(states, dtype=bool))


def test_a_bipartite_ring_has_its_two_sides():
    assert linked_classes(process([[3, 1], [0, 2], [1, 3], [2, 0]])).tolist() == [1, 2, 1, 2]


def test_links_are_transitive():
    # 0 reaches 1 and 2, 1 reaches 2 and 3, 2 and 3 stay; 0 is never visited again.
    assert linked_classes(process([[1, 2], [2, 3], [2, 2], [3, 3]])).tolist() == [1, 2, 2, 2]


def test_the_end_is_a_state_whose_potential_is_known():
    assert linked_classes(process([[1, 1], [0, -1]])).tolist() == [0, 1]
    assert linked_classes(process([[1, 1], [-1, -1]])).tolist() == [1, 2]


def test_states_that_are_not_visited_have_no_class():
    assert linked_classes(process([[0, 0], [0, 1]])).tolist() == [1, -1]


def test_without_a_future_nothing_is_linked():
    mdp = FiniteMDP(process([[0, 1], [0, 1]]).transitions, [0.5, 0.5], 0.0)
    assert linked_classes(mdp).tolist() == [1, 2]


def test_random_dynamics_are_refused():
    mdp = FiniteMDP([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [1.0, 0.0]]], 0, 0.9)
    with pytest.raises(ValueError, match="action 1 at state 0 has 2 possible next states"):
        linked_classes(mdp)
    chance = FiniteMDP([[[0.5, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]], 0, 0.9, [0])
    with pytest.raises(ValueError, match="action 0 at state 0 has 1 possible next states or may end"):
        linked_classes(chance)
