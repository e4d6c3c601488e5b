"""Archives of arrays: memory mapping of large members, checks of sizes before reading, and pickled objects inside."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from gail.approx.demonstrations import InvalidDemonstrations
from gail.approx.demonstrations.containers import npz_archives as archives
from gail.approx.demonstrations.containers.npz_archives import Archive, write_archive

SMALL = {"a": np.arange(6.0).reshape(3, 2), "b": np.array([True, False]), "c": np.array("text")}


@pytest.fixture
def large(monkeypatch):
    """Arrays that are stored uncompressed and mapped: the size thresholds are lowered, so that small arrays suffice."""
    monkeypatch.setattr(archives, "_LARGE", 1)
    monkeypatch.setattr(archives, "_MAPPED", 64)
    rng = np.random.default_rng(0)
    return {"odd": rng.normal(size=(7, 3)).astype(np.float32), "even": rng.normal(size=(1000, 3)), "tiny": np.arange(2)}


def test_small_archives_are_compressed_and_come_back(tmp_path):
    write_archive(tmp_path / "file.npz", SMALL)
    with zipfile.ZipFile(tmp_path / "file.npz") as file:
        assert all(info.compress_type == zipfile.ZIP_DEFLATED for info in file.infolist())
    with Archive(tmp_path / "file.npz") as archive, np.load(tmp_path / "file.npz") as numpy_reads:
        assert archive.names == tuple(SMALL)
        for name, array in SMALL.items():
            np.testing.assert_array_equal(archive.read(name), array)
            np.testing.assert_array_equal(numpy_reads[name], array)


def test_large_archives_are_mapped_where_they_lie(tmp_path, large):
    write_archive(tmp_path / "file.npz", large)
    with Archive(tmp_path / "file.npz") as archive:
        found = {name: archive.read(name) for name in archive.names}
    with np.load(tmp_path / "file.npz") as numpy_reads:
        for name, array in large.items():
            np.testing.assert_array_equal(found[name], array)
            np.testing.assert_array_equal(numpy_reads[name], array)
            assert found[name].flags.aligned
    assert isinstance(base_of(found["even"]), np.memmap)
    assert not isinstance(base_of(found["tiny"]), np.memmap)


def base_of(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def test_a_mapped_array_can_be_changed_without_changing_the_file(tmp_path, large):
    write_archive(tmp_path / "file.npz", large)
    before = (tmp_path / "file.npz").read_bytes()
    with Archive(tmp_path / "file.npz") as archive:
        archive.read("even")[:] = 0.0
    assert (tmp_path / "file.npz").read_bytes() == before


def test_a_changed_byte_of_a_mapped_array_is_noticed(tmp_path, large):
    write_archive(tmp_path / "file.npz", large)
    content = bytearray((tmp_path / "file.npz").read_bytes())
    content[content.index(large["even"].tobytes()) + 10_000] ^= 1
    (tmp_path / "file.npz").write_bytes(content)
    with (
        pytest.raises(InvalidDemonstrations, match="check sum of even does not agree"),
        Archive(tmp_path / "file.npz") as archive,
    ):
        archive.read("even")


def test_rows_are_taken_in_parts(tmp_path):
    write_archive(tmp_path / "file.npz", SMALL)
    with Archive(tmp_path / "file.npz") as archive, archive.member("a") as rows:
        assert rows.shape == (3, 2)
        np.testing.assert_array_equal(rows.take(1), SMALL["a"][:1])
        np.testing.assert_array_equal(rows.take(2), SMALL["a"][1:])
        with pytest.raises(InvalidDemonstrations, match="a ends too early"):
            rows.take(1)


def archive_of(tmp_path, name, content):
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{name}.npy", content)
    return tmp_path / "bad.npz"


def header(text, version=b"\x01\x00"):
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"),
            "needs 8000000000000 bytes",
        ),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n") + bytes(24), "needs 16 bytes .* 24 are"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }\n"), r"has shape \(-2,\)"),
        (header("{'descr': '|V8', 'fortran_order': False, 'shape': (1,), }\n") + bytes(8), ""),
        (header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }\n") + bytes(8), "numbers are need"),
        (header("{'descr': '<f8'", b"\x09\x00"), "version 9.0: 1.0 or 2.0 is needed"),
        (header("__import__('os').system('touch ran')"), "not a readable .npz"),
        (b"text", "a is not an array"),
    ],
)
def test_headers_are_not_believed(tmp_path, content, message):
    with Archive(archive_of(tmp_path, "a", content)) as archive:
        if message:
            with pytest.raises(InvalidDemonstrations, match=message):
                archive.read("a")
        else:
            assert archive.read("a").dtype.kind == "V"


def test_a_bomb_is_not_unpacked(tmp_path):
    text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824,), }\n"
    path = archive_of(tmp_path, "a", header(text))
    content = path.read_bytes()
    place = content.index(b"PK\x01\x02") + 24  # the uncompressed size in the zip directory
    path.write_bytes(content[:place] + (len(header(text)) + (1 << 30)).to_bytes(4, "little") + content[place + 4 :])
    with Archive(path) as archive, pytest.raises(InvalidDemonstrations, match="a claims 1073741901 bytes in"):
        archive.read("a")


def test_objects_go_by_the_allow_list(tmp_path):
    class Calls:
        def __reduce__(self):
            return exec, ("raise SystemExit",)

    for array, wanted in (([1, "x"], None), ([Calls()], "names builtins.exec")):
        content = io.BytesIO()
        np.save(content, np.array(array, dtype=object), allow_pickle=True)
        with Archive(archive_of(tmp_path, "a", content.getvalue())) as archive:
            if wanted is None:
                assert archive.read("a").tolist() == array
            else:
                with pytest.raises(InvalidDemonstrations, match=wanted):
                    archive.read("a")


def test_a_pickle_that_is_no_array_is_named(tmp_path):
    content = header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n") + pickle.dumps({"a": 1}, 4)
    with (
        Archive(archive_of(tmp_path, "a", content)) as archive,
        pytest.raises(InvalidDemonstrations, match="a pickled d"),
    ):
        archive.read("a")


def test_other_compressions_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.npy", b"text")
    with (
        pytest.raises(InvalidDemonstrations, match="compressed by method 14: 0 or 8 is needed"),
        Archive(tmp_path / "bad.npz") as archive,
    ):
        archive.read("a")
