"""Demonstrations: the protocol of the paper, the file, and every way in which a file can be wrong."""

import contextlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance, load_npz, save_npz
from gail.approx.spaces import SpaceSpec
from gail.approx.trajectories import Trajectories

BOX = SpaceSpec(2, 1, (-1.0,), (1.0,))
FINITE = SpaceSpec(2, 3, None, None)


def made(lengths=(5, 1, 12), actions="box", rewards=True, returns=True):
    """Demonstrations whose observations are (trajectory, time)."""
    steps = sum(lengths)
    rng = np.random.default_rng(0)
    places = np.array([[k, t] for k, n in enumerate(lengths) for t in range(n)], dtype=np.float64)
    trajectories = Trajectories(
        observations=places,
        actions=rng.uniform(-1, 1, (steps, 1)) if actions == "box" else rng.integers(3, size=steps),
        rewards=rng.normal(size=steps) if rewards else None,
        final_observations=np.array([[k, n] for k, n in enumerate(lengths)], dtype=np.float64),
        lengths=np.array(lengths),
        terminated=np.arange(len(lengths)) % 2 == 0,
        truncated=np.arange(len(lengths)) % 2 == 1,
    )
    listed = tuple(float(k) for k in range(len(lengths))) if returns else None
    return Demonstrations(trajectories, Provenance("Task-v0", "a formula", episode_returns=listed))


def assert_same(one, two):
    assert one.provenance == two.provenance
    for name, array in vars(one.trajectories).items():
        other = getattr(two.trajectories, name)
        if array is None:
            assert other is None
        else:
            assert array.dtype == other.dtype
            np.testing.assert_array_equal(array, other)


# The protocol


@pytest.mark.parametrize("returns", [True, False])
def test_the_first_demonstrations(returns):
    first = made(returns=returns).first(2)
    assert first.trajectories.lengths.tolist() == [5, 1]
    assert first.provenance.episode_returns == ((0.0, 1.0) if returns else None)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_impossible_counts_name_what_there_is(count):
    with pytest.raises(InvalidDemonstrations, match=rf"{count} demonstrations asked for, but Task-v0 has 3.*1 to 3"):
        made().first(count)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    stride=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_stride_th_step_is_kept_from_an_offset_below_the_stride(lengths, stride, seed):
    full = made(tuple(lengths))
    sparse = full.subsample(stride, seed).trajectories
    for k, (first, last) in enumerate(zip(sparse.first_steps, sparse.last_steps, strict=True)):
        kept = sparse.observations[first : last + 1]
        times = kept[:, 1].astype(int)
        assert (kept[:, 0] == k).all()
        assert 0 <= times[0] < stride
        assert (np.diff(times) == stride).all()
        assert times[-1] < lengths[k] <= times[-1] + stride  # up to the end of the episode
        rows = full.trajectories.first_steps[k] + times
        np.testing.assert_array_equal(sparse.actions[first : last + 1], full.trajectories.actions[rows])
    assert sparse.rewards is None
    np.testing.assert_array_equal(sparse.final_observations, full.trajectories.final_observations)
    np.testing.assert_array_equal(sparse.terminated, full.trajectories.terminated)
    np.testing.assert_array_equal(sparse.truncated, full.trajectories.truncated)


def test_offsets_are_uniform():
    offsets = made((20,) * 4000).subsample(4, 0).trajectories
    counts = np.bincount(offsets.observations[offsets.first_steps, 1].astype(int), minlength=4)
    assert len(counts) == 4
    assert np.abs(counts - 1000).max() < 4 * np.sqrt(4000 * 1 / 4 * 3 / 4)


def test_subsampling_is_decided_by_its_seed(untouched_random_state):
    full = made((30,) * 5)
    assert_same(full.subsample(7, 1), full.subsample(7, 1))
    different = [full.subsample(7, seed).trajectories.observations[0, 1] for seed in range(10)]
    assert len(set(different)) > 1


def test_a_stride_of_one_keeps_everything():
    full = made()
    np.testing.assert_array_equal(full.subsample(1, 0).trajectories.observations, full.trajectories.observations)


def test_strides_multiply_and_returns_stay():
    twice = made().subsample(2, 0).subsample(3, 0)
    assert twice.provenance.stride == 6
    assert twice.provenance.episode_returns == (0.0, 1.0, 2.0)


