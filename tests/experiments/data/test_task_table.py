"""`gail tasks`: every row of the task table, the numbers of the cards, and the page of documentation."""

import sys

import matplotlib.image
import pytest

from gail.envs.data import card, has_expert
from gail.envs.tasks import TASKS
from gail.experiments.cli import main as cli
from gail.experiments.data import task_table


@pytest.fixture
def tasks(monkeypatch, capsys, tmp_path):
    """Run `gail tasks` in an empty folder; give status and output. Evaluations are replaced by constants."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task_table, "evaluate_random", lambda *_: None)
    monkeypatch.setattr(task_table, "summary", lambda _: {"mean": 12_345.67, "std": 8.9})

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gail", "tasks", *words])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, capsys.readouterr().out

    return run


def spread(found):
    return f"{found['mean']:,.1f} ± {found['std']:,.1f}"


def test_every_task_fits_a_terminal_with_its_returns(tasks):
    status, out = tasks()
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for task in TASKS:
        lines = [line.split("  ") for line in out.splitlines() if line.split()[:1] == [task]]
        assert len(lines) == 2, task
        if has_expert(task):
            cells = [cell.strip() for cell in lines[1]]
            assert {spread(card(task)["random"]), spread(card(task)["expert_stochastic"])} <= set(cells)


def test_the_page_holds_the_protocol_the_cards_and_the_picture(tasks, tmp_path):
    status, out = tasks("--out", "docs")
    assert status == 0 and "docs/tasks.md" in out
    page = (tmp_path / "docs" / "tasks.md").read_text()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in page.splitlines() if line.startswith("| ")}
    assert "| 11 | 3 in ±1 | 1,000 | 50 | 4, 11, 18, 25 | 20 | 25M |" in rows["Hopper-v5"]
    assert "| 17 in ±0.4 | 1,000 | 240 | 80, 160, 240 | 20 | 75M |" in rows["Humanoid-v5"]
    assert "| 2 kinds | 500 | 10 | 1, 4, 7, 10 | 10 | 1.5M |" in rows["CartPole-v1"]
    for task in TASKS:
        if not has_expert(task):
            assert rows[task].endswith("| 12,345.7 ± 8.9 | none ships |")
            continue
        facts = card(task)
        assert rows[task].endswith(f"| {spread(facts['random'])} | {spread(facts['expert_stochastic'])} |")
        row = rows[f"`{facts['command']}`"]
        for simulator in (facts, facts["gymnasium"]):
            for kind in ("expert_stochastic", "expert_deterministic"):
                assert spread(simulator[kind]) in row
    assert "(images/experts.png)" in page
    assert matplotlib.image.imread(tmp_path / "docs" / "images" / "experts.png").shape[1] > 1_000
