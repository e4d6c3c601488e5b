"""`Trajectories`: its derived quantities, and the arguments that it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from gail.approx.trajectories.trajectories import InvalidTrajectories, Trajectories


@pytest.fixture
def batch():
    """Trajectories of 2, 3 and 1 steps: terminated, truncated, cut by the end of the batch."""
    return Trajectories(
        observations=np.arange(12.0).reshape(6, 2),
        actions=np.arange(6),
        rewards=np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]),
        final_observations=np.arange(6.0).reshape(3, 2) + 100.0,
        lengths=np.array([2, 3, 1]),
        terminated=np.array([True, False, False]),
        truncated=np.array([False, True, False]),
    )


def test_counts_and_places(batch):
    assert (batch.num_steps, batch.num_trajectories) == (6, 3)
    assert batch.first_steps.tolist() == [0, 2, 5]
    assert batch.last_steps.tolist() == [1, 4, 5]


def test_returns_are_sums_of_rewards(batch):
    assert batch.returns.tolist() == [3.0, 28.0, 32.0]


def test_each_step_has_the_observation_that_followed_and_whether_the_episode_ended(batch):
    following = [[2.0, 3.0], [100.0, 101.0], [6.0, 7.0], [8.0, 9.0], [102.0, 103.0], [104.0, 105.0]]
    assert batch.next_observations.tolist() == following
    assert batch.terminated_steps.tolist() == [False, True, False, False, False, False]


def test_unsigned_lengths_serve_as_well(batch):
    unsigned = replace(batch, lengths=batch.lengths.astype(np.uint64))
    assert unsigned.returns.tolist() == [3.0, 28.0, 32.0]
    assert unsigned.first(2).num_steps == 5


def test_unknown_rewards_have_no_returns(batch):
    with pytest.raises(InvalidTrajectories, match="no rewards"):
        _ = replace(batch, rewards=None).returns


@pytest.mark.parametrize("rewards", [True, False])
def test_the_first_trajectories(batch, rewards):
    first = (batch if rewards else replace(batch, rewards=None)).first(2)
    assert first.lengths.tolist() == [2, 3]
    assert first.actions.tolist() == [0, 1, 2, 3, 4]
    assert first.terminated.tolist() == [True, False]
    assert first.truncated.tolist() == [False, True]
    np.testing.assert_array_equal(first.observations, batch.observations[:5])
    np.testing.assert_array_equal(first.final_observations, batch.final_observations[:2])
    assert (first.rewards is not None) == rewards


def test_the_first_trajectories_keep_their_weights(batch):
    assert replace(batch, weights=np.arange(6.0)).first(2).weights.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert batch.first(2).weights is None
    with pytest.raises(InvalidTrajectories, match="weights sum to 0"):
        replace(batch, weights=np.eye(6)[5]).first(2)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_impossible_counts_are_refused(batch, count):
    with pytest.raises(InvalidTrajectories, match=f"{count} trajectories asked for, but the data has 3"):
        batch.first(count)


def nan_at(array, *place):
    array = array.astype(float)
    array[place] = np.nan
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: {"observations": b.observations[0]}, r"observations have shape \(2,\)"),
        (lambda b: {"observations": b.observations[:0], "lengths": b.lengths[:0]}, "empty: 0 trajectories, 0 steps"),
        (lambda b: {"lengths": b.lengths[:0]}, "empty: 0 trajectories, 6 steps"),
        (lambda b: {"actions": b.actions[:4]}, r"actions has shape \(4,\): 6 rows"),
        (lambda b: {"actions": np.array(3)}, r"actions has shape \(\): 6 rows"),
        (lambda b: {"rewards": b.rewards[:4]}, r"rewards has shape \(4,\): 6 rows"),
        (lambda b: {"rewards": b.rewards[:, None]}, r"rewards has shape \(6, 1\): \(6,\) is needed"),
        (lambda b: {"terminated": b.terminated[:2]}, r"terminated has shape \(2,\): 3 rows"),
        (lambda b: {"truncated": b.truncated[:, None]}, r"truncated has shape \(3, 1\): \(3,\) is needed"),
        (lambda b: {"lengths": b.lengths[:, None]}, r"lengths has shape \(3, 1\): one axis"),
        (lambda b: {"final_observations": b.final_observations[:2]}, r"final_observations has shape \(2, 2\)"),
        (lambda b: {"final_observations": b.final_observations[:, :1]}, r"\(3, 2\) is needed"),
        (lambda b: {"lengths": np.array([2, 4, 0])}, "their minimum is 0"),
        (lambda b: {"lengths": np.array([2, 2, 1])}, "their sum 5, and there are 6 steps"),
        (lambda b: {"lengths": np.array([2**62, 2**62, 6 + 2**63], np.uint64)}, "sum to the number of steps"),
        (lambda b: {"observations": nan_at(b.observations, 3, 1)}, r"observations\[3, 1\] is nan"),
        (lambda b: {"actions": nan_at(b.actions, 4)}, r"actions\[4\] is nan"),
        (lambda b: {"rewards": b.rewards / np.array([1, 1, 0, 1, 1, 1.0])}, r"rewards\[2\] is inf"),
        (lambda b: {"final_observations": nan_at(b.final_observations, 1, 0)}, r"final_observations\[1, 0\] is nan"),
        (lambda b: {"weights": b.rewards[:4]}, r"weights has shape \(4,\): 6 rows"),
        (lambda b: {"weights": b.rewards[:, None]}, r"weights has shape \(6, 1\): \(6,\) is needed"),
        (lambda b: {"weights": nan_at(b.rewards, 3)}, r"weights\[3\] is nan \(step 1 of trajectory 1\)"),
        (lambda b: {"weights": b.rewards - 3.0}, r"weights\[0\] is -2.0 \(step 0 of trajectory 0\): .* at least 0"),
        (lambda b: {"weights": 0.0 * b.rewards}, "the weights sum to 0.0"),
        (lambda b: {"weights": np.full(6, 1e308)}, "the weights sum to inf"),
        (lambda b: {"truncated": np.array([False, True, False]) | b.terminated}, "trajectory 0 is both"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_wrong_is_named(batch, change, message):
    with pytest.raises(InvalidTrajectories, match=message):
        replace(batch, **change(batch))


@pytest.mark.parametrize(("offset", "ends"), [(0, True), (1, False)])
def test_successors_are_used_where_steps_are_missing(offset, ends):
    """Every second step of an episode of five: the last one kept ends the episode only if it is the fifth."""
    steps = np.arange(5.0)
    rows = np.arange(offset, 5, 2)
    sparse = Trajectories(
        observations=steps[rows, None],
        actions=rows,
        rewards=None,
        final_observations=np.array([[5.0]]),
        lengths=np.array([len(rows)]),
        terminated=np.array([True]),
        truncated=np.array([False]),
        successors=steps[rows, None] + 1.0,
        gaps=True,
    )
    np.testing.assert_array_equal(sparse.next_observations, sparse.observations + 1.0)
    assert sparse.terminated_steps.tolist() == [False] * (len(rows) - 1) + [ends]
    assert sparse.first(1).successors is not None
    with pytest.raises(InvalidTrajectories, match="steps of these trajectories are missing"):
        _ = replace(sparse, successors=None).next_observations
    with pytest.raises(InvalidTrajectories, match=r"successors has shape .*, 2\): \(\d, 1\) is needed"):
        replace(sparse, successors=np.zeros((len(rows), 2)))
