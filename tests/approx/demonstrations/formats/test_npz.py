"""The project's own file format: round trips, and refusal of invalid files."""

import contextlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gail.approx.demonstrations import InvalidDemonstrations, load_npz, save_npz
from gail.exact.process.memory import NotEnoughMemory


@pytest.mark.parametrize("actions", ["box", "finite"])
@pytest.mark.parametrize("rewards", [True, False])
@pytest.mark.parametrize("returns", [True, False])
def test_a_file_gives_demonstrations_back(made, assert_same, tmp_path, actions, rewards, returns):
    full = made(actions=actions, rewards=rewards, returns=returns)
    for demonstrations in (full, full.subsample(3, 0), full.subsample(3, 0, keep_next=True)):
        save_npz(demonstrations, tmp_path / "file.npz")
        assert_same(load_npz(tmp_path / "file.npz"), demonstrations)


def test_weights_are_stored(made, assert_same, tmp_path):
    full = made()
    weighted = replace(full, trajectories=replace(full.trajectories, weights=np.linspace(0.0, 1.0, 18)))
    save_npz(weighted, tmp_path / "a.npz")
    assert_same(load_npz(tmp_path / "a.npz"), weighted)


def test_a_task_that_is_not_known_stays_so(made, assert_same, tmp_path):
    nameless = replace(made(), provenance=replace(made().provenance, task=None))
    save_npz(nameless, tmp_path / "file.npz")
    assert_same(load_npz(tmp_path / "file.npz"), nameless)


