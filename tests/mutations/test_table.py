"""The tables of mutants fit the code as it is, so that `run.py` never trips over one."""

import importlib.util
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("mutations_run", Path(__file__).with_name("run.py"))
run = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = run  # dataclasses look their module up
_SPEC.loader.exec_module(run)

TABLE = list(run.table())


@pytest.mark.parametrize("mutant", TABLE, ids=[f"{one.file}-{number}" for number, one in enumerate(TABLE)])
def test_entries_fit_the_code(mutant):
    source = (run.ROOT / mutant.file).read_text()
    assert mutant.applied(source) != source
    compile(mutant.applied(source), mutant.file, "exec")
    assert bool(mutant.tests) != bool(mutant.equivalent)
    assert all((run.ROOT / test.split("::")[0]).exists() for test in mutant.tests)


def test_no_entry_is_twice():
    assert len({(one.file, one.text, one.replacement) for one in TABLE}) == len(TABLE)


def test_a_text_that_is_not_there_once_is_refused():
    for source, count in (("", 0), ("a + a", 2)):
        with pytest.raises(ValueError, match=f"'a' occurs {count} times"):
            run.Mutant("file.py", "a", "b").applied(source)


def test_a_mutant_without_a_failing_test_survives(monkeypatch, capsys, tmp_path):
    """Of two mutants of a copy of nothing but a formula, the one that its test sees is noticed."""
    for name in run.PACKAGES:
        (tmp_path / name).mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--import-mode=importlib -q'\n")
    (tmp_path / "exact" / "formula.py").write_text("seen = 1.0\nunseen = 2.0\n")
    test = "tests/test_formula.py"
    (tmp_path / test).write_text("from gail.exact import formula\n\ndef test_it():\n    assert formula.seen == 1.0\n")
    mutants = [
        run.Mutant("exact/formula.py", "seen = 1.0", "seen = -1.0", (test,)),
        run.Mutant("exact/formula.py", "2.0", "-2.0", (test,)),
    ]
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "table", lambda: iter(mutants))
    assert run.main(["formula"]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 mutants were noticed" in out
    assert out.rstrip().endswith(f"'2.0' -> '-2.0'\n    no test noticed; tests: {test}")
    assert (tmp_path / "exact" / "formula.py").read_text() == "seen = 1.0\nunseen = 2.0\n"
