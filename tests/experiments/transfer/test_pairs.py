"""Pairs share states, actions and reward, and differ in dynamics only; the expert is far from uniform."""

import numpy as np
import pytest

from gail.exact import Planning, occupancy_of, reward_ambiguity, solve_rl
from gail.experiments.errors import InvalidRequest
from gail.experiments.transfer import PAIRS, make_pair
from gail.experiments.transfer.pairs import WALL_BELOW, walled


@pytest.mark.parametrize("name", PAIRS)
def test_a_state_only_reward_is_determined_up_to_a_constant(name):
    pair = make_pair(name)
    assert pair.source.transitions.shape == pair.target.transitions.shape
    assert abs(pair.source.transitions - pair.target.transitions).max() > 0.1
    for process in pair.processes.values():
        assert process.reachable.all()
        assert reward_ambiguity(process).dimension == 1


@pytest.mark.parametrize("name", PAIRS)
def test_the_expert_is_better_than_uniform_for_every_lambda(name):
    policies = []
    for weight in (1.0, 0.1):
        pair = make_pair(name, weight)
        uniform = occupancy_of(pair.source, np.full((pair.source.num_states, 4), 0.25))
        problem = Planning(pair.source, np.repeat(-pair.reward[:, None], 4, axis=1), 0.0)
        best = solve_rl(pair.source, -pair.reward, 0.0).primal_value
        spread = problem.primal(uniform) - best
        assert problem.primal(pair.expert.occupancy) - best < 0.7 * spread
        policies.append(pair.expert.policy)
    np.testing.assert_allclose(policies[0], policies[1], atol=1e-9)


def test_a_wall_is_passed_at_its_opening_only():
    mdp, _, layout = walled(2)
    moves = mdp.transitions.toarray().reshape(mdp.num_states, 4, mdp.num_states).sum(axis=1)
    above, below = layout.states[WALL_BELOW], layout.states[WALL_BELOW + 1]
    open_at = [column for column in range(layout.shape[1]) if moves[above[column], below[column]] > 0.0]
    assert open_at == [2]
    assert [column for column in range(layout.shape[1]) if moves[below[column], above[column]] > 0.0] == [2]


def test_the_seed_draws_the_random_tables():
    first, again, other = make_pair("random"), make_pair("random"), make_pair("random", seed=1)
    np.testing.assert_array_equal(first.target.transitions.toarray(), again.target.transitions.toarray())
    assert abs(first.target.transitions - other.target.transitions).max() > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("labyrinth", 1.0, 0), "known are maps, dynamics, random"),
        (("maps", 0.0, 0), "a positive number is needed"),
        (("maps", float("nan"), 0), "a positive number is needed"),
        (("random", 1.0, -1), "at least 0"),
    ],
)
def test_pairs_that_there_are_not(arguments, message):
    with pytest.raises(InvalidRequest, match=message):
        make_pair(*arguments)
