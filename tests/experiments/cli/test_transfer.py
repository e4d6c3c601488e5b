"""`gail transfer`: bad options are one sentence, and the table fits into 80 columns."""

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--pair", "labyrinth"], "--pair labyrinth: known are maps, dynamics, random"),
        (["--entropy-weight", "0"], "--entropy-weight is 0.0: a positive number is needed"),
        (["--seed", "-1"], "--seed is -1"),
        (["--page", "nowhere"], "rewards.md with the mark"),
    ],
)
def test_bad_options_are_one_sentence(gail, words, message, tmp_path):
    status, printed, errors = gail("transfer", *words)
    assert status == 2
    assert message in " ".join(errors.split())
    assert errors.startswith("gail:")
    assert not printed
    assert not (tmp_path / "runs").exists()


def test_a_report_cannot_replace_a_file(gail, tmp_path):
    (tmp_path / "taken").write_text("")
    status, _, errors = gail("transfer", "--out", "taken")
    assert status == 2
    assert "the report needs a folder" in " ".join(errors.split())


@pytest.mark.slow
def test_one_command_measures_every_pair(gail, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, printed, errors = gail("transfer")
    assert status == 0, errors
    assert "true reward" in printed
    assert "…" not in printed
    assert max(map(len, printed.split("Report:")[0].splitlines())) <= 80
    assert (tmp_path / "runs" / "transfer" / "report.html").is_file()
