import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories, save_npz
from gail.exact import empirical_occupancy, occupancy_of, policy_of
from gail.experiments.compare.sampled.episodes import LEFT_OUT, Episodes, draw, horizon_for, read
from gail.experiments.errors import InvalidRequest


def recorded(path, states, actions, size=None, lengths=None):
    seen = np.array(states, dtype=np.float64)[:, None] if size is None else np.eye(size)[states]
    lengths = np.array([len(states)] if lengths is None else lengths)
    flags = np.ones(len(lengths), dtype=bool)
    batch = Trajectories(seen, np.array(actions), None, seen[np.cumsum(lengths) - 1], lengths, ~flags, flags)
    save_npz(Demonstrations(batch, Provenance(None, "by hand")), path)
    return path


def test_drawn_episodes_are_the_occupancy_and_lack_next_to_nothing(problem):
    episodes = draw(problem.mdp, policy_of(problem.expert), 4_000, np.random.default_rng(0))
    measure = empirical_occupancy(problem.mdp, episodes.states, episodes.actions, episodes.times)
    np.testing.assert_allclose(measure, problem.expert, atol=0.05)
    assert 0.8 * LEFT_OUT < episodes.left_out(problem.mdp.discount) <= LEFT_OUT
    few = draw(problem.mdp, policy_of(problem.expert), 40, np.random.default_rng(0))
    rough = empirical_occupancy(problem.mdp, few.states, few.actions, few.times)
    assert 3.0 < abs(rough - problem.expert).sum() / abs(measure - problem.expert).sum() < 30.0


def test_the_horizon_is_the_least_that_leaves_so_little():
    for discount in (0.5, 0.9, 0.99):
        horizon = horizon_for(discount)
        assert discount**horizon <= LEFT_OUT < discount ** (horizon - 1)
    assert horizon_for(0.0) == 1


def test_times_count_from_each_start_and_chosen_keeps_episodes_whole():
    episodes = Episodes(np.arange(5), np.arange(5) % 2, np.array([2, 3]), np.array([True, False]))
    assert episodes.times.tolist() == [0, 1, 0, 1, 2]
    assert episodes.chosen(np.array([1, 0])).states.tolist() == [2, 3, 4, 0, 1]
    assert episodes.left_out(0.5) == pytest.approx(0.5 * 0.5**3)


@pytest.mark.parametrize("size", [None, 5])
def test_states_are_read_as_numbers_or_as_unit_vectors(tmp_path, problem, size):
    path = recorded(tmp_path / "d.npz", [0, 1, 2], [1, 1, 2], size)
    episodes = read(path, problem.mdp)
    assert episodes.states.tolist() == [0, 1, 2]
    assert episodes.actions.tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("states", "actions", "size", "message"),
    [
        ([0, 9], [1, 1], None, "state 9 at step 1 of trajectory 0: the process has 0 to 4"),
        ([0, 1], [1, 7], None, "action 7 at step 1 of trajectory 0: the process has 0 to 3"),
        ([0, 1], [1, 1], 6, "observations have 6 entries"),
    ],
)
def test_what_is_none_of_the_process_is_named(tmp_path, problem, states, actions, size, message):
    with pytest.raises(InvalidRequest, match=message):
        read(recorded(tmp_path / "d.npz", states, actions, size), problem.mdp)


@pytest.mark.parametrize(
    ("states", "lengths", "message"),
    [
        ([1, 2, 4], [3], "state 1 at step 0 of trajectory 0: no episode of the process begins there"),
        ([0, 1, 2, 4], [2, 2], "state 2 at step 0 of trajectory 1: no episode of the process begins there"),
        (
            [0, 1, 0, 1, 4],
            [2, 3],
            "state 4 at step 2 of trajectory 1: the process does not lead there from state 1, action 1",
        ),
        (
            [0, 2, 1],
            [2, 1],
            "state 2 at step 1 of trajectory 0: the process does not lead there from state 0, action 1",
        ),
    ],
)
def test_the_first_step_that_the_process_cannot_make_is_named(tmp_path, problem, states, lengths, message):
    with pytest.raises(InvalidRequest, match=f"d.npz: {message}.*recordings of this process are needed"):
        read(recorded(tmp_path / "d.npz", states, [1] * len(states), lengths=lengths), problem.mdp)


def test_what_the_process_draws_can_be_read(tmp_path, problem):
    drawn = draw(problem.mdp, policy_of(problem.expert), 20, np.random.default_rng(0))
    found = read(recorded(tmp_path / "d.npz", drawn.states, drawn.actions, lengths=drawn.lengths), problem.mdp)
    np.testing.assert_array_equal(found.states, drawn.states)
    np.testing.assert_array_equal(found.lengths, drawn.lengths)


def test_occupancy_of_the_expert_policy_is_the_expert(problem):
    np.testing.assert_allclose(occupancy_of(problem.mdp, policy_of(problem.expert)), problem.expert, atol=1e-12)