def test_the_same_demonstrations_give_the_same_bytes(made, tmp_path):
    for name in ("one.npz", "two.npz"):
        save_npz(made(), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_small_types_keep_their_size(made, assert_same, tmp_path):
    full = made(actions="finite")
    small = replace(
        full.trajectories,
        observations=full.trajectories.observations.astype(np.float32),
        actions=full.trajectories.actions.astype(np.uint8),
    )
    save_npz(replace(full, trajectories=small), tmp_path / "file.npz")
    assert_same(load_npz(tmp_path / "file.npz"), replace(full, trajectories=small))


@pytest.fixture
def arrays(made, tmp_path):
    """The arrays of a valid file, by name."""
    save_npz(made(), tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as file:
        return {name: file[name] for name in file.files}


def test_the_other_byte_order_is_read(made, assert_same, tmp_path, arrays):
    swapped = {
        name: array.astype(array.dtype.newbyteorder(">")) if name != "provenance" else array
        for name, array in arrays.items()
    }
    np.savez(tmp_path / "file.npz", **swapped)
    assert_same(load_npz(tmp_path / "file.npz"), made())


def test_columns_first_are_read(made, assert_same, tmp_path, arrays):
    np.savez(tmp_path / "file.npz", **{**arrays, "observations": np.asfortranarray(arrays["observations"])})
    assert_same(load_npz(tmp_path / "file.npz"), made())


def test_unsigned_lengths_are_read(made, tmp_path, arrays):
    np.savez(tmp_path / "file.npz", **{**arrays, "lengths": arrays["lengths"].astype(np.uint64)})
    loaded = load_npz(tmp_path / "file.npz")
    np.testing.assert_allclose(loaded.trajectories.returns, made().trajectories.returns)
    assert loaded.subsample(3, 0).trajectories.num_steps > 0


def change(array, place, value):
    array = array.copy()
    array[place] = value
    return array


CHANGES = {
    "nan observation": (
        {"observations": lambda a: change(a, (6, 1), np.nan)},
        r"observations\[6, 1\] is nan \(step 0 of trajectory 2\)",
    ),
    "infinite action": ({"actions": lambda a: change(a, (2, 0), -np.inf)}, r"actions\[2, 0\] is -inf \(step 2 of t"),
    "nan reward": ({"rewards": lambda a: change(a, 5, np.nan)}, r"rewards\[5\] is nan \(step 0 of trajectory 1"),
    "nan final": (
        {"final_observations": lambda a: change(a, (1, 0), np.nan)},
        r"final_observations\[1, 0\] is nan \(the end of trajectory 1\)",
    ),
    "no steps": (
        {"observations": lambda a: a[:0], "lengths": lambda a: a[:0]},
        "actions has 18 rows",
    ),
    "flat observations": ({"observations": lambda a: a[:, 0]}, r"observations has shape \(18,\): 2 axes"),
    "too few actions": ({"actions": lambda a: a[:-1]}, "actions has 17 rows, observations has 18"),
    "too few rewards": ({"rewards": lambda a: a[:-1]}, "rewards has 17 rows, observations has 18"),
    "rewards in a column": ({"rewards": lambda a: a[:, None]}, r"rewards has shape \(18, 1\)"),
    "too few finals": ({"final_observations": lambda a: a[:-1]}, "final_observations has shape"),
    "narrow finals": ({"final_observations": lambda a: a[:, :1]}, "final_observations has shape"),
    "scalar length": ({"lengths": lambda a: a[0]}, r"lengths has shape \(\): 1 axes"),
    "zero length": ({"lengths": lambda a: a * 0}, "lengths must be at least 1"),
    "wrong sum": ({"lengths": lambda a: a + 1}, "their sum 21, and there are 18 steps"),
    "float lengths": ({"lengths": lambda a: a.astype(float)}, "lengths is of type float64: integer"),
    "integer flags": ({"terminated": lambda a: a.astype(int)}, "terminated is of type int64: bool"),
    "complex actions": ({"actions": lambda a: a.astype(complex)}, "actions is of type complex128"),
    "text actions": ({"actions": lambda a: a.astype(str)}, "actions is of type <U"),
    "both ends": ({"terminated": lambda a: ~a, "truncated": lambda a: ~a & False | True}, "is both terminated and"),
    "objects": ({"observations": lambda a: a.astype(object)}, "observations is of type object: floating point"),
    "next too short": ({"next_observations": lambda _: np.zeros((3, 2))}, "next_observations has 3 rows"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_every_bad_array_is_named(tmp_path, arrays, refused, case):
    changes, message = CHANGES[case]
    np.savez(tmp_path / "bad.npz", **{**arrays, **{name: change(arrays.get(name)) for name, change in changes.items()}})
    refused(tmp_path / "bad.npz", message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("observations", "no array observations; the file holds"),
        ("actions", "no array actions; the file holds"),
        ("lengths", "no array lengths, but final_observations has 3 rows"),
        ("final_observations", "no final_observations: then every episode needs at least 2 steps"),
    ],
)
def test_a_missing_array_is_named(tmp_path, arrays, refused, name, message):
    del arrays[name]
    np.savez(tmp_path / "bad.npz", **arrays)
    refused(tmp_path / "bad.npz", message, load_npz)


def test_the_least_file(tmp_path, made):
    full = made(lengths=(5, 2, 12)).trajectories
    np.savez(tmp_path / "a.npz", observations=full.observations, actions=full.actions, lengths=full.lengths)
    found = load_npz(tmp_path / "a.npz")
    kept = np.setdiff1d(np.arange(19), full.last_steps)
    np.testing.assert_array_equal(found.trajectories.observations, full.observations[kept])
    np.testing.assert_array_equal(found.trajectories.final_observations, full.observations[full.last_steps])
    np.testing.assert_array_equal(found.trajectories.lengths, full.lengths - 1)
    assert not (found.trajectories.terminated | found.trajectories.truncated).any()
    assert [note.split(":")[0] for note in found.provenance.notes] == [
        "no provenance",
        "no terminated or truncated",
        "no final_observations",
    ]
    np.savez(tmp_path / "b.npz", observations=full.observations, actions=full.actions)
    assert load_npz(tmp_path / "b.npz").trajectories.lengths.tolist() == [18]


@pytest.mark.parametrize("kind", [np.float16, np.longdouble, np.int16, np.uint8, bool])
def test_observations_of_other_types_are_read(tmp_path, arrays, kind):
    np.savez(tmp_path / "a.npz", **{**arrays, "observations": arrays["observations"].astype(kind)})
    found = load_npz(tmp_path / "a.npz").trajectories.observations
    assert found.dtype.kind == "f" and found.dtype.itemsize <= 8
    np.testing.assert_array_equal(found, arrays["observations"].astype(kind).astype(np.float64))


def test_what_a_provenance_lacks_is_noted(tmp_path, arrays):
    fragment = json.dumps({"task": "Hopper-v5"})
    np.savez(tmp_path / "a.npz", **{**arrays, "provenance": np.array(fragment)})
    found = load_npz(tmp_path / "a.npz").provenance
    assert (found.task, found.stride) == ("Hopper-v5", 1)
    assert found.notes == ("the provenance lacks source, stride, episode_returns",)


def test_headers_are_compared_before_anything_large_is_decompressed(tmp_path, arrays, refused, monkeypatch):
    claimed = np.broadcast_to(np.zeros(2), (5_000_000, 2))
    np.savez_compressed(tmp_path / "bad.npz", **{**arrays, "observations": claimed})
    refused(tmp_path / "bad.npz", "actions has 18 rows, observations has 5,000,000")
    np.savez_compressed(tmp_path / "bad.npz", observations=claimed, actions=np.zeros((5_000_000, 1)))
    monkeypatch.setattr("gail.exact.process.memory.available_memory", lambda: 1e6)
    with pytest.raises(NotEnoughMemory, match=r"reading observations of shape \(5000000, 2\) would need about 0.08 GB"):
        load_npz(tmp_path / "bad.npz")


GOOD = {"format": "gail-demonstrations-1", "task": "t", "source": "s", "stride": 1, "episode_returns": None}


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ("no json", "not the JSON"),
        ("[" * 100_000, "not the JSON"),
        ("[1]", "not the JSON"),
        ("3", "not the JSON"),
        ({**GOOD, "format": "other-2"}, "format 'other-2': this version reads 'gail-demonstrations-1'"),
        ({**GOOD, "stride": "often"}, "not the JSON.*often"),
        ({**GOOD, "stride": float("inf")}, "not the JSON"),
        ({**GOOD, "stride": None}, "not the JSON"),
        ({**GOOD, "stride": 0}, "stride is 0"),
        ({**GOOD, "episode_returns": ["much", 1, 2]}, "not the JSON.*much"),
        ({**GOOD, "episode_returns": [0.0, 1.0, float("nan")]}, "episode_returns: the return of episode 2 is nan"),
        ({**GOOD, "episode_returns": 7}, "not the JSON"),
        ({**GOOD, "episode_returns": [1.0]}, "lists 1 episode returns, but there are 3"),
    ],
)
def test_a_bad_provenance_is_named(tmp_path, arrays, refused, provenance, message):
    text = provenance if isinstance(provenance, str) else json.dumps(provenance)
    np.savez(tmp_path / "bad.npz", **{**arrays, "provenance": np.array(text)})
    refused(tmp_path / "bad.npz", message)


def test_an_unknown_version_is_refused_for_that_whatever_its_arrays_are(tmp_path, refused):
    later = json.dumps({"format": "gail-demonstrations-2"})
    arrays = {name: np.zeros(3) for name in ("observations", "actions", "final_observations", "lengths")}
    np.savez(tmp_path / "bad.npz", **arrays, terminated=0, truncated=0, provenance=np.array(later))
    refused(tmp_path / "bad.npz", "format 'gail-demonstrations-2'")


def test_a_file_that_is_not_there(tmp_path, refused):
    refused(tmp_path / "nowhere.npz", "there is no such file", load_npz)
    refused(tmp_path / "nowhere.npz", "there is no such file")


def test_a_folder(tmp_path, refused):
    refused(tmp_path, "a folder where a file is needed", load_npz)
    refused(tmp_path, "neither a Minari dataset .* nor a HuggingFace one")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"random bytes", "begins with b'random b': neither .npz, HDF5 nor pickle"),
        (b"PK\x03\x04", "not a readable .npz of plain arrays"),
        (b"\x93NUMPY", "a single array"),
        (b"\x80\x04K\x01.", "a pickled int"),
    ],
)
def test_other_bytes(tmp_path, refused, content, message):
    (tmp_path / "bad.npz").write_bytes(content)
    refused(tmp_path / "bad.npz", "not a readable .npz of plain arrays", load_npz)
    refused(tmp_path / "bad.npz", message)


