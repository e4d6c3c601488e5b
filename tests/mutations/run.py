"""Break the code on purpose, one formula at a time, and see that a test notices.

    python tests/mutations/run.py [PART OF A FILE'S NAME ...]

The tables beside this file, `*.toml`, say for each file which tests must notice, and which texts, each of which occurs
once in the file, are replaced by what; those under `equivalent`, with a reason each, change nothing that a test could
see and are not run. All work is done on a copy of the tree. A mutant ends at the first failing test; one that no test
notices is printed, and the exit status is 1. So is one whose tests do not end in time, or that does not even import:
neither shows that a test looks at the formula.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("exact", "approx", "envs", "experiments")

SECONDS = 120
"""Time that the tests of one mutant may take."""

NOTICED, SURVIVED = 1, 0
"""Exit statuses of pytest: some test failed; all passed."""

PROFILE = """
from hypothesis import Phase, settings
settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("unshrunk")
"""
"""What a failing example looks like does not matter here, so none is made smaller."""


@dataclass(frozen=True)
class Mutant:
    """One text of one file replaced, and the tests that should notice."""

    file: str
    text: str
    replacement: str
    tests: tuple[str, ...] = ()
    equivalent: str = ""

    def applied(self, source: str) -> str:
        """The file's text with the mutation.

        Raises:
            ValueError: the text to replace is not there exactly once.
        """
        count = source.count(self.text)
        if count != 1:
            raise ValueError(f"{self.file}: {self.text!r} occurs {count} times; name a text that occurs once")
        return source.replace(self.text, self.replacement)

    def __str__(self) -> str:
        return f"{self.file}: {self.text.strip()!r} -> {self.replacement.strip()!r}"


def table() -> Iterator[Mutant]:
    """All entries of all tables."""
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        for entry in tomllib.loads(file.read_text())["file"]:
            for text, replacement in entry.get("mutants", ()):
                yield Mutant(entry["path"], text, replacement, tests=tuple(entry["tests"]))
            for text, replacement, reason in entry.get("equivalent", ()):
                yield Mutant(entry["path"], text, replacement, equivalent=reason)


def tree_copied(to: Path) -> dict[str, str]:
    """Copy packages and tests; returns an environment in which `gail` is the copy."""
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    paths = to / "paths"
    (paths / "gail").mkdir(parents=True)
    for name in PACKAGES:
        (paths / "gail" / name).symlink_to(to / name)
    (paths / "unshrunk.py").write_text(PROFILE)
    return {**os.environ, "PYTHONPATH": str(paths), "OMP_NUM_THREADS": "1"}


def status_of(tests: Sequence[str], tree: Path, environment: dict[str, str], seconds: int = SECONDS) -> int | None:
    """Pytest's exit status, stopped at the first failure; None where it ran out of time."""
    # Nothing compiled is kept: a mutant may have the size and the second of the file that it replaces.
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "unshrunk", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, timeout=seconds, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode not in (NOTICED, SURVIVED):
        print(done.stdout[-2000:], done.stderr[-2000:])
    return done.returncode


def fate_of(mutant: Mutant, tree: Path, environment: dict[str, str]) -> str:
    """What became of one mutant; empty if it was noticed."""
    file = tree / mutant.file
    source = file.read_text()
    file.write_text(mutant.applied(source))
    try:
        status = status_of(mutant.tests, tree, environment)
    finally:
        file.write_text(source)
    if status is None:
        return f"its tests did not end within {SECONDS} s"
    return {NOTICED: "", SURVIVED: "no test noticed"}.get(status, f"pytest ended with status {status}")


def main(names: Sequence[str]) -> int:
    """Run the mutants of files whose names have one of these parts, all by default; 1 if any was not noticed."""
    chosen = [mutant for mutant in table() if not names or any(name in mutant.file for name in names)]
    mutants = [mutant for mutant in chosen if not mutant.equivalent]
    print(f"{len(mutants)} mutants; {len(chosen) - len(mutants)} equivalent ones are left out")
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder)
        environment = tree_copied(tree)
        everything = sorted({test for mutant in mutants for test in mutant.tests})
        status = status_of(everything, tree, environment, SECONDS * 10) if everything else SURVIVED
        if status != SURVIVED:
            print(f"the tests fail on the unchanged code (pytest's status: {status}): mutants would show nothing")
            return 1
        for number, mutant in enumerate(mutants, 1):
            since = time.monotonic()
            fate = fate_of(mutant, tree, environment)
            print(
                f"{number:3} {time.monotonic() - since:4.0f} s  {'SURVIVED' if fate else 'noticed'}  {mutant}",
                flush=True,
            )
            if fate:
                survivors.append(f"{mutant}\n    {fate}; tests: {' '.join(mutant.tests)}")
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants were noticed")
    print(*survivors, sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