@pytest.mark.parametrize("stride", [0, -2])
def test_impossible_strides_are_refused(stride):
    with pytest.raises(InvalidDemonstrations, match=f"stride is {stride}"):
        made().subsample(stride, 0)


def test_returns_are_of_all_trajectories():
    with pytest.raises(InvalidDemonstrations, match="lists 2 episode returns, but there are 3 trajectories"):
        replace(made(), provenance=Provenance("a", "b", episode_returns=(1.0, 2.0)))


# Whether they fit a task


def test_the_task_is_checked_by_name():
    made().check_task("Task-v0")
    with pytest.raises(InvalidDemonstrations, match="recorded in Task-v0, not in Other-v1"):
        made().check_task("Other-v1")


def with_actions(actions):
    full = made()
    return replace(full, trajectories=replace(full.trajectories, actions=actions))


BOX_ACTIONS, FINITE_ACTIONS = made().trajectories.actions, made(actions="finite").trajectories.actions


def put(array, place, value):
    array = array.copy()
    array[place] = value
    return array


def test_fitting_demonstrations_pass():
    made().check_fits(BOX)
    made(actions="finite").check_fits(FINITE)
    with_actions(FINITE_ACTIONS.astype(np.uint8)).check_fits(FINITE)
    with_actions(put(BOX_ACTIONS, 3, 1.0)).check_fits(BOX)
    # 0.4 in float32 is above 0.4 in float64 by 6e-9: rounding of storage is no error.
    with_actions(np.full((18, 1), 0.4, np.float32)).check_fits(SpaceSpec(2, 1, (-0.4,), (0.4,)))


@pytest.mark.parametrize(
    ("actions", "spec", "message"),
    [
        (put(BOX_ACTIONS, 7, 1.5), BOX, r"action 0 at step 7 is 1.5, outside the task's bounds \[-1, 1\] \(1 such"),
        (put(BOX_ACTIONS, 7, -1.001), BOX, r"action 0 at step 7 is -1.001"),
        (FINITE_ACTIONS, BOX, "type int64: this task's actions are continuous"),
        (BOX_ACTIONS[:, 0], BOX, r"shape \(18,\): \(steps, 1\) is needed"),
        (np.repeat(BOX_ACTIONS, 2, axis=1), BOX, r"shape \(18, 2\): \(steps, 1\) is needed"),
        (put(FINITE_ACTIONS, 4, 3), FINITE, "at step 4 is 3: this task's actions are 0 to 2"),
        (put(FINITE_ACTIONS, 4, -1), FINITE, "at step 4 is -1: this task's actions are 0 to 2"),
        (FINITE_ACTIONS.astype(float), FINITE, "type float64 and shape .*integers, one per step"),
        (FINITE_ACTIONS[:, None], FINITE, r"type int64 and shape \(18, 1\)"),
        (BOX_ACTIONS, SpaceSpec(5, 1, (-1.0,), (1.0,)), "observations have 2 entries, the task's have 5"),
    ],
)
def test_what_does_not_fit_is_named(actions, spec, message):
    with pytest.raises(InvalidDemonstrations, match=message):
        with_actions(actions).check_fits(spec)


def test_integer_observations_do_not_fit():
    full = made()
    places = full.trajectories.observations.astype(int)
    odd = replace(full, trajectories=replace(full.trajectories, observations=places))
    with pytest.raises(InvalidDemonstrations, match="type int64: floating point is needed"):
        odd.check_fits(BOX)


# The file


@pytest.mark.parametrize("actions", ["box", "finite"])
@pytest.mark.parametrize("rewards", [True, False])
@pytest.mark.parametrize("returns", [True, False])
def test_a_file_gives_demonstrations_back(tmp_path, actions, rewards, returns):
    full = made(actions=actions, rewards=rewards, returns=returns)
    for demonstrations in (full, full.subsample(3, 0)):
        save_npz(demonstrations, tmp_path / "file.npz")
        assert_same(load_npz(tmp_path / "file.npz"), demonstrations)


def test_small_types_keep_their_size(tmp_path):
    full = made(actions="finite")
    small = replace(
        full.trajectories,
        observations=full.trajectories.observations.astype(np.float32),
        actions=full.trajectories.actions.astype(np.uint8),
    )
    save_npz(replace(full, trajectories=small), tmp_path / "file.npz")
    assert_same(load_npz(tmp_path / "file.npz"), replace(full, trajectories=small))


