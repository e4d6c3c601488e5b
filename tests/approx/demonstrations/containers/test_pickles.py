"""Pickles of plain data are read as Python reads them. Anything else is refused by name, and none of it is run."""

import importlib
import io
import os
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.approx.demonstrations import InvalidDemonstrations
from gail.approx.demonstrations.containers.pickles import unpickle


def read(content):
    return unpickle(io.BytesIO(content), len(content))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(min_size=1),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.integers(), inside) | st.tuples(inside, inside),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(value=plain, protocol=st.integers(0, 5))
def test_plain_data_is_what_python_reads(value, protocol):
    content = pickle.dumps(value, protocol)
    assert read(content) == pickle.loads(content)


ARRAYS = {
    "doubles": np.random.default_rng(0).normal(size=(4, 3)),
    "columns first": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(4, 3)),
    "other byte order": np.arange(5, dtype=">i4"),
    "bools": np.array([True, False]),
    "bytes": np.arange(7, dtype=np.uint8),
    "no axis": np.array(2.5),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back(name, protocol):
    array = ARRAYS[name]
    content = pickle.dumps({"one": array, "same": array, "of many": [array[..., None]]}, protocol)
    found = read(content)
    np.testing.assert_array_equal(found["one"], array)
    np.testing.assert_array_equal(found["of many"][0], array[..., None])
    assert found["one"].dtype == array.dtype.newbyteorder("=")
    assert found["same"] is found["one"]


@pytest.mark.parametrize("protocol", range(6))
def test_scalars_and_objects_come_back(protocol):
    objects = np.empty(3, dtype=object)
    objects[:] = [np.arange(3), {"a": [1]}, "text"]
    number, found = read(pickle.dumps([np.float32(2.5), objects], protocol))
    assert number == np.float32(2.5) and number.dtype == np.float32
    assert found.dtype == object
    np.testing.assert_array_equal(found[0], np.arange(3))
    assert found[1:].tolist() == [{"a": [1]}, "text"]


def test_the_module_paths_of_old_and_new_numpy_are_read():
    content = pickle.dumps(np.arange(3.0), 4)
    new, old = b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"
    assert new in content or old in content
    for path in (content.replace(old, new), content.replace(new, old)):
        # The frame header is cut out, because it holds a length that changes with the name.
        np.testing.assert_array_equal(read(path[:2] + path[11:]), np.arange(3.0))


def test_arrays_as_python_2_wrote_them_are_read():
    # In Python 2 pickles, the bytes of an array are a string of one byte per character.
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02\xffAtb."
    )
    np.testing.assert_array_equal(read(content), np.array([255, 65], np.uint8))


class Calls:
    """An object whose pickle calls `function` when it is loaded."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


HOSTILE = {
    f"{os.system.__module__}.system": Calls(os.system, "touch ran"),
    "builtins.eval": Calls(eval, "open('ran', 'w')"),
    "builtins.getattr": Calls(getattr, 1, "real"),
    "os.popen": Calls(os.popen, "touch ran"),
    "numpy.load": Calls(np.load, "ran"),
    "numpy.fromfile": Calls(np.fromfile, "ran"),
    "builtins.complex": [1j],
    "fractions.Fraction": Fraction(1, 3),
    "builtins.slice": slice(3),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_whatever_is_not_on_the_list_is_named_and_not_run(name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps([np.arange(3), HOSTILE[name]], protocol).replace(b"__builtin__", b"builtins")
    if b"builtins" in content and protocol >= 4:
        content = pickle.dumps([np.arange(3), HOSTILE[name]], protocol)
    with pytest.raises(InvalidDemonstrations, match=rf"the pickle names {name}, which may run code"):
        read(content)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, "the instruction EMPTY_SET"),
        ({(1, 2): 3}, "a dict with a key of type tuple"),
        (np.array(["text"]), "an array of type 'U4': numbers are needed"),
        (np.zeros(2, dtype=[("a", "f8")]), "an array of type 'V8': numbers are needed"),
        (np.zeros(2, complex), "an array of type 'c16'"),
    ],
)
def test_what_data_does_not_need_is_named(value, message):
    with pytest.raises(InvalidDemonstrations, match=message):
        read(pickle.dumps(value, 4))


def test_arrays_outside_the_file_are_refused():
    outside = []
    content = pickle.dumps({"one": np.arange(3)}, 5, buffer_callback=outside.append)
    assert outside
    with pytest.raises(InvalidDemonstrations, match="arrays outside the file"):
        read(content)


@pytest.mark.parametrize(
    ("content", "dtype", "shape", "order", "message"),
    [
        (b"1234", "f8", (3,), "C", r"shape \(3,\) and type float64 in 4 bytes"),
        (b"1234", "f8", (-1,), "C", r"shape \(-1,\)"),
        (b"12345678", "O", (1,), "C", "without its 1 objects"),
        (b"12345678", "f8", (1,), "K", "from_buffer with unknown arguments"),
        ("12345678", "f8", (1,), "C", "from_buffer with unknown arguments"),
    ],
)
def test_a_buffer_that_is_no_array_is_refused(content, dtype, shape, order, message):
    array = pickle.dumps(np.zeros(1), 5)
    function = importlib.import_module(array[array.index(b"numpy") :].split(b"\x94")[0].decode())._frombuffer
    with pytest.raises(InvalidDemonstrations, match=message):
        read(pickle.dumps(Calls(function, content, np.dtype(dtype), shape, order), 5))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04.",
        b"\x80\x04K\x01K\x02.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fa.",  # announces 2^63 - 1 bytes
        b"\x80\x04]r\xff\xff\xff\x7f.\x80",  # memo index 2^31 - 1: a memo kept as an array would take 16 GiB
        b"\x80\x04h\x05.",
        b"\x80\x04a.",
        b"\x80\x04K\x01K\x02a.",
        b"\x80\x04(K\x01K\x02",
        b"\x80\x04R.",
        b"\x80\x04cnumpy\ndtype\nK\x01R.",
        b"\x80\x04cnumpy\ndtype\n)R.",
        b"\x80\x04cnumpy\nndarray\n)R.",
        b"\x80\x04\x85.",
        b"\x80\x04" + b"(" * 10_000,
        b"\x80\x04})" + b"\x85" * 100_000 + b"K\x01s.",  # a key that is nested too deeply to hash
    ],
)
def test_damaged_pickles_are_refused(content):
    try:
        read(content)
    except InvalidDemonstrations as error:
        assert "\n" not in str(error)
    else:
        assert content == b"\x80\x04]r\xff\xff\xff\x7f.\x80"  # an empty list with a large memo index is valid


def test_no_more_is_asked_of_a_file_than_it_has():
    class Counted(io.BytesIO):
        def read(self, size=-1, /):
            assert 0 <= size <= len(content)
            return super().read(size)

    content = b"\x80\x04\x8e\x00\x00\x00\x00\x01\x00\x00\x00a."  # announces 4 GiB of bytes
    with pytest.raises(InvalidDemonstrations, match="4294967296 bytes are announced, 2 are there"):
        unpickle(Counted(content), len(content))


def test_a_shape_that_the_bytes_do_not_fill_is_refused():
    content = pickle.dumps(np.arange(3.0), 2)
    assert b"K\x03\x85" in content
    with pytest.raises(InvalidDemonstrations, match=r"shape \(4,\) and type float64 in 24 bytes"):
        read(content.replace(b"K\x03\x85", b"K\x04\x85", 1))
