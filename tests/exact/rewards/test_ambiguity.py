"""The ambiguity of rewards, against null spaces by other routes and against experts' policies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, NotEnoughMemory, solve_rl
from gail.exact.process import memory
from gail.exact.rewards.ambiguity import reward_ambiguity
from gail.exact.rewards.linked_classes import linked_classes

SEEDS = st.integers(0, 2**32 - 1)


def random_process(seed, states=6, actions=3, discount=0.9):
    return FiniteMDP(np.random.default_rng(seed).dirichlet(np.ones(states), size=(states, actions)), 0, discount)


def ring(states, discount=0.9):
    return FiniteMDP([[np.eye(states)[(s + step) % states] for step in (-1, 1)] for s in range(states)], 0, discount)


def two_sided(seed, states=6, actions=3):
    """Random transitions between the even and the odd states."""
    rng = np.random.default_rng(seed)
    transitions = np.zeros((states, actions, states))
    for state in range(states):
        other = np.arange((state + 1) % 2, states, 2)
        transitions[state][:, other] = rng.dirichlet(np.ones(other.size), size=actions)
    return FiniteMDP(transitions, 0, 0.9)


def dense_null_space(mdp):
    """Dimension of {(g, V) : g(s) = V(s) - gamma P_a V(s) for all a}, on visited states, by numpy's rank."""
    part = mdp.reachable_part()
    shaping = part.flow_matrix.T.toarray()
    states = np.repeat(np.eye(part.num_states), part.num_actions, axis=0)
    matrix = np.hstack([states, -shaping])
    return matrix.shape[1] - np.linalg.matrix_rank(matrix, tol=1e-11)


def test_a_random_process_determines_a_state_only_reward_up_to_a_constant():
    for seed in range(10):
        found = reward_ambiguity(random_process(seed))
        assert found.dimension == 1
        assert found.only_constants
        assert found.kept > 1e6 * found.dropped


@pytest.mark.parametrize(("states", "dimension"), [(5, 1), (6, 2), (7, 1), (8, 2)])
def test_an_even_ring_has_two_classes(states, dimension):
    found = reward_ambiguity(ring(states))
    assert found.dimension == dimension == linked_classes(ring(states)).max()
    assert found.only_constants == (dimension == 1)


def test_a_process_with_two_sides_has_dimension_two():
    assert [reward_ambiguity(two_sided(seed)).dimension for seed in range(5)] == [2] * 5