@pytest.fixture
def arrays(tmp_path):
    """What a good file holds, by name."""
    save_npz(made(), tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as file:
        return {name: file[name] for name in file.files}


def refused(path, message):
    """Loading `path` is refused, and the message names the file."""
    with pytest.raises(InvalidDemonstrations, match=message) as caught:
        load_npz(path)
    assert str(path) in str(caught.value)


def test_the_other_byte_order_is_read(tmp_path, arrays):
    swapped = {
        name: array.astype(array.dtype.newbyteorder(">")) if name != "provenance" else array
        for name, array in arrays.items()
    }
    np.savez(tmp_path / "file.npz", **swapped)
    assert_same(load_npz(tmp_path / "file.npz"), made())


def test_unsigned_lengths_are_read(tmp_path, arrays):
    np.savez(tmp_path / "file.npz", **{**arrays, "lengths": arrays["lengths"].astype(np.uint64)})
    loaded = load_npz(tmp_path / "file.npz")
    np.testing.assert_allclose(loaded.trajectories.returns, made().trajectories.returns)
    assert loaded.subsample(3, 0).trajectories.num_steps > 0


CHANGES = {
    "nan observation": ({"observations": lambda a: put(a, (3, 1), np.nan)}, r"observations\[3, 1\] is nan"),
    "infinite action": ({"actions": lambda a: put(a, (2, 0), -np.inf)}, r"actions\[2, 0\] is -inf"),
    "nan reward": ({"rewards": lambda a: put(a, 5, np.nan)}, r"rewards\[5\] is nan"),
    "nan final": ({"final_observations": lambda a: put(a, (1, 0), np.nan)}, r"final_observations\[1, 0\] is nan"),
    "no steps": ({"observations": lambda a: a[:0], "lengths": lambda a: a[:0]}, "the data is empty"),
    "flat observations": ({"observations": lambda a: a[:, 0]}, r"observations have shape \(18,\)"),
    "too few actions": ({"actions": lambda a: a[:-1]}, r"actions has shape \(17, 1\): 18 rows"),
    "too few rewards": ({"rewards": lambda a: a[:-1]}, r"rewards has shape \(17,\): 18 rows"),
    "rewards in a column": ({"rewards": lambda a: a[:, None]}, r"rewards has shape \(18, 1\)"),
    "too few finals": ({"final_observations": lambda a: a[:-1]}, "final_observations has shape"),
    "narrow finals": ({"final_observations": lambda a: a[:, :1]}, "final_observations has shape"),
    "scalar length": ({"lengths": lambda a: a[0]}, r"lengths has shape \(\): one axis"),
    "zero length": ({"lengths": lambda a: a * 0}, "lengths must be at least 1"),
    "wrong sum": ({"lengths": lambda a: a + 1}, "their sum 21, and there are 18 steps"),
    "float lengths": ({"lengths": lambda a: a.astype(float)}, "lengths is of type float64: integer"),
    "integer flags": ({"terminated": lambda a: a.astype(int)}, "terminated is of type int64: bool"),
    "integer observations": ({"observations": lambda a: a.astype(int)}, "observations is of type int64"),
    "complex actions": ({"actions": lambda a: a.astype(complex)}, "actions is of type complex128"),
    "text actions": ({"actions": lambda a: a.astype(str)}, "actions is of type <U"),
    "wide floats": ({"observations": lambda a: a.astype(np.longdouble)}, "observations is of type float128"),
    "both ends": ({"terminated": lambda a: ~a, "truncated": lambda a: ~a & False | True}, "is both terminated and"),
    "objects": ({"observations": lambda a: a.astype(object)}, "not a readable .npz of plain arrays"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_every_bad_array_is_named(tmp_path, arrays, case):
    changes, message = CHANGES[case]
    if case == "wide floats" and np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("no floats of more than 64 bits on this machine")
    np.savez(tmp_path / "bad.npz", **{**arrays, **{name: change(arrays[name]) for name, change in changes.items()}})
    refused(tmp_path / "bad.npz", message)


@pytest.mark.parametrize(
    "name", ["observations", "actions", "final_observations", "lengths", "terminated", "provenance"]
)
def test_a_missing_array_is_named(tmp_path, arrays, name):
    del arrays[name]
    np.savez(tmp_path / "bad.npz", **arrays)
    refused(tmp_path / "bad.npz", f"no array {name}; the file holds")


GOOD = {"format": "gail-demonstrations-1", "task": "t", "source": "s", "stride": 1, "episode_returns": None}


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ("no json", "not the JSON"),
        ("[" * 100_000, "not the JSON"),
        ("[1]", "not the JSON"),
        ("3", "not the JSON"),
        ({k: v for k, v in GOOD.items() if k != "task"}, "not the JSON.*task"),
        ({**GOOD, "format": "other-2"}, "format 'other-2': this version reads 'gail-demonstrations-1'"),
        ({**GOOD, "stride": "often"}, "not the JSON.*often"),
        ({**GOOD, "stride": float("inf")}, "not the JSON"),
        ({**GOOD, "stride": None}, "not the JSON"),
        ({**GOOD, "stride": 0}, "stride is 0"),
        ({**GOOD, "episode_returns": ["much", 1, 2]}, "not the JSON.*much"),
        ({**GOOD, "episode_returns": 7}, "not the JSON"),
        ({**GOOD, "episode_returns": [1.0]}, "lists 1 episode returns, but there are 3"),
    ],
)
def test_a_bad_provenance_is_named(tmp_path, arrays, provenance, message):
    text = provenance if isinstance(provenance, str) else json.dumps(provenance)
    np.savez(tmp_path / "bad.npz", **{**arrays, "provenance": np.array(text)})
    refused(tmp_path / "bad.npz", message)


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / "nowhere.npz", "there is no such file")


