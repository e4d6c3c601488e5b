"""Reading a file of a million steps needs about as much memory as the file is large; a mapped file needs almost none.

Pages of mapped files are not counted, because the kernel can drop them at any time. A pickle is read into memory as a
whole, and the copy of its observations needs memory in addition.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("h5py")
pytest.importorskip("pyarrow")
pytestmark = pytest.mark.slow

WRITE = """
import sys
from pathlib import Path
import numpy as np
from gail.approx.demonstrations import FORMATS, Demonstrations, Provenance
from gail.approx import Trajectories

def noise(episodes, steps, size=20):
    rng = np.random.default_rng(0)
    return Demonstrations(Trajectories(
        observations=rng.random((episodes * steps, size), dtype=np.float32),
        actions=rng.random((episodes * steps, 2), dtype=np.float32),
        rewards=rng.random(episodes * steps),
        final_observations=rng.random((episodes, size), dtype=np.float32),
        lengths=np.full(episodes, steps),
        terminated=np.zeros(episodes, bool),
        truncated=np.ones(episodes, bool),
    ), Provenance(None, "noise"))

large, small = noise(1000, 1000), noise(2, 10)
for name in FORMATS:
    FORMATS[name].save(large, Path(name))
    FORMATS[name].save(small, Path(f"small-{name}"))
"""

READ = """
import json, threading
from pathlib import Path
from gail.approx.demonstrations import FORMATS, load_demonstrations

def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))

def watch(done, seen):
    while not done.wait(0.002):
        seen.append(memory())

def peak(name):
    load_demonstrations(Path(f"small-{name}"))  # and what libraries set up
    before, done, seen = memory(), threading.Event(), []
    watcher = threading.Thread(target=watch, args=(done, seen))
    watcher.start()
    found = load_demonstrations(Path(name))
    done.set()
    watcher.join()
    assert found.trajectories.num_steps >= 999_000
    return max([*seen, memory()]) - before, memory() - before

print(json.dumps({name: peak(name) for name in FORMATS}))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Per format, in bytes: the file's size, and the growth of memory at the peak of reading and afterwards."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the kernel does not tell how much memory a process has")
    folder = tmp_path_factory.mktemp("large")

    def run(code):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    run(WRITE)
    growth = json.loads(run(READ))
    sizes = {
        name: sum(part.stat().st_size for part in [folder / name, *(folder / name).rglob("*")] if part.is_file())
        for name in growth
    }
    return {name: (sizes[name], *growth[name]) for name in growth}


def test_a_file_never_has_to_fit_twice(measured):
    for name, (size, peak, _) in measured.items():
        most = 1.6 if name == "berkeley" else 1.35
        assert peak < most * size, f"{name}: {peak:,} bytes for a file of {size:,}"


def test_a_large_file_of_our_own_is_mapped(measured):
    size, peak, lasting = measured["npz"]
    assert size > 64 << 20
    assert peak < 0.25 * size and lasting < 0.25 * size
