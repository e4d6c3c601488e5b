"""The rates of tabular environments: every row is measured against the same reference."""

import numpy as np
import pytest

from gail.envs import garnet
from gail.experiments.bench_envs import reference_rate, tabular_row


def test_a_row_says_what_was_stepped_and_relates_its_rate_to_the_reference():
    reference = reference_rate(num_envs=3, repeats=1)
    task = garnet(7, 2, 3, np.random.default_rng(0))
    row = tabular_row("a task", task, 50_000, reference, repeats=1)
    assert (row["task"], row["states"], row["successors"], row["num_envs"]) == ("a task", 7, 3.0, 50_000)
    assert row["reference_transitions_per_second"] == reference > 0
    assert row["ours_over_reference"] == pytest.approx(row["transitions_per_second"] / reference)