def test_a_single_array(tmp_path, refused):
    with (tmp_path / "bad.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    refused(tmp_path / "bad.npz", "a single array")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(made, tmp_path, refused, share):
    save_npz(made(), tmp_path / "bad.npz")
    content = (tmp_path / "bad.npz").read_bytes()
    (tmp_path / "bad.npz").write_bytes(content[: int(share * len(content))])
    refused(tmp_path / "bad.npz", "not a readable .npz of plain arrays")


def zip_with(arrays, name, member):
    """A zip of the arrays in which one member holds other bytes, with a matching checksum."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for key, array in arrays.items():
            file = io.BytesIO()
            np.save(file, array)
            archive.writestr(f"{key}.npy", member(file.getvalue()) if key == name else file.getvalue())
    return content.getvalue()


def test_a_member_that_is_no_array(tmp_path, arrays, refused):
    (tmp_path / "bad.npz").write_bytes(zip_with(arrays, "actions", lambda content: b"text"))
    refused(tmp_path / "bad.npz", "actions is not an array")


def load_or_refuse(path, content):
    """Load damaged bytes: the only exception allowed is InvalidDemonstrations."""
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
def good_bytes(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "file.npz"
    save_npz(made((3, 2)), path)
    return path.read_bytes()


@fuzz
@given(changes=MUTATIONS)
def test_whatever_happens_to_a_file(changes, good_bytes, tmp_path_factory):
    load_or_refuse(tmp_path_factory.getbasetemp() / "fuzzed.npz", mutated(good_bytes, changes))


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
        tmp_path_factory.getbasetemp() / "fuzzed.npz",
        zip_with(arrays, name, lambda content: mutated(content, [(p % 160, o, n) for p, o, n in changes])),
    )


@fuzz
@given(content=st.binary(max_size=200))
def test_random_bytes(content, tmp_path_factory):
    load_or_refuse(tmp_path_factory.getbasetemp() / "fuzzed.npz", content)