def test_a_folder(tmp_path):
    refused(tmp_path, "not a readable")


@pytest.mark.parametrize("content", [b"", b"random bytes", b"PK\x03\x04", b"\x93NUMPY", b"\x80\x04K\x01."])
def test_other_bytes(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    refused(tmp_path / "bad.npz", "not a readable .npz of plain arrays")


def test_a_single_array(tmp_path):
    with (tmp_path / "bad.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    refused(tmp_path / "bad.npz", "a single array")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(tmp_path, share):
    save_npz(made(), tmp_path / "bad.npz")
    content = (tmp_path / "bad.npz").read_bytes()
    (tmp_path / "bad.npz").write_bytes(content[: int(share * len(content))])
    refused(tmp_path / "bad.npz", "not a readable .npz of plain arrays")


def zip_with(arrays, name, member):
    """A zip of the arrays in which one member holds other bytes, with a check sum that agrees."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for key, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{key}.npy", member(buffer.getvalue()) if key == name else buffer.getvalue())
    return content.getvalue()


def test_a_member_that_is_no_array(tmp_path, arrays):
    (tmp_path / "bad.npz").write_bytes(zip_with(arrays, "actions", lambda content: b"text"))
    refused(tmp_path / "bad.npz", "actions is not an array")


def load_or_refuse(path, content):
    """Nothing but InvalidDemonstrations comes out of damaged bytes."""
    path.write_bytes(content)
    with contextlib.suppress(InvalidDemonstrations):
        assert load_npz(path).trajectories.num_steps > 0


def mutated(content, changes):
    content = bytearray(content)
    for place, old, new in changes:
        start = place % len(content)
        content[start : start + old] = new
    return bytes(content)


MUTATIONS = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=3)
fuzz = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "file.npz"
    save_npz(made((3, 2)), path)
    return path.read_bytes()


@fuzz
@given(changes=MUTATIONS)
def test_whatever_happens_to_a_file(changes, good_bytes, tmp_path_factory):
    load_or_refuse(tmp_path_factory.mktemp("fuzz") / "file.npz", mutated(good_bytes, changes))


@fuzz
@given(
    changes=MUTATIONS,
    name=st.sampled_from(["observations", "actions", "lengths", "terminated", "rewards", "provenance"]),
)
@example(changes=[(40, 0, b"(" * 8)], name="lengths")
def test_whatever_happens_inside_an_array(changes, name, good_bytes, tmp_path_factory):
    with np.load(io.BytesIO(good_bytes)) as file:
        arrays = {key: file[key] for key in file.files}
    # Most of a small array's bytes are its header: type, order and shape.
    load_or_refuse(
        tmp_path_factory.mktemp("fuzz") / "file.npz",
        zip_with(arrays, name, lambda content: mutated(content, [(p % 160, o, n) for p, o, n in changes])),
    )


@fuzz
@given(content=st.binary(max_size=200))
def test_random_bytes(content, tmp_path_factory):
    load_or_refuse(tmp_path_factory.mktemp("fuzz") / "file.npz", content)
