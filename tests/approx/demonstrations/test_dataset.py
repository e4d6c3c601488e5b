"""Demonstrations in memory: the paper's subsampling protocol, next observations, and checks against a task."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.approx.demonstrations import InvalidDemonstrations, Provenance, named_task
from gail.approx.policies.spaces import SpaceSpec

BOX = SpaceSpec(2, 1, (-1.0,), (1.0,))
FINITE = SpaceSpec(2, 3, None, None)
LATER = np.array([0, 1])  # observations are (trajectory, time)


# The protocol


@pytest.mark.parametrize("returns", [True, False])
def test_the_first_demonstrations(made, returns):
    first = made(returns=returns).first(2)
    assert first.trajectories.lengths.tolist() == [5, 1]
    assert first.provenance.episode_returns == ((0.0, 1.0) if returns else None)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_impossible_counts_name_what_there_is(made, count):
    with pytest.raises(InvalidDemonstrations, match=rf"{count} demonstrations asked for, but Task-v0 has 3.*1 to 3"):
        made().first(count)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    stride=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_stride_th_step_is_kept_from_an_offset_below_the_stride(made, lengths, stride, seed):
    full = made(tuple(lengths))
    kept_next = full.subsample(stride, seed, keep_next=True)
    sparse = full.subsample(stride, seed).trajectories
    np.testing.assert_array_equal(kept_next.trajectories.observations, sparse.observations)
    # Next observations are one step later, also at the end of an episode.
    np.testing.assert_array_equal(kept_next.following(), sparse.observations + LATER)
    for k, (first, last) in enumerate(zip(sparse.first_steps, sparse.last_steps, strict=True)):
        kept = sparse.observations[first : last + 1]
        times = kept[:, 1].astype(int)
        assert (kept[:, 0] == k).all()
        assert 0 <= times[0] < stride
        assert (np.diff(times) == stride).all()
        assert times[-1] < lengths[k] <= times[-1] + stride  # the episode is sampled up to its end
        rows = full.trajectories.first_steps[k] + times
        np.testing.assert_array_equal(sparse.actions[first : last + 1], full.trajectories.actions[rows])
    assert sparse.rewards is sparse.weights is None
    np.testing.assert_array_equal(sparse.final_observations, full.trajectories.final_observations)
    np.testing.assert_array_equal(sparse.terminated, full.trajectories.terminated)
    np.testing.assert_array_equal(sparse.truncated, full.trajectories.truncated)


@pytest.mark.parametrize("keep_next", [False, True])
def test_each_step_keeps_its_weight(made, keep_next):
    full = made((5, 1, 12)).trajectories
    weights = 1.0 + 100.0 * full.observations[:, 0] + full.observations[:, 1]  # a function of trajectory and time
    weighted = replace(made((5, 1, 12)), trajectories=replace(full, weights=weights))
    for some in (weighted.first(2), weighted.subsample(3, 0, keep_next=keep_next)):
        seen = some.trajectories.observations
        np.testing.assert_array_equal(some.trajectories.weights, 1.0 + 100.0 * seen[:, 0] + seen[:, 1])


def test_offsets_are_uniform(made):
    offsets = made((20,) * 4000).subsample(4, 0).trajectories
    counts = np.bincount(offsets.observations[offsets.first_steps, 1].astype(int), minlength=4)
    assert len(counts) == 4
    assert np.abs(counts - 1000).max() < 4 * np.sqrt(4000 * 1 / 4 * 3 / 4)


def test_subsampling_is_decided_by_its_seed(made, assert_same, untouched_random_state):
    full = made((30,) * 5)
    assert_same(full.subsample(7, 1), full.subsample(7, 1))
    different = [full.subsample(7, seed).trajectories.observations[0, 1] for seed in range(10)]
    assert len(set(different)) > 1


def test_a_stride_of_one_keeps_everything(made):
    full = made()
    np.testing.assert_array_equal(full.subsample(1, 0).trajectories.observations, full.trajectories.observations)


def test_strides_multiply_and_returns_stay(made):
    twice = made().subsample(2, 0).subsample(3, 0)
    assert twice.provenance.stride == 6
    assert twice.provenance.episode_returns == (0.0, 1.0, 2.0)


def test_subsampling_remembers_the_returns_that_it_loses(made):
    full = made(returns=False)
    np.testing.assert_allclose(full.subsample(4, 0).returns, full.trajectories.returns)
    assert made(returns=False, rewards=False).subsample(4, 0).returns is None


def test_next_observations_are_the_next_rows_of_whole_episodes(made):
    whole = made()
    assert whole.whole
    np.testing.assert_array_equal(whole.following(), whole.trajectories.observations + LATER)


def test_next_observations_survive_a_second_thinning_and_the_first_episodes(made):
    sparse = made((30, 20, 9)).subsample(2, 0, keep_next=True)
    for thinner in (sparse.subsample(3, 1, keep_next=True), sparse.first(2)):
        np.testing.assert_array_equal(thinner.following(), thinner.trajectories.observations + LATER)
    assert sparse.subsample(3, 1).next_observations is None


def test_next_observations_that_were_left_out_are_not_made_up(made):
    sparse = made().subsample(2, 0)
    assert not sparse.whole
    for lose in (sparse.following, lambda: sparse.subsample(2, 0, keep_next=True)):
        with pytest.raises(InvalidDemonstrations, match="subsampling dropped the next observations"):
            lose()


def test_next_observations_are_checked(made):
    sparse = made((5, 6)).subsample(2, 0, keep_next=True)
    with pytest.raises(InvalidDemonstrations, match=r"next_observations has shape \(\d, 2\)"):
        replace(sparse, next_observations=sparse.next_observations[1:])
    broken = sparse.next_observations.copy()
    broken[-1, 1] = np.nan
    with pytest.raises(InvalidDemonstrations, match=r"next_observations\[\d, 1\] is nan \(step \d of trajectory 1\)"):
        replace(sparse, next_observations=broken)


@pytest.mark.parametrize("stride", [0, -2])
def test_impossible_strides_are_refused(made, stride):
    with pytest.raises(InvalidDemonstrations, match=f"stride is {stride}"):
        made().subsample(stride, 0)


def test_returns_are_of_all_trajectories(made):
    with pytest.raises(InvalidDemonstrations, match="lists 2 episode returns, but there are 3 trajectories"):
        replace(made(), provenance=Provenance("a", "b", episode_returns=(1.0, 2.0)))


# Whether they fit a task


def test_the_task_is_checked_by_name(made):
    made().check_task("Task-v0")
    made().check_task("some_module:Task-v0")
    with pytest.raises(InvalidDemonstrations, match="recorded in Task-v0, not in Other-v1"):
        made().check_task("Other-v1")


def test_a_task_that_is_not_named_can_be_any_until_it_is(made):
    nameless = replace(made(), provenance=Provenance(None, "b"))
    nameless.check_task("Other-v1")
    named = named_task(nameless, "Other-v1")
    with pytest.raises(InvalidDemonstrations, match="recorded in Other-v1, not in Task-v0"):
        named_task(named, "Task-v0")


@pytest.fixture(scope="module")
def with_actions(made):
    def build(actions):
        full = made()
        return replace(full, trajectories=replace(full.trajectories, actions=actions))

    return build


@pytest.fixture(scope="module")
def box(made):
    return made().trajectories.actions


@pytest.fixture(scope="module")
def finite(made):
    return made(actions="finite").trajectories.actions


def test_fitting_demonstrations_pass(made, with_actions, finite):
    made().check_fits(BOX)
    made(actions="finite").check_fits(FINITE)
    with_actions(finite.astype(np.uint8)).check_fits(FINITE)


REFUSED = {
    "integers": (lambda box, finite, put: finite, BOX, "type int64: this task's actions are continuous"),
    "flat": (lambda box, finite, put: box[:, 0], BOX, r"shape \(18,\): \(steps, 1\) is needed"),
    "wide": (lambda box, finite, put: np.repeat(box, 2, axis=1), BOX, r"shape \(18, 2\): \(steps, 1\) is needed"),
    "too large": (lambda box, finite, put: put(finite, 4, 3), FINITE, "step 4 is 3 .step 4 of tra.*actions are 0 to 2"),
    "negative": (lambda box, finite, put: put(finite, 6, -1), FINITE, "at step 6 is -1 .step 0 of trajectory 2"),
    "floats": (
        lambda box, finite, put: finite.astype(float),
        FINITE,
        "type float64 and shape .*integers, one per step",
    ),
    "column": (lambda box, finite, put: finite[:, None], FINITE, r"type int64 and shape \(18, 1\)"),
    "narrow": (lambda box, finite, put: box, SpaceSpec(5, 1, (-1.0,), (1.0,)), "have 2 entries, the task's have 5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_named(with_actions, box, finite, put, case):
    actions, spec, message = REFUSED[case]
    with pytest.raises(InvalidDemonstrations, match=message):
        with_actions(actions(box, finite, put)).check_fits(spec)


def test_integer_observations_do_not_fit(made):
    full = made()
    places = full.trajectories.observations.astype(int)
    odd = replace(full, trajectories=replace(full.trajectories, observations=places))
    with pytest.raises(InvalidDemonstrations, match="type int64: floating point is needed"):
        odd.check_fits(BOX)


# Actions outside the action space


def test_actions_outside_the_box_are_kept_as_recorded_and_counted(with_actions, box, put):
    recorded = put(put(box, (7, 0), 5.1), (3, 0), -1.5)
    outside = with_actions(recorded)
    outside.check_fits(BOX)
    np.testing.assert_array_equal(outside.trajectories.actions, recorded)
    found = outside.outside_bounds(BOX)
    assert (found.entries, found.of, found.step, found.entry) == (2, 18, 7, 0)
    assert (found.value, found.low, found.high) == (5.1, -1.0, 1.0)
    assert "2 of 18 action entries" in str(found) and "5.1 outside [-1, 1]" in str(found)


def test_an_action_on_the_bound_is_inside(with_actions, box, put):
    assert with_actions(put(box, 3, 1.0)).outside_bounds(BOX) is None
    # 0.4 in float32 is above 0.4 in float64 by 6e-9: rounding does not count as outside the bounds.
    stored = with_actions(np.full((18, 1), 0.4, np.float32))
    assert stored.outside_bounds(SpaceSpec(2, 1, (-0.4,), (0.4,))) is None
    assert stored.outside_bounds(SpaceSpec(2, 1, (-0.3999,), (0.3999,))).entries == 18


def test_the_farthest_is_found_in_any_part_and_dimension(made):
    full = made((100_000,))
    actions = np.zeros((100_000, 2))
    actions[99_000, 1], actions[5, 0] = -4.0, 1.5
    far = replace(full, trajectories=replace(full.trajectories, actions=actions))
    found = far.outside_bounds(SpaceSpec(2, 2, (-1.0, -2.0), (1.0, 2.0)))
    assert (found.entries, found.step, found.entry, found.value) == (2, 99_000, 1, -4.0)


def test_finite_actions_have_no_bounds_to_leave(made):
    assert made(actions="finite").outside_bounds(FINITE) is None
