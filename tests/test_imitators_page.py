"""The Python of docs/imitators.md runs as it stands, and what its tables name exists."""

import re
from pathlib import Path

import torch

from gail.approx import RewardForm
from gail.experiments.runs import algorithms
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.runs.training import make_training, metrics_row

torch.set_num_threads(1)
PAGE = (Path(__file__).parents[1] / "docs" / "imitators.md").read_text()


def test_the_examples_run():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
    assert names["training"].iteration == 1


def test_the_table_of_algorithms_is_the_one_of_the_code():
    assert algorithms.table() in PAGE


def test_reward_forms_are_described_by_their_formulas():
    for form in RewardForm:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{form.value}`"))
        cells = [cell.strip() for cell in row.split("|")[2:5]]
        assert cells == [form.formula, form.opposite_formula, {1: ">= 0", -1: "<= 0", 0: "both"}[form.sign]]


def test_columns_are_those_of_a_training():
    training = make_training(imitation_recipe("CartPole-v1"))
    row = metrics_row(training, training.step(), 0.0)
    training.close()
    section = PAGE.split("## What the diagnostics mean")[1].split("###")[0]
    named = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    columns = [column for cell in named for column in re.findall(r"`(\w+)`", cell)]
    assert len(columns) >= 10
    assert set(columns) <= set(row)
