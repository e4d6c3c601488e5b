"""Evaluations: scores relative to random play (0) and the expert (1), and their table."""

import io

import numpy as np
import pytest
from rich.console import Console

from gail.approx import load_policy
from gail.envs.data import card, shipped_file
from gail.experiments.train.evaluation import Reference, evaluate_beside, evaluation_table, reference


def test_random_play_is_0_and_the_expert_1():
    levels = Reference(random=-50.0, expert=-4.0)
    assert (levels.normalized(-50.0), levels.normalized(-4.0), levels.normalized(-27.0)) == (0.0, 1.0, 0.5)
    np.testing.assert_allclose(levels.normalized_all(np.array([-50.0, -4.0, -27.0])), [0.0, 1.0, 0.5])


def test_references_are_the_cards():
    facts = card("Hopper-v5")
    assert reference("Hopper-v5") == Reference(facts["random"]["mean"], facts["expert_stochastic"]["mean"])
    assert reference("FrozenLake-v1") is None


def rows_of(task, expert, **beside):
    console = Console(file=io.StringIO(), width=120)
    found = evaluate_beside(load_policy(shipped_file(expert, "expert.safetensors")), task, 4, 0, **beside)
    console.print(evaluation_table(found, task, 0))
    return console.file.getvalue()


def in_one_line(text):
    return " ".join(text.split())


def test_the_table_has_means_scores_and_intervals_for_both_kinds_of_actions():
    text = rows_of("CartPole-v1", "CartPole-v1")
    lines = {line.split("│")[1].strip(): line for line in text.splitlines() if line.startswith("│")}
    assert set(lines) == {"mean actions", "sampled actions", "random play", "expert's card"}
    for kind in ("mean actions", "sampled actions"):
        assert "500.0 ± 0.0" in lines[kind]
        assert "1.000 [1.000, 1.000]" in lines[kind]
    assert "IQM of score" in text
    assert float(lines["random play"].split("│")[4]) == pytest.approx(0.0, abs=0.05)


def test_scores_are_against_the_demonstrations_where_they_carry_returns():
    text = rows_of("CartPole-v1", "CartPole-v1", demonstrated=260.0)
    lines = {line.split("│")[1].strip(): line for line in text.splitlines() if line.startswith("│")}
    random = float(lines["random play"].split("│")[2].split("±")[0])
    score = (500.0 - random) / (260.0 - random)
    assert float(lines["mean actions"].split("│")[4]) == pytest.approx(score, abs=2e-3)
    assert float(lines["expert's card"].split("│")[4]) == pytest.approx(score, abs=1e-2)
    assert (lines["demonstrations"].split("│")[2].strip(), "1 = demonstrations" in in_one_line(text)) == ("260.0", True)
    assert "1 = expert" in in_one_line(rows_of("CartPole-v1", "CartPole-v1", demonstrated=1.0))


def test_a_clone_has_a_row_of_its_own():
    text = rows_of("CartPole-v1", "CartPole-v1", clone=load_policy(shipped_file("CartPole-v1", "expert.safetensors")))
    (row,) = (line for line in text.splitlines() if "clone, mean actions" in line)
    assert "500.0 ± 0.0" in row


def test_without_an_expert_returns_take_the_place_of_scores(monkeypatch):
    monkeypatch.setattr("gail.experiments.train.evaluation.reference", lambda task: None)
    text = rows_of("CartPole-v1", "CartPole-v1")
    assert "IQM of return" in text
    assert "500.0 [500.0, 500.0]" in text
    assert "no expert ships for CartPole-v1" in in_one_line(text)
    assert "1 = expert" not in text
    assert "expert's card" not in text
