import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories, save_npz
from gail.exact import empirical_occupancy, occupancy_of, policy_of
from gail.experiments.comparison.episodes import LEFT_OUT, Episodes, draw, horizon_for, read
from gail.experiments.failures import InvalidRequest


def recorded(path, states, actions, size=None):
    seen = np.array(states, dtype=np.float64)[:, None] if size is None else np.eye(size)[states]
    lengths = np.array([len(states)])
    flags = np.array([True])
    batch = Trajectories(seen, np.array(actions), None, seen[-1:], lengths, ~flags, flags)
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


def test_occupancy_of_the_expert_policy_is_the_expert(problem):
    np.testing.assert_allclose(occupancy_of(problem.mdp, policy_of(problem.expert)), problem.expert, atol=1e-12)
