"""Atomic files: a file is written completely or does not exist."""

import os
import stat

import pytest

from gail.approx.atomic_files import write_bytes, write_text


def test_content_is_written_and_replaced(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_bytes(path, b"one")
    write_text(path, "zwei: π")
    assert path.read_text(encoding="utf-8") == "zwei: π"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("function", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("failure", [OSError("no space left"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_the_old_file(tmp_path, monkeypatch, function, failure):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(*arguments, **keywords):
        raise failure

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(failure)):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_content_is_on_disk_before_the_name_is_given(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, name=name, real=real: (done.append(name), real(*a)))
    write_bytes(tmp_path / "file", b"new")
    assert done == ["fsync", "replace"]


def test_a_failure_of_the_first_write_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_bytes(tmp_path / "file", "text is not bytes")
    assert list(tmp_path.iterdir()) == []
