"""Damaged files of every format are read or refused in one line, without running code, hangs, crashes or much memory.

The files are read in another process, so that a crash in a C library only ends that process. See `fuzzing.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZING = Path(__file__).with_name("fuzzing.py")
KINDS = 13
GROWTH_KILOBYTES = 64 << 10


def fuzz(folder, files_per_kind, seed):
    result = subprocess.run(
        [sys.executable, str(FUZZING), str(files_per_kind), str(seed)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    found = json.loads(result.stdout)
    assert len(found) == KINDS
    for kind, counts in found.items():
        assert counts["files"] == files_per_kind
        assert counts["refused"] > files_per_kind / 3, kind  # most damage is detected
        assert counts["growth_kilobytes"] < GROWTH_KILOBYTES, kind
    for kind in ("hostile-pickle", "hostile-npz"):
        assert found[kind]["refused"] == files_per_kind
    return found


def test_damaged_files(tmp_path):
    fuzz(tmp_path, 100, seed=0)


@pytest.mark.slow
def test_a_hundred_thousand_damaged_files(tmp_path):
    found = fuzz(tmp_path, 9_200, seed=1)
    assert sum(counts["files"] for counts in found.values()) >= 10**5