@settings(deadline=None, max_examples=60)
@given(mdp=..., seed=SEEDS)
def test_the_dimension_is_that_of_the_recovered_null_space(mdp: FiniteMDP, seed: int):
    found = reward_ambiguity(mdp)
    assert found.dimension == dense_null_space(mdp)
    shaping = mdp.flow_adjoint(found.potentials[0])[mdp.reachable]
    np.testing.assert_allclose(
        shaping, np.broadcast_to(found.directions[mdp.reachable][:, None], shaping.shape), atol=1e-12
    )
    np.testing.assert_allclose(found.potentials[0].T @ found.potentials[0], np.eye(found.dimension), atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(mdp=..., seed=SEEDS)
def test_directions_keep_the_expert_and_others_change_it(mdp: FiniteMDP, seed: int):
    rng = np.random.default_rng(seed)
    found = reward_ambiguity(mdp)
    reward = rng.normal(size=mdp.num_states)
    same = reward + found.directions @ rng.normal(size=found.dimension)
    expert, other = (solve_rl(mdp, -one, 1.0).policy[mdp.reachable] for one in (reward, same))
    np.testing.assert_allclose(other, expert, atol=1e-7)
    elsewhere = rng.normal(size=mdp.num_states)
    if found.unexplained(elsewhere) > 1e-2 and mdp.discount in (0.5, 0.9):
        third = solve_rl(mdp, -(reward + elsewhere), 1.0).policy[mdp.reachable]
        assert abs(third - expert).max() > 1e-9


@pytest.mark.parametrize("seed", range(200))
def test_deterministic_processes_have_one_dimension_per_class(seed):
    rng = np.random.default_rng(seed)
    states, actions = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    successors = rng.integers(0, states + 1, size=(states, actions))  # the last one is the end
    mdp = FiniteMDP(np.eye(states + 1)[successors][:, :, :states], 0, 0.9, np.ones(states, dtype=bool))
    assert reward_ambiguity(mdp).dimension == linked_classes(mdp).max()


def test_state_action_rewards_of_one_expert_are_known_up_to_any_shaping():
    found = reward_ambiguity(random_process(0), state_only=False)
    assert found.dimension == 6
    assert not found.only_constants
    assert found.unexplained(random_process(0).flow_adjoint(np.arange(6.0))) < 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_two_dynamics_or_two_discounts_leave_a_constant(seed):
    one, other = random_process(seed), random_process(100 + seed)
    slower = FiniteMDP(one.transitions, one.initial, 0.6)
    for pair in ([one, other], [one, slower]):
        found = reward_ambiguity(pair, state_only=False)
        assert found.dimension == 1
        assert found.only_constants
        for mdp, potential in zip(pair, found.potentials, strict=True):
            np.testing.assert_allclose(mdp.flow_adjoint(potential), found.directions, atol=1e-13)


def test_another_start_determines_nothing_more():
    one = random_process(1)
    assert reward_ambiguity([one, FiniteMDP(one.transitions, 3, 0.9)], state_only=False).dimension == 6


def test_ends_that_depend_on_the_action_determine_the_constant():
    rows = np.random.default_rng(0).dirichlet(np.ones(4), size=(4, 2))
    chance = FiniteMDP(0.5 * rows, 0, 0.9, np.ones(4, dtype=bool))
    assert reward_ambiguity(chance).dimension == 1  # an end that comes with the same probability everywhere
    assert reward_ambiguity(chance).only_constants
    rows[0, 1] = 0.0
    chosen = FiniteMDP(rows, 0, 0.9, [0])
    assert reward_ambiguity(chosen).dimension == 0
    assert reward_ambiguity(chosen).only_constants


def test_a_start_that_is_never_visited_again_has_an_open_reward():
    """The state 1 stays or ends, so that its reward is determined; that of the start is not."""
    found = reward_ambiguity(FiniteMDP([[[0.0, 1.0]] * 2, [[0.0, 1.0], [0.0, 0.0]]], 0, 0.9, [1]))
    np.testing.assert_allclose(abs(found.directions[:, 0]), [1.0, 0.0], atol=1e-15)
    assert not found.only_constants


def test_actions_that_hardly_differ_determine_the_reward_all_the_same():
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(4), size=(4, 1)) + 1e-4 * (rng.dirichlet(np.ones(4), size=(4, 2)) - 0.25)
    found = reward_ambiguity(FiniteMDP(rows, 0, 0.9))
    assert found.dimension == 1
    assert 1e-6 < found.kept < 1e-3


def test_states_that_are_never_visited_are_left_out():
    transitions = np.zeros((4, 2, 4))
    transitions[:, 0, 0] = transitions[:, 1, 1] = 1.0
    found = reward_ambiguity(FiniteMDP(transitions, 0, 0.9))
    assert found.visited.tolist() == [True, True, False, False]
    assert found.dimension == 1
    assert not found.directions[2:].any()


def test_without_a_future_every_state_only_reward_explains_the_expert():
    found = reward_ambiguity(FiniteMDP(random_process(0).transitions, np.full(6, 1 / 6), 0.0))
    assert found.dimension == 6


def test_errors_name_the_process_and_the_numbers(monkeypatch):
    with pytest.raises(ValueError, match="process 1 has 5 states and 2 actions, the first has 6 and 3"):
        reward_ambiguity([random_process(0), random_process(0, 5, 2)])
    with pytest.raises(ValueError, match="at least one process, got none"):
        reward_ambiguity([])
    with pytest.raises(TypeError, match="mdp must be a FiniteMDP, got int"):
        reward_ambiguity([3])
    with pytest.raises(ValueError, match=r"difference must have shape \(6,\), got \(3,\)"):
        reward_ambiguity(random_process(0)).unexplained(np.ones(3))
    monkeypatch.setattr(memory, "available_memory", lambda: 1000.0)
    with pytest.raises(NotEnoughMemory, match="6 potentials on 18 state-action pairs would need about"):
        reward_ambiguity(random_process(0))


def test_repr_has_the_verdict():
    assert "dimension 2, more than constants" in repr(reward_ambiguity(ring(6)))
